package state_test

import (
	"encoding/hex"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// front is the payload of a captured message.
func front(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile("../../msg/testdata/" + name + ".hex")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "front="); ok {
			b, err := hex.DecodeString(strings.TrimSpace(value))
			if err != nil {
				t.Fatal(err)
			}
			return b
		}
	}
	t.Fatalf("%s has no front", name)
	return nil
}

func report(t testing.TB, payload []byte) (*msg.MgrReport, error) {
	t.Helper()
	m, err := msg.Decode(msg.Header{Type: msg.TypeMgrReport, Version: 9}, payload, nil, nil, msg.FeaturesAll)
	if err != nil {
		return nil, err
	}
	return m.Body.(*msg.MgrReport), nil
}

// The first report of a monitor of Ceph's: the values fit the declarations to the last
// byte, and mean what they should.
func TestCounters_real(t *testing.T) {
	r, err := report(t, front(t, "MMgrReport-declare"))
	if err != nil {
		t.Fatal(err)
	}
	var c state.Counters
	if err := c.Update(r, time.Second); err != nil {
		t.Fatal(err)
	}
	all := c.All()
	if len(all) != 98 || !slices.IsSortedFunc(all, func(a, b state.Counter) int { return strings.Compare(a.Path, b.Path) }) {
		t.Errorf("%d counters", len(all))
	}
	var e wire.Encoder // as Ceph packs them
	e.Envelope(1, 1, func() {
		for _, k := range all {
			e.U64(k.Value)
			if k.Type&msg.CounterAverage != 0 {
				e.U64(k.Count)
				e.U64(k.Count)
			}
		}
	})
	if diff := cmp.Diff(r.Packed, e.Bytes()); diff != "" {
		t.Errorf("packed again (-want +got):\n%s", diff)
	}
	if k, _ := c.Get("paxos.begin_bytes"); k.Value != 128461 || k.Count != 13 {
		t.Errorf("paxos.begin_bytes is %+v", k)
	}
	if _, ok := c.Get("cluster.num_moon"); ok {
		t.Error("a counter that nobody declared")
	}
}

func TestCounters_update(t *testing.T) {
	var c state.Counters
	declare := func(paths ...string) (list []msg.CounterType) {
		for _, p := range paths {
			list = append(list, msg.CounterType{Path: p, Type: msg.CounterU64})
		}
		return list
	}
	pack := func(values ...uint64) []byte {
		var e wire.Encoder
		e.Envelope(1, 1, func() {
			for _, v := range values {
				e.U64(v)
			}
		})
		return e.Bytes()
	}
	values := func() (list []uint64) {
		for _, k := range c.All() {
			list = append(list, k.Value)
		}
		return list
	}
	for i, tt := range []struct {
		report msg.MgrReport
		fits   bool
		want   []uint64
	}{
		{msg.MgrReport{Declared: declare("c", "a"), Packed: pack(1, 3)}, true, []uint64{1, 3}},
		{msg.MgrReport{Declared: declare("b"), Packed: pack(4, 5, 6)}, true, []uint64{4, 5, 6}},
		{msg.MgrReport{Packed: pack(7, 8)}, false, []uint64{4, 5, 6}},
		{msg.MgrReport{Undeclared: []string{"a", "z"}, Packed: pack(7, 8)}, true, []uint64{7, 8}},
		{msg.MgrReport{}, true, []uint64{7, 8}},
		{msg.MgrReport{Packed: []byte("none")}, false, []uint64{7, 8}},
	} {
		err := c.Update(&tt.report, time.Duration(i+1)*2*time.Second)
		if (err == nil) != tt.fits || err != nil && !errors.Is(err, state.ErrCounters) {
			t.Errorf("report %d: error %v", i, err)
		}
		if diff := cmp.Diff(tt.want, values()); diff != "" {
			t.Errorf("report %d (-want +got):\n%s", i, diff)
		}
	}
	if rate := c.Rate("b"); rate != 0.5 {
		t.Errorf("b grows by %v in a second", rate)
	}
	many := make([]string, state.MaxCounters+1)
	for i := range many {
		many[i] = strings.Repeat("x", 1+i%7) + string(rune('a'+i%26)) + string(rune(0x4e00+i))
	}
	if err := c.Update(&msg.MgrReport{Declared: declare(many...)}, time.Minute); !errors.Is(err, state.ErrCounters) {
		t.Errorf("too many: %v", err)
	}
}

func TestDaemons(t *testing.T) {
	var x state.Daemons
	for _, k := range []state.Key{{Type: "osd", Name: "1"}, {Type: "mds", Name: "b"}, {Type: "osd", Name: "0"}, {Type: "mds", Name: "a"}} {
		x.Put(&state.Daemon{Key: k})
	}
	again := &state.Daemon{Key: state.Key{Type: "mds", Name: "a"}, Hostname: "h"}
	x.Put(again)
	names := func(list []*state.Daemon) (text string) {
		for _, d := range list {
			text += d.String() + " "
		}
		return text
	}
	if got := names(x.All()); got != "mds.a mds.b osd.0 osd.1 " || x.Get(again.Key) != again {
		t.Errorf("%s", got)
	}
	x.Cull("osd", []string{"1", "7"})
	x.Remove(state.Key{Type: "mds", Name: "b"})
	x.Remove(state.Key{Type: "rgw", Name: "b"})
	if got := names(x.All()) + names(x.OfType("osd")); got != "mds.a osd.1 osd.1 " {
		t.Errorf("%s", got)
	}
	if x.Get(state.Key{Type: "mon", Name: "a"}) != nil {
		t.Error("a daemon that nobody knows")
	}
}

// FuzzCounters takes any two reports, good or bad: what is left is in order.
func FuzzCounters(f *testing.F) {
	declare, small := front(f, "MMgrReport-declare"), front(f, "MMgrReport-small")
	f.Add(declare[:len(declare)/2], small)
	f.Add(small, small)
	f.Add(declare, small)
	f.Fuzz(func(t *testing.T, first, second []byte) {
		var c state.Counters
		for _, payload := range [][]byte{first, second} {
			r, err := report(t, payload)
			if err != nil {
				return
			}
			if err = c.Update(r, time.Second); err != nil && !errors.Is(err, state.ErrCounters) {
				t.Errorf("%v", err)
			}
			if !slices.IsSortedFunc(c.All(), func(a, b state.Counter) int { return strings.Compare(a.Path, b.Path) }) {
				t.Error("out of order")
			}
		}
	})
}
