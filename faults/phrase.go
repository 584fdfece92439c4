package faults

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// SyntaxError is text that is no plan, with its place.
type SyntaxError struct {
	Line, Column int    // from 1, in bytes
	Problem      string // what is wrong
	Hint         string // what would be right, may be empty
}

func (e *SyntaxError) Error() string {
	text := fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Problem)
	if e.Hint != "" {
		text += "; " + e.Hint
	}
	return text
}

// Phrase is one line of text while it is read, word by word. The first thing that is
// wrong is kept, and all that is read after it is empty: whoever reads asks once, in the
// end, by [Phrase.End].
//
// Words are separated by blanks; one in double quotes is written as in Go. A # begins a
// comment.
type Phrase struct {
	line  int
	text  string
	words []phraseWord
	next  int
	width int // bytes of the line without its comment
	plan  *reading
	known *Known // nil if everything is allowed
	err   *SyntaxError
}

// phraseWord is a word and where it begins.
type phraseWord struct {
	text   string
	quoted bool
	column int
}

// ReadPhrase parts a line into words. The number of the line is for errors.
func ReadPhrase(line int, text string) *Phrase {
	p := &Phrase{line: line, text: text, width: len(text)}
	for at := 0; at < len(text); {
		switch rest := text[at:]; {
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r':
			at++
		case rest[0] == '#':
			p.width = len(strings.TrimRight(text[:at], " \t"))
			return p
		case rest[0] == '"':
			quoted, err := strconv.QuotedPrefix(rest)
			if err != nil {
				p.fail(at+1, "a quotation mark is not closed, or what is between two is not written as in Go", "")
				return p
			}
			unquoted, _ := strconv.Unquote(quoted) // QuotedPrefix has looked
			p.words = append(p.words, phraseWord{text: unquoted, quoted: true, column: at + 1})
			at += len(quoted)
		default:
			n := strings.IndexAny(rest, " \t\r")
			if n < 0 {
				n = len(rest)
			}
			p.words = append(p.words, phraseWord{text: rest[:n], column: at + 1})
			at += n
		}
	}
	p.width = len(strings.TrimRight(text, " \t\r"))
	return p
}

// quoteWord is a word as ReadPhrase reads it back.
func quoteWord(word string) string {
	if word == "" || strings.ContainsAny(word, "\"# \t\r\n") || strconv.Quote(word) != `"`+word+`"` {
		return strconv.Quote(word)
	}
	return word
}

// Empty reports whether there is nothing in the line but a comment.
func (p *Phrase) Empty() bool { return p.err == nil && len(p.words) == 0 }

// More reports whether there is another word.
func (p *Phrase) More() bool { return p.err == nil && p.next < len(p.words) }

// End is what was wrong, a word too many included.
func (p *Phrase) End() error {
	if p.More() {
		p.Fail("%q is one word too many", p.words[p.next].text)
	}
	if p.err != nil {
		return p.err
	}
	return nil
}

// Fail says what is wrong with the next word, if nothing was before.
func (p *Phrase) Fail(format string, args ...any) {
	p.fail(p.column(), fmt.Sprintf(format, args...), "")
}

func (p *Phrase) fail(column int, problem, hint string) {
	if p.err == nil {
		p.err = &SyntaxError{Line: p.line, Column: column, Problem: problem, Hint: hint}
	}
}

// FailBack says what is wrong with the last word read, if nothing was before.
func (p *Phrase) FailBack(format string, args ...any) {
	p.failBack(fmt.Sprintf(format, args...), "")
}

func (p *Phrase) column() int {
	if p.next < len(p.words) {
		return p.words[p.next].column
	}
	return p.width + 1
}

// Word is the next word, which is a what.
func (p *Phrase) Word(what string) string {
	if !p.More() {
		p.Fail("%s is missing", what)
		return ""
	}
	p.next++
	return p.words[p.next-1].text
}

// Accept takes the next words if they are these.
func (p *Phrase) Accept(words ...string) bool {
	if p.err != nil || len(p.words)-p.next < len(words) {
		return false
	}
	for i, want := range words {
		if w := p.words[p.next+i]; w.quoted || w.text != want {
			return false
		}
	}
	p.next += len(words)
	return true
}

// Next reports whether the next word is one of these, and takes none.
func (p *Phrase) Next(words ...string) bool {
	return p.More() && !p.words[p.next].quoted && slices.Contains(words, p.words[p.next].text)
}

// Expect takes the next words, which must be these.
func (p *Phrase) Expect(words ...string) {
	for _, want := range words {
		if !p.Accept(want) {
			p.expected(want)
			return
		}
	}
}

// OneOf takes the next word, which must be one of these.
func (p *Phrase) OneOf(words ...string) string {
	for _, w := range words {
		if p.Accept(w) {
			return w
		}
	}
	p.expected(words...)
	return ""
}

func (p *Phrase) expected(words ...string) {
	want := strings.Join(words, ", ")
	if !p.More() {
		p.Fail("%s is missing", want)
		return
	}
	got := p.words[p.next].text
	hint := closest(got, words)
	if hint != "" && len(words) > 4 {
		p.fail(p.column(), fmt.Sprintf("%q cannot stand here", got), hint)
		return
	}
	p.fail(p.column(), fmt.Sprintf("%q stands where %s is expected", got, want), hint)
}

// closest is a hint at the word that was perhaps meant.
func closest(got string, words []string) string {
	best, least := "", max(len(got)/2, 1)+1
	for _, w := range words {
		if d := distance(got, w); d < least {
			best, least = w, d
		}
	}
	if best == "" {
		return ""
	}
	return fmt.Sprintf("did you mean %q?", best)
}

// distance is how many letters are to be put in, taken out or changed.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(row[j]+1, row[j+1]+1, change)
		}
	}
	return row[len(b)]
}

// Duration is the next word as a duration in Go's notation, from least up. What says
// what it is.
func (p *Phrase) Duration(what string, least time.Duration) time.Duration {
	return p.duration(p.Word(what), what, least)
}

func (p *Phrase) duration(text, what string, least time.Duration) time.Duration {
	if p.err != nil {
		return 0
	}
	d, err := time.ParseDuration(text)
	switch {
	case err != nil:
		p.FailBack("%s is %q, want a duration such as 1.5s or 200ms", what, text)
	case d < least || d > longest || d < -longest:
		p.FailBack("%s is %v, want %v to %v", what, d, max(least, -longest), longest)
	}
	return d
}

// longest bounds durations, so that sums of them stay exact.
const longest = 10_000 * time.Hour

// Range is the next word as two durations, "10ms..1s", the second from the first up.
func (p *Phrase) Range(what string) (from, to time.Duration) {
	text := p.Word(what)
	first, second, ok := strings.Cut(text, "..")
	if !ok && p.err == nil {
		p.FailBack("%s is %q, want two durations such as 10ms..1s", what, text)
	}
	from = p.duration(first, what, 0)
	return from, p.duration(second, what, from)
}

// Int is the next word as a whole number from least to most.
func (p *Phrase) Int(what string, least, most int64) int64 {
	return p.number(p.Word(what), what, least, most)
}

func (p *Phrase) number(text, what string, least, most int64) int64 {
	if p.err != nil {
		return 0
	}
	n, err := strconv.ParseInt(text, 10, 64)
	switch {
	case errors.Is(err, strconv.ErrSyntax):
		p.FailBack("%s is %q, want a whole number", what, text)
	case err != nil || n < least || n > most:
		p.FailBack("%s is %s, want %d to %d", what, text, least, most)
	}
	return n
}

// Who is the next word as the name or the role of somebody.
func (p *Phrase) Who() string {
	who := p.Word("the name or role of who is struck")
	p.checkWho(who)
	return who
}

// Path is who and whom, with what goes which way between them.
func (p *Phrase) Path() Path {
	path := Path{A: p.Who()}
	path.Direction = Direction(p.OneOf(string(Both), string(To), string(From)))
	path.B = p.Who()
	if p.Accept("on") {
		path.Network = p.Word("the name of a network")
	}
	return path
}

// odds reads what the function odds writes: "every sync", "one sync in 3". It is 0 if
// that does not stand there.
func (p *Phrase) odds(what string) int {
	if p.Accept("every", what) {
		return 1
	}
	if !p.Accept("one", what) {
		return 0
	}
	p.Expect("in")
	return int(p.Int("one in how many", 2, mostOdds))
}

const mostOdds = 1 << 30

// undone finds the earlier step of the plan that an undoing one takes back: the rest of
// the line is what it is taken back by. Of several it is the first that was not taken back
// before, or the N-th if "nth N" follows.
func undone[F Fault](p *Phrase) F {
	var none F
	from := p.next
	rest, nth := p.rest()
	if p.err != nil {
		return none
	}
	seen := 0
	var candidates []string
	for i, step := range p.plan.steps {
		f, ok := step.Fault.(F)
		if !ok {
			continue
		}
		if !p.plan.undone[i] {
			candidates = append(candidates, fmt.Sprintf("%q", takenBackBy(f)))
		}
		if strings.Join(ReadPhrase(0, takenBackBy(f)).texts(), " ") != rest {
			continue
		}
		if seen++; seen == nth || nth == 0 && !p.plan.undone[i] {
			p.plan.undone[i] = true
			return f
		}
	}
	p.next = from
	hint := "there is none"
	if len(candidates) > 0 {
		hint = "there is " + named(slices.Compact(candidates))
	}
	p.fail(p.column(), fmt.Sprintf("no earlier step that could be taken back is %q", rest), hint)
	return none
}

// takenBackBy are the words by which an undoing step names a fault: all of its words,
// unless fewer say enough.
func takenBackBy(f Fault) string {
	if f, ok := f.(interface{ words() string }); ok {
		return f.words()
	}
	return f.String()
}

// Rest is the rest of the line as it stands there, without a comment.
func (p *Phrase) Rest(what string) string {
	if !p.More() {
		p.Fail("%s is missing", what)
		return ""
	}
	rest := p.text[p.column()-1 : p.width]
	p.next = len(p.words)
	return rest
}

// rest is the rest of the line, but for a number at its end.
func (p *Phrase) rest() (words string, nth int) {
	if !p.More() {
		p.Fail("what is taken back is missing")
		return "", 0
	}
	texts := p.texts()[p.next:]
	p.next = len(p.words)
	if n := len(texts); n > 2 && texts[n-2] == "nth" {
		nth = int(p.number(texts[n-1], "which of several steps", 1, mostOdds))
		texts = texts[:n-2]
	}
	return strings.Join(texts, " "), nth
}

func (p *Phrase) texts() []string {
	var texts []string
	for _, w := range p.words {
		texts = append(texts, w.text)
	}
	return texts
}

// reading is a plan while it is read.
type reading struct {
	steps  Plan
	undone []bool
}

func (r *reading) add(s Step) {
	r.steps, r.undone = append(r.steps, s), append(r.undone, false)
}

// ParsePlan reads a plan as [Plan.String] writes it, a step on each line; empty lines
// and comments are skipped. Error: a [*SyntaxError].
func ParsePlan(text string) (Plan, error) {
	var r Reader
	for i, line := range strings.Split(text, "\n") {
		p := ReadPhrase(i+1, line)
		if p.Empty() {
			continue
		}
		r.Step(p.OneOf(StepWords()...), p)
		if err := p.End(); err != nil {
			return nil, err
		}
	}
	return r.Plan(), nil
}

// Reader reads the steps of a plan that stand among other lines. The zero value is
// ready.
type Reader struct{ reading reading }

// Plan are the steps read so far.
func (r *Reader) Plan() Plan { return slices.Clone(r.reading.steps) }

// Len is how many they are.
func (r *Reader) Len() int { return len(r.reading.steps) }

// StepWords are the words that steps begin with.
func StepWords() []string { return []string{"at", "after", "when"} }

// Step reads what follows the first word of a step.
func (r *Reader) Step(first string, p *Phrase) {
	p.plan = &r.reading
	var s Step
	switch first {
	case "at":
		s.At = p.Duration("the time of the step", 0)
		if i := r.lastTimed(); i >= 0 && s.At < r.reading.steps[i].At {
			p.FailBack("the step at %v comes after one at %v", s.At, r.reading.steps[i].At)
		}
	case "after":
		s.After, s.At = true, p.Duration("the time after the step before", 0)
	case "when":
		s.When, s.At = readCondition(p)
	}
	s.Fault = readFault(p)
	if p.err == nil {
		r.reading.add(s)
	}
}

func (r *Reader) lastTimed() int {
	for i, s := range slices.Backward(r.reading.steps) {
		if s.Timed() {
			return i
		}
	}
	return -1
}

func readFault(p *Phrase) Fault {
	words := Vocabulary()
	var kinds []string
	for _, w := range words {
		kinds = append(kinds, w.Kind())
	}
	if !p.More() {
		p.Fail("a fault is missing")
		return nil
	}
	kind := p.words[p.next].text
	i := slices.Index(kinds, kind)
	if i < 0 {
		p.fail(p.column(), fmt.Sprintf("there is no fault %q", kind), closest(kind, kinds))
		return nil
	}
	p.next++
	f := words[i].read(p)
	if p.err == nil && p.More() {
		p.Fail("%q is one word too many: a %s is written %q", p.words[p.next].text, kind, words[i].Usage)
	} else if p.err != nil && p.err.Hint == "" {
		p.err.Hint = fmt.Sprintf("a %s is written %q", kind, words[i].Usage)
	}
	return f
}
