package msg

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/wavetank/wavetank/daemons/wire"
	"github.com/wavetank/wavetank/daemons/wire/wiretest"
)

// equal compares messages and maps by value.
var equal = cmp.Options{
	cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	cmpopts.EquateNaNs(), // scores of a connection tracker
}

// checkStable holds what every decoder promises: what it decoded encodes to bytes
// that decode to the same again, and encode to the same bytes again.
func checkStable(t testing.TB, m *Message) {
	t.Helper()
	var first, second wire.Encoder
	m.Body.EncodePayload(&first, FeaturesAll)
	h := m.Header
	h.Version, h.CompatVersion = m.Body.Version()
	again, err := Decode(h, first.Bytes(), m.Middle, m.Data, FeaturesAll)
	if err != nil {
		t.Fatalf("%v cannot read what it wrote: %v", m, err)
	}
	again.Body.EncodePayload(&second, FeaturesAll)
	same(t, "second encoding", second.Bytes(), first.Bytes())
	if diff := cmp.Diff(m.Body, again.Body, equal); diff != "" {
		t.Errorf("%v (-first +second):\n%s", m, diff)
	}
}

func TestDecode_stable(t *testing.T) {
	for _, v := range vectors(t) {
		checkStable(t, decodeVector(t, v))
	}
}

// memoryFor is how much memory the decoding of n bytes may take: so much for each,
// because an empty string or list is a few bytes and has a header in memory, and
// something for errors, bodies and the first room of lists.
func memoryFor(n int) int { return 64*n + 128<<10 }

// FuzzDecodeMessage decodes any front as any version of any type: it takes memory
// by what is there, and what it makes of it is encoded and decoded to the same
// again. A number that is no message type picks one of those that are, so that
// every decoder is reached by changing it; 0 stays an unknown type.
func FuzzDecodeMessage(f *testing.F) {
	types := knownTypes()
	for _, v := range vectors(f) {
		if h := parseHeader(v.header); len(v.front) < 1<<12 { // mutating larger ones is slow
			f.Add(uint16(h.Type), h.Version, v.front)
		}
	}
	for _, b := range filledBodies() {
		head, _ := b.Version()
		f.Add(uint16(b.Type()), head, encoded(b))
	}
	f.Add(uint16(TypeMgrBeacon), uint16(11), encoded(&MgrBeacon{GID: 4103, Name: "x", ServerAddrs: AddrVec{{}}}))
	f.Add(uint16(TypeMgrOpen), uint16(3), encoded(&MgrOpen{ServiceDaemon: true, Status: map[string]string{"a": "b"}}))
	f.Add(uint16(TypeMonRaft), uint16(1), encoded(&MonRaft{Epoch: 1, Msgs: [][]byte{{1}, {2}}}))
	f.Add(uint16(TypeMgrClose), uint16(1), encoded(&MgrClose{DaemonName: "a"}))
	f.Add(uint16(0), uint16(1), []byte("unknown"))
	f.Fuzz(func(t *testing.T, kind, version uint16, front []byte) {
		h := Header{Type: Type(kind), Version: version}
		if kind != 0 && newBody(h.Type) == nil {
			h.Type = types[int(kind)%len(types)]
		}
		var m *Message
		var err error
		wiretest.CheckAllocated(t, memoryFor(len(front)), func() {
			m, err = Decode(h, front, nil, nil, FeaturesAll)
		})
		if err != nil {
			return
		}
		checkStable(t, m)
		checkForOldPeer(t, m)
		checkNested(m)
	})
}

func knownTypes() (list []Type) {
	for _, b := range filledBodies() {
		list = append(list, b.Type())
	}
	return list
}

// checkForOldPeer: a peer without MSG_ADDR2 gets less, and can read it.
func checkForOldPeer(t testing.TB, m *Message) {
	t.Helper()
	var e wire.Encoder
	m.Body.EncodePayload(&e, FeaturesAll&^FeatureMsgAddr2)
	h := m.Header
	h.Version, h.CompatVersion = m.Body.Version()
	if _, err := Decode(h, e.Bytes(), m.Middle, m.Data, FeaturesAll&^FeatureMsgAddr2); err != nil {
		t.Errorf("an old peer cannot read %v: %v", m, err)
	}
}

// checkNested decodes what is inside a message, for whatever comes of it.
func checkNested(m *Message) {
	switch b := m.Body.(type) {
	case *Forward:
		_, _ = b.Msg.Decode(FeaturesAll)
	case *Route:
		if b.Msg != nil {
			_, _ = b.Msg.Decode(FeaturesAll)
		}
	case *Auth:
		_, _ = ParseAuthRequest(b.Payload)
	}
}

func encoded(b Body) []byte {
	var e wire.Encoder
	b.EncodePayload(&e, FeaturesAll)
	return e.Bytes()
}

// FuzzMonMap also asks the map what a monitor would ask it.
func FuzzMonMap(f *testing.F) {
	for _, name := range []string{"MMonMap-1mon", "MMonMap-3mon"} {
		f.Add(readVector(f, "testdata/"+name+".hex").front[4:])
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var m MonMap
		d := wire.NewDecoder(b)
		wiretest.CheckAllocated(t, memoryFor(len(b)), func() { m.Decode(d) })
		if d.Err() != nil {
			return
		}
		checkStable(t, New(&MonMapMsg{Map: m}))
		for rank := range m.Size() {
			if got := m.Rank(m.Ranks[rank]); got != rank {
				t.Errorf("rank of %q is %d, want %d", m.Ranks[rank], got, rank)
			}
			m.RankOf(m.Addr(rank))
		}
		if m.Size() != len(m.Mons) {
			t.Errorf("%d ranks of %d monitors", m.Size(), len(m.Mons))
		}
	})
}

// FuzzMgrMap also asks the map what a manager would ask it.
func FuzzMgrMap(f *testing.F) {
	f.Add(readVector(f, "testdata/MMgrMap-empty.hex").front)
	f.Add(encoded(&MgrMapMsg{Map: smallMgrMap()}))
	f.Fuzz(func(t *testing.T, b []byte) {
		var m MgrMap
		d := wire.NewDecoder(b)
		wiretest.CheckAllocated(t, memoryFor(len(b)), func() { m.Decode(d) })
		if d.Err() != nil {
			return
		}
		checkStable(t, New(&MgrMapMsg{Map: m}))
		for _, s := range m.Standbys {
			if got := m.Standby(s.GID); got == nil || got.GID != s.GID || !m.HasGID(s.GID) {
				t.Errorf("standby %d is %v", s.GID, got)
			}
		}
	})
}
