package timeline

import (
	"bytes"
	"cmp"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/sim/tracefile"
)

// lanes are the columns of the hosts.
type lanes struct {
	hosts []string
	width int // of one, without the space after it
	state map[string]lifeline
	row   []byte
}

// lifeline is what a host's column shows where nothing happens.
type lifeline struct{ running, paused bool }

func (l lifeline) glyph() byte {
	switch {
	case l.paused:
		return ':'
	case l.running:
		return '|'
	}
	return ' '
}

// Bounds of a lane's width, and the width that is left for the text if possible
// (about "mon.commit mgrmap 12 active=4105 available").
const (
	laneMin = 1
	laneMax = 5 // mon.a
	textMin = 42
)

func newLanes() *lanes { return &lanes{state: make(map[string]lifeline)} }

// add makes sure that there is a lane for each of the hosts, and reports whether
// one was missing.
func (l *lanes) add(hosts ...string) bool {
	before := len(l.hosts)
	for _, h := range hosts {
		if !slices.Contains(l.hosts, h) {
			l.hosts = append(l.hosts, h)
		}
	}
	l.hosts = sorted(l.hosts)
	return len(l.hosts) != before
}

// sorted are hosts in the order of their columns, each once.
func sorted(hosts []string) []string {
	list := slices.SortedFunc(slices.Values(hosts), func(a, b string) int {
		return cmp.Or(cmp.Compare(rank(a), rank(b)), cmp.Compare(a, b))
	})
	return slices.Compact(list)
}

// rank puts daemons in the order in which people speak of them, clients last.
func rank(host string) int {
	service, _, _ := strings.Cut(host, ".")
	switch service {
	case "mon":
		return 0
	case "mgr":
		return 1
	case "client":
		return 3
	}
	return 2
}

// fit chooses the width of the lanes on a page of the given width.
func (l *lanes) fit(page int) {
	longest := laneMin
	for _, h := range l.hosts {
		longest = max(longest, len(h))
	}
	room := (page-min(textMin, page/2))/max(len(l.hosts), 1) - 1
	l.width = max(laneMin, min(longest, laneMax, room))
}

// total is the width of all lanes.
func (l *lanes) total() int { return len(l.hosts) * (l.width + 1) }

// heading names the lanes.
func (l *lanes) heading() string {
	var b strings.Builder
	for _, h := range l.hosts {
		name := l.short(clean(h))
		left := (l.width - len(name)) / 2
		b.WriteString(strings.Repeat(" ", left) + name + strings.Repeat(" ", l.width-len(name)-left+1))
	}
	return b.String()
}

// short is as much of a host's name as fits: its end, from a separator on if
// there is one.
func (l *lanes) short(name string) string {
	if len(name) <= l.width {
		return name
	}
	end := name[len(name)-l.width:]
	if i := strings.IndexAny(end, ".-_/"); i >= 0 && i < len(end)-1 {
		return end[i+1:]
	}
	return end
}

// live takes in what an event says about processes and machines.
func (l *lanes) live(e *tracefile.Event) {
	s := l.state[e.Host]
	switch e.Kind {
	case "process.start":
		s.running = true
	case "process.exit", "process.respawn":
		s.running = false
	case "process.kill", "host.power-off":
		s = lifeline{}
	case "host.pause":
		s.paused = true
	case "host.resume":
		s.paused = false
	default:
		return
	}
	l.state[e.Host] = s
}

// draw is the lanes' part of an event's line: the glyph in the lane of its host,
// with an arrow from where it came, and lifelines elsewhere.
func (l *lanes) draw(e *tracefile.Event, glyph byte) []byte {
	l.row = append(l.row[:0], bytes.Repeat([]byte{' '}, l.total())...)
	for i, h := range l.hosts {
		l.row[l.center(i)] = l.state[h].glyph()
	}
	from, to := "", e.Host
	if hasEnds(e) {
		from, to = e.Get("from"), cmp.Or(e.Host, e.Get("to"))
	}
	at, origin := slices.Index(l.hosts, to), slices.Index(l.hosts, from)
	if origin >= 0 {
		l.arrow(origin, at)
	}
	if at >= 0 {
		l.row[l.center(at)] = glyph
	}
	return l.row
}

// arrow draws from one lane up to another, without its head if that is not shown.
func (l *lanes) arrow(origin, at int) {
	a, b := l.center(origin), l.center(origin)
	if at >= 0 {
		b = l.center(at)
	}
	for i := min(a, b); i < max(a, b); i++ {
		l.row[i] = '-'
	}
	switch {
	case a < b:
		l.row[b-1] = '>'
	case a > b:
		l.row[b+1] = '<'
	}
	l.row[a] = 'o'
}

// center is where the i-th lane has its line.
func (l *lanes) center(i int) int { return i*(l.width+1) + l.width/2 }
