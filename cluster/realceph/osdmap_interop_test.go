//go:build interop

package realceph_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// osdmaptool runs Ceph's program on a map of ours.
func osdmaptool(t *testing.T, m *osdmap.Map, args ...string) string {
	t.Helper()
	(&site{t: t}).check(realceph.Require("", "osdmaptool"))
	file := filepath.Join(t.TempDir(), "osdmap")
	b, _ := m.Encode()
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	return run(t, "osdmaptool", append([]string{file}, args...)...)
}

// osdDump is what dumps of OSD maps have that is looked at here.
type osdDump struct {
	Epoch     int               `json:"epoch"`
	FSID      string            `json:"fsid"`
	Flags     string            `json:"flags"`
	Release   string            `json:"require_osd_release"`
	MaxOSD    int               `json:"max_osd"`
	Blocklist map[string]string `json:"blocklist"`
	Ranges    map[string]string `json:"range_blocklist"`
	OSDs      []struct {
		OSD    int      `json:"osd"`
		UUID   string   `json:"uuid"`
		Up     int      `json:"up"`
		In     int      `json:"in"`
		UpFrom int      `json:"up_from"`
		Addr   string   `json:"public_addr"`
		State  []string `json:"state"`
	} `json:"osds"`
	Profiles map[string]map[string]string `json:"erasure_code_profiles"`
}

// ourOSDMap is a map that has something of everything that our monitors write.
func ourOSDMap(t *testing.T) *osdmap.Map {
	t.Helper()
	at := func(endpoint string, nonce uint32) msg.EntityAddr {
		return msg.EntityAddr{Type: msg.AddrLegacy, Nonce: nonce, IP: netip.MustParseAddrPort(endpoint)}
	}
	m := osdmap.New(wire.UUID{15: 9}, wire.UTime{Sec: 1_700_000_000})
	for _, edit := range []func(*osdmap.Incremental){
		func(inc *osdmap.Incremental) {
			inc.NewMaxOSD, inc.NewWeight[0], inc.NewWeight[1] = 2, osdmap.WeightIn, osdmap.WeightIn
			inc.NewUUID = map[int32]wire.UUID{0: {15: 1}, 1: {15: 2}}
			inc.NewState[1] = osdmap.StateNew
		},
		func(inc *osdmap.Incremental) {
			inc.NewUp[0] = msg.AddrVec{at("10.0.0.3:6800", 77)}
			inc.NewWeight[1] = 0
			inc.NewBlocklist[osdmap.Instance(at("10.0.0.1:6800", 70000))] = wire.UTime{Sec: 1_700_000_100}
			inc.NewBlocklist[osdmap.Instance(at("10.0.0.1:6800", 256))] = wire.UTime{Sec: 1_700_000_200}
			inc.NewBlocklist[osdmap.Instance(at("[2001:db8::7]:6800", 12))] = wire.UTime{Sec: 1_700_000_300}
			inc.NewRangeBlocklist[osdmap.Network(netip.MustParsePrefix("10.1.0.0/16"))] = wire.UTime{Sec: 1_700_000_400}
		},
	} {
		inc := osdmap.NewIncremental(m)
		inc.Modified = wire.UTime{Sec: 1_700_000_000 + inc.Epoch}
		edit(inc)
		next, err := m.Apply(inc)
		if err != nil {
			t.Fatal(err)
		}
		m = next
	}
	return m
}

// osdmaptool reads maps that we have made, and finds in them what we have put there.
func TestOSDMap_realToolReadsOurs(t *testing.T) {
	t.Parallel()
	m := ourOSDMap(t)
	var d osdDump
	out := osdmaptool(t, m, "--dump", "json")
	if err := json.Unmarshal([]byte(out[strings.Index(out, "{"):]), &d); err != nil {
		t.Fatalf("%v in %s", err, out)
	}
	if d.Epoch != 3 || d.FSID != m.FSID.String() || d.MaxOSD != 2 || d.Release != "pacific" ||
		d.Flags != "sortbitwise,recovery_deletes,purged_snapdirs,pglog_hardlimit" || d.Profiles["default"]["k"] != "2" {
		t.Errorf("%+v", d)
	}
	if len(d.Blocklist) != 3 || len(d.Ranges) != 1 ||
		d.Blocklist["10.0.0.1:6800/70000"] != "2023-11-14T22:15:00.000000+0000" || d.Blocklist["[2001:db8::7]:6800/12"] == "" {
		t.Errorf("blocklist %v, ranges %v", d.Blocklist, d.Ranges)
	}
	if len(d.OSDs) != 2 || d.OSDs[0].Up != 1 || d.OSDs[0].In != 1 || d.OSDs[0].UpFrom != 3 || d.OSDs[0].Addr != "10.0.0.3:6800/77" ||
		d.OSDs[1].Up != 0 || d.OSDs[1].In != 0 || d.OSDs[1].UUID != m.OSDs[1].UUID.String() {
		t.Errorf("osds %+v", d.OSDs)
	}
	text := osdmaptool(t, osdmap.New(m.FSID, m.Created), "--print")
	for _, want := range []string{"epoch 1\n", "crush_version 1\n", "nearfull_ratio 0.85\n", "require_min_compat_client luminous\n", "max_osd 0\n"} {
		if !strings.Contains(text, want) {
			t.Errorf("no %q in\n%s", want, text)
		}
	}
	if tree := osdmaptool(t, m, "--tree"); !strings.Contains(tree, "root default") {
		t.Errorf("the tree is\n%s", tree)
	}
}

// A real monitor's maps are taken over epoch by epoch: what we make of its
// incrementals is what it makes of them, to the byte.
func TestOSDMap_realMonitor(t *testing.T) {
	t.Parallel()
	s := newSite(t, "a")
	s.startMon("a")
	c := newClient(s, nil)
	for _, change := range []string{
		"blocklist add 10.0.0.1:6800/70000 600", "blocklist add 10.0.0.1:6800/256", "blocklist range add 10.1.0.0/16",
		"blocklist add 10.0.0.1:6800/256 9999", "new 00000000-0000-0000-0000-000000000001", "out 0", "set noout",
		"blocklist rm 10.0.0.1:6800/70000", "blocklist range rm 10.1.0.0/16", "blocklist clear",
	} {
		s.ceph(append([]string{"osd"}, strings.Fields(change)...)...)
	}
	var last struct{ Epoch uint32 }
	s.cephJSON(&last, "osd", "dump")
	c.ask(func() { c.monc.Want("osdmap", 1, false); c.monc.Renew() })
	m := &osdmap.Map{}
	for m.Epoch < last.Epoch {
		body := await(t, c.journal, 0, fmt.Sprintf("the map after %d", m.Epoch), func(b *msg.OSDMap) bool {
			return b.Incremental[m.Epoch+1] != nil || b.Full[m.Epoch+1] != nil
		})
		m = follow(t, m, body)
		theirs := filepath.Join(t.TempDir(), "theirs")
		s.ceph("osd", "getmap", fmt.Sprint(m.Epoch), "-o", theirs)
		want, err := os.ReadFile(theirs)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := m.Encode(); !bytes.Equal(got, want) {
			t.Fatalf("epoch %d differs:\n%x\n%x", m.Epoch, got, want)
		}
	}
	if len(m.Blocklist)+len(m.RangeBlocklist) != 0 || len(m.OSDs) != 1 {
		t.Errorf("at the end: %+v", m)
	}
}

// follow takes the next epoch out of a message.
func follow(t *testing.T, m *osdmap.Map, body *msg.OSDMap) *osdmap.Map {
	t.Helper()
	var next *osdmap.Map
	inc, err := &osdmap.Incremental{}, error(nil)
	if full := body.Full[m.Epoch+1]; full != nil {
		next, err = osdmap.Decode(full)
	} else if inc, err = osdmap.DecodeIncremental(body.Incremental[m.Epoch+1]); err == nil {
		next, err = m.Apply(inc)
	}
	if err != nil {
		t.Fatalf("after epoch %d: %v", m.Epoch, err)
	}
	if _, crc := next.Encode(); inc.FullCRC != 0 && crc != inc.FullCRC {
		t.Fatalf("epoch %d: checksum %#x, want %#x", next.Epoch, crc, inc.FullCRC)
	}
	return next
}

// A CRUSH map that comes with an incremental is what Ceph makes of it, whatever kinds
// of buckets it has.
func TestOSDMap_realToolTakesCrush(t *testing.T) {
	t.Parallel()
	(&site{t: t}).check(realceph.Require("", "osdmaptool", "crushtool"))
	for _, kind := range []string{"uniform", "list", "tree", "straw", "straw2"} {
		t.Run(kind, func(t *testing.T) {
			dir := t.TempDir()
			crush, file := filepath.Join(dir, "crush"), filepath.Join(dir, "osdmap")
			run(t, "crushtool", "-o", crush, "--build", "--num_osds", "5", "host", kind, "2", "root", kind, "0")
			room := osdmap.NewIncremental(osdmap.New(wire.UUID{15: 9}, wire.UTime{Sec: 1_700_000_000}))
			room.NewMaxOSD = 5
			before, err := osdmap.New(wire.UUID{15: 9}, wire.UTime{Sec: 1_700_000_000}).Apply(room)
			if err != nil {
				t.Fatal(err)
			}
			b, _ := before.Encode()
			if err := os.WriteFile(file, b, 0o644); err != nil {
				t.Fatal(err)
			}
			run(t, "osdmaptool", file, "--import-crush", crush)
			theirs, err := osdmap.Decode(read(t, file))
			if err != nil {
				t.Fatal(err)
			}
			inc := osdmap.NewIncremental(before)
			inc.Crush = read(t, crush)
			binary.LittleEndian.PutUint32(inc.Crush[12:], 99) // the number of devices is to be found
			ours, err := before.Apply(inc)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(ours.Crush, theirs.Crush) || ours.CrushVersion != theirs.CrushVersion {
				t.Errorf("CRUSH map\n%x of version %d, theirs\n%x of version %d", ours.Crush, ours.CrushVersion, theirs.Crush, theirs.CrushVersion)
			}
		})
	}
}

func read(t *testing.T, file string) []byte {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// run runs a program to its end and returns what it printed.
func run(t *testing.T, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %v: %v: %s", name, args, err, stderr.String())
	}
	return string(out)
}
