package msg

import (
	"errors"
	"fmt"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/wire"
)

func monAddrs(port uint16) AddrVec {
	return AddrVec{{Type: AddrLegacy, IP: netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), port)}}
}

// TestNewMonMap_likeCeph builds the map of a captured cluster, in another order of
// monitors, and expects its bytes.
func TestNewMonMap_likeCeph(t *testing.T) {
	captured := decodeVector(t, readVector(t, "testdata/MMonMap-3mon.hex")).Body.(*MonMapMsg).Map
	m := NewMonMap(captured.FSID, captured.Created)
	m.Add("c", monAddrs(26703))
	m.Add("a", monAddrs(26701))
	m.Add("b", monAddrs(1)) // changed by the next
	m.Add("b", monAddrs(26702))
	if diff := cmp.Diff(captured, m, equal); diff != "" {
		t.Errorf("(-captured +ours):\n%s", diff)
	}
}

func TestMonMap_lookups(t *testing.T) {
	m := NewMonMap(wire.UUID{1}, wire.UTime{})
	m.Add("a", monAddrs(3)) // ranks follow the addresses, not the names
	m.Add("b", monAddrs(1))
	m.Add("c", monAddrs(2))
	for rank, name := range []string{"b", "c", "a"} {
		addr := monAddrs(uint16(rank + 1))[0]
		info, found := m.Get(name)
		if m.Rank(name) != rank || m.Addr(rank) != addr || !found || info.Addrs[0] != addr {
			t.Errorf("%s has rank %d and address %v; want %d, %v", name, m.Rank(name), m.Addr(rank), rank, addr)
		}
		if addr.Nonce = 77; m.RankOf(addr) != rank {
			t.Errorf("rank of %v is %d, want %d", addr, m.RankOf(addr), rank)
		}
	}
	if _, found := m.Get("z"); found || m.Rank("z") != -1 || m.Size() != 3 {
		t.Error("found a monitor that is not there")
	}
	if !m.Addr(-1).IsBlank() || !m.Addr(3).IsBlank() || m.RankOf(monAddrs(9)[0]) != -1 {
		t.Error("found an address that is not there")
	}
}

func anyMonMap(t *rapid.T) MonMap {
	m := NewMonMap(wire.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "fsid")), wire.UTime{Sec: rapid.Uint32().Draw(t, "sec")})
	m.Epoch = rapid.Uint32().Draw(t, "epoch")
	for i := range rapid.IntRange(0, 5).Draw(t, "mons") {
		m.Add(fmt.Sprint(rapid.IntRange(0, 9).Draw(t, "name")), monAddrs(uint16(i)))
	}
	for i := range m.Mons {
		m.Mons[i].Priority, m.Mons[i].Weight = rapid.Uint16().Draw(t, "priority"), rapid.Uint16().Draw(t, "weight")
		m.Mons[i].Location = someTexts(t)
	}
	m.RemovedRanks = orNil(rapid.SliceOfN(rapid.Int32(), 0, 2).Draw(t, "removed"))
	m.DisallowedLeaders, m.MarkedDown = someWords(t), someWords(t)
	m.Stretch, m.Tiebreaker = rapid.Bool().Draw(t, "stretch"), rapid.String().Draw(t, "tiebreaker")
	return m
}

func TestMonMap_roundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyMonMap(t)
		got := NewMonMap(wire.UUID{9}, wire.UTime{}) // Decode must not leave any of it
		got.Add("left", monAddrs(1))
		var e wire.Encoder
		want.Encode(&e, FeaturesAll)
		d := wire.NewDecoder(e.Bytes())
		got.Decode(d)
		if diff := cmp.Diff(want, got, equal); diff != "" || d.Err() != nil || d.Remaining() != 0 {
			t.Fatalf("error %v, %d bytes left (-want +got):\n%s", d.Err(), d.Remaining(), diff)
		}
	})
}

// TestMonMap_decodeOlder: what version 6 does not have is zero afterwards, whatever
// the map held before.
func TestMonMap_decodeOlder(t *testing.T) {
	var e wire.Encoder
	e.Envelope(6, 6, func() {
		e.UUID(wire.UUID{7})
		e.U32(3)
		e.Time(wire.UTime{})
		e.Time(wire.UTime{})
		encodeMonFeature(&e, 1)
		encodeMonFeature(&e, 0)
		e.U32(0)
		e.U32(0)
	})
	got, d := NewMonMap(wire.UUID{9}, wire.UTime{}), wire.NewDecoder(e.Bytes())
	got.Stretch, got.RemovedRanks = true, []int32{1}
	got.Decode(d)
	want := MonMap{FSID: wire.UUID{7}, Epoch: 3, PersistentFeatures: 1}
	if diff := cmp.Diff(want, got, equal); diff != "" || d.Err() != nil {
		t.Errorf("error %v (-want +got):\n%s", d.Err(), diff)
	}
}

func TestMonMap_decodeRefuses(t *testing.T) {
	three := func(change func(*MonMap)) []byte {
		m := NewMonMap(wire.UUID{1}, wire.UTime{})
		m.Add("a", monAddrs(1))
		m.Add("b", monAddrs(2))
		change(&m)
		var e wire.Encoder
		m.Encode(&e, FeaturesAll)
		return e.Bytes()
	}
	older := three(func(*MonMap) {})
	older[0], older[1] = 5, 1
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"older", older, ErrUnsupportedVersion},
		{"a rank too many", three(func(m *MonMap) { m.Ranks = append(m.Ranks, "c") }), wire.ErrInvalid},
		{"a rank twice", three(func(m *MonMap) { m.Ranks[1] = "a" }), wire.ErrInvalid},
		{"a rank missing", three(func(m *MonMap) { m.Ranks = m.Ranks[:1] }), wire.ErrInvalid},
		{"unsorted", three(func(m *MonMap) { m.Mons[0], m.Mons[1] = m.Mons[1], m.Mons[0] }), wire.ErrInvalid},
	} {
		var m MonMap
		d := wire.NewDecoder(c.in)
		if m.Decode(d); !errors.Is(d.Err(), c.want) {
			t.Errorf("%s: %v, want %v", c.name, d.Err(), c.want)
		}
	}
}

func TestMonMap_cloneIsApart(t *testing.T) {
	m := NewMonMap(wire.UUID{1}, wire.UTime{})
	m.Add("b", monAddrs(2))
	m.RemovedRanks = []int32{4}
	c := m.Clone()
	c.Add("a", monAddrs(1))
	c.RemovedRanks[0] = 5
	c.Mons[1].Priority = 7
	if info, _ := m.Get("b"); m.Size() != 1 || m.Rank("b") != 0 || m.RemovedRanks[0] != 4 || info.Priority != 0 {
		t.Errorf("the original changed: %+v", m)
	}
}
