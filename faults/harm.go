package faults

import "slices"

// Harm is what a kind of fault leaves behind, for whoever excuses a daemon by it or waits
// until it is over. Each [Word] says which.
type Harm int

// The kinds of harm. The zero value is that of a fault in no vocabulary.
const (
	// Requested is none: somebody asks daemons for something, or one of them does
	// something by itself.
	Requested Harm = iota + 1
	// Interrupted is over as soon as it is done: processes end, begin, stand still or go
	// on, and everybody can see which of them run.
	Interrupted
	// Broken is over as soon as it is done, as connections are that break.
	Broken
	// Disturbed is that of paths, until another fault undoes it.
	Disturbed
	// Undone is none: it ends that of another fault, see Undoing.
	Undone
	// Rewound is that of a database that has an earlier content, for good.
	Rewound
	// Remaining is any other: nobody says when it is over.
	Remaining
)

// HarmOf is the harm that a fault of the vocabulary does, and 0 of any other.
func HarmOf(f Fault) Harm {
	words := Vocabulary()
	if i := slices.IndexFunc(words, func(w Word) bool { return w.Kind() == f.Kind() }); i >= 0 {
		return words[i].Harm
	}
	return 0
}
