package msgr_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// drawOptions are any injected faults and delays that let something through.
func drawOptions(t *rapid.T) msgr.Options {
	o := msgr.Options{
		InjectDelayType:        msg.EntityMon | msg.EntityMgr,
		InjectDelayProbability: float64(rapid.IntRange(0, 4).Draw(t, "delayed quarters")) / 4,
		InjectDelayMax:         time.Duration(rapid.IntRange(1, 2000).Draw(t, "delay ms")) * time.Millisecond,
		InjectInternalDelays:   time.Duration(rapid.IntRange(0, 100).Draw(t, "internal ms")) * time.Millisecond,
	}
	if n := rapid.IntRange(0, 5).Draw(t, "failures"); n > 0 {
		o.InjectSocketFailures = 20 * n
	}
	return o
}

// drawWorld is a world in which callbacks interleave in any way, and reads are
// split so, if each of them need not be feared to fail.
func drawWorld(t *rapid.T, o msgr.Options) *world {
	w := newWorld()
	w.seed = rapid.Uint64Min(1).Draw(t, "seed")
	if o.InjectSocketFailures == 0 {
		w.chunk = randomSplit(t)
	}
	order := rapid.SliceOfN(rapid.IntRange(0, 7), 1, 50).Draw(t, "interleaving")
	w.pick = func(n int) int {
		order = append(order[1:], order[0]+n)
		return order[0] % n
	}
	return w
}

// drawThrottles bounds what a policy's peers may have waiting.
func drawThrottles(t *rapid.T, p msgr.Policy) msgr.Policy {
	p.ThrottleMessages = rapid.Int64Range(1, 10).Draw(t, "throttled messages")
	p.ThrottleBytes = rapid.Int64Range(1, 5000).Draw(t, "throttled bytes")
	return p
}

// TestInject_losslessDeliversExactlyOnceInOrder whatever is injected: what is
// dispatched, what is dispatched fast, and what is shown.
func TestInject_losslessDeliversExactlyOnceInOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := drawOptions(rt)
		w := drawWorld(rt, o)
		policy := drawThrottles(rt, rapid.SampledFrom([]msgr.Policy{msgr.LosslessPeer(), msgr.LosslessPeerReuse()}).Draw(rt, "policy"))
		a, toA := w.swiftDaemon(t, "mon.a", "10.0.0.1", policy, msgr.Config{Name: monName(0), Options: o})
		b, toB := w.swiftDaemon(t, "mon.b", "10.0.0.2", policy, msgr.Config{Name: monName(1), Options: o})
		w.starved = rapid.SampledFrom([]*fakeLoop{nil, a.loop.(*fakeLoop), b.h.loops["mon.b/worker-1"]}).Draw(rt, "starved")
		const n = 40
		for i := range uint64(n) {
			a.m.SendTo(msg.EntityMon, b.m.Addr(), ping(i+1, fill(int(i)*30, 1)))
			b.m.SendTo(msg.EntityMon, a.m.Addr(), ping(i+1, nil))
			w.run(time.Duration(rapid.IntRange(0, 200).Draw(rt, "pause")) * time.Millisecond)
		}
		w.run(2 * time.Hour)
		for name, s := range map[string]*swift{"mon.a": toA, "mon.b": toB} {
			wantCounts(rt, name+" was shown", s.tids("pre"), 1, 1, n)
			wantCounts(rt, name+" was dispatched", s.tids("message"), 1, 2, n)
			wantCounts(rt, name+" was dispatched fast", s.tids("fast"), 2, 2, n)
			wantTold(rt, name, s.only("reset", "remote"))
		}
		wantIdle(rt, a, b)
	})
}

// TestInject_lossyDeliversAPrefix of what was sent on each connection, in order,
// and a reset for each that opened and broke.
func TestInject_lossyDeliversAPrefix(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := drawOptions(rt)
		w := drawWorld(rt, o)
		mon, toMon := w.swiftDaemon(t, "mon.a", "10.0.0.1", drawThrottles(rt, msgr.StatelessServer()), msgr.Config{Name: monName(0), Options: o})
		mgr := w.daemon("mgr.x", "10.0.0.2", msgr.Config{Name: mgrName(1), Nonce: 7, Options: o})
		w.starved = rapid.SampledFrom([]*fakeLoop{nil, mon.loop.(*fakeLoop)}).Draw(rt, "starved")
		for range rapid.IntRange(1, 4).Draw(rt, "sessions") {
			c := mgr.m.ConnectTo(msg.EntityMon, mon.m.Addr())
			for i := range uint64(20) {
				c.Send(ping(i+1, fill(int(i)*30, 1)))
				w.run(time.Duration(rapid.IntRange(0, 100).Draw(rt, "pause")) * time.Millisecond)
			}
			w.run(time.Minute)
			c.MarkDown()
		}
		w.run(time.Hour)
		for _, c := range toMon.opened() {
			for what, first := range map[string]int{"message": 1, "fast": 2} {
				got := toMon.of(c).tids(what)
				wantCounts(rt, what, got, first, 2, 2*len(got))
			}
			if got := toMon.of(c).only("accept", "reset"); !slices.Equal(got, []string{"accept", "reset"}) {
				rt.Errorf("about one connection it was told %q", got)
			}
		}
		if o.InjectSocketFailures == 0 {
			for _, c := range toMon.opened() {
				if got := toMon.of(c); len(got.tids("pre")) != 20 {
					rt.Errorf("%d of 20 messages came though nothing broke", len(got.tids("pre")))
				}
			}
		}
		wantIdle(rt, mon, mgr)
	})
}

// wantIdle: the daemons' messengers hold nothing for messages.
func wantIdle(t failer, all ...*daemon) {
	t.Helper()
	for _, d := range all {
		if s := d.m.Stats(); s.HeldMessages != 0 || s.HeldBytes != 0 || s.DispatchBytes != 0 {
			t.Errorf("%s still holds %+v", d.h.name, s)
		}
	}
}

// wantCounts: got counts from first in steps up to n.
func wantCounts(t failer, what string, got []int, first, step, n int) {
	t.Helper()
	var want []int
	for i := first; i <= n; i += step {
		want = append(want, i)
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: %d, want %d", what, got, want)
	}
}

// TestInjectSocketFailures_oneInOneIsEachReadAndWrite: nothing ever opens then,
// whichever side it is, and there is one failure a socket.
func TestInjectSocketFailures_oneInOneIsEachReadAndWrite(t *testing.T) {
	for name, o := range map[string][2]msgr.Options{
		"dialler":  {{}, {InjectSocketFailures: 1}},
		"acceptor": {{InjectSocketFailures: 1}, {}},
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld()
			w.seed = 1
			conns := w.watchConns()
			mon := w.daemon("acceptor", "10.0.0.1", msgr.Config{Name: monName(0), Options: o[0]})
			mon.m.SetDefaultPolicy(msgr.StatelessServer())
			mon.bind(t, 6789)
			mgr := w.daemon("dialler", "10.0.0.2", msgr.Config{Name: mgrName(1), Nonce: 7, Options: o[1]})
			mgr.m.ConnectTo(msg.EntityMon, mon.m.Addr())
			w.run(time.Minute)
			wantEvents(t, mon)
			wantEvents(t, mgr)
			struck := map[string]*daemon{"dialler": mgr, "acceptor": mon}[name]
			if n := strings.Count(struck.h.log.String(), "injected failure"); n != len(*conns) || n < 5 {
				t.Errorf("%d failures on %d sockets", n, len(*conns))
			}
		})
	}
}

// TestInjectSocketFailures_strikeAWrite too, and what was written goes out.
func TestInjectSocketFailures_strikeAWrite(t *testing.T) {
	p := newPair(t, msgr.Options{InjectSocketFailures: 1})
	p.w.seed = 1
	mute := p.w.rawFrom(addrPort("10.9.9.9:1"), p.mon.m.Addr().IP)
	if p.w.settle(); !mute.closed || len(mute.got) != 9+2*136 {
		t.Errorf("closed: %v, after %d bytes", mute.closed, len(mute.got))
	}
}

// TestInjectDelay_holdsBackPeersOfTheType, each connection's messages in order,
// and nobody else's.
func TestInjectDelay_holdsBackPeersOfTheType(t *testing.T) {
	const most = 10 * time.Second
	w := newWorld()
	w.seed = 1
	o := msgr.Options{InjectDelayType: msg.EntityMgr | msg.EntityOSD, InjectDelayProbability: 1, InjectDelayMax: most}
	mon, s := w.swiftDaemon(t, "mon.a", "10.0.0.1", msgr.StatelessServer(), msgr.Config{Name: monName(0), Options: o})
	at := map[msg.EntityType][]time.Duration{}
	s.on = func(what string, c *msgr.Connection) {
		if strings.HasPrefix(what, "message") || what != "fast accept" && strings.HasPrefix(what, "fast") {
			at[c.PeerType()] = append(at[c.PeerType()], w.now)
		}
	}
	const n = 50
	for i, peer := range []msg.EntityType{msg.EntityMgr, msg.EntityClient, msg.EntityOSD} {
		d := w.daemon(peer.String(), "10.0.0.2", msgr.Config{Name: msg.EntityName{Type: peer, Num: 1}, Nonce: uint32(i + 1)})
		for tid := range uint64(n) {
			d.m.SendTo(msg.EntityMon, mon.m.Addr(), ping(tid+1, nil))
		}
	}
	mon.m.SendTo(msg.EntityMon, mon.m.Addr(), ping(1, nil))
	if w.settle(); len(at[msg.EntityClient]) != n || len(at[msg.EntityMon]) != 1 || len(at[msg.EntityMgr])+len(at[msg.EntityOSD]) > 0 {
		t.Errorf("came at once: %v", at)
	}
	w.run(most)
	for _, c := range s.opened() {
		times := at[c.PeerType()]
		if len(times) != n || !slices.IsSorted(times) || times[n-1] > most {
			t.Errorf("%v: came at %v", c.PeerType(), times)
		}
		wantCounts(t, c.PeerType().String(), s.of(c).tids("message"), 1, 2, n)
		wantCounts(t, c.PeerType().String(), s.of(c).tids("fast"), 2, 2, n)
	}
	if slices.Equal(at[msg.EntityMgr], at[msg.EntityOSD]) {
		t.Error("two connections were delayed alike")
	}
}

// TestInjectDelay_probabilityIsThePartThatIsHeldBack of messages that come apart.
func TestInjectDelay_probabilityIsThePartThatIsHeldBack(t *testing.T) {
	for _, part := range []float64{0, 0.25, 1} {
		o := msgr.Options{InjectDelayType: msg.EntityMgr, InjectDelayProbability: part}
		p := newPair(t, o)
		p.w.seed = 1
		c := p.connect()
		const n = 1000
		late := 0
		for i := range uint64(n) {
			c.Send(ping(i+1, nil))
			if p.w.settle(); len(p.mon.messages) < int(i)+1 {
				late++
			}
			p.w.run(time.Second) // the longest by default
		}
		wantTids(t, p.mon.journal, upTo(n)...)
		if got := float64(late) / n; got < part-0.05 || got > part+0.05 {
			t.Errorf("%v were held back, want %v", got, part)
		}
	}
}

// TestInjectDelay_outlivesAFaultOfALosslessSession only: what a lossy one had
// received is void.
func TestInjectDelay_outlivesAFaultOfALosslessSession(t *testing.T) {
	for _, tt := range []struct {
		policy     msgr.Policy
		want, fast []uint64
	}{{msgr.LosslessPeer(), []uint64{1, 3, 5}, []uint64{2, 4}}, {msgr.StatelessServer(), nil, nil}} {
		p := newPair(t, msgr.Options{InjectDelayType: msg.EntityMgr, InjectDelayProbability: 1, InjectDelayMax: time.Hour})
		p.w.seed = 1
		p.mon.m.SetDefaultPolicy(counted(tt.policy))
		p.mgr.m.SetDefaultPolicy(tt.policy)
		fast := &fastOnes{journal: &journal{}, order: &[]uint64{}}
		p.mon.m.AddDispatcherHead(fast)
		conns := p.w.watchConns()
		c := p.connect()
		for i := range uint64(5) {
			c.Send(ping(i+1, nil))
		}
		p.w.settle()
		(*conns)[0].cut()
		p.w.run(time.Hour)
		wantTids(t, p.mon.journal, tt.want...)
		if !slices.Equal(*fast.order, tt.fast) {
			t.Errorf("taken fast were %d, want %d", *fast.order, tt.fast)
		}
		wantIdle(t, p.mon)
	}
}

// TestInjectInternalDelays_haltEachStepOfAHandshake: how long it takes depends on
// nothing else.
func TestInjectInternalDelays_haltEachStepOfAHandshake(t *testing.T) {
	opened := func(delay time.Duration) time.Duration {
		p := newPair(t, msgr.Options{InjectInternalDelays: delay})
		p.mgr.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
		for len(p.mgr.events) == 0 && p.w.step(time.Hour) {
		}
		return p.w.now
	}
	none, some, more := opened(0), opened(50*time.Millisecond), opened(200*time.Millisecond)
	if none != 0 || some < 5*50*time.Millisecond || more != 4*some {
		t.Errorf("it took %v, %v and %v", none, some, more)
	}
}

// TestInjectInternalDelays_haltBeforeEachEvent, and messages with it.
func TestInjectInternalDelays_haltBeforeEachEvent(t *testing.T) {
	const delay = 100 * time.Millisecond
	p := newPair(t, msgr.Options{InjectInternalDelays: delay})
	for i := range 3 {
		p.mgr.m.ConnectTo(msg.EntityMon, msg.EntityAddr{IP: addrPort("10.0.0.9:1"), Nonce: uint32(i + 1)})
	}
	p.w.settle()
	p.mgr.m.MarkDownAll()
	p.mgr.m.SendTo(msg.EntityMgr, p.mgr.m.Addr(), ping(1, nil))
	for i := range 5 {
		if p.w.run(delay - 1); len(p.mgr.events) != i {
			t.Fatalf("%d events after %v", len(p.mgr.events), p.w.now)
		}
		p.w.run(1)
	}
	p.mgr.m.Shutdown()
	p.w.run(time.Minute)
	wantEvents(t, p.mgr, "refused", "refused", "refused", "reset", "reset")
	wantTids(t, p.mgr.journal)
}
