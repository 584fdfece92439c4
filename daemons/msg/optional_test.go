package msg

import (
	"encoding/hex"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/wire"
)

// TestDecode_olderVersions: a message of an older version ends before what later
// ones have added, and not a byte sooner.
func TestDecode_olderVersions(t *testing.T) {
	for _, c := range []struct {
		vector  string
		version uint16
		cut     int // bytes that later versions have added
	}{
		{"MMDSBeacon-boot", 7, 4},
		{"MMDSBeacon-boot", 6, 5},
		{"MMDSMap-no-fs", 1, 4 + len("cephfs")},
		{"MMonProbe-reply", 7, 4},
		{"MMonProbe-reply", 6, 5},
		{"MMonProbe-reply", 5, 13},
		{"MMonElection-propose", 8, 1 + 4 + 68},
		{"MMonElection-propose", 7, 1 + 4 + 68 + 1},
		{"MMonElection-propose", 6, 1 + 4 + 68 + 1 + 4},
		{"MMonElection-propose", 5, 1 + 4 + 68 + 1 + 4 + 14},
		{"MMonPaxos-lease-ack", 3, 4 + 34},
		{"MMonMgrReport", 2, 8},
		{"MMonMgrReport", 1, 8 + 4},
		{"MMgrConfigure", 3, 1},
		{"MMgrConfigure", 2, 1 + 4},
		{"MMgrConfigure", 1, 1 + 4 + 4},
		{"MMgrReport-small", 8, 1},
		{"MMgrReport-small", 7, 1 + 5},
		{"MMgrReport-small", 6, 1 + 5 + 4},
		{"MMgrReport-small", 5, 1 + 5 + 4 + 4},
		{"MMgrReport-small", 4, 1 + 5 + 4 + 4 + 4},
		{"MMgrReport-small", 2, 1 + 5 + 4 + 4 + 4 + 1 + 4},
		{"MMgrReport-small", 1, 1 + 5 + 4 + 4 + 4 + 1 + 4 + 4},
		{"MOSDMap-incremental", 3, 4},
		{"MOSDMap-incremental", 1, 4 + 8},
	} {
		v := readVector(t, "testdata/"+c.vector+".hex")
		h := parseHeader(v.header)
		h.Version, h.CompatVersion = c.version, 1
		front := v.front[:len(v.front)-c.cut]
		m, err := Decode(h, front, nil, nil, FeaturesAll)
		if err != nil {
			t.Errorf("%s as version %d: %v", c.vector, c.version, err)
			continue
		}
		checkStable(t, m)
		if _, err := Decode(h, front[:len(front)-1], nil, nil, FeaturesAll); !errors.Is(err, wire.ErrTruncated) &&
			!errors.Is(err, wire.ErrTooLong) {
			t.Errorf("%s as version %d, a byte short: error %v", c.vector, c.version, err)
		}
	}
}

// TestOSDPing_version4 had its padding where version 5 goes on.
func TestOSDPing_version4(t *testing.T) {
	v := readVector(t, "testdata/MOSDPing-ping.hex")
	h := parseHeader(v.header)
	h.Version = 4
	const prefix = 16 + 4 + 1 + 8 + 4
	m, err := Decode(h, v.front[:prefix+1971], nil, nil, FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	if p := m.Body.(*OSDPing); p.Pad != 1971 || p.UpFrom != 0 || p.DeltaUB != nil {
		t.Errorf("%+v", p)
	}
}

// TestEncode_layout holds the layout of what no captured message has, as Ceph's
// headers give it.
func TestEncode_layout(t *testing.T) {
	const paxos = "0000000000000000 0000 0000000000000000"
	const fsid = "00000000000000000000000000000000"
	for _, c := range []struct {
		name string
		body Body
		want string
	}{
		{"a query of an mds's metrics", &MgrConfigure{
			Period: 5, Threshold: 5, Metric: &MetricPayload{Kind: MetricMDS, Content: RawStruct{1, 1, make([]byte, 4)}},
		}, "05000000 05000000 00000000 01 01000000 0101 04000000 00000000"},
		{"a query of an OSD's metrics", &MgrConfigure{
			OSDQueries: []OSDMetricQuery{{Query: RawStruct{1, 1, []byte{0xaa}}, Limits: []RawStruct{{1, 1, []byte{0xbb, 0xcc}}}}},
		}, "00000000 00000000 01000000 0101 01000000 aa 01000000 0101 02000000 bbcc 00"},
		{"an OSD's metrics", &MgrReport{
			OSDMetrics: []OSDMetricReport{{RawStruct{1, 1, []byte{0xaa}}, RawStruct{1, 1, nil}}}, Status: map[string]string{},
		}, "00000000 00000000 00000000 00000000 00000000 01 00000000 00000000 00000000" +
			"01000000 0101 01000000 aa 0101 00000000 00 00"},
		{"progress", &MonMgrReport{
			Progress: map[string]ProgressEvent{"id": {Message: "m", Progress: 0.5, AddToStatus: true}}, GID: 3,
		}, paxos + "0101 04000000 00000000 00000000 01000000 02000000 6964 0201 0a000000 01000000 6d 0000003f 01" + "0300000000000000"},
		{"a service", &ServiceMap{Epoch: 1, Services: map[string]Service{"rgw": {
			Daemons: map[string]ServiceDaemon{"a": {GID: 7, StartEpoch: 2, TaskStatus: map[string]string{"t": "s"}}}, Summary: "ok",
		}}}, "0101 87000000 01000000 0000000000000000 01000000 03000000 726777" +
			"0101 6a000000 01000000 01000000 61" +
			"0201 55000000 0700000000000000 01 0101 28000000 00000000 00000000 1c000000" + strings.Repeat("00", 28) +
			"02000000 0000000000000000 00000000 01000000 01000000 74 01000000 73" + "02000000 6f6b"},
		{"removed snaps", &OSDMap{GapRemovedSnaps: map[int64][]SnapInterval{2: {{1, 3}, {9, 1}}}},
			fsid + "00000000 00000000 00000000 00000000 01000000 0200000000000000 02000000" +
				"0100000000000000 0300000000000000 0900000000000000 0100000000000000"},
		{"an mds's complaint", &MDSBeacon{State: MDSActive, Health: []MDSHealthMetric{{
			Type: 10, Severity: HealthWarn, Message: "slow", Metadata: map[string]string{"k": "v"},
		}}}, paxos + fsid + "0000000000000000 0d000000 0000000000000000 00000000 ffffffff 00000000" +
			strings.Repeat("0000000000000000 00000000", 3) +
			"0101 23000000 01000000 0101 19000000 0a00 01 04000000 736c6f77 01000000 01000000 6b 01000000 76" +
			"0000000000000000 ffffffff 00 00000000"},
		{"a bound below zero", &OSDPing{DeltaUB: &Span{-1, -2}},
			fsid + "00000000 00 0000000000000000 00000000 00000000 0000000000000000 0000000000000000 01 ffffffff feffffff"},
		{"options of somebody", &GetConfig{Name: AuthName{Type: 4, ID: "0"}, Host: "h", DeviceClass: "ssd"},
			"04000000 01000000 30 01000000 68 03000000 737364"},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := strings.ReplaceAll(c.want, " ", "")
			if got := hex.EncodeToString(encoded(c.body)); got != want {
				t.Fatalf("encodes to\n%s, want\n%s", got, want)
			}
			m, err := Decode(New(c.body).Header, encoded(c.body), nil, nil, FeaturesAll)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(c.body, m.Body, equal); diff != "" {
				t.Errorf("(-sent +received):\n%s", diff)
			}
		})
	}
}

// TestFSMap_mirrorPeers: peers stand behind the flag and stay as they are.
func TestFSMap_mirrorPeers(t *testing.T) {
	f := FileSystem{ID: 1, Mirrored: true, MirrorPeers: []RawStruct{{1, 1, []byte{0xaa}}}}
	var e wire.Encoder
	f.encode(&e, FeaturesAll)
	const want = "0101" + "0c000000" + "01" + "01000000" + "0101" + "01000000" + "aa"
	if got := hex.EncodeToString(e.Bytes()); !strings.HasSuffix(got, want) {
		t.Errorf("encodes to %s, want it to end in %s", got, want)
	}
}

func TestDecode_refusesOlderStructs(t *testing.T) {
	for _, c := range []struct {
		name   string
		in     string
		decode func(*wire.Decoder)
	}{
		{"mds info", "070400000000", func(d *wire.Decoder) { decodeMDSInfo(d) }},
		{"mdsmap", "030300000000", func(d *wire.Decoder) { new(MDSMap).Decode(d) }},
		{"fsmap", "050500000000", func(d *wire.Decoder) { new(FSMap).Decode(d) }},
		{"superblock", "040400000000", func(d *wire.Decoder) { decodeOSDSuperblock(d) }},
		{"mdsmap's extra version", "0504" + "38000000" + strings.Repeat("00", 36+4+4+8) + "0900" + "0000",
			func(d *wire.Decoder) { new(MDSMap).Decode(d) }},
	} {
		b, err := hex.DecodeString(c.in)
		if err != nil {
			t.Fatal(err)
		}
		d := wire.NewDecoder(b)
		if c.decode(d); !errors.Is(d.Err(), ErrUnsupportedVersion) {
			t.Errorf("%s: error %v", c.name, d.Err())
		}
	}
}

// TestPing_paddingIsBounded: a ping must not make its reader, or a writer that
// repeats it, handle more than a packet or two.
func TestPing_paddingIsBounded(t *testing.T) {
	for _, c := range []struct {
		pad  uint32
		want error
	}{{pingPadMax, nil}, {pingPadMax + 1, wire.ErrTooLong}, {1 << 31, wire.ErrTooLong}} {
		for _, b := range []Body{&OSDPing{Pad: 0xdddddddd}, &MonPing{Pad: 0xdddddddd}} {
			front := encoded(b) // padded with pingPadMax bytes
			if len(front) < pingPadMax || len(front) > 2*pingPadMax {
				t.Fatalf("%v: %d bytes", b.Type(), len(front))
			}
			at := strings.Index(string(front), "\x00\x00\x01\x00")
			front = append(front, 0, 0)
			wire.NewEncoder(front[:at]).U32(c.pad)
			if _, err := Decode(New(b).Header, front, nil, nil, FeaturesAll); !errors.Is(err, c.want) {
				t.Errorf("%v with %d bytes of padding: error %v, want %v", b.Type(), c.pad, err, c.want)
			}
		}
	}
}

func TestSpan_duration(t *testing.T) {
	for _, c := range []struct {
		span Span
		want time.Duration
	}{{Span{}, 0}, {Span{41, 478783461}, 41478783461}, {Span{-1, -5}, -1000000005}, {Span{0, -7}, -7}} {
		if got := c.span.Duration(); got != c.want || SpanOf(c.want) != c.span {
			t.Errorf("%v is %v, want %v; %v is %v", c.span, got, c.want, c.want, SpanOf(c.want))
		}
	}
}

// TestNewFeatureSet_likeCeph makes the set that a captured beacon announces.
func TestNewFeatureSet_likeCeph(t *testing.T) {
	for _, name := range []string{"MMDSBeacon-boot", "MMDSBeacon-reply"} {
		want := decodeVector(t, readVector(t, "testdata/"+name+".hex")).Body.(*MDSBeacon).Compat.Incompat
		if diff := cmp.Diff(want, NewFeatureSet(want.Names)); diff != "" {
			t.Errorf("%s (-captured +ours):\n%s", name, diff)
		}
	}
}

func TestMDSState_names(t *testing.T) {
	seen := make(map[string]MDSState)
	for s := MDSState(-20); s < 20; s++ {
		name := s.String()
		if was, twice := seen[name]; twice {
			t.Errorf("%d and %d are both %s", was, s, name)
		}
		seen[name] = s
	}
	for name, want := range map[string]MDSState{"up:boot": -4, "up:standby": -5, "up:replay": 8, "up:active": 13, "mdsstate3": 3} {
		if seen[name] != want {
			t.Errorf("%s is %d, want %d", name, seen[name], want)
		}
	}
}
