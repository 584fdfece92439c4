package tracefile

import (
	"bufio"
	"bytes"
	"io"
)

// MaxLine is the length in bytes of the longest line that is read. The simulator writes
// none near it.
const MaxLine = 4 << 20

// Lines reads a file line by line, keeps one of them at a time, and tells whether the last
// one is whole. It is used by one goroutine.
type Lines struct {
	in     *bufio.Scanner
	number int
	whole  bool
}

// NewLines begins with the first line of in.
func NewLines(in io.Reader) *Lines {
	l := &Lines{in: bufio.NewScanner(in)}
	l.in.Buffer(nil, MaxLine)
	l.in.Split(l.split)
	return l
}

// Next is the next line without its end, until the one after it is read. Errors: io.EOF,
// bufio.ErrTooLong for one longer than MaxLine, those of the reader below.
func (l *Lines) Next() ([]byte, error) {
	if l.in.Scan() {
		l.number++
		return l.in.Bytes(), nil
	}
	if err := l.in.Err(); err != nil {
		return nil, err
	}
	return nil, io.EOF
}

// Number is how many lines were read.
func (l *Lines) Number() int { return l.number }

// Whole reports whether the line that was read last has an end.
func (l *Lines) Whole() bool { return l.whole }

// split is bufio.ScanLines that remembers whether the line has an end.
func (l *Lines) split(data []byte, atEOF bool) (advance int, line []byte, err error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		l.whole = true
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		l.whole = false
		return len(data), data, nil
	}
	return 0, nil, nil
}
