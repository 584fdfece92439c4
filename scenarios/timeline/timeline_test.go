package timeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/sim/tracefile"
)

const header = `{"t":0,"step":0,"kind":"trace","schema":1,"seed":"7"}` + "\n"

// line is a line of a trace; the fields come as keys and values in turn.
func line(at time.Duration, step int, kind, host string, fields ...any) string {
	var b strings.Builder
	fmt.Fprintf(&b, `{"t":%d,"step":%d,"kind":%s`, at, step, quote(kind))
	if host != "" {
		fmt.Fprintf(&b, `,"host":%s`, quote(host))
	}
	for i := 0; i+1 < len(fields); i += 2 {
		value := fmt.Sprint(fields[i+1])
		if text, ok := fields[i+1].(string); ok {
			value = quote(text)
		}
		fmt.Fprintf(&b, `,%s:%s`, quote(fields[i].(string)), value)
	}
	return b.String() + "}\n"
}

// quote is a text as JSON.
func quote(s string) string {
	text, err := json.Marshal(s)
	if err != nil {
		panic(err)
	}
	return string(text)
}

func end(at time.Duration, step int) string {
	return line(at, step, "end", "", "hash", "00000000000000ff")
}

func reader(t testing.TB, text string) *tracefile.Reader {
	t.Helper()
	r, err := tracefile.NewReader("test", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// draw is a timeline as text.
func draw(t testing.TB, trace string, o Options) (string, error) {
	var out bytes.Buffer
	err := Write(&out, reader(t, trace), o)
	return out.String(), err
}

// TestFilter: each part of a filter, on one trace.
func TestFilter(t *testing.T) {
	trace := header +
		line(0, 1, "process.start", "mon.a", "pid", 1) +
		line(0, 2, "process.start", "mgr.x", "pid", 1) +
		line(time.Second, 3, "net.recv", "mon.a", "conn", 1, "from", "mgr.x", "bytes", 9) +
		line(2*time.Second, 4, "mon.commit", "mon.a", "map", "mgrmap", "epoch", 12) +
		line(2*time.Second, 4, "log", "mon.a", "level", "INFO", "msg", "hello", "from", "mgr.x") +
		line(3*time.Second, 5, "fault.kill", "", "fault", "kill mgrs") +
		line(3*time.Second, 5, "monc.session", "mgr.x", "mon", "a") +
		end(4*time.Second, 6)
	for _, tt := range []struct {
		name   string
		filter Filter
		want   string // the kinds that are shown
	}{
		{"all", Filter{}, "process.start process.start net.recv mon.commit log fault.kill monc.session end"},
		{"from", Filter{From: 3 * time.Second}, "fault.kill monc.session end"},
		{"to", Filter{To: time.Second}, "process.start process.start net.recv"},
		{"both ends are in", Filter{From: time.Second, To: 2 * time.Second}, "net.recv mon.commit log"},
		{"host", Filter{Hosts: []string{"mgr.x"}}, "process.start net.recv fault.kill monc.session end"},
		{"two hosts", Filter{Hosts: []string{"mgr.x", "mon.a"}}, "process.start process.start net.recv mon.commit log fault.kill monc.session end"},
		{"kind", Filter{Kinds: []string{"mon.commit"}}, "mon.commit"},
		{"kinds below", Filter{Kinds: []string{"mon", "fault.*"}}, "mon.commit fault.kill"},
		{"hidden", Filter{Hide: []string{"net", "log", "process"}}, "mon.commit fault.kill monc.session end"},
		{"kind and hidden", Filter{Kinds: []string{"process", "mon"}, Hide: []string{"mon.commit"}}, "process.start process.start"},
		{"grep a kind", Filter{Grep: regexp.MustCompile(`^mgr\.x process`)}, "process.start"},
		{"grep a value", Filter{Grep: regexp.MustCompile(`epoch=12$`)}, "mon.commit"},
		{"grep a text", Filter{Grep: regexp.MustCompile(`hello|kill mgrs`)}, "log fault.kill"},
		{"everything at once", Filter{From: 1, To: 2 * time.Second, Hosts: []string{"mon.a"}, Kinds: []string{"log", "net"}, Grep: regexp.MustCompile("hell")}, "log"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := reader(t, trace)
			var kinds []string
			for {
				e, err := r.Next()
				if err != nil {
					break
				}
				if tt.filter.passes(&e) {
					kinds = append(kinds, e.Kind)
				}
			}
			if got := strings.Join(kinds, " "); got != tt.want {
				t.Errorf("shown are %s, want %s", got, tt.want)
			}
			page, err := draw(t, trace, Options{Width: 100, Filter: tt.filter})
			if err != nil || !strings.Contains(page, fmt.Sprintf("\n%d of ", len(kinds))) {
				t.Errorf("%v, want %d events:\n%s", err, len(kinds), page)
			}
		})
	}
}

// TestWrite_unknownHost: a host that is mistyped is not silence.
func TestWrite_unknownHost(t *testing.T) {
	trace := header + line(0, 1, "process.start", "mon.a", "pid", 1) + line(0, 1, "process.start", "client.b", "pid", 1) + end(0, 1)
	_, err := draw(t, trace, Options{Width: 100, Filter: Filter{Hosts: []string{"mon.a", "mon.b"}}})
	if !errors.Is(err, ErrNoHost) || !strings.Contains(err.Error(), `"mon.b"; there are mon.a, client.b`) {
		t.Errorf("error %v", err)
	}
	_, err = Diff(io.Discard, reader(t, trace), reader(t, trace), Options{Width: 100, Filter: Filter{Hosts: []string{"mon.b"}}})
	if !errors.Is(err, ErrNoHost) {
		t.Errorf("error of Diff: %v", err)
	}
}

// TestWrite_brokenTrace: what could be read is drawn before the error.
func TestWrite_brokenTrace(t *testing.T) {
	page, err := draw(t, header+line(0, 1, "process.start", "mon.a", "pid", 1)+"}", Options{Width: 100})
	if !errors.Is(err, tracefile.ErrCut) || !strings.Contains(page, "process.start pid=1") {
		t.Errorf("%v\n%s", err, page)
	}
}

// TestWrite_colour: damage is loud, the network quiet, and without colour there
// is none.
func TestWrite_colour(t *testing.T) {
	trace := header + line(0, 1, "fault.kill", "", "fault", "kill x") + line(0, 1, "net.fin", "a", "conn", 1, "from", "b") +
		line(0, 1, "mgr.mode", "a", "mode", "\x1b[31mactive") + end(0, 1)
	page, _ := draw(t, trace, Options{Width: 80, Colour: true})
	for _, want := range []string{"\x1b[1;31m    0.000000 #", "\x1b[2m    0.000000"} {
		if !strings.Contains(page, want) {
			t.Errorf("no %q in\n%q", want, page)
		}
	}
	if strings.Contains(page, "\x1b[31m") {
		t.Errorf("the trace reaches the terminal: %q", page)
	}
	if page, _ = draw(t, trace, Options{Width: 80}); strings.ContainsRune(page, '\x1b') {
		t.Errorf("colour without being asked: %q", page)
	}
}

// drawTrace draws any trace, in kinds and hosts as odd as can be.
func drawTrace(t *rapid.T, label string) string {
	kinds := rapid.SampledFrom([]string{
		"process.start", "process.kill", "host.pause", "host.resume", "net.recv", "net.opened", "link.cut", "fault.cut",
		"failure", "mon.commit", "mgr.beacon", "log", "what.ever", "\u00e9\n",
	})
	hosts := rapid.SampledFrom([]string{"mon.a", "mgr.x", "client.admin", "server-0001.example", "\u00fc\t", "."})
	text := header
	at, step := time.Duration(0), 0
	crowd := rapid.SampledFrom([]int{0, 0, 0, 60}).Draw(t, "crowd")
	for i := range crowd {
		text += line(0, 0, "process.start", fmt.Sprintf("osd.%d", i), "pid", 1)
	}
	for range rapid.IntRange(0, 30).Draw(t, label) {
		at += time.Duration(rapid.IntRange(0, 3).Draw(t, "dt")) * 400 * time.Millisecond
		step += rapid.IntRange(0, 2).Draw(t, "steps")
		host := hosts.Draw(t, "host")
		if crowd > 0 {
			host = fmt.Sprintf("osd.%d", rapid.IntRange(0, crowd).Draw(t, "osd"))
		}
		if rapid.Bool().Draw(t, "none") {
			host = ""
		}
		text += line(at, step, kinds.Draw(t, "kind"), host, "from", hosts.Draw(t, "from"), "to", hosts.Draw(t, "to"),
			"map", "mgrmap", "epoch", rapid.IntRange(0, 3).Draw(t, "epoch"), "detail", rapid.String().Draw(t, "detail"),
			"msg", strings.Repeat("word ", rapid.IntRange(0, 40).Draw(t, "words")), "conn", rapid.IntRange(0, 99).Draw(t, "conn"))
	}
	return text + end(at, step)
}

// TestPage_fits: no line of a page is wider than the page, or holds anything but
// printable ASCII; and the page of one trace is always the same.
func TestPage_fits(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		a, b := drawTrace(rt, "a"), drawTrace(rt, "b")
		o := Options{Width: rapid.IntRange(MinWidth, 140).Draw(rt, "width"), Context: rapid.IntRange(0, 3).Draw(rt, "context")}
		page, err := draw(t, a, o)
		again, _ := draw(t, a, o)
		if err != nil || page != again {
			rt.Fatalf("%v; two pages:\n%s\n%s", err, page, again)
		}
		var diff bytes.Buffer
		same, err := Diff(&diff, reader(t, a), reader(t, b), o)
		if err != nil || same != (a == b) {
			rt.Fatalf("%v, same %v\n%s", err, same, diff.String())
		}
		for _, l := range strings.Split(page+diff.String(), "\n") {
			if len(l) > o.Width || strings.ContainsFunc(l, func(r rune) bool { return r < ' ' || r > '~' }) {
				rt.Fatalf("%d characters in a page of %d: %q", len(l), o.Width, l)
			}
		}
	})
}

// endless is a trace that is made while it is read, and watches the heap.
type endless struct {
	events, made int
	rest         []byte
	peak         uint64
}

func (e *endless) Read(p []byte) (int, error) {
	for len(e.rest) < len(p) && e.made <= e.events {
		switch at := time.Duration(e.made) * time.Millisecond; e.made {
		case 0:
			e.rest = append(e.rest, header...)
		case e.events:
			e.rest = append(e.rest, end(at, e.made)...)
		default:
			e.rest = append(e.rest, line(at, e.made, "net.recv", "mon.a", "conn", e.made, "from", "mgr.x", "bytes", e.made%7)...)
		}
		e.made++
		if e.made%10000 == 0 {
			e.look()
		}
	}
	if len(e.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, e.rest)
	e.rest = append(e.rest[:0], e.rest[n:]...)
	return n, nil
}

// look measures what is alive.
func (e *endless) look() {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	e.peak = max(e.peak, m.HeapAlloc)
}

// TestPage_memory: a long trace is not kept, neither for a timeline nor for a
// comparison.
func TestPage_memory(t *testing.T) {
	const events, limit = 30_000, 6 << 20 // 3 MB of trace, which take 10 MB once read
	open := func() (*endless, *tracefile.Reader) {
		e := &endless{events: events}
		r, err := tracefile.NewReader("endless", e)
		if err != nil {
			t.Fatal(err)
		}
		return e, r
	}
	e, r := open()
	e.look()
	before := e.peak
	if err := Write(io.Discard, r, Options{Width: 100}); err != nil {
		t.Fatal(err)
	}
	f, a := open()
	g, b := open()
	g.events -= 1000
	if _, err := Diff(io.Discard, a, b, Options{Width: 100, Context: 3}); err != nil {
		t.Fatal(err)
	}
	if grown := max(e.peak, f.peak, g.peak) - before; grown > limit {
		t.Errorf("%d MB alive for %d events", grown>>20, events)
	}
}
