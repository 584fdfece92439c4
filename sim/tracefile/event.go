package tracefile

import (
	"encoding/json"
	"strings"
	"time"
)

// Schema is the version of the trace's schema, written in its first line. New
// kinds and new fields leave it as it is; it rises when a kind or a field that
// was there goes away or comes to mean something else.
const Schema = 1

// The kinds of the first and of the last line of a trace.
const (
	KindHeader = "trace"
	KindEnd    = "end"
)

// Header is what the first line says.
type Header struct {
	Schema int    // Schema, or the trace is refused
	Seed   uint64 // of the run
	Line   string // that runs it again; empty if the trace does not say
}

// Event is one line of a trace after the first.
type Event struct {
	// Line is its number in the file; the header is line 1.
	Line int
	// At is the virtual time since the run began.
	At time.Duration
	// Step is the kernel step in which it happened.
	Step uint64
	// Kind is what happened, such as "net.recv".
	Kind string
	// Host is the machine on which it happened; empty for what concerns none or
	// several.
	Host string
	// Fields are the others, in the order in which they were written. A key may
	// be there twice in a record of a daemon's log; the first one counts.
	Fields []Field
	// Text is the line as it is in the file, without its end.
	Text string
}

// Field is a key with its value.
type Field struct {
	Key string
	// JSON is the value as it is in the file: a number, true, false, a quoted
	// string.
	JSON string
}

// Get is the value of a field as text without quotes, empty if there is none.
func (e *Event) Get(key string) string {
	for _, f := range e.Fields {
		if f.Key == key {
			return f.Value()
		}
	}
	return ""
}

// Value is the value as text: of a string what it holds, of anything else its
// JSON.
func (f Field) Value() string {
	if !strings.HasPrefix(f.JSON, `"`) {
		return f.JSON
	}
	if !strings.Contains(f.JSON, `\`) {
		return f.JSON[1 : len(f.JSON)-1]
	}
	var text string
	if err := json.Unmarshal([]byte(f.JSON), &text); err != nil {
		return f.JSON // not from a Reader, which has checked it
	}
	return text
}
