package tracefile

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"time"
	"unicode/utf8"
)

// Errors of a Reader, wrapped with the file and the line.
var (
	// ErrSyntax: a line is not what a trace consists of.
	ErrSyntax = errors.New("not a line of a trace")
	// ErrVersion: the first line is not a header of this Schema.
	ErrVersion = errors.New("not a trace of a version that can be read")
	// ErrOrder: time or steps go back, or something follows the end.
	ErrOrder = errors.New("lines out of order")
	// ErrCut: the trace ends before its end. Its run was killed, or the file is
	// not whole.
	ErrCut = errors.New("the trace is cut off")
)

// Reader reads one trace. It is used by one goroutine.
type Reader struct {
	name   string
	in     *Lines
	header Header
	last   Event // the one before; its text is not kept
	ended  bool  // KindEnd was read
	err    error // what Next goes on to answer
}

// NewReader reads the header of a trace. The name is for errors. Errors:
// ErrVersion, ErrSyntax, ErrCut, those of in.
func NewReader(name string, in io.Reader) (*Reader, error) {
	r := &Reader{name: name, in: NewLines(in)}
	if err := r.readHeader(); err != nil {
		return nil, err
	}
	return r, nil
}

// Header is what the first line says.
func (r *Reader) Header() Header { return r.header }

// Next is the next event, the last one of which has KindEnd. Errors: io.EOF after
// that, ErrSyntax, ErrOrder, ErrCut, those of the reader below. An error stays.
func (r *Reader) Next() (Event, error) {
	if r.err != nil {
		return Event{}, r.err
	}
	e, err := r.next()
	if err != nil {
		r.err = err
		return Event{}, err
	}
	return e, nil
}

func (r *Reader) next() (Event, error) {
	e, err := r.read()
	switch {
	case err == io.EOF && r.ended:
		return Event{}, io.EOF
	case err == io.EOF:
		return Event{}, r.broken(r.last.Line, ErrCut, "nothing follows, not even the line that says that the run is over")
	case err != nil:
		return Event{}, err
	case r.ended:
		return Event{}, r.broken(e.Line, ErrOrder, "it follows the end of the trace")
	case e.At < r.last.At:
		return Event{}, r.broken(e.Line, ErrOrder, "t is %d, the line before has %d", int64(e.At), int64(r.last.At))
	case e.Step < r.last.Step:
		return Event{}, r.broken(e.Line, ErrOrder, "step is %d, the line before has %d", e.Step, r.last.Step)
	}
	r.ended = e.Kind == KindEnd
	r.last = Event{Line: e.Line, At: e.At, Step: e.Step}
	return e, nil
}

// read is the next line, checked by itself.
func (r *Reader) read() (Event, error) {
	text, err := r.in.Next()
	if err != nil {
		return Event{}, r.readError(err)
	}
	e := Event{Line: r.in.Number(), Text: string(text)}
	if err := jsonError(text); err != nil {
		if !r.in.Whole() {
			return Event{}, r.broken(e.Line, ErrCut, "in the middle of a line: %v", err)
		}
		return Event{}, r.broken(e.Line, ErrSyntax, "%v", err)
	}
	e.Fields = fields(e.Text)
	if err := e.takeEnvelope(); err != nil {
		return Event{}, r.broken(e.Line, ErrSyntax, "%v", err)
	}
	return e, nil
}

// readError is why there is no next line, with its place.
func (r *Reader) readError(err error) error {
	switch {
	case err == io.EOF:
		return io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		return r.broken(r.in.Number()+1, ErrSyntax, "it is longer than %d bytes", MaxLine)
	default:
		return fmt.Errorf("%s:%d: %w", r.name, r.in.Number()+1, err)
	}
}

// jsonError says what keeps a line from being a JSON object; nil if nothing does.
func jsonError(line []byte) error {
	if !json.Valid(line) {
		var v any
		return json.Unmarshal(line, &v)
	}
	if !utf8.Valid(line) {
		return errors.New("it is not UTF-8")
	}
	if bytes.TrimLeft(line, " \t\r\n")[0] != '{' {
		return errors.New("it is no JSON object")
	}
	return nil
}

// takeEnvelope moves t, step, kind and host out of the fields.
func (e *Event) takeEnvelope() error {
	at, err := strconv.ParseInt(e.take("t"), 10, 64)
	if err != nil || at < 0 {
		return errors.New(`it has no time "t" in whole nanoseconds`)
	}
	step, err := strconv.ParseUint(e.take("step"), 10, 64)
	if err != nil {
		return errors.New(`it has no "step" number`)
	}
	e.At, e.Step = time.Duration(at), step
	kind, host := Field{JSON: e.take("kind")}, Field{JSON: e.take("host")}
	e.Kind, e.Host = kind.Value(), host.Value()
	if kind.JSON == "" || kind.JSON[0] != '"' || e.Kind == "" {
		return errors.New(`it has no "kind"`)
	}
	return nil
}

// take removes the first field of that name and answers with its JSON.
func (e *Event) take(key string) string {
	for i, f := range e.Fields {
		if f.Key == key {
			e.Fields = append(e.Fields[:i], e.Fields[i+1:]...)
			return f.JSON
		}
	}
	return ""
}

func (r *Reader) readHeader() error {
	e, err := r.read()
	switch {
	case err == io.EOF:
		return r.broken(1, ErrCut, "it is empty")
	case errors.Is(err, ErrSyntax):
		return r.broken(1, ErrVersion, "it does not begin with a header (%v)", err)
	case err != nil:
		return err
	case e.Kind != KindHeader:
		return r.broken(1, ErrVersion, "it begins with %q and not with a header; traces of old have none", e.Kind)
	}
	if r.header.Schema, err = strconv.Atoi(e.Get("schema")); err != nil || r.header.Schema != Schema {
		return r.broken(1, ErrVersion, "its schema is %q, this program reads %d", e.Get("schema"), Schema)
	}
	if r.header.Seed, err = strconv.ParseUint(e.Get("seed"), 10, 64); err != nil {
		return r.broken(1, ErrSyntax, "the header has no seed")
	}
	r.header.Line = e.Get("line")
	r.last = Event{Line: 1, At: e.At, Step: e.Step}
	return nil
}

// broken is an error with its place.
func (r *Reader) broken(line int, kind error, format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w: %s", r.name, line, kind, fmt.Sprintf(format, args...))
}
