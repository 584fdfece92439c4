package sqld

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
)

// A frame is the length of the rest, 4 bytes big-endian, a kind, and a body.
const (
	// maxFrame is the longest a frame may be, without its length.
	maxFrame = 16 << 20
	// maxColumns is the most columns of an answer, and arguments of a statement.
	maxColumns = 2000
	// magic begins a session: the protocol and its version.
	magic = "sqld\x00\x01"
)

// The kinds of frames.
const (
	// From clients.
	frameHello   = 'h' // magic
	frameExecute = 'x' // a statement: text, arguments
	framePull    = 'p' // a replica: position and epoch of its last entry
	// From servers.
	frameWelcome = 'w' // whether it takes writes, and the epoch of those
	frameColumns = 'c' // the names of an answer's columns, before its rows
	frameRows    = 'r' // some rows
	frameDone    = 'd' // the end of an answer: rows affected, last id
	frameError   = 'e' // the end of an answer: code, message
	frameEntries = 'l' // to a replica: entries of the log
	frameImage   = 'i' // to a replica: the whole database, in frames; the last is empty
)

// errMalformed: bytes that are no message.
var errMalformed = errors.New("malformed message")

// readFrame reads a frame into buf, which it may replace.
func readFrame(r io.Reader, buf []byte) (kind byte, body, reuse []byte, err error) {
	var head [4]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return 0, nil, buf, err
	}
	n := binary.BigEndian.Uint32(head[:])
	if n == 0 || n > maxFrame {
		return 0, nil, buf, fmt.Errorf("%w: a frame of %d bytes", errMalformed, n)
	}
	body, err = readGrowing(r, buf[:0], int(n))
	if err != nil {
		return 0, nil, buf, err
	}
	return body[0], body[1:], body, nil
}

// readGrowing reads n bytes without believing in n before they have come.
func readGrowing(r io.Reader, buf []byte, n int) ([]byte, error) {
	for len(buf) < n {
		have := len(buf)
		chunk := min(n-have, max(4096, have))
		if cap(buf) < have+chunk {
			grown := make([]byte, have, have+chunk)
			copy(grown, buf)
			buf = grown
		}
		buf = buf[:have+chunk]
		if _, err := io.ReadFull(r, buf[have:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return buf[:have], err
		}
	}
	return buf, nil
}

// encoder builds frames, one after the other.
type encoder struct {
	buf   []byte
	start int // of the frame being built
}

func (e *encoder) begin(kind byte) {
	e.start = len(e.buf)
	e.buf = append(e.buf, 0, 0, 0, 0, kind)
}

func (e *encoder) end() {
	binary.BigEndian.PutUint32(e.buf[e.start:], uint32(len(e.buf)-e.start-4))
}

func (e *encoder) uint(n uint64) { e.buf = binary.AppendUvarint(e.buf, n) }
func (e *encoder) int(n int64)   { e.buf = binary.AppendVarint(e.buf, n) }
func (e *encoder) text(s string) {
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

// The types of values.
const (
	valueNull  = 0
	valueInt   = 1
	valueFloat = 2
	valueText  = 3
	valueBlob  = 4
)

// value writes nil, an int64, a float64, a string or a []byte.
func (e *encoder) value(v any) error {
	switch v := v.(type) {
	case nil:
		e.buf = append(e.buf, valueNull)
	case int64:
		e.buf = append(e.buf, valueInt)
		e.int(v)
	case float64:
		e.buf = append(e.buf, valueFloat)
		e.buf = binary.BigEndian.AppendUint64(e.buf, math.Float64bits(v))
	case string:
		e.buf = append(e.buf, valueText)
		e.text(v)
	case []byte:
		e.buf = append(e.buf, valueBlob)
		e.uint(uint64(len(v)))
		e.buf = append(e.buf, v...)
	case bool:
		e.buf = append(e.buf, valueInt)
		if v {
			e.int(1)
		} else {
			e.int(0)
		}
	default:
		return fmt.Errorf("a %T is no value", v)
	}
	return nil
}

func (e *encoder) values(all []any) error {
	e.uint(uint64(len(all)))
	for _, v := range all {
		if err := e.value(v); err != nil {
			return err
		}
	}
	return nil
}

// decoder reads a body. After the first error it reads nothing but zeros.
type decoder struct {
	body []byte
	err  error
	// all is the body from its beginning, if texts are to be parts of one string.
	all string
}

// share has all texts to come share one allocation, which lives as long as any of them.
func (d *decoder) share() { d.all = string(d.body) }

func (d *decoder) fail(what string) {
	if d.err == nil {
		d.err = fmt.Errorf("%w: %s", errMalformed, what)
	}
	d.body = nil
}

func (d *decoder) uint() uint64 {
	n, size := binary.Uvarint(d.body)
	if size <= 0 {
		d.fail("no number")
		return 0
	}
	d.body = d.body[size:]
	return n
}

func (d *decoder) int() int64 {
	n, size := binary.Varint(d.body)
	if size <= 0 {
		d.fail("no number")
		return 0
	}
	d.body = d.body[size:]
	return n
}

func (d *decoder) byte() byte {
	b := d.bytes(1)
	if d.err != nil {
		return 0
	}
	return b[0]
}

func (d *decoder) bytes(n uint64) []byte {
	if n > uint64(len(d.body)) {
		d.fail("too short")
		return nil
	}
	b := d.body[:n]
	d.body = d.body[n:]
	return b
}

func (d *decoder) text() string {
	b := d.bytes(d.uint())
	if d.err != nil || d.all == "" {
		return string(b)
	}
	end := len(d.all) - len(d.body)
	return d.all[end-len(b) : end]
}

func (d *decoder) value() any {
	switch kind := d.byte(); kind {
	case valueNull:
		return nil
	case valueInt:
		return d.int()
	case valueFloat:
		b := d.bytes(8)
		if d.err != nil {
			return nil
		}
		return math.Float64frombits(binary.BigEndian.Uint64(b))
	case valueText:
		return d.text()
	case valueBlob:
		return append([]byte{}, d.bytes(d.uint())...)
	default:
		d.fail(fmt.Sprintf("value of type %d", kind))
		return nil
	}
}

// count reads a number of things of which each takes at least a byte.
func (d *decoder) count(most int) int {
	n := d.uint()
	if n > uint64(most) || n > uint64(len(d.body)) {
		d.fail(fmt.Sprintf("a count of %d", n))
		return 0
	}
	return int(n)
}

func (d *decoder) values() []any {
	all := make([]any, 0, d.count(maxColumns))
	for range cap(all) {
		all = append(all, d.value())
	}
	return all
}

// end is the error, also if something is left.
func (d *decoder) end() error {
	if len(d.body) > 0 {
		d.fail(fmt.Sprintf("%d bytes too many", len(d.body)))
	}
	return d.err
}

// statement is the body of frameExecute.
type statement struct {
	text string
	args []any
}

func (st statement) encode(e *encoder) error {
	e.text(st.text)
	return e.values(st.args)
}

func decodeStatement(d *decoder) statement { return statement{d.text(), d.values()} }

// texts are statements that were asked before, each of them once.
type texts map[string]string

const (
	maxTexts = 128
	// maxText is the longest that is kept.
	maxText = 4 << 10
)

// decode is decodeStatement.
func (known texts) decode(d *decoder) statement {
	b := d.bytes(d.uint())
	text, ok := known[string(b)]
	if !ok {
		if text = string(b); len(text) <= maxText {
			if len(known) == maxTexts {
				clear(known)
			}
			known[text] = text
		}
	}
	return statement{text, d.values()}
}
