package history

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// Reader reads one history and keeps one line at a time. It is used by one goroutine.
type Reader struct {
	name    string
	in      *tracefile.Lines
	header  Header
	types   map[string]factType
	unknown map[string]int // facts that this program does not know, by kind
	line    int
	at      time.Duration
	step    uint64
	ended   bool
	err     error
}

// NewReader reads the header of a history. The name is for errors. Errors: ErrVersion,
// ErrSyntax, ErrCut, those of in.
func NewReader(name string, in io.Reader) (*Reader, error) {
	r := &Reader{name: name, in: tracefile.NewLines(in), unknown: make(map[string]int)}
	if err := r.readHeader(); err != nil {
		return nil, err
	}
	r.types = r.header.Facts.factTypes()
	return r, nil
}

// Header is what the first line says.
func (r *Reader) Header() Header { return r.header }

// Unknown is how many facts of each kind were read so far that this program does not know.
func (r *Reader) Unknown() map[string]int { return r.unknown }

// Next is the next record, the last one of which is of KindEnd. Errors: io.EOF after that,
// ErrSyntax, ErrOrder, ErrCut, those of the reader below. An error stays.
func (r *Reader) Next() (Record, error) {
	if r.err != nil {
		return Record{}, r.err
	}
	record, err := r.next()
	r.err = err
	return record, err
}

func (r *Reader) next() (Record, error) {
	text, err := r.scan()
	switch {
	case err == io.EOF && !r.ended:
		return Record{}, r.broken(ErrCut, "nothing follows, not even the line that says how the run ended")
	case err != nil:
		return Record{}, err
	case r.ended:
		return Record{}, r.broken(ErrOrder, "it follows the end of the history")
	}
	var l line
	if err := r.decode(text, &l); err != nil {
		return Record{}, err
	}
	if l.At < 0 || r.header.World != worldTCP && (l.At < r.at || l.Step < r.step) {
		return Record{}, r.broken(ErrOrder, "t is %d and step %d, the line before has %d and %d", int64(l.At), l.Step, int64(r.at), r.step)
	}
	r.at, r.step, r.ended = l.At, l.Step, l.Kind == KindEnd
	return r.record(l)
}

// worldTCP is the world in which time is real: what is published while somebody else is
// heard out is told afterwards, with the time at which it was.
const worldTCP = "tcp"

// record checks a line and makes a record of it.
func (r *Reader) record(l line) (Record, error) {
	record := Record{
		Line: r.line, Kind: l.Kind, At: l.At, Step: l.Step, Fact: l.Fact,
		Name: l.Host, Index: l.Index, Victims: l.Victims, Landed: l.Landed, Reached: l.Reached, End: l.End,
	}
	wrong := ""
	switch l.Kind {
	case KindFact:
		return r.fact(record, l)
	case KindMachine:
		if wrong = "it has no machine"; l.Host != "" && l.Machine != nil && l.Machine.checkDisk() {
			record.Machine, wrong = *l.Machine, ""
		}
	case KindStrike, KindStruck, KindGoal:
		if l.Index < 0 || l.Landed < 0 {
			wrong = "its numbers are negative"
		}
	case KindEnd:
		if l.End == nil {
			wrong = "it does not say how the run ended"
		}
	case KindPoints:
	default:
		wrong = fmt.Sprintf("there is no kind %q", l.Kind)
	}
	if wrong != "" {
		return Record{}, r.broken(ErrSyntax, "%s", wrong)
	}
	return record, nil
}

// fact reads the fact of a line. One that is not known stays nil, and is counted.
func (r *Reader) fact(record Record, l line) (Record, error) {
	record.Observation = cluster.Observation{At: l.At, Step: l.Step, Host: l.Host, PID: l.PID, Wall: l.Wall}
	t, known := r.types[l.Fact]
	if !known {
		if l.Fact == "" {
			return Record{}, r.broken(ErrSyntax, "it has no fact")
		}
		if len(r.unknown) >= maxUnknown && r.unknown[l.Fact] == 0 {
			return Record{}, r.broken(ErrSyntax, "it is the %d-th kind of facts that nobody knows", maxUnknown+1)
		}
		r.unknown[l.Fact]++
		return record, nil
	}
	fact, err := t.read(l.Is)
	if err != nil {
		return Record{}, r.broken(ErrSyntax, "%s: %v", l.Fact, err)
	}
	record.Observation.Fact = fact
	return record, nil
}

// maxUnknown bounds how many kinds of unknown facts are counted.
const maxUnknown = 1000

func (r *Reader) readHeader() error {
	text, err := r.scan()
	if err == io.EOF {
		r.line = 1
		return r.broken(ErrCut, "it is empty")
	}
	if err != nil {
		return err
	}
	var version struct {
		History *int `json:"history"`
	}
	switch err := json.Unmarshal(text, &version); {
	case !r.in.Whole():
		return r.broken(ErrCut, "in the middle of the first line")
	case err != nil || version.History == nil:
		return r.broken(ErrVersion, "it does not begin with the header of a history")
	case *version.History != Schema:
		return r.broken(ErrVersion, "its version is %d, this program reads %d", *version.History, Schema)
	}
	if err := r.decode(text, &r.header); err != nil {
		return err
	}
	if len(r.header.Facts) == 0 {
		return r.broken(ErrSyntax, "the header does not say which facts there are")
	}
	for i, m := range r.header.Machines {
		if m.Machine == "" || !m.Addr.IsValid() || slices.ContainsFunc(r.header.Machines[:i], func(o Address) bool { return o.Machine == m.Machine }) {
			return r.broken(ErrSyntax, "machine %q of the header has no name or address of its own", m.Machine)
		}
	}
	return nil
}

// scan is the next line.
func (r *Reader) scan() ([]byte, error) {
	text, err := r.in.Next()
	switch {
	case err == nil:
		r.line = r.in.Number()
		return text, nil
	case err == io.EOF:
		return nil, io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		r.line++
		return nil, r.broken(ErrSyntax, "it is longer than %d bytes", tracefile.MaxLine)
	default:
		return nil, fmt.Errorf("%s:%d: %w", r.name, r.line+1, err)
	}
}

// decode reads a line, every field of which must be known.
func (r *Reader) decode(text []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil && d.More() {
		err = errors.New("something follows the object")
	}
	switch {
	case !utf8.Valid(text):
		return r.broken(ErrSyntax, "it is not UTF-8")
	case err != nil && !r.in.Whole():
		return r.broken(ErrCut, "in the middle of a line")
	case err != nil:
		return r.broken(ErrSyntax, "%v", err)
	}
	return nil
}

// broken is an error with its place.
func (r *Reader) broken(kind error, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w: %s", r.name, r.line, kind, fmt.Sprintf(format, args...))
}

// Broken is ErrOrder or ErrSyntax about the line that was read last.
func (r *Reader) Broken(kind error, format string, args ...any) error {
	return r.broken(kind, format, args...)
}
