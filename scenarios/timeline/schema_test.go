package timeline

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// schema is what docs/trace.md says of a kind.
type schema struct {
	kind     string // perhaps with * at its end
	fields   []string
	optional map[string]bool // those that may be left out
	open     bool            // further fields may follow
	seen     bool
}

// describes reports whether the schema is about a kind.
func (s *schema) describes(kind string) bool {
	begin, isPattern := strings.CutSuffix(s.kind, "*")
	return kind == s.kind || isPattern && strings.HasPrefix(kind, begin)
}

// readSchema reads the tables of docs/trace.md whose rows are a kind, its fields
// and words.
func readSchema(t *testing.T) []*schema {
	t.Helper()
	text, err := os.ReadFile("../../docs/trace.md")
	if err != nil {
		t.Fatal(err)
	}
	var all []*schema
	code := regexp.MustCompile("`([^`]+)`")
	for l := range strings.Lines(string(text)) {
		columns := strings.Split(l, "|")
		if len(columns) != 5 || !strings.HasPrefix(l, "| `") {
			continue
		}
		s := &schema{kind: strings.Trim(columns[1], " `"), optional: make(map[string]bool)}
		for _, m := range code.FindAllStringSubmatch(columns[2], -1) {
			if m[1] == "..." {
				s.open = true
			} else {
				field, optional := strings.CutSuffix(m[1], "?")
				s.fields = append(s.fields, field)
				s.optional[field] = optional
			}
		}
		all = append(all, s)
	}
	return all
}

// check holds one line of a trace against the document.
func check(t *testing.T, all []*schema, e *tracefile.Event) {
	t.Helper()
	// The exact kinds come first, so that a pattern gets what they leave.
	i := slices.IndexFunc(all, func(s *schema) bool { return s.kind == e.Kind })
	if i < 0 {
		i = slices.IndexFunc(all, func(s *schema) bool { return s.describes(e.Kind) })
	}
	if i < 0 {
		t.Errorf("docs/trace.md has no kind %q: %s", e.Kind, e.Text)
		return
	}
	s := all[i]
	s.seen = true
	var keys []string
	for _, f := range e.Fields {
		keys = append(keys, f.Key)
	}
	if s.open && len(keys) >= len(s.fields) {
		keys = keys[:len(s.fields)]
	}
	want := slices.DeleteFunc(slices.Clone(s.fields), func(f string) bool {
		return s.optional[f] && !slices.Contains(keys, f)
	})
	if !slices.Equal(keys, want) {
		t.Errorf("docs/trace.md says that %s has %v: %s", s.kind, s.fields, e.Text)
	}
}

// TestSchema: every kind and every field that runs write is in docs/trace.md, in
// that order, and every kind that is there is written, and has a look of its own.
func TestSchema(t *testing.T) {
	all := readSchema(t)
	if len(all) < 30 {
		t.Fatalf("only %d kinds are documented", len(all))
	}
	for _, trace := range append(scenarioTraces(t), traceOfAnything(), traceOfFacts()) {
		r := reader(t, header+trace) // so that its own header is an event
		for {
			e, err := r.Next()
			if err == io.EOF {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			check(t, all, &e)
		}
	}
	looks := newWardrobe()
	for _, s := range all {
		if !s.seen && !(s.open && strings.HasSuffix(s.kind, "*")) {
			t.Errorf("docs/trace.md has %s, which nothing writes", s.kind)
		}
		if l := looks.of(s.kind); l.glyph == unknown && s.kind != tracefile.KindHeader {
			t.Errorf("%s has no look", s.kind)
		}
	}
}

// TestLooks: no two looks share a glyph, those of the lifelines and arrows
// included, and each is of a documented kind.
func TestLooks(t *testing.T) {
	taken := map[byte]string{'|': "runs", ':': "paused", 'o': "from", '-': "from", '<': "from", '>': "from", unknown: "unknown"}
	all := readSchema(t)
	for _, l := range looks() {
		if other, ok := taken[l.glyph]; ok {
			t.Errorf("%s and %s share the glyph %c", l.kind, other, l.glyph)
		}
		taken[l.glyph] = l.kind
		i := slices.IndexFunc(all, func(s *schema) bool { return s.kind == l.kind })
		if i < 0 {
			t.Errorf("%s has a look and is not in docs/trace.md", l.kind)
			continue
		}
		for _, word := range strings.Fields(l.brief) {
			name, key, _ := strings.Cut(strings.TrimSuffix(word, "?"), "=")
			if key == "" {
				key = name
			}
			if !slices.Contains(all[i].fields, key) {
				t.Errorf("the look of %s shows %s, which it has not: %v", l.kind, key, all[i].fields)
			}
		}
	}
}

// scenarioTraces are some runs of every scenario, and some with a planted bug, up to
// one that fails.
func scenarioTraces(t *testing.T) (traces []string) {
	run := func(s scenarios.Scenario, seed uint64, mutant string) scenarios.Verdict {
		var out bytes.Buffer
		r := scenarios.Run(scenarios.Spec{Scenario: s, Seed: seed, Mutant: mutant, Trace: &out})
		if !strings.HasSuffix(out.String(), fmt.Sprintf("\"hash\":\"%016x\"}\n", r.Hash)) {
			t.Errorf("%v: the trace does not end with its hash", scenarios.LineOf(r))
		}
		traces = append(traces, out.String())
		return r.Verdict
	}
	for _, s := range scenarios.Catalogue() {
		for seed := range uint64(2) {
			run(s, seed, "")
		}
	}
	s, err := scenarios.Find("mgr-fail-command")
	if err != nil {
		t.Fatal(err)
	}
	for seed := uint64(1); run(s, seed, "mgrReselectStaleActive") == scenarios.Pass; seed++ {
	}
	return traces
}

// traceOfAnything is a run in which everything is done to a machine that no
// scenario does.
func traceOfAnything() string {
	var out bytes.Buffer
	s := sim.New(sim.Config{Trace: &out, Backlog: 1, UserTimeout: time.Second})
	a, b := s.AddHost("a"), s.AddHost("b")
	damageLinks(s)
	s.EnablePoint(a, "p", 1)
	a.Start(func(h host.Host) {
		h.Point("p")
		if err := host.ServeAdmin(h, h.NewLoop("admin"), func([]byte) []byte { return nil }); err != nil {
			panic(err)
		}
		h.NewLoop("main").NewTimer(func() { h.Exit(1, "tired") }).Reset(time.Second)
	})
	s.Run(0)
	if err := a.Admin("help", func(string) {}); err != nil {
		panic(err)
	}
	s.SetDelay(a, b, time.Second)
	a.StepClock(time.Hour)
	a.SetClockOffset(time.Hour)
	if err := a.SetClockDrift(100); err != nil {
		panic(err)
	}
	a.SetSlow(2)
	s.SetSchedule(sim.Schedule{Kind: sim.PCT})
	s.Run(2 * time.Second)
	b.PowerOff()
	b.Start(func(host.Host) {})
	s.Run(time.Second)
	s.Close()
	return out.String()
}

// damageLinks has two machines lose connections in every way.
func damageLinks(s *sim.Sim) {
	c, d := s.AddHost("c", sim.DefaultNetwork, "cluster"), s.AddHost("d", sim.DefaultNetwork, "cluster")
	at := netip.AddrPortFrom(d.AddrOn("cluster"), 7000)
	d.Start(func(h host.Host) {
		if _, err := h.Network().Listen(h.NewLoop("main"), at, func(host.Conn) {}); err != nil {
			panic(err)
		}
	})
	s.Run(time.Millisecond)
	c.Start(func(h host.Host) {
		l := h.NewLoop("main")
		conn := h.Network().Dial(l, at, idle{})
		l.NewTimer(conn.Close).Reset(500 * time.Millisecond)
	})
	s.Run(400 * time.Millisecond)
	l := s.LinkOn("cluster", c, d)
	l.AddDelay(time.Millisecond)
	if err := l.SetDelay(&sim.Delay{Shape: sim.DelayExponential, Scale: time.Millisecond}); err != nil {
		panic(err)
	}
	l.SetBandwidth(1 << 20)
	l.SetMTU(1000)
	l.Stall()
	l.Unstall()
	l.Cut()
	s.Run(2 * time.Second) // the close is given up
	l.Heal()
	c.Clog()
	c.Unclog()
	d.Pause()
	c.Start(func(h host.Host) {
		for range 3 { // one more than a backlog of 1 holds
			h.Network().Dial(h.NewLoop("main"), at, idle{})
		}
	})
	s.Run(time.Second)
	l.Reset()
	d.Resume()
}

// idle does nothing about what happens to its connection.
type idle struct{}

func (idle) Opened()      {}
func (idle) Readable()    {}
func (idle) Writable()    {}
func (idle) Closed(error) {}

// traceOfFacts has one of every fact that daemons state.
func traceOfFacts() string {
	var out bytes.Buffer
	s := sim.New(sim.Config{Trace: &out})
	s.AddHost("a").Start(func(h host.Host) {
		for _, f := range []host.Fact{
			mon.Role{}, mon.Members{}, mon.MapCommitted{}, mon.MgrBeaconReceived{}, mon.MgrDropped{}, mon.MDSBeaconReceived{}, mon.MDSDropped{}, mon.MapSent{}, mon.Subscribed{}, mon.BeaconsKept{}, mon.CommandAcked{}, quorum.Applied{}, quorum.Restored{},
			mgr.ModeChanged{}, mgr.BeaconSent{}, mgr.MapApplied{}, mgr.Respawning{}, mgr.Served{},
			host.Mark{}, monc.HuntBegun{}, monc.SessionOpened{}, monc.SessionLost{}, monc.Authenticated{},
			monc.Wanted{}, monc.Subscribed{}, monc.Received{}, monc.ShutDown{}, cluster.CommandAnswered{},
		} {
			h.Probe(f)
		}
	})
	s.Run(time.Second)
	s.Close()
	return out.String()
}

// TestReadSchema: the document is read as it is meant.
func TestReadSchema(t *testing.T) {
	all := readSchema(t)
	i := slices.IndexFunc(all, func(s *schema) bool { return s.kind == "log" })
	if i < 0 {
		t.Fatal("no log")
	}
	if diff := cmp.Diff([]string{"level", "msg"}, all[i].fields); diff != "" || !all[i].open {
		t.Errorf("log is open %v and has (-want +got):\n%s", all[i].open, diff)
	}
}
