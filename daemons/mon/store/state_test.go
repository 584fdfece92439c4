package store_test

import (
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/wavetank/wavetank/daemons/mon/store"
)

func newState(keep int) *store.State { return store.New([]byte("map 1"), keep) }

func setMap(epoch uint64) store.SetMgrMap {
	return store.SetMgrMap{Epoch: epoch, Map: fmt.Appendf(nil, "map %d", epoch)}
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
	if _, newest := s.MgrMapEpochs(); newest != 1 || s.Commits() != 0 {
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
	if oldest, newest := s.MgrMapEpochs(); oldest != 8 || newest != 10 {
		t.Fatalf("keeps %d to %d", oldest, newest)
	}
	for epoch := uint64(0); epoch <= 11; epoch++ {
		m, ok := s.MgrMap(epoch)
		if ok != (epoch >= 8 && epoch <= 10) || ok && string(m) != fmt.Sprintf("map %d", epoch) {
			t.Errorf("epoch %d: %q %v", epoch, m, ok)
		}
	}
}

func TestState_metadataFollowsTheMap(t *testing.T) {
	s := newState(10)
	op := setMap(2)
	op.SetMetadata = map[string]map[string]string{"x": {"addr": "1"}, "y": {}}
	op2 := setMap(3)
	op2.DropMetadata = []string{"x", "z"}
	for _, op := range []store.Op{op, op2} {
		if err := s.Apply(batch(op)); err != nil {
			t.Fatal(err)
		}
	}
	if names := s.MgrMetadataNames(); !reflect.DeepEqual(names, []string{"y"}) {
		t.Errorf("metadata of %v", names)
	}
}

func TestState_snapshotRoundTrip(t *testing.T) {
	s := newState(3)
	op := setMap(2)
	op.SetMetadata = map[string]map[string]string{"x": {"addr": "1", "host": "h"}}
	for _, op := range []store.Op{op, setMap(3), setMap(4), store.RaiseGlobalID{From: 4096, To: 5000}} {
		if err := s.Apply(batch(op)); err != nil {
			t.Fatal(err)
		}
	}
	r := newState(3)
	if err := r.Restore(s.Snapshot()); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(s, r) {
		t.Fatalf("restored %+v, want %+v", r, s)
	}
}

func TestBatch_roundTrip(t *testing.T) {
	op := setMap(7)
	op.SetMetadata = map[string]map[string]string{"x": {"a": "b"}}
	op.DropMetadata = []string{"y"}
	want := store.Batch{Proposer: 2, Seq: 99, Ops: []store.Op{op, store.RaiseGlobalID{From: 1, To: 5}}}
	got, err := store.DecodeBatch(want.Encode())
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("got %+v, %v", got, err)
	}
}

func FuzzDecodeBatch(f *testing.F) {
	f.Add(batch(setMap(2), store.RaiseGlobalID{From: 4096, To: 4196}).Encode())
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
	f.Add(newState(3).Snapshot())
	f.Fuzz(func(t *testing.T, data []byte) {
		s := newState(3)
		if err := s.Restore(data); err != nil && !errors.Is(err, store.ErrCorrupt) {
			t.Fatalf("error %v", err)
		}
		_ = s.Apply(batch(setMap(2)))
	})
}
