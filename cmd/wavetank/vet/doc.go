// Package vet finds code that would behave differently each time it runs in the
// simulator: calls that reach past the seam for time, threads, randomness,
// sockets or files, loops that let the order of a map reach an output, addresses
// that are printed, and state that simulated machines share.
//
// It stands alone (it imports nothing else of this module), so that it can be
// pointed at anybody's daemons:
//
//	wavetank vet ./daemons/... ./sim/...
//	wavetank vet --sarif ./daemons/... > findings.sarif
//	go vet -vettool=$(which wavetank) ./daemons/...
//
// [Analyzer] is for other drivers of go/analysis. Every non-test file of the
// packages named on the command line is checked, and nothing else: a package that
// is at home on the real machine, such as daemons/host/oshost, is simply not named.
//
// # Rules
//
// All are in docs/vet.md, each with what it reports, what it lets pass and what to
// write instead. Most are lists of names (names.go, imports.go, threads.go). Those
// that think are:
//
//   - order (maporder.go, proof.go): a range over a map is accepted without a word
//     if its body has the same effect in any order, as far as this can be read off
//     the syntax;
//   - addresses (printed.go): package fmt is followed through the types of what it
//     prints;
//   - state (state.go): variables of the package that functions change, also by way
//     of methods of the package;
//   - floats (floats.go): sums that a compiler may fuse with a product.
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
