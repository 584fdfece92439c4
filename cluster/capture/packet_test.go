package capture_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// packet is one packet read back from a capture.
type packet struct {
	at       time.Duration // since the simulation began
	from, to netip.AddrPort
	tcp      *layers.TCP
}

// began is the true time at which every simulation begins.
var began = time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)

// parse reads a capture, and checks the lengths and both checksums of each
// packet.
func parse(t testing.TB, file []byte) (packets []packet) {
	t.Helper()
	r, err := pcapgo.NewNgReader(bytes.NewReader(file), pcapgo.DefaultNgReaderOptions)
	if err != nil {
		t.Fatal(err)
	}
	for {
		data, info, err := r.ReadPacketData()
		if errors.Is(err, io.EOF) {
			return packets
		}
		if err != nil {
			t.Fatalf("packet %d: %v", len(packets)+1, err)
		}
		decoded := gopacket.NewPacket(data, r.LinkType(), gopacket.Default)
		if failure := decoded.ErrorLayer(); failure != nil {
			t.Fatalf("packet %d: %v", len(packets)+1, failure.Error())
		}
		checkSums(t, len(packets)+1, data)
		ip := decoded.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		tcp := decoded.Layer(layers.LayerTypeTCP).(*layers.TCP)
		packets = append(packets, packet{
			at: info.Timestamp.Sub(began), tcp: tcp,
			from: endpoint(ip.SrcIP, tcp.SrcPort), to: endpoint(ip.DstIP, tcp.DstPort),
		})
	}
}

func endpoint(ip []byte, port layers.TCPPort) netip.AddrPort {
	addr, _ := netip.AddrFromSlice(ip)
	return netip.AddrPortFrom(addr.Unmap(), uint16(port))
}

// checkSums adds up the words of IP's header, and of TCP's pseudo header and
// segment (RFC 791, RFC 9293): the sum is all ones if the checksum in it is right.
func checkSums(t testing.TB, number int, ip []byte) {
	t.Helper()
	if sum := onesSum(ip[:20]); sum != 0xffff {
		t.Errorf("packet %d: sum of the IP header %#x", number, sum)
	}
	if got := int(binary.BigEndian.Uint16(ip[2:])); got != len(ip) {
		t.Errorf("packet %d: length %d in the IP header, %d in the file", number, got, len(ip))
	}
	segment := ip[20:]
	pseudo := append([]byte{}, ip[12:20]...)
	pseudo = append(pseudo, 0, 6)
	pseudo = binary.BigEndian.AppendUint16(pseudo, uint16(len(segment)))
	if sum := onesSum(append(pseudo, segment...)); sum != 0xffff {
		t.Errorf("packet %d: sum of the TCP segment %#x", number, sum)
	}
}

func onesSum(p []byte) uint32 {
	sum := uint32(0)
	for i, b := range p {
		sum += uint32(b) << (8 * (1 - i%2))
	}
	for sum > 0xffff {
		sum = sum&0xffff + sum>>16
	}
	return sum
}

// line shows a packet: when in tenths of a second, which way (> is towards the
// server), and what.
func (p packet) line() string {
	way := ">"
	if p.from.Port() == port {
		way = "<"
	}
	return fmt.Sprintf("%.1f %s %s", p.at.Truncate(100*time.Millisecond).Seconds(), way, p.what())
}

func (p packet) what() string {
	if n := len(p.tcp.Payload); n > 0 {
		return fmt.Sprintf("%d bytes", n)
	}
	var names []string
	for _, f := range []struct {
		set  bool
		name string
	}{{p.tcp.SYN, "SYN"}, {p.tcp.FIN, "FIN"}, {p.tcp.RST, "RST"}} {
		if f.set {
			names = append(names, f.name)
		}
	}
	if p.tcp.ACK && (len(names) == 0 || p.tcp.SYN) {
		names = append(names, "ACK")
	}
	return strings.Join(names, "-")
}

// reassemble puts the stream of one direction together, as TCP would: by
// sequence numbers. Every byte must come once, and FIN after the last one.
func reassemble(t testing.TB, packets []packet, from netip.AddrPort) (stream []byte) {
	t.Helper()
	var next uint32
	for i, p := range packets {
		if p.from != from {
			continue
		}
		if p.tcp.SYN {
			next = p.tcp.Seq + 1
			continue
		}
		if p.tcp.Seq != next {
			t.Fatalf("packet %d: sequence number %d, want %d", i+1, p.tcp.Seq, next)
		}
		stream = append(stream, p.tcp.Payload...)
		next += uint32(len(p.tcp.Payload))
		if p.tcp.FIN {
			next++
		}
	}
	return stream
}
