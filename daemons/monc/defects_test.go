package monc_test

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// Each planted bug must break what it is meant to break, and nothing must without
// it.
func TestDefects(t *testing.T) {
	for _, tt := range []struct {
		name  string
		plant func(*monc.Defects)
		holds func(*owner) bool
	}{
		{"FreshGIDOnReopen", func(d *monc.Defects) { d.FreshGIDOnReopen = true }, gidIsKept},
		{"FinishHuntOnMonmap", func(d *monc.Defects) { d.FinishHuntOnMonmap = true }, huntOutlivesMonMap},
		{"NoReopenOnEagain", func(d *monc.Defects) { d.NoReopenOnEagain = true }, huntOutlivesEagain},
		{"NoUnBackoff", func(d *monc.Defects) { d.NoUnBackoff = true }, backoffShrinks},
		{"TickBySlowInterval", func(d *monc.Defects) { d.TickBySlowInterval = true }, firstHuntIsShort},
		{"ShutdownKeepsCons", func(d *monc.Defects) { d.ShutdownKeepsCons = true }, shutdownIsQuiet},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if !tt.holds(newOwner(t, 1, nil)) {
				t.Error("does not hold without the defect")
			}
			if tt.holds(newOwner(t, 1, func(c *monc.Config) { tt.plant(&c.Defects) })) {
				t.Error("the defect does no harm")
			}
		})
	}
}

// I-MC-1.
func gidIsKept(o *owner) bool {
	o.authenticate()
	o.world.Run(time.Second)
	before := o.GlobalID()
	o.process.Reset()
	o.world.Run(10 * time.Second)
	return before != 0 && o.GlobalID() == before
}

// I-MC-2, with a reset between the monitor map and the end of authentication.
func huntOutlivesMonMap(o *owner) bool {
	m := o.mons.List[0]
	m.OnMessage = func(c *msgr.Connection, r *msg.Message) bool {
		if r.Header.Type == msg.TypeAuth {
			c.Send(msg.NewFromMon(&msg.MonMapMsg{Map: o.mons.MonMap()}))
		}
		return true
	}
	o.authenticate()
	o.world.Run(time.Second)
	o.process.Reset()
	m.OnMessage = nil
	return o.world.Until(time.Minute, o.IsConnected)
}

// I-MC-2, with monitors that have no quorum for a while.
func huntOutlivesEagain(o *owner) bool {
	m := o.mons.List[0]
	m.AuthResult = -11
	o.authenticate()
	o.world.Run(time.Second)
	m.AuthResult = 0
	return o.world.Until(time.Minute, o.IsConnected)
}

// MC-3, before any session.
func firstHuntIsShort(o *owner) bool {
	m := o.mons.List[0]
	m.NoQuorum = true
	o.authenticate()
	o.world.Run(time.Second)
	m.NoQuorum = false
	return o.world.Until(3*time.Second, o.IsConnected)
}

// I-MSG-9, with an authentication under way.
func shutdownIsQuiet(o *owner) bool {
	o.authenticate()
	o.within(time.Second, "hunt", func() bool { return len(factsOf[monc.HuntBegun](o)) > 0 })
	o.Shutdown()
	o.world.Run(time.Minute)
	return !o.IsConnected() && o.messenger.Stats().Connections == 0
}

// MC-4: after a long outage and then five minutes of health, an outage of one
// minute is met with several hunts again.
func backoffShrinks(o *owner) bool {
	o.authenticate()
	o.world.Run(time.Second)
	m := o.mons.List[0]
	outage := func(on bool) { m.NoQuorum = on; o.process.Reset() }
	outage(true)
	o.world.Run(10 * time.Minute)
	outage(false)
	o.world.Run(5 * time.Minute)
	outage(true)
	forget(m)
	o.world.Run(time.Minute)
	return len(m.Got(msg.TypeAuth)) >= 4
}
