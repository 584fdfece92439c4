package msg

import (
	"errors"
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/wire"
)

func smallMgrMap() MgrMap {
	return MgrMap{
		Epoch: 5, ActiveGID: 4099, ActiveName: "x", Available: true,
		ActiveAddrs:    AddrVec{{AddrLegacy, 13951, netip.MustParseAddrPort("127.0.0.1:26800")}},
		Standbys:       []MgrStandby{{GID: 4106, Name: "y", ModuleNames: []string{"balancer"}}},
		EnabledModules: []string{"iostat"}, Services: map[string]string{"dashboard": "http://x/"},
		AvailableModules: []ModuleInfo{{Name: "m", CanRun: true, Options: map[string]ModuleOption{"o": {Name: "o"}}}},
		AlwaysOn:         map[uint32][]string{16: {"status"}}, ClientNames: []string{"volumes"},
		ClientAddrs: []AddrVec{{{AddrMsgr2, 1, netip.MustParseAddrPort("127.0.0.1:0")}}, nil},
	}
}

func anyModule(t *rapid.T) ModuleInfo {
	options := rapid.MapOfN(rapid.StringN(0, 4, -1), rapid.Custom(func(t *rapid.T) ModuleOption {
		word := rapid.StringN(0, 4, -1)
		return ModuleOption{
			Name: word.Draw(t, "name"), Type: rapid.Byte().Draw(t, "type"), Level: rapid.Byte().Draw(t, "level"),
			Flags: rapid.Uint32().Draw(t, "flags"), Default: word.Draw(t, "default"), Min: word.Draw(t, "min"),
			Max: word.Draw(t, "max"), Allowed: someWords(t), Description: word.Draw(t, "description"),
			LongDescription: word.Draw(t, "long"), Tags: someWords(t), SeeAlso: someWords(t),
		}
	}), 0, 2).Draw(t, "options")
	if len(options) == 0 {
		options = nil
	}
	return ModuleInfo{rapid.String().Draw(t, "name"), rapid.Bool().Draw(t, "can run"), rapid.String().Draw(t, "error"), options}
}

// someWords is nil when it is empty, as decoding makes it.
func someWords(t *rapid.T) []string {
	return orNil(rapid.SliceOfN(rapid.StringN(0, 4, -1), 0, 2).Draw(t, "words"))
}

func someTexts(t *rapid.T) map[string]string {
	m := rapid.MapOfN(rapid.StringN(0, 4, -1), rapid.String(), 0, 2).Draw(t, "texts")
	if len(m) == 0 {
		return nil
	}
	return m
}

func someModules(t *rapid.T) []ModuleInfo {
	return orNil(rapid.SliceOfN(rapid.Custom(anyModule), 0, 2).Draw(t, "modules"))
}

func someAddrVecs(t *rapid.T) []AddrVec {
	one := rapid.Custom(func(t *rapid.T) AddrVec { return orNil(anyAddrs(t)) })
	return orNil(rapid.SliceOfN(one, 0, 2).Draw(t, "address vectors"))
}

func orNil[S ~[]E, E any](s S) S {
	if len(s) == 0 {
		return nil
	}
	return s
}

func anyMgrMap(t *rapid.T) MgrMap {
	m := MgrMap{
		Epoch: rapid.Uint32().Draw(t, "epoch"), ActiveAddrs: orNil(anyAddrs(t)),
		ActiveGID: rapid.Uint64().Draw(t, "active"), Available: rapid.Bool().Draw(t, "available"),
		ActiveName: rapid.String().Draw(t, "name"), EnabledModules: someWords(t), Services: someTexts(t),
		AvailableModules: someModules(t),
		ActiveChange:     wire.UTime{Sec: rapid.Uint32().Draw(t, "sec"), Nsec: rapid.Uint32().Draw(t, "nsec")},
		ActiveFeatures:   rapid.Uint64().Draw(t, "features"), LastFailureOSDEpoch: rapid.Uint32().Draw(t, "osd epoch"),
		ClientAddrs: someAddrVecs(t), ClientNames: someWords(t),
	}
	for _, gid := range rapid.SliceOfN(rapid.Uint64(), 0, 4).Draw(t, "standbys") {
		m.AddStandby(MgrStandby{gid, rapid.String().Draw(t, "standby"), someWords(t), someModules(t), 7})
	}
	for _, release := range rapid.SliceOfN(rapid.Uint32(), 0, 2).Draw(t, "releases") {
		if m.AlwaysOn == nil {
			m.AlwaysOn = map[uint32][]string{}
		}
		m.AlwaysOn[release] = someWords(t)
	}
	return m
}

func TestMgrMap_roundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := anyMgrMap(t)
		got := smallMgrMap() // Decode must not leave any of it
		d := wire.NewDecoder(encoded(&MgrMapMsg{Map: want}))
		got.Decode(d)
		if diff := cmp.Diff(want, got, equal); diff != "" || d.Err() != nil || d.Remaining() != 0 {
			t.Fatalf("error %v, %d bytes left (-want +got):\n%s", d.Err(), d.Remaining(), diff)
		}
	})
}

// TestMgrMap_standbys compares the sorted list with a plain map.
func TestMgrMap_standbys(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var m MgrMap
		model := map[uint64]string{}
		gids := rapid.Uint64Range(1, 6)
		t.Repeat(map[string]func(*rapid.T){
			"add": func(t *rapid.T) {
				gid, name := gids.Draw(t, "gid"), rapid.StringN(1, 1, -1).Draw(t, "name")
				m.AddStandby(MgrStandby{GID: gid, Name: name})
				model[gid] = name
			},
			"remove": func(t *rapid.T) {
				gid := gids.Draw(t, "gid")
				if _, want := model[gid]; m.RemoveStandby(gid) != want {
					t.Fatalf("removing %d: not %v", gid, want)
				}
				delete(model, gid)
			},
			"": func(t *rapid.T) {
				got := []uint64{}
				for _, s := range m.Standbys {
					if got = append(got, s.GID); model[s.GID] != s.Name || m.Standby(s.GID).Name != s.Name {
						t.Fatalf("standby %d is %q, want %q", s.GID, s.Name, model[s.GID])
					}
					if found := m.StandbyNamed(s.Name); found == nil || found.Name != s.Name {
						t.Fatalf("no standby named %q", s.Name)
					}
				}
				if !slices.Equal(got, wire.SortedKeys(model)) || m.Standby(99) != nil || m.HasGID(0) {
					t.Fatalf("standbys %v, want %v", got, wire.SortedKeys(model))
				}
			},
		})
	})
}

func TestMgrMap_cloneIsApart(t *testing.T) {
	m := smallMgrMap()
	c := m.Clone()
	if diff := cmp.Diff(m, c, equal); diff != "" {
		t.Fatalf("(-map +clone):\n%s", diff)
	}
	c.RemoveStandby(4106)
	c.AddStandby(MgrStandby{GID: 1})
	c.ActiveAddrs[0].Nonce++
	c.EnabledModules[0] = "changed"
	c.Services["dashboard"] = "changed"
	c.AlwaysOn[15] = nil
	c.AvailableModules[0].CanRun = false
	c.ClientNames[0] = "changed"
	c.ClientAddrs[1] = AddrVec{{}}
	if diff := cmp.Diff(smallMgrMap(), m, equal); diff != "" {
		t.Errorf("the original changed (-before +after):\n%s", diff)
	}
}

func TestMgrMap_decodeRefuses(t *testing.T) {
	older := smallMgrMapBytes(t)
	older[0], older[1] = 5, 1
	newer := smallMgrMapBytes(t)
	newer[0], newer[1] = 13, 13
	unsorted := smallMgrMap()
	unsorted.Standbys = []MgrStandby{{GID: 9}, {GID: 8}}
	for _, c := range []struct {
		name string
		in   []byte
		want error
	}{
		{"older", older, ErrUnsupportedVersion},
		{"newer", newer, wire.ErrIncompatible},
		{"unsorted", encoded(&MgrMapMsg{Map: unsorted}), wire.ErrInvalid},
	} {
		var m MgrMap
		d := wire.NewDecoder(c.in)
		if m.Decode(d); !errors.Is(d.Err(), c.want) {
			t.Errorf("%s: %v, want %v", c.name, d.Err(), c.want)
		}
	}
}

// TestMgrMap_decodeOlder: what version 6 does not have is zero afterwards, whatever
// the map held before.
func TestMgrMap_decodeOlder(t *testing.T) {
	var e wire.Encoder
	e.Envelope(6, 6, func() {
		e.U32(3)
		AddrVec(nil).Encode(&e, FeaturesAll)
		e.U64(4099)
		e.Bool(false)
		e.String("x")
		for range 4 { // standbys, two lists of modules, services
			e.U32(0)
		}
	})
	got, d := smallMgrMap(), wire.NewDecoder(e.Bytes())
	got.Decode(d)
	if diff := cmp.Diff(MgrMap{Epoch: 3, ActiveGID: 4099, ActiveName: "x"}, got, equal); diff != "" || d.Err() != nil {
		t.Errorf("error %v (-want +got):\n%s", d.Err(), diff)
	}
}

func smallMgrMapBytes(t *testing.T) []byte {
	t.Helper()
	return encoded(&MgrMapMsg{Map: smallMgrMap()})
}

func TestMgrMapMsg_encodedOnce(t *testing.T) {
	m := smallMgrMap()
	once := &MgrMapMsg{Map: m, Encoded: encoded(&MgrMapMsg{Map: m})}
	same(t, "for all features", encoded(once), once.Encoded)
	var plain, old wire.Encoder
	(&MgrMapMsg{Map: m}).EncodePayload(&plain, 0)
	once.EncodePayload(&old, 0)
	same(t, "for a peer without features", old.Bytes(), plain.Bytes())
}

func TestModuleInfo_equal(t *testing.T) {
	base := func() []ModuleInfo {
		return []ModuleInfo{{Name: "m", Options: map[string]ModuleOption{"o": {Name: "o", Tags: []string{"t"}}}}}
	}
	if !EqualModules(base(), base()) || EqualModules(base(), nil) {
		t.Error("equal lists differ, or a list equals nothing")
	}
	for name, change := range map[string]func(*ModuleInfo){
		"name":    func(i *ModuleInfo) { i.Name = "n" },
		"can run": func(i *ModuleInfo) { i.CanRun = true },
		"error":   func(i *ModuleInfo) { i.Error = "e" },
		"options": func(i *ModuleInfo) { i.Options = nil },
		"tags":    func(i *ModuleInfo) { i.Options["o"] = ModuleOption{Name: "o"} },
	} {
		other := base()
		if change(&other[0]); EqualModules(base(), other) {
			t.Errorf("a change of %s goes unnoticed", name)
		}
	}
}
