package oshost

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/benbjohnson/clock"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/task"
)

// Options say which machine a [Host] stands on. The zero value is a nameless
// machine at 127.0.0.1 without a disk.
type Options struct {
	// Name is the machine's name, the same for each of its processes.
	Name string
	// PID numbers the process; the caller sees to it that no two processes of
	// one machine share it. 0 draws one from the operating system's randomness,
	// which two processes then share with a chance of one in 2^32.
	PID uint32
	// Dir is the directory that holds the disk. It is created when first used.
	// Empty means that there is no disk: its operations fail.
	Dir string
	// Clock tells the wall time with Now, measures elapsed time with Since and
	// sets off timers with AfterFunc; nothing else of it is used. Default:
	// clock.New(). A clock.Mock drives the timers of tests; what it is moved
	// counts as time that passed, not as a step of the wall clock.
	Clock clock.Clock
	// Log receives the process's records, stamped with Clock's time and with the
	// attribute host. Default: none are kept.
	Log *slog.Logger
	// Seed, with PID, Name and the stream's name, decides what [Host.Rand]
	// yields. 0 draws one.
	Seed uint64
	// Addrs are the machine's addresses: those it may listen at. If they are
	// given, dialled connections come from the first one of the same family as
	// the address dialled. Default: 127.0.0.1, and connections come from where
	// the operating system likes.
	Addrs []netip.Addr
	// Linger bounds how long the bytes of a closed connection wait for the peer
	// to take them; then it is reset. Default: 5 s.
	Linger time.Duration
	// AdminSocket is the path of the Unix socket at which the operator can ask the
	// process, see [Host.ServeAdmin]; systems allow about 100 bytes. It goes when the
	// process ends. What a dead process has left there is replaced, a live one is
	// not. Default: there is none.
	AdminSocket string

	// OnExit is called once if the process ended by Exit, and OnRespawn if it
	// ended by Respawn: on a goroutine of its own, after everything of the Host
	// has stopped, so that it may start the next Host at once. Default: nothing.
	OnExit    func(code int, reason string)
	OnRespawn func(reason string)
	// OnPanic is called if a callback panics on the loop of that name, which ends the
	// process: as OnExit is, in its place. Default: the panic goes on and ends the
	// program.
	OnPanic func(loop string, p *task.Panic)
	// OnFact receives the facts of [Host.Probe], one at a time, on the loop that
	// states them. It must not call Probe. Default: facts are dropped.
	OnFact func(host.Fact)

	pollOnly      bool          // wait for sockets with poll(2) where there is better, for tests
	adminPatience time.Duration // other than 5 s, for tests
}

func (o Options) withDefaults() Options {
	if o.PID == 0 {
		o.PID = uint32(drawNonZero(1 << 32))
	}
	if o.Seed == 0 {
		o.Seed = drawNonZero(0)
	}
	if o.Clock == nil {
		o.Clock = clock.New()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Linger <= 0 {
		o.Linger = 5 * time.Second
	}
	if o.adminPatience == 0 {
		o.adminPatience = adminPatience
	}
	return o
}

// drawNonZero is a random number below limit (0: any), but not 0.
func drawNonZero(limit uint64) uint64 {
	for {
		var b [8]byte
		rand.Read(b[:]) // never fails, see its documentation
		n := binary.LittleEndian.Uint64(b[:])
		if limit != 0 {
			n %= limit
		}
		if n != 0 {
			return n
		}
	}
}

// Host is one process on the real machine. It implements [host.Host] and is made
// with [New]. Its methods may be called from any goroutine.
type Host struct {
	options Options
	clock   machineClock
	log     *slog.Logger
	streams streams
	network network
	poller  poller
	disk    disk
	facts   sync.Mutex // held while OnFact runs
	system  func() host.System

	stopping context.Context // done once the process has ended
	stop     context.CancelFunc
	over     atomic.Bool    // the process has ended
	running  sync.WaitGroup // every goroutine of the process

	mu        sync.Mutex
	resources map[resource]struct{} // what must end with the process
	callers   map[uint64]struct{}   // goroutines that run callbacks
}

var (
	_ host.AdminHost  = (*Host)(nil)
	_ host.SystemHost = (*Host)(nil)
)

// New starts a process that does nothing yet. It cannot fail: what is wrong with
// the options shows where they are used.
func New(options Options) *Host {
	h := &Host{
		options:   options.withDefaults(),
		system:    systemOnce(),
		resources: make(map[resource]struct{}),
		callers:   make(map[uint64]struct{}),
	}
	h.stopping, h.stop = context.WithCancel(context.Background())
	h.clock = newMachineClock(h.options.Clock)
	h.log = slog.New(&stampingHandler{Handler: h.options.Log.Handler(), host: h}).With("host", options.Name)
	h.streams.init(h)
	h.network.init(h)
	h.poller.init(h)
	h.disk.init(h)
	return h
}

// Name implements [host.Host].
func (h *Host) Name() string { return h.options.Name }

// PID implements [host.Host].
func (h *Host) PID() uint32 { return h.options.PID }

// Clock implements [host.Host].
func (h *Host) Clock() host.Clock { return &h.clock }

// Rand implements [host.Host].
func (h *Host) Rand(stream string) host.Rand { return h.streams.get(stream) }

// Log implements [host.Host]. Records of a process that has ended are dropped.
func (h *Host) Log() *slog.Logger { return h.log }

// Network implements [host.Host].
func (h *Host) Network() host.Network { return &h.network }

// Disk implements [host.Host].
func (h *Host) Disk() host.Disk { return &h.disk }

// Point implements [host.Host]: no fault ever strikes here by itself.
func (h *Host) Point(string) bool { return false }

// Probe implements [host.Host].
func (h *Host) Probe(fact host.Fact) {
	if h.options.OnFact == nil {
		return
	}
	h.facts.Lock()
	defer h.facts.Unlock()
	if !h.over.Load() {
		h.options.OnFact(fact)
	}
}
