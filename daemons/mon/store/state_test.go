package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/mon/store"
)

func newState(keep int) *store.State {
	return store.New(map[string][]byte{"mgrmap": []byte("map 1"), "osdmap": []byte("other")}, keep)
}

func setMap(epoch uint64) store.SetMap {
	return store.SetMap{Name: "mgrmap", Epoch: epoch, Map: fmt.Appendf(nil, "map %d", epoch)}
}

// edit sets keys given as "key=value" and drops those given as "key".
func edit(from uint64, changes ...string) store.Edit {
	o := store.Edit{Space: "config-key", From: from}
	for _, c := range changes {
		if key, value, set := strings.Cut(c, "="); set {
			if o.Set == nil {
				o.Set = map[string][]byte{}
			}
			o.Set[key] = []byte(value)
		} else {
			o.Drop = append(o.Drop, key)
		}
	}
	return o
}

func batch(ops ...store.Op) store.Batch { return store.Batch{Ops: ops} }

func TestState_refusesWhatDoesNotExtendIt(t *testing.T) {
	for _, c := range []struct {
		what string
		op   store.Op
		ok   bool
	}{
		{"next epoch", setMap(2), true},
		{"same epoch", setMap(1), false},
		{"skipped epoch", setMap(3), false},
		{"another map's next epoch", store.SetMap{Name: "osdmap", Epoch: 2}, true},
		{"map that there is not", store.SetMap{Name: "fsmap", Epoch: 1}, false},
		{"first edit", edit(0, "a=1"), true},
		{"edit of a version to come", edit(1, "a=1"), false},
		{"raise", store.RaiseGlobalID{From: 4096, To: 4196}, true},
		{"raise from another maximum", store.RaiseGlobalID{From: 4095, To: 4196}, false},
		{"raise to less", store.RaiseGlobalID{From: 4096, To: 4096}, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			s := newState(10)
			before := s.Snapshot()
			err := s.Apply(batch(c.op))
			if c.ok != (err == nil) || err != nil && !errors.Is(err, store.ErrStale) {
				t.Fatalf("answered %v", err)
			}
			if changed := !reflect.DeepEqual(before, s.Snapshot()); changed != c.ok {
				t.Errorf("changed: %v", changed)
			}
		})
	}
}

func TestState_batchIsAllOrNothing(t *testing.T) {
	s := newState(10)
	err := s.Apply(batch(setMap(2), store.RaiseGlobalID{From: 1, To: 2}))
	if !errors.Is(err, store.ErrStale) {
		t.Fatalf("answered %v", err)
	}
	if _, newest := s.Epochs("mgrmap"); newest != 1 || s.Commits() != 0 {
		t.Errorf("half of the batch was applied: epoch %d", newest)
	}
}

func TestState_keepsABoundedHistory(t *testing.T) {
	s := newState(3)
	for epoch := uint64(2); epoch <= 10; epoch++ {
		if err := s.Apply(batch(setMap(epoch))); err != nil {
			t.Fatal(err)
		}
	}
	if oldest, newest := s.Epochs("mgrmap"); oldest != 8 || newest != 10 {
		t.Fatalf("keeps %d to %d", oldest, newest)
	}
	for epoch := uint64(0); epoch <= 11; epoch++ {
		m, ok := s.Map("mgrmap", epoch)
		if ok != (epoch >= 8 && epoch <= 10) || ok && string(m) != fmt.Sprintf("map %d", epoch) {
			t.Errorf("epoch %d: %q %v", epoch, m, ok)
		}
	}
}

func TestState_edits(t *testing.T) {
	s := newState(10)
	for i, c := range []struct {
		op   store.Edit
		want string
	}{
		{edit(0, "b=2", "a=1"), "a=1 b=2"},
		{edit(1, "a", "c=3", "z"), "b=2 c=3"},
		{edit(2, "b", "b=4"), "b=4 c=3"},
		{edit(3), "b=4 c=3"},
		{edit(4, "b", "c"), ""},
	} {
		if err := s.Apply(batch(c.op)); err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, key := range s.Keys("config-key") {
			value, _ := s.Value("config-key", key)
			got = append(got, key+"="+string(value))
		}
		if has := strings.Join(got, " "); has != c.want || s.Version("config-key") != uint64(i+1) {
			t.Errorf("after edit %d: %q in version %d, want %q", i, has, s.Version("config-key"), c.want)
		}
	}
	if err := s.Apply(batch(edit(3, "d=1"))); !errors.Is(err, store.ErrStale) {
		t.Errorf("an edit based on an old version: %v", err)
	}
	if _, ok := s.Value("config-key", "d"); ok || s.Version("other") != 0 || s.Keys("other") != nil {
		t.Error("the state has what nobody has put there")
	}
}

func TestState_snapshotRoundTrip(t *testing.T) {
	s := newState(3)
	for _, op := range []store.Op{setMap(2), setMap(3), setMap(4), store.RaiseGlobalID{From: 4096, To: 5000}, edit(0, "a=1", "b="), edit(1, "a")} {
		if err := s.Apply(batch(op)); err != nil {
			t.Fatal(err)
		}
	}
	r := newState(3)
	if err := r.Restore(s.Snapshot()); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(s.Snapshot(), r.Snapshot()) {
		t.Fatalf("restored %+v, want %+v", r, s)
	}
}

func TestBatch_roundTrip(t *testing.T) {
	want := store.Batch{Proposer: 2, Seq: 99, Ops: []store.Op{setMap(7), edit(3, "a=1", "b", "c"), store.RaiseGlobalID{From: 1, To: 5}}}
	got, err := store.DecodeBatch(want.Encode())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

// What an earlier version wrote is refused, and not misread.
func TestDecode_refusesEarlierVersions(t *testing.T) {
	old := func(now []byte) []byte {
		b := bytes.Clone(now)
		b[0], b[1] = 1, 1 // version, and the oldest reader's
		return b
	}
	if _, err := store.DecodeBatch(old(batch(setMap(2)).Encode())); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("batch: %v", err)
	}
	if err := newState(3).Restore(old(newState(3).Snapshot())); !errors.Is(err, store.ErrCorrupt) {
		t.Errorf("snapshot: %v", err)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add(batch(setMap(2), store.RaiseGlobalID{From: 4096, To: 4196}, edit(0, "a=1", "b")).Encode())
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := store.DecodeBatch(data)
		if err != nil {
			if !errors.Is(err, store.ErrCorrupt) {
				t.Fatalf("error %v", err)
			}
			return
		}
		_ = newState(3).Apply(b)
	})
}

func FuzzRestore(f *testing.F) {
	s := newState(3)
	_ = s.Apply(batch(setMap(2), edit(0, "a=1")))
	f.Add(s.Snapshot())
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newState(3)
		if err := s.Restore(data); err != nil && !errors.Is(err, store.ErrCorrupt) {
			t.Fatalf("error %v", err)
		}
		_ = s.Apply(batch(setMap(2)))
		_ = s.Apply(batch(edit(s.Version("config-key"), "a=1")))
	})
}
