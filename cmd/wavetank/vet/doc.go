// Package vet finds code that would behave differently each time it runs in the
// simulator: calls that reach past the seam for time, threads, randomness,
// sockets or files, and loops that let the order of a map reach an output.
//
// It stands alone (it imports nothing else of this module), so that it can be
// pointed at anybody's daemons:
//
//	wavetank vet ./daemons/... ./sim/...
//	go vet -vettool=$(which wavetank) ./daemons/...
//
// # What is checked
//
// Every non-test file of the packages named on the command line, and nothing
// else: a package that is at home on the real machine, such as
// daemons/host/oshost, is simply not named.
//
//   - time: Now, Since, Until, Sleep, After, AfterFunc, Tick, NewTimer,
//     NewTicker, Local; the deadlines of package context.
//   - threads: go, select, channel operations; of package sync everything but
//     Mutex, RWMutex and Locker; the scheduler's side of package runtime.
//   - the outside: imports of net (not net/netip and net/url), os, syscall,
//     unsafe and every global source of randomness; printing to the process's
//     standard output and to the default logger.
//   - order: iteration over maps, through range, package maps or reflection;
//     printing addresses with %p.
//
// A short critical section under a Mutex is allowed because it cannot be seen
// from outside: simulated loops never preempt one another, so it is never
// contended there. Pool, Once, WaitGroup, Cond and Map are not: they share
// state between simulated machines, wait for a thread, or iterate in map order.
//
// # Iterating over a map
//
// A range over a map is accepted without a word if its body has the same effect
// in any order, as far as this can be read off the syntax. The body may
//
//   - append to a slice that the same function sorts before it uses it,
//   - write or delete the entry of the key it is visiting, in any map,
//   - fold integers with one commutative operation, or keep a minimum or a
//     maximum,
//   - assign or return something that does not depend on the entry.
//
// What is trusted and not proved: that a sort knows no ties, that two entries do
// not point to the same object, and that the method String called by package
// fmt has no effect of its own.
//
// # Exceptions
//
// A finding is silenced by a comment on its line or alone on the line before.
// The reason is mandatory, and a comment that silences nothing is itself a
// finding:
//
//	//wavetank:ordered each callback only wakes its own task
//	for _, t := range tasks {
//
//	started := time.Now() //wavetank:allow progress bar, never in a trace
//
// ordered silences findings about map order, allow silences any.
package vet
