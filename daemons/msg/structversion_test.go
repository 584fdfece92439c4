package msg

import (
	"bytes"
	"encoding/binary"
	"testing"

	"github.com/wavetank/wavetank/daemons/wire"
)

// TestStruct_olderVersions: a struct of an older version ends before what later
// ones have added, and not a byte sooner.
func TestStruct_olderVersions(t *testing.T) {
	for _, c := range []struct {
		name    string
		encode  func(*wire.Encoder)
		decode  func(*wire.Decoder)
		version uint8
		cut     int // bytes that later versions have added
	}{
		{"mds info", mdsInfoTo, mdsInfoFrom, 9, 36},
		{"mds info", mdsInfoTo, mdsInfoFrom, 8, 36 + 8},
		{"fsmap", fsMapTo, fsMapFrom, 6, 1},
		{"file system", fileSystemTo, fileSystemFrom, 1, 6 + 1 + 4},
		{"superblock", superblockTo, superblockFrom, 9, 4},
		{"superblock", superblockTo, superblockFrom, 8, 4 + 12},
		{"superblock", superblockTo, superblockFrom, 7, 4 + 12},
		{"superblock", superblockTo, superblockFrom, 6, 4 + 12 + 4},
		{"superblock", superblockTo, superblockFrom, 5, 4 + 12 + 4 + 4},
		{"counter type", new(CounterType).encode, func(d *wire.Decoder) { decodeCounterType(d) }, 2, 1},
		{"counter type", new(CounterType).encode, func(d *wire.Decoder) { decodeCounterType(d) }, 1, 1 + 1},
		{"health check", new(HealthCheck).Encode, func(d *wire.Decoder) { DecodeHealthCheck(d) }, 1, 8},
		{"progress event", new(ProgressEvent).encode, func(d *wire.Decoder) { decodeProgressEvent(d) }, 1, 1},
		{"service daemon", serviceDaemonTo, func(d *wire.Decoder) { decodeServiceDaemon(d) }, 1, 4},
	} {
		var e wire.Encoder
		c.encode(&e)
		b := e.Bytes()[:e.Len()-c.cut]
		b[0] = c.version
		checkExactly(t, c.name, int(c.version), b, c.decode)
	}
}

func mdsInfoTo(e *wire.Encoder)       { new(MDSInfo).encode(e, FeaturesAll) }
func mdsInfoFrom(d *wire.Decoder)     { decodeMDSInfo(d) }
func fsMapTo(e *wire.Encoder)         { new(FSMap).Encode(e, FeaturesAll) }
func fsMapFrom(d *wire.Decoder)       { new(FSMap).Decode(d) }
func fileSystemTo(e *wire.Encoder)    { new(FileSystem).encode(e, FeaturesAll) }
func fileSystemFrom(d *wire.Decoder)  { decodeFileSystem(d) }
func superblockTo(e *wire.Encoder)    { new(OSDSuperblock).encode(e) }
func superblockFrom(d *wire.Decoder)  { decodeOSDSuperblock(d) }
func serviceDaemonTo(e *wire.Encoder) { new(ServiceDaemon).encode(e, FeaturesAll) }

// checkExactly decodes the envelope, whose length it corrects: it must be enough,
// and a byte less must not be.
func checkExactly(t *testing.T, name string, version int, b []byte, decode func(*wire.Decoder)) {
	t.Helper()
	for _, short := range []int{0, 1} {
		cut := bytes.Clone(b[:len(b)-short])
		binary.LittleEndian.PutUint32(cut[2:], uint32(len(cut)-6))
		d := wire.NewDecoder(cut)
		if decode(d); (d.Err() != nil) != (short > 0) {
			t.Errorf("%s version %d, %d bytes short: error %v", name, version, short, d.Err())
		}
	}
}

// TestMDSMap_olderExtraVersions is the same for the version inside the map.
func TestMDSMap_olderExtraVersions(t *testing.T) {
	const extraAt = 6 + 36 + 4 + 4 + 8 // in a map without mdss and pools
	for _, c := range []struct{ extra, cut int }{{15, 4}, {14, 4}, {13, 4 + 1}, {12, 4 + 1 + 4}, {11, 4 + 1 + 4 + 4}, {10, 4 + 1 + 4 + 4 + 4}} {
		var e wire.Encoder
		new(MDSMap).Encode(&e, FeaturesAll)
		b := e.Bytes()[:e.Len()-c.cut]
		if b[extraAt] != 16 {
			t.Fatalf("the extra version is %d", b[extraAt])
		}
		b[extraAt] = byte(c.extra)
		checkExactly(t, "mdsmap extra", c.extra, b, func(d *wire.Decoder) { new(MDSMap).Decode(d) })
	}
}

// TestStruct_olderDefaults: what an older sender did not say is what it meant.
func TestStruct_olderDefaults(t *testing.T) {
	var e wire.Encoder
	(&CounterType{Path: "p", Priority: 9}).encode(&e)
	b := e.Bytes()
	b[0] = 1
	if c := decodeCounterType(wire.NewDecoder(b)); c.Priority != CounterUseful || c.Path != "p" {
		t.Errorf("%+v", c)
	}
	e.Reset()
	(&ProgressEvent{Message: "m"}).encode(&e)
	b = e.Bytes()
	b[0] = 1
	if p := decodeProgressEvent(wire.NewDecoder(b)); !p.AddToStatus {
		t.Errorf("%+v", p)
	}
	probe := readVector(t, "testdata/MMonProbe-reply.hex")
	h := parseHeader(probe.header)
	h.Version = 7
	m, err := Decode(h, probe.front, nil, nil, FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	if p := m.Body.(*MonProbe); p.Leader != -1 || p.Release != releasePacific {
		t.Errorf("%+v", p)
	}
}
