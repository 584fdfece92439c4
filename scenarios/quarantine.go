package scenarios

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"
)

// Quarantined is a failure that is known and being worked on. Runs that fail in this way
// do not make a campaign red, up to and including a day; after it they do again.
type Quarantined struct {
	// Signature is that of the failures, see Failure.Signature.
	Signature string
	// Until is the last day on which they do not count.
	Until time.Time
	// Reason is for whoever wonders.
	Reason string
	// Line is where the file says so.
	Line int
}

// ErrQuarantine: a file of known failures cannot be used.
var ErrQuarantine = errors.New("unusable quarantine")

// maxQuarantine is far more than a file of known failures has whose failures are all
// being worked on.
const maxQuarantine = 1 << 20

// ReadQuarantine reads a file for ParseQuarantine. Errors: ErrQuarantine with the place,
// or those of reading.
func ReadQuarantine(name string) ([]Quarantined, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxQuarantine+1))
	if err != nil {
		return nil, err
	}
	if len(text) > maxQuarantine {
		return nil, fmt.Errorf("%w: %s has more than %d bytes", ErrQuarantine, name, maxQuarantine)
	}
	return ParseQuarantine(name, string(text))
}

// ParseQuarantine reads known failures, one a line:
//
//	# comment
//	until 2026-12-31 "I-MGR-10 no false drop on mon" raft's next release has it
//
// Name is that of the file, for errors: ErrQuarantine with line and column.
func ParseQuarantine(name, text string) ([]Quarantined, error) {
	var all []Quarantined
	lines := make(map[string]int) // by signature
	for i, line := range strings.Split(text, "\n") {
		q, at, err := parseQuarantined(line)
		if err == nil && q != nil && lines[q.Signature] != 0 {
			err = fmt.Errorf("%q is on line %d already", q.Signature, lines[q.Signature])
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %s:%d:%d: %w", ErrQuarantine, name, i+1, at+1, err)
		}
		if q != nil {
			q.Line = i + 1
			lines[q.Signature] = q.Line
			all = append(all, *q)
		}
	}
	return all, nil
}

// parseQuarantined reads a line; there is nothing on an empty one. at is the byte at
// which an error is, or the signature.
func parseQuarantined(line string) (q *Quarantined, at int, err error) {
	l := &lineReader{text: strings.TrimRight(line, " \t\r")}
	word, at := l.word()
	if word == "" || strings.HasPrefix(word, "#") {
		return nil, 0, nil
	}
	if word != "until" {
		return nil, at, fmt.Errorf("want until DATE \"SIGNATURE\" REASON, not %q", word)
	}
	word, at = l.word()
	day, err := time.Parse(time.DateOnly, word)
	if err != nil {
		return nil, at, fmt.Errorf("want a day such as 2026-12-31, not %q", word)
	}
	signature, at, err := l.quoted()
	if err != nil {
		return nil, at, err
	}
	reason, end := l.rest()
	if reason == "" {
		return nil, end, errors.New("want the reason")
	}
	return &Quarantined{Signature: signature, Until: day, Reason: reason}, at, nil
}

// lineReader reads a line from left to right, and says at which byte what it has read
// begins.
type lineReader struct {
	text string
	next int
}

func (l *lineReader) rest() (text string, at int) {
	text = strings.TrimLeft(l.text[l.next:], " \t")
	return text, len(l.text) - len(text)
}

func (l *lineReader) word() (word string, at int) {
	rest, at := l.rest()
	word = rest
	if end := strings.IndexAny(rest, " \t"); end >= 0 {
		word = rest[:end]
	}
	l.next = at + len(word)
	return word, at
}

// quoted reads text in double quotes.
func (l *lineReader) quoted() (text string, at int, err error) {
	rest, at := l.rest()
	whole, err := strconv.QuotedPrefix(rest)
	if err == nil {
		text, err = strconv.Unquote(whole)
	}
	if err != nil || whole[0] != '"' || text == "" {
		return "", at, errors.New("want the signature of a failure in double quotes, as the summary of a campaign has it")
	}
	l.next = at + len(whole)
	return text, at, nil
}

// Holds reports whether it counts today, by the date of that time.
func (q Quarantined) Holds(today time.Time) bool {
	year, month, date := today.Date()
	return !time.Date(year, month, date, 0, 0, 0, 0, time.UTC).After(q.Until)
}

// String is the line of a file.
func (q Quarantined) String() string {
	return fmt.Sprintf("until %s %q %s", q.Until.Format(time.DateOnly), q.Signature, q.Reason)
}
