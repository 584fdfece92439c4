package oshost_test

import (
	"net/netip"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/benbjohnson/clock"
	"go.uber.org/goleak"

	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/hosttest"
	"github.com/wavetank/wavetank/daemons/host/netconn/netconntest"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestHost_conformance(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) hosttest.World { return newWorld(t) })
}

// TestNetconn_conformance holds package net's face on the real machine's streams to
// its promises.
func TestNetconn_conformance(t *testing.T) {
	netconntest.Run(t, func(t *testing.T) hosttest.World { return newWorld(t) })
}

// Other systems than Linux wait for sockets with poll(2).
func TestHost_conformanceWithPoll(t *testing.T) {
	hosttest.Run(t, func(t *testing.T) hosttest.World {
		w := newWorld(t)
		w.with = oshost.PollOnly
		return w
	})
}

// world is a few machines on loopback addresses, in real time.
type world struct {
	dir      string
	addr     func(byte) netip.Addr
	with     func(oshost.Options) oshost.Options // or nil
	machines []*machine
}

func newWorld(t *testing.T) *world { return &world{dir: t.TempDir(), addr: loopbacktest.Net(t).Addr} }

// NewHost implements hosttest.World.
func (w *world) NewHost(name string) hosttest.Machine {
	n := len(w.machines)
	m := &machine{
		name:  name,
		dir:   filepath.Join(w.dir, name),
		addr:  w.addr(byte(1 + n)),
		clock: &steppedClock{Clock: clock.New()},
		with:  w.with,
	}
	w.machines = append(w.machines, m)
	return m
}

// Run implements hosttest.World.
func (w *world) Run(d time.Duration) { time.Sleep(d) }

// Until implements hosttest.World.
func (w *world) Until(limit time.Duration, cond func() bool) bool {
	for deadline := time.Now().Add(limit); time.Now().Before(deadline); time.Sleep(200 * time.Microsecond) {
		if cond() {
			return true
		}
	}
	return cond()
}

// Close implements hosttest.World.
func (w *world) Close() {
	for _, m := range w.machines {
		m.Kill()
	}
}

type machine struct {
	name  string
	dir   string
	addr  netip.Addr
	clock *steppedClock
	with  func(oshost.Options) oshost.Options
	runs  uint32
	host  *oshost.Host
}

// Start implements hosttest.Machine.
func (m *machine) Start() host.Host {
	m.Kill()
	m.runs++
	options := oshost.Options{
		Name:  m.name,
		PID:   m.runs,
		Seed:  1,
		Dir:   m.dir,
		Clock: m.clock,
		Addrs: []netip.Addr{m.addr},
		// No check is to end by this, however slow the real machine.
		Linger: time.Minute,
	}
	if m.with != nil {
		options = m.with(options)
	}
	m.host = oshost.New(options)
	return m.host
}

// Kill implements hosttest.Machine.
func (m *machine) Kill() {
	if m.host != nil {
		m.host.Kill()
	}
}

// CanPowerCut implements hosttest.Machine.
func (m *machine) CanPowerCut() bool { return false }

// PowerCut implements hosttest.Machine.
func (m *machine) PowerCut() { panic("there is no power to cut") }

// Step implements hosttest.Machine.
func (m *machine) Step(d time.Duration) bool {
	m.clock.offset.Add(int64(d))
	return true
}

// steppedClock is a clock whose wall time is off by a little or a lot.
type steppedClock struct {
	clock.Clock
	offset atomic.Int64
}

// Now implements clock.Clock.
func (c *steppedClock) Now() time.Time {
	return c.Clock.Now().Round(0).Add(time.Duration(c.offset.Load()))
}
