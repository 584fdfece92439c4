package monc

// MarkAgain: a client that has lost its session has another one.
const MarkAgain = "monitor client found a session again"

// Marks are those that a client states, see [host.Sometimes].
func Marks() []string { return []string{MarkAgain} }
