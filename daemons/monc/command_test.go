package monc_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

func TestCommand_answered(t *testing.T) {
	o := connected(t, 3, nil)
	o.mons.Each(func(m *monctest.Mon) {
		m.OnMessage = func(c *msgr.Connection, r *msg.Message) bool {
			b, ok := r.Body.(*msg.MonCommand)
			if ok {
				m.Reply(c, r, &msg.MonCommandAck{Code: -22, Status: "no: " + b.Cmd[0], Cmd: b.Cmd}, []byte("out"))
			}
			return ok
		}
	})
	var got []monc.CommandResult
	o.Command("x", func(r monc.CommandResult) { got = append(got, r) })
	o.Command("y", func(r monc.CommandResult) { got = append(got, r) })
	if len(got) > 0 {
		t.Error("an answer before Command has returned")
	}
	o.world.Run(time.Second)
	want := []monc.CommandResult{
		{Code: -22, Status: "no: x", Data: []byte("out")},
		{Code: -22, Status: "no: y", Data: []byte("out")},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("results (-want +got):\n%s", diff)
	}
	command := o.mons.All(msg.TypeMonCommand)[0].Body.(*msg.MonCommand)
	if command.FSID != monctest.FSID() {
		t.Errorf("command for cluster %v, want %v", command.FSID, monctest.FSID())
	}
}

// I-MC-4 and MC-9: a command survives its session, is sent once on each, and has
// one outcome. What was answered is not sent again.
func TestCommand_sentAgainOnEachSession(t *testing.T) {
	o := connected(t, 3, nil)
	done := map[string]int{}
	command := func(text string) {
		o.Command(text, func(r monc.CommandResult) {
			if r.Err == nil {
				done[text]++
			}
		})
	}
	command("first")
	o.world.Run(time.Second)
	mute := func(m *monctest.Mon) {
		m.OnMessage = func(_ *msgr.Connection, r *msg.Message) bool { return r.Header.Type == msg.TypeMonCommand }
	}
	o.mons.Each(mute)
	o.mons.Each(forget)
	command("second")
	command("third")
	for range 2 {
		o.world.Run(time.Second)
		o.process.Reset()
		o.within(5*time.Second, "session", func() bool { return !o.IsConnected() })
		o.within(5*time.Second, "session", o.IsConnected)
	}
	o.world.Run(time.Second)
	sent := []string{}
	for _, s := range o.process.Facts {
		if opened, ok := s.(monc.SessionOpened); ok {
			sent = append(sent, opened.Mon)
		}
	}
	if len(sent) != 3 {
		t.Fatalf("sessions %v, want 3", sent)
	}
	counts := map[string]int{}
	for _, r := range o.mons.All(msg.TypeMonCommand) {
		counts[fmt.Sprint(r.Body.(*msg.MonCommand).Cmd[0], " tid ", r.Header.Tid)]++
	}
	if diff := cmp.Diff(map[string]int{"second tid 2": 3, "third tid 3": 3}, counts); diff != "" {
		t.Errorf("sent over three sessions (-want +got):\n%s", diff)
	}
	o.mons.Each(func(m *monctest.Mon) { m.OnMessage = nil })
	o.process.Reset()
	o.world.Run(5 * time.Second)
	if diff := cmp.Diff(map[string]int{"first": 1, "second": 1, "third": 1}, done); diff != "" {
		t.Errorf("outcomes (-want +got):\n%s", diff)
	}
}

func TestCommand_waitsForTheFirstSession(t *testing.T) {
	o := newOwner(t, 1, nil)
	var got []monc.CommandResult
	o.Command("early", func(r monc.CommandResult) { got = append(got, r) })
	o.authenticate()
	o.world.Run(time.Second)
	if len(got) != 1 || got[0].Err != nil {
		t.Errorf("results %+v, want one without error", got)
	}
}

func TestCommand_timesOut(t *testing.T) {
	o := connected(t, 1, func(c *monc.Config) { c.Options.CommandTimeout = 5 * time.Second })
	o.mon().OnMessage = func(_ *msgr.Connection, r *msg.Message) bool { return r.Header.Type == msg.TypeMonCommand }
	var at []time.Duration
	begin := o.world.Now()
	command := func() {
		o.Command("x", func(r monc.CommandResult) {
			if !errors.Is(r.Err, monc.ErrTimeout) {
				t.Errorf("outcome %v, want ErrTimeout", r.Err)
			}
			at = append(at, o.world.Now()-begin)
		})
	}
	command()
	o.world.Run(2 * time.Second)
	command()
	o.world.Run(time.Minute)
	if diff := cmp.Diff([]time.Duration{5 * time.Second, 7 * time.Second}, at); diff != "" {
		t.Errorf("timed out (-want +got):\n%s", diff)
	}
}

// MC-9: what was only sent is dropped when the hunt starts over, questions for
// versions fail, and neither reaches a monitor.
func TestSend_queueIsDroppedOnReopen(t *testing.T) {
	o := connected(t, 3, nil)
	o.mons.Each(func(m *monctest.Mon) { m.NoQuorum = true })
	o.Reopen()
	var outcome error
	o.Send(msg.New(&msg.MgrBeacon{Name: "early"}))
	o.GetVersion("osdmap", func(_ monc.VersionRange, err error) { outcome = err })
	o.within(10*time.Second, "second hunt", func() bool { return outcome != nil })
	if !errors.Is(outcome, monc.ErrAgain) {
		t.Errorf("GetVersion is done with %v, want ErrAgain", outcome)
	}
	o.Send(msg.New(&msg.MgrBeacon{Name: "late"}))
	o.world.Run(time.Second) // the second hunt's requests have gone unheard
	o.mons.Each(func(m *monctest.Mon) { m.NoQuorum = false })
	o.within(10*time.Second, "session", o.IsConnected)
	o.world.Run(time.Second)
	if got := o.mons.All(msg.TypeMgrBeacon); len(got) != 0 {
		t.Errorf("%d beacons arrived, the first is %+v", len(got), got[0].Body)
	}
	o.Send(msg.New(&msg.MgrBeacon{Name: "now"}))
	o.world.Run(time.Second)
	if got := o.mons.All(msg.TypeMgrBeacon); len(got) != 1 || got[0].Mon != o.Mon() {
		t.Errorf("%d beacons arrived with a session, want 1", len(got))
	}
}

func TestSend_waitsForTheSession(t *testing.T) {
	o := connected(t, 3, nil)
	o.Reopen()
	o.Send(msg.New(&msg.MgrBeacon{Name: "x"}))
	o.within(time.Second, "session", o.IsConnected)
	o.world.Run(time.Second)
	if got := o.mons.All(msg.TypeMgrBeacon); len(got) != 1 {
		t.Errorf("%d beacons arrived, want 1", len(got))
	}
}

func TestGetVersion(t *testing.T) {
	o := connected(t, 1, nil)
	var got monc.VersionRange
	o.GetVersion("osdmap", func(r monc.VersionRange, err error) {
		if err != nil {
			t.Error(err)
		}
		got = r
	})
	o.world.Run(time.Second)
	if want := (monc.VersionRange{Newest: 7, Oldest: 3}); got != want {
		t.Errorf("range %+v, want %+v", got, want)
	}
}
