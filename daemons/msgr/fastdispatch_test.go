package msgr_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// swift is a dispatcher that implements everything there is, takes messages with
// an even tid on the worker, and writes down what it is told and on which loop.
type swift struct {
	w     *world
	told  []string
	loops []*fakeLoop
	conns []*msgr.Connection
	on    func(what string, c *msgr.Connection)
}

func (s *swift) note(c *msgr.Connection, what string) {
	s.told, s.loops, s.conns = append(s.told, what), append(s.loops, s.w.running), append(s.conns, c)
	if s.on != nil {
		s.on(what, c)
	}
}

func (s *swift) noteMessage(c *msgr.Connection, what string, m *msg.Message) {
	s.note(c, fmt.Sprint(what, " ", m.Header.Tid))
}

func (s *swift) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	s.noteMessage(c, "message", m)
	return true
}
func (s *swift) HandleConnect(c *msgr.Connection)                  { s.note(c, "connect") }
func (s *swift) HandleAccept(c *msgr.Connection)                   { s.note(c, "accept") }
func (s *swift) HandleReset(c *msgr.Connection) bool               { s.note(c, "reset"); return true }
func (s *swift) HandleRemoteReset(c *msgr.Connection)              { s.note(c, "remote reset") }
func (s *swift) HandleRefused(c *msgr.Connection) bool             { s.note(c, "refused"); return true }
func (s *swift) CanFastDispatch(m *msg.Message) bool               { return m.Header.Tid%2 == 0 }
func (s *swift) FastConnect(c *msgr.Connection)                    { s.note(c, "fast connect") }
func (s *swift) FastAccept(c *msgr.Connection)                     { s.note(c, "fast accept") }
func (s *swift) FastDispatch(c *msgr.Connection, m *msg.Message)   { s.noteMessage(c, "fast", m) }
func (s *swift) FastPreprocess(c *msgr.Connection, m *msg.Message) { s.noteMessage(c, "pre", m) }

// only is what it was told that begins with one of the words.
func (s *swift) only(words ...string) (told []string) {
	for _, what := range s.told {
		if word, _, _ := strings.Cut(what, " "); slices.Contains(words, word) {
			told = append(told, what)
		}
	}
	return told
}

// tids are the numbers of what it was told as "word tid".
func (s *swift) tids(word string) (tids []int) {
	for _, what := range s.only(word) {
		if tid, err := strconv.Atoi(strings.TrimPrefix(what, word+" ")); err == nil {
			tids = append(tids, tid)
		}
	}
	return tids
}

// opened are the connections it was told of, in order.
func (s *swift) opened() (all []*msgr.Connection) {
	for _, c := range s.conns {
		if !c.IsLoopback() && !slices.Contains(all, c) {
			all = append(all, c)
		}
	}
	return all
}

// of is what it was told about one connection.
func (s *swift) of(c *msgr.Connection) *swift {
	one := &swift{}
	for i, what := range s.told {
		if s.conns[i] == c {
			one.told = append(one.told, what)
		}
	}
	return one
}

func wantTold(t failer, what string, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s: told %q, want %q", what, got, want)
	}
}

// swiftDaemon is a daemon with a swift dispatcher and no other, at port 6789.
func (w *world) swiftDaemon(t testing.TB, name, addr string, policy msgr.Policy, cfg msgr.Config) (*daemon, *swift) {
	t.Helper()
	d, s := w.bare(name, addr, cfg), &swift{w: w}
	d.m.SetDefaultPolicy(policy)
	d.m.AddDispatcherTail(s)
	d.bind(t, 6789)
	return d, s
}

// newSwiftMons are two monitors of which b has a swift dispatcher only.
func newSwiftMons(t testing.TB, policy msgr.Policy) (*mons, *swift) {
	t.Helper()
	p := newMons(t, policy)
	p.b.m.Shutdown()
	p.w.settle()
	var s *swift
	p.b, s = p.w.swiftDaemon(t, "mon.b", "10.0.0.2", policy, msgr.Config{Name: monName(1)})
	return p, s
}

// TestFast_comesInOrderOnTheWorker: the news of the connection, then each message
// first to be seen and then, if it is fast, to be taken, all on one worker. The
// dispatch loop gets to the rest when it gets to it.
func TestFast_comesInOrderOnTheWorker(t *testing.T) {
	fast := []string{"pre 1", "pre 2", "fast 2", "pre 3", "pre 4", "fast 4"}
	for name, tt := range map[string]struct {
		begin func(p *mons) *msgr.Connection
		want  []string
	}{
		"accepted": {func(p *mons) *msgr.Connection { return p.dial(p.a, p.b) },
			slices.Concat([]string{"fast accept"}, fast, []string{"accept", "message 1", "message 3"})},
		"dialled": {func(p *mons) *msgr.Connection { p.dial(p.b, p.a); p.w.settle(); return p.dial(p.a, p.b) },
			slices.Concat([]string{"fast connect", "connect"}, fast, []string{"message 1", "message 3"})},
	} {
		t.Run(name, func(t *testing.T) {
			p, s := newSwiftMons(t, msgr.LosslessPeer())
			p.w.starved = p.b.loop.(*fakeLoop)
			c := tt.begin(p)
			for i := range uint64(4) {
				c.Send(ping(i+1, nil))
			}
			p.w.settle()
			wantTold(t, "mon.b", s.told, tt.want...)
			for i, what := range s.told {
				onWorker := strings.HasPrefix(what, "fast") || strings.HasPrefix(what, "pre")
				if onWorker && s.loops[i] != s.loops[0] || !onWorker && s.loops[i] != p.b.loop {
					t.Errorf("%s on loop %s", what, s.loops[i].name)
				}
			}
			if s.loops[0] == p.b.loop {
				t.Errorf("%s on the dispatch loop", s.told[0])
			}
		})
	}
}

// TestFast_goesToTheFirstThatTakesIt, while everybody who wants to sees it, and
// hears of the connection; the head comes first.
func TestFast_goesToTheFirstThatTakesIt(t *testing.T) {
	p, tail := newSwiftMons(t, msgr.LosslessPeer())
	head := &swift{w: p.w}
	p.b.m.AddDispatcherHead(head)
	var order []string
	tail.on = func(what string, _ *msgr.Connection) { order = append(order, "tail "+what) }
	head.on = func(what string, _ *msgr.Connection) { order = append(order, "head "+what) }
	p.dial(p.a, p.b).Send(ping(2, nil))
	p.w.settle()
	wantTold(t, "mon.b", order, "head fast accept", "tail fast accept", "head pre 2", "tail pre 2", "head fast 2", "head accept", "tail accept")
}

// TestFast_toOneself: on the dispatch loop, in the order of everything else.
func TestFast_toOneself(t *testing.T) {
	p, s := newSwiftMons(t, msgr.LosslessPeer())
	for i := range uint64(4) {
		p.b.m.SendTo(msg.EntityMon, p.b.m.Addr(), ping(i+1, nil))
	}
	p.w.settle()
	wantTold(t, "mon.b", s.told, "pre 1", "message 1", "pre 2", "fast 2", "pre 3", "message 3", "pre 4", "fast 4")
	for i, l := range s.loops {
		if l != p.b.loop {
			t.Errorf("%s on loop %s", s.told[i], l.name)
		}
	}
}

// TestFast_seesEachMessageOnce, though its socket breaks before it counts as
// received, and it is sent again on another.
func TestFast_seesEachMessageOnce(t *testing.T) {
	for _, point := range []string{msgr.PointHeader, msgr.PointThrottled, msgr.PointMessage, msgr.PointBeforeAck} {
		for nth := range 6 {
			t.Run(fmt.Sprint(point, " ", nth+1), func(t *testing.T) {
				p, s := newSwiftMons(t, msgr.LosslessPeer())
				reached := 0
				p.w.point = func(h *fakeHost, name string) bool {
					if h == p.b.h && name == point {
						reached++
					}
					return h == p.b.h && name == point && reached == nth+1
				}
				c := p.dial(p.a, p.b)
				for i := range uint64(6) {
					c.Send(ping(2*i+i%2, nil)) // 0 3 4 7 8 11
				}
				p.w.settle()
				c.Send(ping(12, nil))
				p.w.run(time.Minute)
				wantTold(t, "seen", s.only("pre"), "pre 0", "pre 3", "pre 4", "pre 7", "pre 8", "pre 11", "pre 12")
				wantTold(t, "taken fast", slices.DeleteFunc(s.only("fast"), func(what string) bool { return what == "fast accept" }), "fast 0", "fast 4", "fast 8", "fast 12")
				wantTold(t, "dispatched", s.only("message"), "message 3", "message 7", "message 11")
			})
		}
	}
}

// TestFast_nothingAfterTheEnd: once a session has ended none of its messages is
// shown to anybody, though they have arrived; and once the messenger has, nothing.
func TestFast_nothingAfterTheEnd(t *testing.T) {
	for _, way := range waysToEnd() {
		for _, at := range []string{"fast accept", "pre 1", "fast 2", "accept", "message 1"} {
			t.Run(way.name+" at "+at, func(t *testing.T) {
				p, s := newSwiftMons(t, msgr.LosslessPeer())
				p.w.chunk = func(n int) int { return min(n, 200) } // so that the dispatch loop gets its turn
				var ended *msgr.Connection
				s.on = func(what string, c *msgr.Connection) {
					over := ended != nil && strings.HasSuffix(way.name, "Shutdown")
					if over || c == ended && what != "accept" && what != "reset" {
						t.Errorf("told %q after the end", what)
					}
					if what == at {
						ended = c
						way.end(p.b, c)
					}
				}
				c := p.dial(p.a, p.b)
				for i := range uint64(10) {
					c.Send(ping(i+1, nil))
				}
				if p.w.settle(); ended == nil {
					t.Error("it never came to that")
				}
			})
		}
	}
}
