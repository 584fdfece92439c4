package host

import "log/slog"

// Mark is the fact that a run has come to a point that a good test comes to at
// least sometimes: a rare race, a code path that only a fault opens. Kind "mark".
// It asserts nothing; a campaign counts in how many of its runs each mark was
// reached, and which were never.
type Mark struct {
	// Name says what has happened, in words that read well in a report: "a session
	// was opened again".
	Name string
}

// Kind is "mark".
func (Mark) Kind() string { return "mark" }

// Attrs are the fields.
func (m Mark) Attrs() []slog.Attr { return []slog.Attr{slog.String("name", m.Name)} }

// Sometimes states that a mark is reached. A package that states marks lists them
// in a function Marks, so that one that is never reached can be missed. It is for
// what happens now and then: each call is a line of the trace.
func Sometimes(h Host, name string) { h.Probe(Mark{Name: name}) }
