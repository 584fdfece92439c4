package hosttest

import (
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

func processChecks() []check {
	return []check{
		{"the name is the machine's", processName},
		{"each process has another PID and none is 0", processPID},
		{"no point strikes by itself", pointIsFalse},
		{"a fact is read before probe returns and not kept", probeDoesNotKeep},
		{"the log takes records", logWorks},
		{"kill stops every loop", killStops},
		{"kill ends connections", killEndsConns},
		{"kill resets a connection with bytes that nobody has read", killResetsUnread},
		{"kill silences connections", killSilencesConns},
		{"starting a machine kills the process that ran", startKills},
		{"exit stops every loop", exitStops},
		{"exit drops what the callback does afterwards", exitDropsRest},
		{"exit ends connections", exitEndsConns},
		{"exit frees the port", exitFreesPort},
		{"respawn ends the process", respawnEnds},
		{"after exit every method returns", exitMethodsReturn},
		{"exit may be called twice", exitTwice},
	}
}

func processName(r *rig) {
	p := r.process("mon-a")
	if p.Name() != "mon-a" || r.start(p.machine).Name() != "mon-a" {
		r.Error("Name is not what the machine was called")
	}
}

func processPID(r *rig) {
	m := r.world.NewHost("a")
	seen := map[uint32]bool{}
	for range 10 {
		pid := m.Start().PID()
		if pid == 0 || seen[pid] {
			r.Errorf("PID %d after %v", pid, seen)
		}
		seen[pid] = true
	}
}

func pointIsFalse(r *rig) {
	p := r.process("a")
	p.do(func() {
		for range 100 {
			if p.Point("hosttest.never") {
				r.Error("Point(hosttest.never) struck")
				return
			}
		}
	})
}

// fact knows whether somebody reads it when its owner has moved on.
type fact struct {
	stale atomic.Bool
	late  *atomic.Int32
	mu    sync.Mutex
	value int
}

func (f *fact) read() {
	if f.stale.Load() {
		f.late.Add(1)
	}
}

// Kind implements host.Fact.
func (f *fact) Kind() string {
	f.read()
	return "hosttest.fact"
}

// Attrs implements host.Fact.
func (f *fact) Attrs() []slog.Attr {
	f.read()
	f.mu.Lock()
	defer f.mu.Unlock()
	return []slog.Attr{slog.Int("value", f.value)}
}

func probeDoesNotKeep(r *rig) {
	p := r.process("a")
	var late atomic.Int32
	p.do(func() {
		for i := range 10 {
			f := &fact{late: &late, value: i}
			p.Probe(f)
			f.stale.Store(true)
		}
	})
	r.settle()
	if n := late.Load(); n != 0 {
		r.Errorf("facts were read %d times after Probe had returned", n)
	}
}

func logWorks(r *rig) {
	p := r.process("a")
	p.do(func() { p.Log().Info("a record", "key", 1) })
}

// busy makes the process do all kinds of things until it ends, and returns how
// often anything ran.
func (p *process) busy() *atomic.Int64 {
	var ran atomic.Int64
	for _, name := range []string{"busy1", "busy2"} {
		l := p.NewLoop(name)
		p.on(l, func() {
			var t host.Timer
			t = l.NewTimer(func() {
				ran.Add(1)
				l.Post(func() { ran.Add(1) })
				t.Reset(100 * time.Microsecond)
			})
			t.Reset(0)
			l.Go("task", func(t host.Task) {
				for {
					t.Sleep(100 * time.Microsecond)
					ran.Add(1)
				}
			})
		})
	}
	p.rig.await("the process is busy", func() bool { return ran.Load() > 20 })
	return &ran
}

// wantsStopped fails the check if anything runs any more.
func wantsStopped(r *rig, ran *atomic.Int64) {
	r.Helper()
	before := ran.Load()
	r.settle()
	if n := ran.Load() - before; n != 0 {
		r.Errorf("%d callbacks ran after the end of the process", n)
	}
}

func killStops(r *rig) {
	p := r.process("a")
	ran := p.busy()
	p.machine.Kill()
	p.main.Post(func() { ran.Add(1) })
	p.NewLoop("late").Post(func() { ran.Add(1) })
	wantsStopped(r, ran)
	p.machine.Kill() // no process: nothing happens
}

func killEndsConns(r *rig) {
	l := r.link(nil)
	l.near.do(func() { l.near.send([]byte("x")) })
	r.await("the byte arrives", l.far.has(1))
	l.client.machine.Kill()
	l.far.endedSomehow()
}

func killResetsUnread(r *rig) {
	l := r.link(func(_, far *end) { far.hold = true })
	l.near.do(func() { l.near.send([]byte("unread")) })
	r.await("readable came", l.far.saw("readable", 1))
	l.server.machine.Kill()
	l.near.wantsClosed(host.ErrReset)
}

func killSilencesConns(r *rig) {
	l := r.link(nil)
	dialling := l.client.newEnd("dialling")
	unused := l.server.unused()
	l.near.do(func() { dialling.dialHere(unused) })
	l.client.machine.Kill()
	before := len(l.near.seen()) + len(dialling.seen())
	l.far.do(func() {
		l.far.send([]byte("anybody there?"))
		l.far.close(l.far.conn.Close)
	})
	r.settle()
	if after := len(l.near.seen()) + len(dialling.seen()); after != before {
		r.Errorf("after Kill: %q, %q", l.near.seen(), dialling.seen())
	}
}

func startKills(r *rig) {
	p := r.process("a")
	ran := p.busy()
	next := r.start(p.machine)
	wantsStopped(r, ran)
	next.do(func() {})
}

func exitStops(r *rig) { endStops(r, func(p *process) { p.Exit(3, "end of the check") }) }

func endStops(r *rig, end func(*process)) {
	p := r.process("a")
	ran := p.busy()
	var ended atomic.Bool
	p.main.Post(func() {
		end(p)
		ended.Store(true)
	})
	r.await("the process has ended", ended.Load)
	r.world.Run(10 * time.Millisecond) // callbacks under way on other loops
	wantsStopped(r, ran)
	p.main.Post(func() { ran.Add(1) })
	wantsStopped(r, ran)
}

func exitDropsRest(r *rig) {
	l := r.link(nil)
	p := l.client
	writeAll(p, "file", "before")
	var j journal
	var returned atomic.Bool
	t := p.main.NewTimer(j.noting("timer"))
	other := p.NewLoop("other")
	f := openFile(p, "file")
	p.main.Post(func() {
		p.Exit(0, "end of the check")
		p.main.Post(j.noting("post"))
		other.Post(j.noting("post to another loop"))
		t.Reset(0)
		p.main.Go("task", func(host.Task) { j.note("task") })
		l.near.conn.Write([]byte("too late"))
		f.WriteAt([]byte("after!"), 0)
		p.Disk().Remove("file")
		returned.Store(true)
	})
	r.await("the callback has returned", returned.Load)
	r.settle()
	j.wants(r)
	l.far.wantsReceived("")
	wantsFile(r.start(p.machine), "file", "before")
}

func exitEndsConns(r *rig) {
	l := r.link(nil)
	l.near.do(func() { l.near.send([]byte("x")) })
	r.await("the byte arrives", l.far.has(1))
	l.near.loop.Post(func() { l.client.Exit(1, "end of the check") })
	l.far.endedSomehow()
}

func exitFreesPort(r *rig) {
	p := r.process("a")
	addr := p.listen(dropConn).Addr()
	var ended atomic.Bool
	p.main.Post(func() {
		p.Exit(0, "end of the check")
		ended.Store(true)
	})
	r.await("the process has ended", ended.Load)
	if err := r.start(p.machine).listenError(addr); err != nil {
		r.Errorf("Listen at the port of a process that left: %v", err)
	}
}

// respawnEnds looks at the old process only: which program runs next is the
// world's business.
func respawnEnds(r *rig) { endStops(r, func(p *process) { p.Respawn("end of the check") }) }

func exitMethodsReturn(r *rig) {
	l := r.link(nil)
	p := l.client
	addr := p.address()
	f := openFile(p, "file")
	var returned atomic.Bool
	late := func(error) { r.Error("a callback ran after Exit") }
	p.main.Post(func() {
		p.Exit(0, "end of the check")
		p.Name()
		p.PID()
		p.Clock().Now()
		p.Clock().Monotonic()
		p.Rand("new stream").IntN(3)
		p.Log().Info("after Exit")
		p.Probe(&fact{late: new(atomic.Int32)})
		p.Point("hosttest.never")
		p.NewLoop("late").Post(func() { late(nil) })
		if ln, err := p.Network().Listen(p.main, addr, func(host.Conn) { late(nil) }); err == nil {
			ln.Addr()
			ln.Close()
		}
		e := p.newEnd("late")
		e.dialHere(l.listener.Addr())
		readErr(e.conn)
		writeErr(e.conn)
		e.conn.Close()
		readErr(l.near.conn)
		l.near.conn.Abort()
		f.ReadAt(make([]byte, 1), 0)
		f.Sync(p.main, late)
		f.Close()
		p.Disk().List("")
		p.Disk().ReadFile("file")
		p.Disk().SyncDir(p.main, "", late)
		p.Disk().Open("new file")
		p.Respawn("too late")
		returned.Store(true)
	})
	r.await("every method has returned", returned.Load)
	r.settle()
}

func exitTwice(r *rig) {
	p := r.process("a")
	var returned atomic.Bool
	p.main.Post(func() {
		p.Exit(0, "first")
		p.Exit(1, "second")
		returned.Store(true)
	})
	r.await("the callback has returned", returned.Load)
	r.start(p.machine).do(func() {})
}
