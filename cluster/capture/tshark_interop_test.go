//go:build interop

package capture_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/capture"
	"github.com/wavetank/wavetank/daemons/mgr"
)

// The verdicts of Wireshark's Ceph dissector on a message.
const (
	clean     = "clean"
	note      = "decoded with a note"
	malformed = "malformed"
	unknown   = "unknown message type"
)

// baseline is what tshark 4.0.17 says of each message type in the traffic of real
// Pacific daemons and clients, measured with Debian's packages of both. Its
// dissector is older than Pacific, so "no complaint" is not within reach of real
// daemons either. What our daemons send must be judged no differently.
func baseline() map[uint16][]string {
	table := make(map[uint16][]string)
	for verdict, types := range map[string][]uint16{
		clean:     {17, 19, 20, 50, 51, 60},
		note:      {15, 18, 21, 41, 66, 87},
		malformed: {4, 41, 42, 43, 65, 67, 70, 71},
		unknown: {45, 46, 47, 52, 53, 54, 61, 62, 73, 78, 79, 97, 98, 100, 105, 106, 116, 120,
			130, 131, 132, 133, 134, 140, 150, 1544,
			1792, 1793, 1794, 1795, 1796, 1797, 1798, 1799, 1800, 1801, 1802,
			0x5257}, // MonRaft, our own, which nobody else can know
	} {
		for _, t := range types {
			table[t] = append(table[t], verdict)
		}
	}
	return table
}

// TestTshark lets Wireshark's dissectors read what our daemons say to each other,
// undisturbed and under faults.
func TestTshark(t *testing.T) {
	for _, tt := range []struct {
		name   string
		strike func(*cluster.Cluster)
		// repeats says that some connect is repeated, which the dissector cannot
		// follow (it takes what comes next for a tag).
		repeats bool
	}{
		{"mgr-failover", func(c *cluster.Cluster) { c.Kill(c.View().ActiveMgr()) }, false},
		{"mgr-fail", func(c *cluster.Cluster) { c.Command("mgr fail") }, false},
		{"reset of the monitors", func(c *cluster.Cluster) {
			for i, a := range c.Topology().MonNames() {
				for _, b := range c.Topology().MonNames()[i+1:] {
					c.Reset(a, b)
				}
			}
		}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			d := dissect(t, record(t, tt.strike))
			d.checkFrames(t)
			d.checkMessages(t)
			if got := len(d.repeated) > 0; got != tt.repeats {
				t.Errorf("connects were repeated: %v, want %v", got, tt.repeats)
			}
		})
	}
}

// record captures a cluster that becomes healthy, is struck, and is left alone for
// two minutes.
func record(t *testing.T, strike func(*cluster.Cluster)) (file string) {
	t.Helper()
	var out bytes.Buffer
	packets, err := capture.New(&out, capture.Run{Scenario: t.Name(), Seed: 7})
	if err != nil {
		t.Fatal(err)
	}
	w := cluster.NewSim(cluster.SimConfig{Seed: 7, OnPacket: packets.Packet})
	c := cluster.Deploy(w, cluster.DefaultTopology())
	c.Start()
	healthy := func() bool {
		return c.View().Available() && c.View().Mode(c.View().ActiveMgr()) == mgr.ModeActive
	}
	if !w.Until(time.Minute, healthy) {
		t.Fatal("the cluster does not become healthy")
	}
	w.Run(10 * time.Second)
	strike(c)
	w.Run(2 * time.Minute)
	if !healthy() {
		t.Fatal("the cluster does not recover")
	}
	w.Close()
	file = filepath.Join(t.TempDir(), "capture.pcapng")
	if err := errors.Join(packets.Flush(), os.WriteFile(file, out.Bytes(), 0o600)); err != nil {
		t.Fatal(err)
	}
	return file
}

// dissect runs tshark, or skips the test where there is none.
func dissect(t *testing.T, file string) *dissection {
	t.Helper()
	if _, err := exec.LookPath("tshark"); err != nil {
		t.Skip(err)
	}
	cmd := exec.Command("tshark", "-r", file, "-T", "pdml",
		"-o", "ip.check_checksum:TRUE", "-o", "tcp.check_checksum:TRUE")
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("tshark: %v: %s", err, complaints.String())
	}
	d, err := readPDML(out)
	if err != nil {
		t.Fatalf("output of tshark: %v", err)
	}
	return d
}

// checkFrames holds what is true of every packet: TCP finds no fault with it, and
// its bytes are Ceph's.
func (d *dissection) checkFrames(t *testing.T) {
	t.Helper()
	if len(d.frames) < 500 {
		t.Errorf("only %d packets", len(d.frames))
	}
	for _, f := range d.frames {
		if f.checksums != "11" {
			t.Errorf("frame %d: checksums %q, want both good", f.number, f.checksums)
		}
		for _, trouble := range f.trouble {
			t.Errorf("frame %d: TCP finds %s", f.number, trouble)
		}
		if f.payload && !f.understood && !d.repeated[f.stream] {
			t.Errorf("frame %d: bytes that are not Ceph's", f.number)
		}
	}
}

// checkMessages holds that each message was found and is judged as a real
// daemon's would be. Conversations with a repeated connect are left out. The
// dissector gives up the rest of a frame in which a message is malformed.
func (d *dissection) checkMessages(t *testing.T) {
	t.Helper()
	seen := make(map[string]int)
	last := make(map[string]*message)
	allowed := baseline()
	for _, m := range d.messages {
		if d.repeated[m.stream] {
			continue
		}
		if m.unknownTag {
			t.Errorf("frame %d: unknown tag where no connect was repeated", m.frame)
		}
		if !m.isMessage() {
			continue
		}
		if !m.headed {
			t.Errorf("frame %d: a message without header", m.frame)
			continue
		}
		if before := last[m.way()]; before != nil && m.seq != before.seq+1 && before.verdict() != malformed {
			t.Errorf("frame %d: message %d follows message %d: not all were found", m.frame, m.seq, before.seq)
		}
		last[m.way()] = m
		seen[fmt.Sprintf("%d %s", m.kind, m.verdict())]++
		if !slices.Contains(allowed[m.kind], m.verdict()) {
			t.Errorf("frame %d: message type %d is %q; of real daemons' it is %q", m.frame, m.kind, m.verdict(), allowed[m.kind])
		}
	}
	if len(seen) < 8 {
		t.Errorf("only %d kinds of messages: %v", len(seen), seen)
	}
	for _, kind := range slices.Sorted(maps.Keys(seen)) {
		t.Logf("%5d times type %s", seen[kind], kind)
	}
	t.Logf("%d of %d conversations with repeated connects", len(d.repeated), d.streams())
}

func (m *message) isMessage() bool { return m.tag == "0x07" }

func (m *message) way() string { return fmt.Sprintf("%d from %s", m.stream, m.from) }

func (m *message) verdict() string {
	switch {
	case m.malformed:
		return malformed
	case m.unknownType:
		return unknown
	case m.noted:
		return note
	}
	return clean
}

func (d *dissection) streams() int {
	streams := make(map[int]bool)
	for _, f := range d.frames {
		streams[f.stream] = true
	}
	return len(streams)
}

// isTrouble reports whether an expert remark of the TCP dissector speaks of a
// conversation that does not fit together. Beginnings, ends and RST do fit.
func isTrouble(remark string) bool {
	for _, fine := range []string{
		"tcp.connection.syn", "tcp.connection.synack", "tcp.connection.fin", "tcp.connection.rst",
		"tcp.connection.fin_active", "tcp.connection.fin_passive",
	} {
		if remark == fine {
			return false
		}
	}
	return strings.HasPrefix(remark, "tcp.")
}
