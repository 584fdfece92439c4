package timeline

import (
	"hash/fnv"
	"io"

	"github.com/wavetank/wavetank/sim/tracefile"
)

// row is an event of one trace and the one of the other that is the same, or
// either of them alone.
type row struct{ a, b *tracefile.Event }

// same reports whether both are there and equal in every byte.
func (r row) same() bool { return r.a != nil && r.b != nil && r.a.Text == r.b.Text }

// matched reports whether both are there, equal but perhaps in [variable].
func (r row) matched() bool { return r.a != nil && r.b != nil }

// defaultWindow is as much of the traces as can be aligned in a few milliseconds
// and megabytes.
const defaultWindow = 1024

// aligner pairs the events of two traces. It keeps a window of each.
type aligner struct {
	window int // how many events of each are looked at at once
	a, b   side
	queue  []row   // found and not handed on yet
	table  []int32 // of scores
}

func newAligner(a, b *tracefile.Reader, f *Filter) *aligner {
	return &aligner{window: defaultWindow, a: side{in: a, filter: f}, b: side{in: b, filter: f}}
}

// side is the window of one trace.
type side struct {
	in     *tracefile.Reader
	filter *Filter
	events []keyed
	err    error // why there is no more
	count  int   // events that passed
	met    roster
}

// keyed is an event with a hash of what it is compared by.
type keyed struct {
	event tracefile.Event
	key   uint64
}

// key is the hash of what an event says, without what two runs of the same thing
// may have different: time, step, and the variable fields.
func key(e *tracefile.Event) uint64 {
	h := fnv.New64a()
	add := func(s string) {
		io.WriteString(h, s)
		h.Write([]byte{0})
	}
	add(e.Kind)
	add(e.Host)
	for _, f := range e.Fields {
		if !variable(f.Key) || e.Kind == tracefile.KindEnd {
			add(f.Key)
			add(f.JSON)
		}
	}
	return h.Sum64()
}

// variable reports whether a field numbers something that is numbered in the
// order in which it comes to be: a connection, a port, or is a hash of such.
func variable(key string) bool {
	switch key {
	case "conn", "local", "remote", "hash":
		return true
	}
	return false
}

// fill reads until the window holds n events.
func (s *side) fill(n int) {
	for len(s.events) < n && s.err == nil {
		e, err := s.in.Next()
		if err != nil {
			s.err = err
			return
		}
		s.met.meet(&e)
		if s.filter.past(&e) {
			s.err = io.EOF
			return
		}
		if s.filter.passes(&e) {
			s.count++
			s.events = append(s.events, keyed{e, key(&e)})
		}
	}
}

// take removes the first event.
func (s *side) take() *tracefile.Event {
	e := s.events[0].event
	s.events = s.events[1:]
	return &e
}

// settled is how many of the events are far enough from the end of the window to
// be paired for good: half of them, or all if no more follow.
func (s *side) settled() int {
	if s.err != nil {
		return len(s.events)
	}
	return (len(s.events) + 1) / 2
}

// next is the next row. Errors: io.EOF, those of the readers.
func (al *aligner) next() (row, error) {
	if len(al.queue) == 0 {
		al.advance()
	}
	if len(al.queue) == 0 {
		return row{}, al.end()
	}
	r := al.queue[0]
	al.queue = al.queue[1:]
	return r, nil
}

// end is why there are no more rows.
func (al *aligner) end() error {
	if al.a.err != io.EOF {
		return al.a.err
	}
	return al.b.err
}

// advance finds some rows.
func (al *aligner) advance() {
	al.a.fill(1)
	al.b.fill(1)
	if len(al.a.events) > 0 && len(al.b.events) > 0 && al.a.events[0].key == al.b.events[0].key {
		al.pair()
		return
	}
	al.a.fill(al.window)
	al.b.fill(al.window)
	al.resolve()
}

// pair takes one event of each.
func (al *aligner) pair() { al.queue = append(al.queue, row{al.a.take(), al.b.take()}) }

// resolve aligns the two windows as far as that is settled: up to the last pair
// before the settled ends, and with none up to these.
func (al *aligner) resolve() {
	settledA, settledB := al.a.settled(), al.b.settled()
	endA, endB := 0, 0
	for _, p := range al.pairs() {
		if p[0] < settledA && p[1] < settledB {
			al.alone(p[0]-endA, p[1]-endB)
			al.pair()
			endA, endB = p[0]+1, p[1]+1
		}
	}
	if endA == 0 {
		al.alone(al.a.settled(), al.b.settled())
	}
}

// alone takes the next events of each as having no counterpart, by time.
func (al *aligner) alone(a, b int) {
	for a > 0 || b > 0 {
		if b == 0 || a > 0 && al.a.events[0].event.At <= al.b.events[0].event.At {
			al.queue = append(al.queue, row{a: al.a.take()})
			a--
		} else {
			al.queue = append(al.queue, row{b: al.b.take()})
			b--
		}
	}
}

// pairs are as many pairs of equal events of the two windows as there can be, as
// indices that rise on both sides; of several ways that which skips least.
func (al *aligner) pairs() (found [][2]int) {
	a, b := al.a.events, al.b.events
	score := al.scores(a, b)
	for i, j := 0, 0; i < len(a) && j < len(b) && score(i, j) > 0; {
		switch {
		case a[i].key == b[j].key:
			found = append(found, [2]int{i, j})
			i++
			j++
		case score(i+1, j) > score(i, j+1) || score(i+1, j) == score(i, j+1) && a[i].event.At <= b[j].event.At:
			i++
		default:
			j++
		}
	}
	return found
}

// scores tells how well the rest of a from i and of b from j can be paired. A pair
// counts for more than all that can be skipped; what comes after the last pair is
// not counted as skipped, for it may have its counterpart beyond the window.
func (al *aligner) scores(a, b []keyed) func(i, j int) int32 {
	pair, stride := int32(2*al.window+1), len(b)+1
	if al.table == nil {
		al.table = make([]int32, (al.window+1)*(al.window+1))
	}
	table := al.table[:(len(a)+1)*stride]
	clear(table)
	for i := len(a) - 1; i >= 0; i-- {
		for j := len(b) - 1; j >= 0; j-- {
			at := i*stride + j
			if a[i].key == b[j].key {
				table[at] = table[at+stride+1] + pair
			} else {
				table[at] = max(table[at+stride]-1, table[at+1]-1, 0)
			}
		}
	}
	return func(i, j int) int32 { return table[i*stride+j] }
}
