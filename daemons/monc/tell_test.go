package monc_test

import (
	"errors"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// told lets every monitor answer what it is told with its name.
func told(o *owner) {
	o.mons.Each(func(m *monctest.Mon) {
		m.OnMessage = func(c *msgr.Connection, r *msg.Message) bool {
			if b, ok := r.Body.(*msg.Command); ok {
				m.Reply(c, r, msg.NewCommandReply(-22, "I am "+m.Name), []byte(b.Cmd[0]))
				return true
			}
			return false
		}
	})
}

// tellTo tells a monitor something, and has the outcome some time later.
func (o *owner) tellTo(mon string) *monc.CommandResult {
	var got *monc.CommandResult
	o.loop.Post(func() {
		o.Tell(mon, "x", func(r monc.CommandResult) {
			if got != nil {
				o.t.Error("told twice of the outcome")
			}
			got, o.toldAt = &r, o.world.Now()
		})
	})
	o.world.Run(10 * time.Second)
	if got == nil {
		o.t.Fatal("no outcome")
	}
	return got
}

func TestTell_oneMonitor(t *testing.T) {
	for _, tt := range []struct{ mon, by string }{
		{"a", "a"}, {"b", "b"}, {"c", "c"}, {"0", "a"}, {"1", "b"}, {"2", "c"}, // one of them has the session
	} {
		t.Run(tt.mon, func(t *testing.T) {
			o := connected(t, 3, nil)
			told(o)
			session, gid := o.Mon(), o.GlobalID()
			r := o.tellTo(tt.mon)
			if r.Err != nil || r.Code != -22 || r.Status != "I am "+tt.by || string(r.Data) != "x" {
				t.Errorf("outcome %+v", r)
			}
			if o.Mon() != session || o.GlobalID() != gid || len(factsOf[monc.SessionOpened](o)) != 1 {
				t.Errorf("the session is with %q as %d, was with %q as %d", o.Mon(), o.GlobalID(), session, gid)
			}
			if got := o.messenger.Stats().Connections; got != 1 {
				t.Errorf("%d connections, want the session's", got)
			}
		})
	}
}

// A monitor is told without any session.
func TestTell_withoutSession(t *testing.T) {
	o := newOwner(t, 3, nil)
	told(o)
	if r := o.tellTo("b"); r.Err != nil || r.Status != "I am b" {
		t.Errorf("outcome %+v", r)
	}
}

func TestTell_nobody(t *testing.T) {
	o := connected(t, 3, nil)
	for _, mon := range []string{"d", "3", "-1", ""} {
		if r := o.tellTo(mon); !errors.Is(r.Err, monc.ErrNoMon) {
			t.Errorf("mon.%s: outcome %+v, want ErrNoMon", mon, r)
		}
	}
}

// MC-9: two attempts, each for as long as a hunt or until its connection fails.
func TestTell_attempts(t *testing.T) {
	for _, tt := range []struct {
		name     string
		damage   func(*owner, *monctest.Mon)
		attempts int
		answered bool
	}{
		{"silent", func(_ *owner, m *monctest.Mon) { m.NoQuorum = true }, 2, false},
		{"reset once", func(o *owner, m *monctest.Mon) {
			m.OnMessage = func(c *msgr.Connection, r *msg.Message) bool {
				if r.Header.Type != msg.TypeCommand {
					return false
				}
				told(o)
				c.MarkDown()
				return true
			}
		}, 2, true},
		{"reset always", func(_ *owner, m *monctest.Mon) {
			m.OnMessage = func(c *msgr.Connection, r *msg.Message) bool {
				if r.Header.Type == msg.TypeCommand {
					c.MarkDown()
				}
				return false
			}
		}, 2, false},
		{"refused", func(_ *owner, m *monctest.Mon) { m.AuthResult = -13 }, 2, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := connected(t, 2, nil)
			o.world.Run(time.Second)
			var other *monctest.Mon
			o.mons.Each(func(m *monctest.Mon) {
				forget(m)
				if m.Name != o.Mon() {
					other = m
				}
			})
			tt.damage(o, other)
			began := o.world.Now()
			r, took := o.tellTo(other.Name), o.toldAt-began
			if tt.answered && took > time.Second {
				t.Errorf("tried again after %v, want at once", took)
			}
			if got := len(other.Got(msg.TypeAuth)); got != tt.attempts {
				t.Errorf("%d attempts, want %d", got, tt.attempts)
			}
			if answered := r.Err == nil; answered != tt.answered || !answered && !errors.Is(r.Err, monc.ErrTimeout) {
				t.Errorf("outcome %+v, want an answer: %v", r, tt.answered)
			}
		})
	}
}

func TestTell_shutdown(t *testing.T) {
	o := connected(t, 2, nil)
	o.mons.Each(func(m *monctest.Mon) { m.NoQuorum = true })
	var errs []error
	tell := func() { o.Tell("a", "x", func(r monc.CommandResult) { errs = append(errs, r.Err) }) }
	tell()
	o.world.Run(time.Second)
	tell() // not dialled yet
	o.Shutdown()
	tell()
	o.world.Run(time.Minute)
	for _, err := range errs {
		if !errors.Is(err, monc.ErrShutdown) {
			t.Errorf("outcome %v, want ErrShutdown", err)
		}
	}
	if got := o.messenger.Stats().Connections; len(errs) != 3 || got != 0 {
		t.Errorf("%d of 3 outcomes, %d connections", len(errs), got)
	}
}
