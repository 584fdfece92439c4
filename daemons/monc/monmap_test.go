package monc_test

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// MC-11.
func TestMonMap_update(t *testing.T) {
	without := func(m msg.MonMap, name, instead string) msg.MonMap {
		changed := msg.NewMonMap(m.FSID, m.Created)
		changed.Epoch = m.Epoch + 1
		for _, info := range m.Mons {
			switch {
			case info.Name != name:
				changed.Add(info.Name, info.Addrs)
			case instead != "":
				changed.Add(instead, info.Addrs)
			}
		}
		return changed
	}
	for _, tt := range []struct {
		name     string
		change   func(m msg.MonMap, mon string) msg.MonMap
		reopens  bool
		mon      string // name of the session's monitor, if it has a new one
		accepted bool
	}{
		{"another monitor left", func(m msg.MonMap, mon string) msg.MonMap {
			for _, other := range m.Ranks {
				if other != mon {
					return without(m, other, "")
				}
			}
			return m
		}, false, "", true},
		{"the session's monitor left", func(m msg.MonMap, mon string) msg.MonMap { return without(m, mon, "") }, true, "", true},
		{"it has another name", func(m msg.MonMap, mon string) msg.MonMap { return without(m, mon, "z") }, false, "z", true},
		{"an old map", func(m msg.MonMap, mon string) msg.MonMap {
			old := without(m, mon, "")
			old.Epoch = m.Epoch
			return old
		}, false, "", false},
		{"another cluster's map", func(m msg.MonMap, mon string) msg.MonMap {
			other := without(m, mon, "")
			other.FSID = wire.UUID{1}
			return other
		}, false, "", false},
		{"a map of nobody", func(m msg.MonMap, _ string) msg.MonMap {
			none := msg.NewMonMap(m.FSID, m.Created)
			none.Epoch = m.Epoch + 1
			return none
		}, false, "", false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := connected(t, 3, nil)
			before, epoch := o.Mon(), o.MonMap().Epoch
			o.mon().Push(&msg.MonMapMsg{Map: tt.change(o.mons.MonMap(), before)})
			o.world.Run(time.Second)
			lost := len(factsOf[monc.SessionLost](o)) > 0
			if lost != tt.reopens {
				t.Errorf("facts %+v, want a change of sessions: %v", o.process.Facts, tt.reopens)
			}
			if tt.reopens && o.Mon() == before {
				t.Errorf("session with mon.%s, which is gone", before)
			}
			if want := tt.mon; want != "" && o.Mon() != want {
				t.Errorf("session with mon.%s, want mon.%s", o.Mon(), want)
			}
			if accepted := o.MonMap().Epoch > epoch; accepted != tt.accepted {
				t.Errorf("epoch is %d, was %d, want the map taken: %v", o.MonMap().Epoch, epoch, tt.accepted)
			}
		})
	}
}

func TestConfig_reachesTheOwner(t *testing.T) {
	o := newOwner(t, 1, nil)
	got := 0
	o.OnConfig(func(map[string]string) { got++ })
	o.authenticate()
	o.world.Run(time.Second)
	if got != 1 {
		t.Errorf("%d configuration messages, want 1", got)
	}
}

func TestOptions_validate(t *testing.T) {
	for name, bad := range map[string]monc.Options{
		"ping time-out below interval": {PingInterval: time.Minute},
		"back-off that shrinks":        {HuntBackoff: 0.5},
		"negative hunt":                {HuntInterval: -1},
	} {
		if bad.Validate() == nil {
			t.Errorf("%s: valid", name)
		}
	}
	if err := (monc.Options{}).Validate(); err != nil {
		t.Errorf("zero options: %v", err)
	}
	if (monc.Config{}).Validate() == nil {
		t.Error("a client without monitors is valid")
	}
}
