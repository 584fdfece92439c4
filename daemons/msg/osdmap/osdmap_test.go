package osdmap_test

import (
	"errors"
	"net/netip"
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

func fsid(t testing.TB) wire.UUID {
	t.Helper()
	id, err := wire.ParseUUID("11111111-2222-3333-4444-555555555501")
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func addr(endpoint string, nonce uint32) msg.EntityAddr {
	return msg.EntityAddr{Type: msg.AddrLegacy, Nonce: nonce, IP: netip.MustParseAddrPort(endpoint)}
}

// TestNew_sameBytes: the first map of a cluster is the one that ceph-mon --mkfs has
// made and sent.
func TestNew_sameBytes(t *testing.T) {
	body := readMessage(t, "MOSDMap-full-no-osds")
	real, err := osdmap.Decode(body.Full[1])
	if err != nil {
		t.Fatal(err)
	}
	b, _ := osdmap.New(body.FSID, real.Created).Encode()
	same(t, "first map", b, body.Full[1])
}

func TestNew_incremental(t *testing.T) {
	first := osdmap.New(fsid(t), wire.UTime{Sec: 7})
	m, err := (&osdmap.Map{}).Apply(osdmap.First(first))
	if err != nil {
		t.Fatal(err)
	}
	want, _ := first.Encode()
	b, crc := m.Encode()
	same(t, "first map", b, want)
	if crc != osdmap.First(first).FullCRC {
		t.Errorf("checksum %#x, promised %#x", crc, osdmap.First(first).FullCRC)
	}
}

// change applies one incremental that edit has filled.
func change(t testing.TB, m *osdmap.Map, edit func(*osdmap.Incremental)) *osdmap.Map {
	t.Helper()
	inc := osdmap.NewIncremental(m)
	inc.Modified = wire.UTime{Sec: 100 + inc.Epoch}
	edit(inc)
	next, err := m.Apply(inc)
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestMap_blocked(t *testing.T) {
	v6 := msg.EntityAddr{Type: msg.AddrMsgr2, Nonce: 3, IP: netip.MustParseAddrPort("[2001:db8::7]:6800")}
	m := change(t, osdmap.New(fsid(t), wire.UTime{}), func(inc *osdmap.Incremental) {
		inc.NewBlocklist[osdmap.Instance(addr("10.0.0.1:6800", 5))] = wire.UTime{Sec: 50}
		inc.NewBlocklist[osdmap.Instance(addr("10.0.0.2:0", 0))] = wire.UTime{Sec: 60}
		inc.NewRangeBlocklist[osdmap.Network(netip.MustParsePrefix("10.1.0.0/16"))] = wire.UTime{Sec: 70}
		inc.NewRangeBlocklist[osdmap.Network(netip.MustParsePrefix("2001:db8::/32"))] = wire.UTime{Sec: 70}
	})
	for _, c := range []struct {
		what string
		addr msg.EntityAddr
		want bool
	}{
		{"the instance", addr("10.0.0.1:6800", 5), true},
		{"the instance by msgr2", msg.EntityAddr{Type: msg.AddrMsgr2, Nonce: 5, IP: netip.MustParseAddrPort("10.0.0.1:6800")}, true},
		{"its successor", addr("10.0.0.1:6800", 6), false},
		{"its neighbour", addr("10.0.0.1:6801", 5), false},
		{"any on the IP", addr("10.0.0.2:7000", 9), true},
		{"in the network", addr("10.1.2.3:7000", 9), true},
		{"beyond the network", addr("10.2.0.0:7000", 9), false},
		{"in the network of IPv6", v6, true},
		{"nobody", msg.EntityAddr{}, false},
	} {
		if got := m.Blocked(c.addr); got != c.want {
			t.Errorf("%s, %v: blocked %v, want %v", c.what, c.addr, got, c.want)
		}
	}
	if !m.Blocked(addr("10.0.0.9:1", 1), v6) || m.Blocked() {
		t.Error("one of several addresses is enough, none is not")
	}
}

// TestMap_blocklistKeepsItsTime: Ceph's map ignores a second entry for an address.
func TestMap_blocklistKeepsItsTime(t *testing.T) {
	key := osdmap.Instance(addr("10.0.0.1:6800", 5))
	m := osdmap.New(fsid(t), wire.UTime{})
	for _, until := range []uint32{50, 90} {
		m = change(t, m, func(inc *osdmap.Incremental) { inc.NewBlocklist[key] = wire.UTime{Sec: until} })
	}
	if m.Blocklist[key].Sec != 50 {
		t.Errorf("blocked until %v", m.Blocklist[key])
	}
	if now := (wire.UTime{Sec: 50}); len(m.Blocklist.Expired(now)) != 0 {
		t.Error("expired at the very time")
	}
	expired := m.Blocklist.Expired(wire.UTime{Sec: 50, Nsec: 1})
	if len(expired) != 1 || expired[0] != key {
		t.Errorf("expired: %v", expired)
	}
	m = change(t, m, func(inc *osdmap.Incremental) { inc.OldBlocklist = expired })
	if m.Blocked(key) {
		t.Error("still blocked")
	}
}

func TestMap_osdLifeCycle(t *testing.T) {
	public, uuid := addr("10.0.0.3:6800", 1), wire.UUID{1}
	m := osdmap.New(fsid(t), wire.UTime{})
	steps := []struct {
		what  string
		edit  func(*osdmap.Incremental)
		state osdmap.OSDState
		check func(o osdmap.OSD) bool
	}{
		{"created", func(inc *osdmap.Incremental) {
			inc.NewMaxOSD, inc.NewWeight[0] = 1, osdmap.WeightIn
			inc.NewState[0], inc.NewUUID = osdmap.StateNew, map[int32]wire.UUID{0: uuid}
		}, osdmap.StateExists | osdmap.StateNew, func(o osdmap.OSD) bool { return o.In() && !o.Up() && o.UUID == uuid }},
		{"up", func(inc *osdmap.Incremental) {
			inc.NewUp[0] = msg.AddrVec{public}
			inc.NewWeight[0] = osdmap.WeightIn
		}, osdmap.StateExists | osdmap.StateUp, func(o osdmap.OSD) bool { return o.Info.UpFrom == 3 && o.Addrs.Legacy() == public }},
		{"out", func(inc *osdmap.Incremental) { inc.NewWeight[0] = 0 }, osdmap.StateExists | osdmap.StateUp,
			func(o osdmap.OSD) bool { return !o.In() }},
		{"down", func(inc *osdmap.Incremental) { inc.NewState[0] = 0 }, osdmap.StateExists,
			func(o osdmap.OSD) bool {
				return o.Info.DownAt == 5 && o.XInfo.DownStamp.Sec == 105 && o.Info.UpFrom == 3
			}},
		{"gone", func(inc *osdmap.Incremental) { inc.NewState[0] = osdmap.StateExists }, 0,
			func(o osdmap.OSD) bool { return o.Info == osdmap.OSDInfo{} && o.UUID.IsZero() && o.Addrs == nil }},
	}
	for _, s := range steps {
		m = change(t, m, s.edit)
		if o := m.OSDs[0]; o.State != s.state || !s.check(o) {
			t.Errorf("%s: %+v", s.what, o)
		}
	}
	if len(m.PrimaryAffinity) != 1 || m.OSD(0) != nil || m.OSD(7) != nil || m.OSD(-1) != nil {
		t.Errorf("at the end: %+v", m)
	}
}

func TestApply_refuses(t *testing.T) {
	m := osdmap.New(fsid(t), wire.UTime{})
	other := osdmap.New(fsid(t), wire.UTime{})
	other.Epoch = 9
	for _, c := range []struct {
		what string
		edit func(*osdmap.Incremental)
		want error
	}{
		{"another epoch", func(inc *osdmap.Incremental) { inc.Epoch++ }, osdmap.ErrNotNext},
		{"another cluster", func(inc *osdmap.Incremental) { inc.FSID[0]++ }, osdmap.ErrNotNext},
		{"a full map of another epoch", func(inc *osdmap.Incremental) { inc.FullMap, _ = other.Encode() }, osdmap.ErrNotNext},
		{"a full map that is none", func(inc *osdmap.Incremental) { inc.FullMap = []byte{1} }, wire.ErrTruncated},
		{"an osd beyond the map", func(inc *osdmap.Incremental) { inc.NewWeight[0] = 1 }, wire.ErrInvalid},
		{"an osd below it", func(inc *osdmap.Incremental) { inc.NewLost = map[int32]uint32{-1: 1} }, wire.ErrInvalid},
		{"too many osds", func(inc *osdmap.Incremental) { inc.NewMaxOSD = 1 << 30 }, wire.ErrInvalid},
	} {
		inc := osdmap.NewIncremental(m)
		c.edit(inc)
		if next, err := m.Apply(inc); !errors.Is(err, c.want) || next != nil {
			t.Errorf("%s: %v, want %v", c.what, err, c.want)
		}
	}
}

func TestDecode_refuses(t *testing.T) {
	whole, _ := osdmap.New(fsid(t), wire.UTime{}).Encode()
	for at := range whole {
		b := append([]byte(nil), whole...)
		b[at] ^= 0x10
		if m, err := osdmap.Decode(b); err == nil {
			t.Fatalf("byte %d changed: %+v", at, m)
		}
		if _, err := osdmap.Decode(whole[:at]); err == nil {
			t.Fatalf("of %d bytes: no error", at)
		}
	}
	damaged := append([]byte(nil), whole...)
	damaged[30] ^= 1
	if _, err := osdmap.Decode(damaged); !errors.Is(err, osdmap.ErrChecksum) {
		t.Errorf("damaged: %v", err)
	}
	old := append([]byte(nil), whole...)
	old[6] = 7 // the section for clients, before Nautilus
	if _, err := osdmap.Decode(old); !errors.Is(err, msg.ErrUnsupportedVersion) {
		t.Errorf("old: %v", err)
	}
	if _, err := osdmap.Decode(append(whole, 1, 2)); err != nil {
		t.Errorf("with something behind it: %v", err)
	}
}
