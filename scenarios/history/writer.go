package history

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/wavetank/wavetank/cluster"
)

// line is a record as JSON.
type line struct {
	At   time.Duration `json:"t"`
	Step uint64        `json:"step"`
	Kind Kind          `json:"kind"`

	Host string          `json:"host,omitempty"`
	PID  uint32          `json:"pid,omitempty"`
	Wall time.Duration   `json:"wall,omitempty"`
	Fact string          `json:"fact,omitempty"`
	Is   json.RawMessage `json:"is,omitempty"`

	Machine *Machine `json:"machine,omitempty"`
	Index   int      `json:"index,omitempty"`
	Victims []string `json:"victims,omitempty"`
	Landed  int      `json:"landed,omitempty"`
	Reached bool     `json:"reached,omitempty"`
	End     *End     `json:"end,omitempty"`
}

// Writer writes a history. It is used by one goroutine. The first error stays, and Err
// has it.
type Writer struct {
	out *json.Encoder
	err error
}

// NewWriter writes the header, whose Schema and Facts it fills in.
func NewWriter(out io.Writer, h Header) *Writer {
	w := &Writer{out: json.NewEncoder(out)}
	w.out.SetEscapeHTML(false)
	h.Schema, h.Facts = Schema, KnownFacts()
	w.err = w.out.Encode(h)
	return w
}

// Err is the first error.
func (w *Writer) Err() error { return w.err }

// Write writes a record. Text that is not UTF-8 comes out with U+FFFD, as in a trace.
func (w *Writer) Write(r Record) {
	l := line{At: r.At, Step: r.Step, Kind: r.Kind}
	switch r.Kind {
	case KindFact:
		is, err := json.Marshal(r.Observation.Fact)
		if err != nil {
			w.fail(fmt.Errorf("fact %s: %w", r.Observation.Fact.Kind(), err))
		}
		o := r.Observation
		l.Host, l.PID, l.Wall, l.Fact, l.Is = o.Host, o.PID, o.Wall, o.Fact.Kind(), is
	case KindMachine:
		l.Host, l.Machine = r.Name, &r.Machine
	case KindStrike, KindStruck, KindGoal:
		l.Index, l.Victims, l.Landed, l.Reached = r.Index, r.Victims, r.Landed, r.Reached
	case KindEnd:
		l.End = r.End
	}
	if w.err == nil {
		w.fail(w.out.Encode(l))
	}
}

func (w *Writer) fail(err error) {
	if w.err == nil {
		w.err = err
	}
}

// Observe writes a fact.
func (w *Writer) Observe(o cluster.Observation) {
	w.Write(Record{Kind: KindFact, At: o.At, Step: o.Step, Observation: o})
}
