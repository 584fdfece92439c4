// Package loopclock gives libraries that ask for a clock.Clock of
// github.com/benbjohnson/clock one that follows a machine's clock and a loop of the
// seam. In the simulator such a library then lives in virtual time, deterministically.
//
//	c := loopclock.New(h.Clock(), loop)
//	cache := library.New(c)
//	loop.Post(func() { c.Do(cache.Refresh) })
//
// # What holds
//
// Now, Since and Until are the machine's wall clock. Timers, tickers and contexts
// come due on the loop, by its monotonic clock, exactly when a timer of the loop
// would; a function of AfterFunc runs there too, and not on a goroutine of its own.
// Nothing sleeps in real time and no goroutine is started.
//
// # What the library must keep to
//
//   - It runs on the loop, in callbacks or tasks, and each call into it is made in
//     [Clock.Do]. A clock.Timer cannot tell anybody that it was stopped or reset, so
//     Do looks at all of them afterwards. What was done to a timer elsewhere is seen
//     when the next Do ends.
//   - It waits on no channel, for that would block the loop: it may look whether
//     there is something in a timer's C, with select and default.
//   - It sleeps in a task only, with the clock that [Clock.For] gives for it. Sleep
//     of another clock panics.
//
// # How it works
//
// The types clock.Timer and clock.Ticker have hidden fields and only that package can
// make working ones, so each one that is handed out comes from a clock.Mock of its
// own. That Mock's time never moves: it would sleep a real millisecond at each move
// and run functions on goroutines. It only takes down what Stop and Reset say, where
// this package reads it, by reflection, from two fields. The library is archived, so
// they will not change; a test would notice.
package loopclock
