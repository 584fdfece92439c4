package msgr_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// strike is a fault at the nth time (from 1) that a host reaches a point.
type strike struct {
	host, point string
	nth         int
	reached     map[string]int // by "host point", counted by watch
}

// watch counts how often points are reached, and strikes.
func (s *strike) watch(w *world) {
	s.reached = map[string]int{}
	w.point = func(h *fakeHost, name string) bool {
		s.reached[h.name+" "+name]++
		return h.name == s.host && name == s.point && s.reached[h.name+" "+name] == s.nth
	}
}

// times is how often the host has reached the point.
func (s *strike) times(host, point string) int { return s.reached[host+" "+point] }

// losslessStory is a life of two peers in which each reaches every point more
// than once: each dials the other, after both or only one has lost the last
// socket, and sends what is small, what is too large for the receive buffer, and
// keepalives.
func losslessStory(t *testing.T, policy msgr.Policy, s *strike) *mons {
	p := newMons(t, policy)
	p.w.window, p.w.seed = 30_000, 1
	s.watch(p.w)
	tid := map[*daemon]uint64{}
	say := func(from, to *daemon, n int) {
		for range n {
			tid[from]++
			p.dial(from, to).Send(ping(tid[from], nil))
		}
		tid[from]++
		p.dial(from, to).Send(ping(tid[from], fill(70_000, 1)))
		p.dial(from, to).SendKeepalive()
	}
	for round := range 2 {
		for _, from := range []*daemon{p.a, p.b} {
			to := map[*daemon]*daemon{p.a: p.b, p.b: p.a}[from]
			for _, both := range []bool{true, false} {
				p.breakOff(from, both)
				say(from, to, round+1)
				p.w.run(30 * time.Second)
				say(to, from, 2)
				say(from, to, 1)
				p.w.run(30 * time.Second)
			}
		}
	}
	// Whoever was not told that its socket is gone finds out when it speaks.
	for range 2 {
		say(p.a, p.b, 1)
		say(p.b, p.a, 1)
		p.w.run(5 * time.Minute)
	}
	wantTids(t, p.b.journal, upTo(tid[p.a])...)
	wantTids(t, p.a.journal, upTo(tid[p.b])...)
	return p
}

// breakOff breaks the newest socket, at both ends, or so that only d's end hears
// of it.
func (p *mons) breakOff(d *daemon, both bool) {
	if len(p.conns) == 0 || p.conns[len(p.conns)-1].peer == nil {
		return
	}
	c := p.conns[len(p.conns)-1]
	switch {
	case both:
		c.cut()
	case c.local.Addr() == d.h.addr:
		c.vanish()
	default:
		c.peer.vanish()
	}
	p.w.settle()
}

func losslessPolicies() map[string]msgr.Policy {
	return map[string]msgr.Policy{"peer": msgr.LosslessPeer(), "peer reuse": msgr.LosslessPeerReuse()}
}

// TestPoints_areAllReached by each of two peers, and there is no other.
func TestPoints_areAllReached(t *testing.T) {
	for name, policy := range losslessPolicies() {
		s := &strike{}
		p := losslessStory(t, policy, s)
		for _, d := range []*daemon{p.a, p.b} {
			for _, point := range msgr.Points() {
				if n := s.times(d.h.name, point); n < 2 {
					t.Errorf("%s: %s has reached %s %d times", name, d.h.name, point, n)
				}
			}
		}
		for key := range s.reached {
			if _, point, _ := strings.Cut(key, " "); !slices.Contains(msgr.Points(), point) {
				t.Errorf("%s is not listed", point)
			}
		}
	}
	sorted := slices.Sorted(slices.Values(msgr.Points()))
	if len(slices.Compact(sorted)) != len(msgr.Points()) {
		t.Error("a point is listed twice")
	}
}

// TestPoints_losslessDeliversExactlyOnce wherever a fault strikes, on either
// side, the first time or a later one. The socket breaks right there.
func TestPoints_losslessDeliversExactlyOnce(t *testing.T) {
	for name, policy := range losslessPolicies() {
		for _, host := range []string{"mon.a", "mon.b"} {
			for _, point := range msgr.Points() {
				for nth := 1; nth <= 2; nth++ {
					t.Run(fmt.Sprint(name, " ", host, " ", point, " ", nth), func(t *testing.T) {
						s := &strike{host: host, point: point, nth: nth}
						p := losslessStory(t, policy, s)
						checkStruck(t, s, p.a, p.b)
						for _, d := range []*daemon{p.a, p.b} {
							if slices.Contains(d.events, "reset") || slices.Contains(d.events, "remote reset") {
								t.Errorf("%s was told %q", d.h.name, d.events)
							}
						}
					})
				}
			}
		}
	}
}

// checkStruck: the fault has struck, once, and the log of that side says so.
func checkStruck(t *testing.T, s *strike, all ...*daemon) {
	t.Helper()
	for _, d := range all {
		want := 0
		if d.h.name == s.host {
			want = 1
		}
		if n := strings.Count(d.h.log.String(), `reason="injected failure"`); n != want {
			t.Errorf("%s logged %d injected failures, want %d", d.h.name, n, want)
		}
	}
	if s.times(s.host, s.point) < s.nth {
		t.Errorf("%s was reached %d times only", s.point, s.times(s.host, s.point))
	}
}

// lossyStory is the life of a client of a monitor that has something to say to
// each other, and stays away once it was reset.
func lossyStory(t *testing.T, s *strike) *pair {
	p := newPair(t, msgr.Options{})
	p.w.window = 30_000
	s.watch(p.w)
	p.mon.m.SetDefaultPolicy(counted(msgr.StatelessServer()))
	p.mon.onMsg = func(c *msgr.Connection, m *msg.Message) { c.Send(ping(m.Header.Tid, m.Data)); c.SendKeepalive() }
	c := p.connect()
	for i := range uint64(6) {
		c.Send(ping(i+1, fill(int(i)*20_000, 1)))
		c.SendKeepalive()
		p.w.run(time.Second)
	}
	p.w.run(time.Minute)
	return p
}

// TestPoints_lossyDeliversAPrefixAndOneReset wherever a fault strikes: one before
// the session is granted costs nothing, one after that the session.
func TestPoints_lossyDeliversAPrefixAndOneReset(t *testing.T) {
	granted := []string{msgr.PointConnectOpen, msgr.PointAcceptGrantSent, msgr.PointAcceptSeq, msgr.PointAcceptOpen}
	for host, half := range map[string]string{"mgr.x": "msgr.connect.", "mon.a": "msgr.accept."} {
		for _, point := range msgr.Points() {
			open := strings.HasPrefix(point, "msgr.open.")
			if !open && !strings.HasPrefix(point, half) || slices.Contains(losslessPoints(), point) {
				continue
			}
			t.Run(host+" "+point, func(t *testing.T) {
				s := &strike{host: host, point: point, nth: 1}
				p := lossyStory(t, s)
				checkStruck(t, s, p.mgr, p.mon)
				wantIdle(t, p.mon, p.mgr)
				told, got, back := []string{"connect"}, uint64(6), uint64(6)
				if open || slices.Contains(granted, point) {
					told, got, back = []string{"connect", "reset"}, uint64(len(p.mon.messages)), uint64(len(p.mgr.messages))
				}
				wantEvents(t, p.mgr, told...)
				wantTids(t, p.mon.journal, upTo(got)...)
				wantTids(t, p.mgr.journal, upTo(back)...)
				if n := p.mgr.m.Connections() + p.mon.m.Connections(); n != 4-2*len(told) {
					t.Errorf("%d connections are left", n)
				}
			})
		}
	}
}

// losslessPoints are those that sessions of a lossy client never reach.
func losslessPoints() []string {
	return []string{msgr.PointAcceptReplaced, msgr.PointAcceptReplied, msgr.PointBeforeAck, msgr.PointAck}
}
