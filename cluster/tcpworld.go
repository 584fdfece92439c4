package cluster

import (
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/wavetank/wavetank/cluster/loopback"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/host/task"
)

// TCPConfig is what a world on loopback sockets may be given.
type TCPConfig struct {
	// Dir is where hosts keep their disks, a folder each; empty means a
	// temporary folder that Close removes.
	Dir string
	// Seed decides the daemons' random streams (not the timing, which is real).
	Seed uint64
	// Log receives the daemons' logs; nil discards them.
	Log *slog.Logger
}

// TCPWorld is the World of real sockets and real time: every daemon runs in this
// process on a loopback address of its own.
type TCPWorld struct {
	config  TCPConfig
	tempDir string
	began   time.Time
	net     *loopback.Net
	hosts   []*tcpHost
	byName  map[string]*tcpHost
	watch   []func(Observation)
	halted  bool

	mu     sync.Mutex
	byAddr map[netip.Addr]*tcpHost
	cuts   map[[2]*tcpHost]bool
	held   map[[2]*tcpHost]int
	holds  []*tcpHold
	facts  []Observation
	more   chan struct{} // has an element when facts is not empty
}

// NewTCP makes an empty world on loopback sockets. Its errors are
// ErrInfrastructure.
func NewTCP(config TCPConfig) (*TCPWorld, error) {
	w := &TCPWorld{
		config: config, began: time.Now(),
		byName: make(map[string]*tcpHost), byAddr: make(map[netip.Addr]*tcpHost),
		cuts: make(map[[2]*tcpHost]bool), held: make(map[[2]*tcpHost]int),
		more: make(chan struct{}, 1),
	}
	var err error
	if w.net, err = loopback.Claim(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrInfrastructure, err)
	}
	if config.Dir == "" {
		dir, err := os.MkdirTemp("", "wavetank-")
		if err != nil {
			w.net.Close()
			return nil, fmt.Errorf("%w: %w", ErrInfrastructure, err)
		}
		w.tempDir, w.config.Dir = dir, dir
	}
	if w.config.Log == nil {
		w.config.Log = slog.New(slog.DiscardHandler)
	}
	return w, nil
}

// Kind is "tcp".
func (w *TCPWorld) Kind() string { return "tcp" }

// AddHost adds a machine with the next loopback address.
func (w *TCPWorld) AddHost(name string) Host {
	n := len(w.hosts) + 1
	h := &tcpHost{world: w, name: name, addr: w.net.Addr(byte(n))}
	w.hosts = append(w.hosts, h)
	w.byName[name] = h
	w.mu.Lock()
	w.byAddr[h.addr] = h
	w.mu.Unlock()
	return h
}

// Host finds a machine.
func (w *TCPWorld) Host(name string) Host {
	if h := w.byName[name]; h != nil {
		return h
	}
	return nil
}

// Now is the real time since the world began.
func (w *TCPWorld) Now() time.Duration { return time.Since(w.began) }

// Step is 0: real time has no steps.
func (w *TCPWorld) Step() uint64 { return 0 }

// Halt ends the run.
func (w *TCPWorld) Halt() { w.halted = true }

// Observe registers an observer.
func (w *TCPWorld) Observe(fn func(Observation)) { w.watch = append(w.watch, fn) }

// Run lets d of real time pass, handing facts to the observers as they come.
func (w *TCPWorld) Run(d time.Duration) { w.Until(d, func() bool { return false }) }

// Until lets real time pass until done, asked after each batch of facts.
func (w *TCPWorld) Until(d time.Duration, done func() bool) bool {
	limit := time.NewTimer(d)
	defer limit.Stop()
	for {
		w.drain()
		if met := done(); met || w.halted {
			return met
		}
		select {
		case <-w.more:
		case <-limit.C:
			w.drain()
			return done()
		}
	}
}

func (w *TCPWorld) drain() {
	w.mu.Lock()
	facts := w.facts
	w.facts = nil
	w.mu.Unlock()
	for _, o := range facts {
		for _, fn := range w.watch {
			fn(o)
		}
	}
}

func (w *TCPWorld) publish(name string, pid uint32, f host.Fact) {
	w.mu.Lock()
	now := w.Now()
	w.facts = append(w.facts, Observation{
		At: now, Host: name, PID: pid, Fact: f, Wall: time.Duration(w.began.UnixNano()) + now,
	})
	w.mu.Unlock()
	select {
	case w.more <- struct{}{}:
	default:
	}
}

// Cut stops one direction.
func (w *TCPWorld) Cut(from, to Host) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.cuts[[2]*tcpHost{from.(*tcpHost), to.(*tcpHost)}] = true
}

// Heal undoes Cut; what was held arrives at once.
func (w *TCPWorld) Heal(from, to Host) {
	a, b := from.(*tcpHost), to.(*tcpHost)
	w.mu.Lock()
	delete(w.cuts, [2]*tcpHost{a, b})
	w.mu.Unlock()
	b.eachConn(a, func(c *tapConn) { c.post(c.healed) })
	a.eachConn(b, func(c *tapConn) { c.post(c.healed) })
}

// Held counts what was held on that direction so far.
func (w *TCPWorld) Held(from, to Host) int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.held[[2]*tcpHost{from.(*tcpHost), to.(*tcpHost)}]
}

// Hold holds back what begins with a unit.
func (w *TCPWorld) Hold(from, to Host, unit string, number uint64) (Hold, error) {
	h := &tcpHold{world: w, from: from.(*tcpHost), to: to.(*tcpHost), unit: unit, number: number}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.holds = append(w.holds, h)
	return h, nil
}

// ReleaseAll releases what is held.
func (w *TCPWorld) ReleaseAll(from, to Host) {
	w.mu.Lock()
	holds := slices.Clone(w.holds)
	w.mu.Unlock()
	for _, h := range holds {
		if h.from == from.(*tcpHost) && h.to == to.(*tcpHost) {
			h.Release()
		}
	}
}

// holdOf is a hold that is about a unit, nil if there is none.
func (w *TCPWorld) holdOf(from, to *tcpHost, u followedUnit) *tcpHold {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, h := range w.holds {
		if h.from == from && h.to == to && (h.unit == "" || h.unit == u.name) && (h.number == 0 || h.number == u.number) {
			h.struck++
			return h
		}
	}
	return nil
}

// tcpHold is a Hold. What it holds is at the receivers, see tapConn.
type tcpHold struct {
	world    *TCPWorld
	from, to *tcpHost
	unit     string
	number   uint64

	struck int  // the world's mutex guards it
	over   bool // the same
}

// Struck is on how many connections something was held back.
func (h *tcpHold) Struck() int {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	return h.struck
}

func (h *tcpHold) isOver() bool {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	return h.over
}

// Release lets it go on.
func (h *tcpHold) Release() {
	h.world.mu.Lock()
	h.over = true
	h.world.holds = slices.DeleteFunc(h.world.holds, func(other *tcpHold) bool { return other == h })
	h.world.mu.Unlock()
	h.to.eachConn(h.from, func(c *tapConn) { c.post(c.healed) })
}

// Reset breaks the connections between two hosts, from the side of a.
func (w *TCPWorld) Reset(a, b Host) int {
	n := 0
	a.(*tcpHost).eachConn(b.(*tcpHost), func(c *tapConn) {
		n++
		c.post(c.broken)
	})
	return n
}

func (w *TCPWorld) hostAt(addr netip.Addr) *tcpHost {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.byAddr[addr.Unmap()]
}

// isCut reports whether nothing passes: for a cut, or since one of the two is clogged. A
// machine that is not of this world is nil.
func (w *TCPWorld) isCut(from, to *tcpHost) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.cuts[[2]*tcpHost{from, to}] || isClogged(from, to)
}

// isClogged reports whether one of two machines is clogged; the world's mutex is held.
func isClogged(from, to *tcpHost) bool {
	return from != to && (from != nil && from.clogged || to != nil && to.clogged)
}

// connectable reports whether a connection between two hosts can open, which
// takes both directions.
func (w *TCPWorld) connectable(from, to *tcpHost) bool {
	return !w.isCut(from, to) && !w.isCut(to, from)
}

// countAttempt books an attempt to connect on the cuts that hold it.
func (w *TCPWorld) countAttempt(from, to *tcpHost) {
	if w.isCut(from, to) {
		w.countHeld(from, to)
	}
	if w.isCut(to, from) {
		w.countHeld(to, from)
	}
}

func (w *TCPWorld) countHeld(from, to *tcpHost) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.cuts[[2]*tcpHost{from, to}] {
		w.held[[2]*tcpHost{from, to}]++
	}
	if !isClogged(from, to) {
		return
	}
	for _, h := range []*tcpHost{from, to} {
		if h != nil {
			h.stalled++
		}
	}
}

// Close ends every process.
func (w *TCPWorld) Close() {
	for _, h := range w.hosts {
		h.Kill()
	}
	w.net.Close()
	if w.tempDir != "" {
		os.RemoveAll(w.tempDir)
	}
}

// tcpHost implements Host.
type tcpHost struct {
	world   *TCPWorld
	name    string
	addr    netip.Addr
	program func(host.Host)
	clogged bool         // guarded by the world's mutex
	stalled int          // pieces that had to wait, the same
	wrong   atomic.Int64 // nanoseconds that its wall clock is ahead

	mu     sync.Mutex
	tap    *tap         // of the running process, nil if there is none
	os     *oshost.Host // under it
	starts uint32
	paused bool
}

func (h *tcpHost) Name() string     { return h.name }
func (h *tcpHost) Addr() netip.Addr { return h.addr }

func (h *tcpHost) Start(program func(host.Host)) {
	h.Kill()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.program = program
	h.begin()
}

func (h *tcpHost) Restart() {
	h.Kill()
	h.mu.Lock()
	defer h.mu.Unlock()
	h.begin()
}

// begin starts a process. The program runs on a loop of the new process, as in
// the simulator it runs in an event. h.mu is held.
func (h *tcpHost) begin() {
	h.starts++
	pid := h.starts
	h.os = oshost.New(oshost.Options{
		Name: h.name, PID: pid,
		Dir:       filepath.Join(h.world.config.Dir, h.name),
		Log:       h.world.config.Log.With("host", h.name),
		Seed:      h.world.config.Seed,
		Addrs:     []netip.Addr{h.addr},
		OnFact:    func(f host.Fact) { h.world.publish(h.name, pid, f) },
		OnRespawn: func(string) { h.respawned(pid) },
		OnExit: func(code int, reason string) {
			h.exited(pid)
			h.world.publish(h.name, 0, ProcessExited{Code: code, Reason: reason})
		},
		OnPanic: func(loop string, p *task.Panic) {
			h.exited(pid)
			h.world.publish(h.name, 0, ProcessPanicked{Loop: loop, Detail: p.Error()})
		},
	})
	t := newTap(h.os, h)
	h.tap = t
	if h.paused { // stopped while the old process was on its way out
		t.pause()
	}
	program := h.program
	t.NewLoop("main").Post(func() { program(t) })
}

func (h *tcpHost) respawned(pid uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.starts == pid && h.tap != nil { // not killed meanwhile
		h.begin()
	}
}

func (h *tcpHost) exited(pid uint32) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.starts == pid {
		h.tap, h.os, h.paused = nil, nil, false
	}
}

func (h *tcpHost) Kill() bool {
	h.mu.Lock()
	t, process := h.tap, h.os
	h.tap, h.os, h.paused = nil, nil, false
	h.mu.Unlock()
	if t == nil {
		return false
	}
	process.Doom() // before the gate opens: nothing may run once it does
	t.resume()
	process.Wait()
	return true
}

// Clog stalls everything to and from the machine.
func (h *tcpHost) Clog() bool {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	was := h.clogged
	h.clogged = true
	return !was
}

// Unclog lets it go on.
func (h *tcpHost) Unclog() {
	h.world.mu.Lock()
	h.clogged = false
	h.world.mu.Unlock()
	goesOn := func(c *tapConn) { c.post(c.healed) }
	h.eachConn(nil, goesOn) // with machines that are not of this world
	for _, peer := range h.world.hosts {
		peer.eachConn(h, goesOn)
		h.eachConn(peer, goesOn)
	}
}

// Stalled counts what had to wait.
func (h *tcpHost) Stalled() int {
	h.world.mu.Lock()
	defer h.world.mu.Unlock()
	return h.stalled
}

func (h *tcpHost) Admin(request string) bool {
	h.mu.Lock()
	t := h.tap
	h.mu.Unlock()
	return t != nil && t.admin(request)
}

func (h *tcpHost) Running() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.tap != nil
}

func (h *tcpHost) Pause() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.tap != nil && !h.paused {
		h.paused = true
		h.tap.pause()
	}
}

func (h *tcpHost) Resume() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.paused {
		h.paused = false
		h.tap.resume()
	}
}

func (h *tcpHost) Paused() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.paused
}

func (h *tcpHost) eachConn(peer *tcpHost, fn func(*tapConn)) {
	h.mu.Lock()
	t := h.tap
	h.mu.Unlock()
	if t != nil {
		t.each(peer, fn)
	}
}
