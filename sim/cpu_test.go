package sim

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

const ms = time.Millisecond

// diary is what happened on a machine, and when.
type diary struct {
	sim   *Sim
	lines []string
}

func (d *diary) note(what string) func() {
	return func() { d.lines = append(d.lines, fmt.Sprintf("%s %v", what, d.sim.Now())) }
}

func (d *diary) wants(t *testing.T, want ...string) {
	t.Helper()
	if !slices.Equal(d.lines, want) {
		t.Errorf("got %q, want %q", d.lines, want)
	}
}

// A loop is busy for as long as its callback takes: its posts and timers queue,
// other loops go on.
func TestCPU_busyLoop(t *testing.T) {
	s := New(Config{Seed: 1, CPU: CPU{PerCallback: 10 * ms}})
	defer s.Close()
	d := &diary{sim: s}
	h := s.AddHost("a")
	h.Start(func(p host.Host) {
		l, other := p.NewLoop("l"), p.NewLoop("other")
		l.Post(d.note("first"))
		l.Post(d.note("second"))
		l.NewTimer(d.note("late timer")).Reset(25 * ms)
		l.NewTimer(d.note("later timer")).Reset(26 * ms)
		other.NewTimer(d.note("other loop")).Reset(5 * ms)
		l.NewTimer(func() { l.Post(d.note("third")) }).Reset(19 * ms)
	})
	s.Run(time.Second)
	// At 19ms the loop is busy with "second", which began at 10ms: that timer runs at
	// 20ms and its loop is busy until 30ms, when two timers and a post wait.
	if len(d.lines) != 6 {
		t.Fatalf("got %q", d.lines)
	}
	slices.Sort(d.lines[3:])
	d.lines = append(d.lines[:3:3], d.lines[3:]...)
	if first := d.lines[:3]; !slices.Equal(first, []string{"first 0s", "other loop 5ms", "second 10ms"}) {
		t.Errorf("got %q", first)
	}
	total := 0
	for _, at := range []string{"30ms", "40ms", "50ms"} {
		for _, what := range []string{"late timer", "later timer", "third"} {
			if slices.Contains(d.lines, what+" "+at) {
				total++
			}
		}
	}
	if total != 3 || slices.Contains(d.lines, "late timer 50ms") || slices.Contains(d.lines, "later timer 30ms") {
		t.Errorf("got %q", d.lines)
	}
	if got := h.CPUCounts().Busy; got != 70*ms {
		t.Errorf("busy for %v", got)
	}
}

// Bytes that arrive while the loop is busy are read when it is not.
func TestCPU_socketsWait(t *testing.T) {
	s := New(Config{Seed: 1, Delay: ms, CPU: CPU{PerCallback: 100 * ms}})
	defer s.Close()
	server, client := s.AddHost("server"), s.AddHost("client")
	got := 0
	addr := startEchoServer(server, &got)
	client.Start(func(h host.Host) {
		e := &echo{buf: make([]byte, 64), got: &got}
		e.conn = h.Network().Dial(h.NewLoop("l"), addr, e)
	})
	s.Run(10 * time.Second)
	// One echo per 100ms and side at most, and a little for the way.
	if got < 150 || got > 200 {
		t.Errorf("%d echoes in 10s", got)
	}
}

// opener notes how long after the callback of an open connection its loop goes on.
type opener struct {
	echo
	sim  *Sim
	loop host.Loop
	took time.Duration
}

func (o *opener) Opened() {
	began := o.sim.Now()
	o.loop.Post(func() { o.took = o.sim.Now() - began })
}

// A callback of a socket takes time too.
func TestCPU_socketCallbacks(t *testing.T) {
	s := New(Config{Seed: 1, CPU: CPU{PerCallback: 100 * ms}})
	defer s.Close()
	server, client := s.AddHost("server"), s.AddHost("client")
	addr := startEchoServer(server, new(int))
	o := &opener{sim: s}
	client.Start(func(h host.Host) {
		o.loop = h.NewLoop("l")
		o.conn = h.Network().Dial(o.loop, addr, o)
	})
	s.Run(time.Second)
	if o.took != 100*ms {
		t.Errorf("the loop went on after %v", o.took)
	}
}

// A slow machine's callbacks take longer, by the factor, and as usual when it is
// taken back.
func TestSetSlow(t *testing.T) {
	for _, tt := range []struct {
		cpu              CPU
		factor           int
		least, most, end time.Duration
	}{
		{CPU{}, 1000, 10 * ms, 20 * ms, 0},
		{CPU{PerCallback: ms}, 7, 7 * ms, 7 * ms, ms},
		{CPU{PerCallback: ms, Jitter: ms}, 3, 3 * ms, 6 * ms, 2 * ms},
	} {
		s := New(Config{Seed: 1, CPU: tt.cpu})
		h := s.AddHost("a")
		took := func() time.Duration {
			var first, second time.Duration
			l := h.Process().NewLoop("l")
			l.Post(func() { first = s.Now() })
			l.Post(func() { second = s.Now() })
			s.Run(time.Second)
			return second - first
		}
		h.Start(func(host.Host) {})
		s.Run(0)
		h.SetSlow(tt.factor)
		if got := took(); got < tt.least || got > tt.most {
			t.Errorf("%+v: %v, want %v to %v", tt.cpu, got, tt.least, tt.most)
		}
		if got := h.CPUCounts().Slow; got != 2 {
			t.Errorf("%+v: %d slow callbacks", tt.cpu, got)
		}
		h.SetSlow(1)
		if got := took(); got > tt.end {
			t.Errorf("%+v: %v after it was taken back", tt.cpu, got)
		}
		if got := h.CPUCounts().Slow; got != 2 {
			t.Errorf("%+v: %d slow callbacks in the end", tt.cpu, got)
		}
		s.Close()
	}
}

// Reads and writes that take time keep the loop that makes them from its next
// callback, and no other.
func TestDiskLatency_readsAndWrites(t *testing.T) {
	s := New(Config{Seed: 1})
	defer s.Close()
	d := &diary{sim: s}
	h := s.AddHost("a")
	h.SetDiskLatency(DiskLatency{Read: 10 * ms, Write: 100 * ms})
	var after, other time.Duration
	access := func(do func(f host.File, disk host.Disk)) {
		p := h.Process()
		l := p.NewLoop("l")
		l.Post(func() {
			f, _ := p.Disk().Open("f")
			began := s.Now()
			do(f, p.Disk())
			l.Post(func() { after = s.Now() - began })
			p.NewLoop("other").Post(func() { other = s.Now() - began })
		})
		s.Run(10 * time.Second)
	}
	h.Start(func(host.Host) {})
	s.Run(0)
	buf := make([]byte, 10)
	for _, tt := range []struct {
		what        string
		do          func(f host.File, disk host.Disk)
		least, most time.Duration
	}{
		{"write", func(f host.File, _ host.Disk) { f.WriteAt(buf, 0) }, 100 * ms, 200 * ms},
		{"truncate", func(f host.File, _ host.Disk) { f.Truncate(5) }, 100 * ms, 200 * ms},
		{"read", func(f host.File, _ host.Disk) { f.ReadAt(buf, 0) }, 10 * ms, 20 * ms},
		{"read whole", func(_ host.File, disk host.Disk) { disk.ReadFile("f") }, 10 * ms, 20 * ms},
		{"two reads", func(f host.File, _ host.Disk) { f.ReadAt(buf, 0); f.ReadAt(buf, 0) }, 20 * ms, 40 * ms},
		{"size", func(f host.File, _ host.Disk) { f.Size() }, 0, 0},
	} {
		access(tt.do)
		if after < tt.least || after > tt.most || other != 0 {
			t.Errorf("%s: the next callback comes after %v, that of another loop after %v", tt.what, after, other)
		}
	}
	if c := h.DiskCounts(); c.SlowReads != 4 || c.SlowWrites != 2 || c.SlowSyncs != 0 {
		t.Errorf("%+v", c)
	}
	d.wants(t)
}

// What a machine does not use of all that changes no hash, and jitter draws from a
// stream of its own.
func TestCPU_hash(t *testing.T) {
	hash := func(c Config, do func(*Host)) uint64 {
		c.Seed = 7
		s := New(c)
		defer s.Close()
		h := s.AddHost("a")
		do(h)
		h.Start(func(p host.Host) {
			p.NewLoop("main").Go("writer", func(task host.Task) { keepWriting(p, task) })
		})
		s.Run(time.Second)
		return s.Hash()
	}
	nothing := func(*Host) {}
	plain := hash(Config{}, nothing)
	if hash(Config{MaxStepsPerInstant: 5000, StopOnDeadlock: true, Watch: new(Watch)}, nothing) != plain {
		t.Error("watching changes the run")
	}
	for name, c := range map[string]Config{
		"cpu":  {CPU: CPU{PerCallback: ms}},
		"pct":  {Schedule: Schedule{Kind: PCT, Lag: ms}},
		"fair": {Schedule: Schedule{Kind: Fair}},
	} {
		if hash(c, nothing) == plain {
			t.Errorf("%s changes nothing", name)
		}
		if one, two := hash(c, nothing), hash(c, nothing); one != two {
			t.Errorf("%s: two runs differ", name)
		}
	}
}
