package capture_test

import (
	"bytes"
	"errors"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/cluster/capture"
	"github.com/wavetank/wavetank/sim"
)

// TestWriter_streamsComeBack writes pieces both ways and finds the bytes that
// each end got in the capture, in segments that fit.
func TestWriter_streamsComeBack(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := newWorld(t, rapid.Uint64().Draw(r, "seed"))
		w.connect()
		for range rapid.IntRange(1, 6).Draw(r, "pieces") {
			from := w.dialled
			if rapid.Bool().Draw(r, "back") {
				from = w.accepted
			}
			from.send(piece(rapid.IntRange(1, 100_000).Draw(r, "size"), len(from.sent)))
			w.Run(time.Duration(rapid.IntRange(0, 500).Draw(r, "pause")) * time.Microsecond)
		}
		w.Run(time.Second)
		w.dialled.conn.Close()
		w.Run(time.Second)
		packets := w.end(t)
		checkStream(r, "client", reassemble(t, packets, packets[0].from), w.accepted.got, w.dialled.sent)
		checkStream(r, "server", reassemble(t, packets, packets[0].to), w.dialled.got, w.accepted.sent)
		for i, p := range packets {
			if len(p.tcp.Payload) > capture.MSS {
				r.Fatalf("packet %d carries %d bytes", i+1, len(p.tcp.Payload))
			}
		}
	})
}

func piece(size, offset int) []byte {
	data := make([]byte, size)
	for i := range data {
		data[i] = byte((offset + i) * 31 >> 3)
	}
	return data
}

func checkStream(r *rapid.T, who string, captured, got, sent []byte) {
	if !bytes.Equal(got, sent) {
		r.Fatalf("the peer of the %s got %d bytes of %d", who, len(got), len(sent))
	}
	if !bytes.Equal(captured, sent) {
		r.Fatalf("%s: %d bytes in the capture, not the %d that were sent", who, len(captured), len(sent))
	}
}

// TestWriter_acknowledgesWhatArrived checks that no packet acknowledges what was
// not captured before, and that in the end everything is acknowledged.
func TestWriter_acknowledgesWhatArrived(t *testing.T) {
	w := newWorld(t, 5)
	w.connect()
	w.dialled.send(piece(300_000, 0))
	w.accepted.send(piece(5_000, 0))
	w.Run(time.Second)
	next, acked := make(map[netip.AddrPort]uint32), make(map[netip.AddrPort]uint32)
	for i, p := range w.end(t) {
		if p.tcp.ACK {
			if p.tcp.Ack != next[p.to] && int32(p.tcp.Ack-acked[p.to]) < 0 || int32(p.tcp.Ack-next[p.to]) > 0 {
				t.Fatalf("packet %d acknowledges %d; %d came, %d had been acknowledged", i+1, p.tcp.Ack, next[p.to], acked[p.to])
			}
			acked[p.to] = p.tcp.Ack
		}
		next[p.from] = p.tcp.Seq + uint32(len(p.tcp.Payload))
		if p.tcp.SYN || p.tcp.FIN {
			next[p.from]++
		}
	}
	for end := range next {
		if next[end] != acked[end] {
			t.Errorf("%v: sent up to %d, acknowledged up to %d", end, next[end], acked[end])
		}
	}
}

// TestWriter_copiesAtOnce answers from the callback in which the question is read:
// the answer may then lie where the question was.
func TestWriter_copiesAtOnce(t *testing.T) {
	w := newWorld(t, 1)
	w.connect()
	w.accepted.answer = []byte("answer..")
	w.dialled.send([]byte("question"))
	w.Run(time.Second)
	packets := w.end(t)
	if got := reassemble(t, packets, packets[0].from); string(got) != "question" {
		t.Errorf("the capture has %q for the question", got)
	}
}

func TestWriter_sameSeedSameBytes(t *testing.T) {
	record := func(seed uint64) []byte {
		w := newWorld(t, seed)
		w.connect()
		w.dialled.send(piece(10_000, 0))
		w.Run(time.Second)
		w.server.Kill()
		w.Run(time.Second)
		w.end(t)
		return w.file.Bytes()
	}
	first := record(7)
	if !bytes.Equal(first, record(7)) {
		t.Error("two captures of one seed differ")
	}
	if bytes.Equal(first, record(8)) {
		t.Error("captures of two seeds are equal")
	}
}

// TestWriter_leavesTheRunAlone compares the hash of a run that is captured with
// that of one that is not.
func TestWriter_leavesTheRunAlone(t *testing.T) {
	record := func(onPacket func(sim.Packet)) uint64 {
		w := newWorld(t, 7)
		if onPacket == nil {
			w.Sim = sim.New(sim.Config{Seed: 7})
			w.server, w.client = w.AddHost("server"), w.AddHost("client")
		}
		w.connect()
		w.dialled.send(piece(100_000, 0))
		w.Run(time.Second)
		w.Reset(w.client, w.server)
		w.Run(time.Second)
		w.Close()
		return w.Hash()
	}
	w := newWorld(t, 7)
	if with, without := record(w.writer.Packet), record(nil); with != without {
		t.Errorf("hash %016x with a capture, %016x without", with, without)
	}
}

func TestWriter_header(t *testing.T) {
	for _, tt := range []struct {
		run  capture.Run
		want string
	}{
		{capture.Run{Seed: 3}, "seed=3"},
		{capture.Run{Scenario: "mgr-pause", Seed: 7}, "scenario=mgr-pause seed=7"},
		{capture.Run{Scenario: "mgr-pause", Seed: 7, Hash: 0xabc}, "scenario=mgr-pause seed=7 hash=0000000000000abc"},
	} {
		var file bytes.Buffer
		w, err := capture.New(&file, tt.run)
		if err != nil || w.Flush() != nil {
			t.Fatal(err, w.Flush())
		}
		r, err := pcapgo.NewNgReader(&file, pcapgo.DefaultNgReaderOptions)
		if err != nil {
			t.Fatal(err)
		}
		if got := r.SectionInfo().Comment; got != tt.want {
			t.Errorf("section comment %q, want %q", got, tt.want)
		}
		link, err := r.Interface(0)
		if err != nil || link.LinkType != layers.LinkTypeRaw || link.TimestampResolution.Exponent() != 9 {
			t.Errorf("interface %+v, %v; want raw IP in nanoseconds", link, err)
		}
	}
}

// broken fails every write.
type broken struct{ err error }

func (b broken) Write([]byte) (int, error) { return 0, b.err }

func TestWriter_tellsOfErrors(t *testing.T) {
	full := errors.New("disk full")
	w, err := capture.New(broken{full}, capture.Run{})
	if err == nil {
		big := sim.Packet{From: addr("10.0.0.1:1"), To: addr("10.0.0.2:2"), Data: make([]byte, 1<<20)}
		w.Packet(big)
		w.Packet(big) // must not panic, nor hide the first error
		err = w.Flush()
	}
	if !errors.Is(err, full) {
		t.Errorf("error %v, want %v", err, full)
	}
}

func TestWriter_leavesOutWhatIsNotIPv4(t *testing.T) {
	var file bytes.Buffer
	w, err := capture.New(&file, capture.Run{})
	if err != nil {
		t.Fatal(err)
	}
	w.Packet(sim.Packet{From: addr("10.0.0.1:1"), To: addr("[::1]:2"), Kind: sim.PacketSYN})
	w.Packet(sim.Packet{From: addr("10.0.0.1:1"), Kind: sim.PacketSYN})
	w.Packet(sim.Packet{From: addr("10.0.0.1:1"), To: addr("[::ffff:10.0.0.2]:2"), Kind: sim.PacketSYN, Conn: 1})
	if err := w.Flush(); err != nil {
		t.Fatal(err)
	}
	if n := len(parse(t, file.Bytes())); n != 1 {
		t.Errorf("%d packets, want the one between IPv4 addresses", n)
	}
}

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

func lines(packets []packet) []string {
	out := make([]string, len(packets))
	for i, p := range packets {
		out[i] = p.line()
	}
	return out
}

func wantLines(t *testing.T, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("captured\n\t%q\nwant\n\t%q", got, want)
	}
}
