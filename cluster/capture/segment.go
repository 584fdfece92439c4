package capture

import (
	"encoding/binary"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// segment is one TCP segment in an IPv4 packet of its own.
type segment struct {
	from, to netip.AddrPort
	id       uint16 // IP identification
	seq, ack uint32
	flags    flags
	data     []byte
}

// flags are the flags of TCP's header that are used here.
type flags uint8

const (
	flagFIN flags = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)

func (f flags) has(other flags) bool { return f&other != 0 }

// Every packet announces the largest window there is without zero windows or
// full ones ever showing: 65535 << 4 is about 1 MiB, more than a simulated
// connection holds.
const (
	window      = 65535
	windowScale = 4
	ttl         = 64
)

// serialize writes the packet into buf, checksums included.
func (s segment) serialize(buf gopacket.SerializeBuffer) error {
	ip := &layers.IPv4{
		Version: 4, Id: s.id, Flags: layers.IPv4DontFragment, TTL: ttl, Protocol: layers.IPProtocolTCP,
		SrcIP: s.from.Addr().Unmap().AsSlice(), DstIP: s.to.Addr().Unmap().AsSlice(),
	}
	tcp := &layers.TCP{
		SrcPort: layers.TCPPort(s.from.Port()), DstPort: layers.TCPPort(s.to.Port()),
		Seq: s.seq, Window: window,
		FIN: s.flags.has(flagFIN), SYN: s.flags.has(flagSYN), RST: s.flags.has(flagRST),
		PSH: s.flags.has(flagPSH), ACK: s.flags.has(flagACK),
	}
	if tcp.ACK {
		tcp.Ack = s.ack
	}
	if tcp.RST {
		tcp.Window = 0
	}
	if tcp.SYN {
		tcp.Options = synOptions()
	}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		return err
	}
	options := gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true}
	return gopacket.SerializeLayers(buf, options, ip, tcp, gopacket.Payload(s.data))
}

func synOptions() []layers.TCPOption {
	return []layers.TCPOption{
		{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: binary.BigEndian.AppendUint16(nil, MSS)},
		{OptionType: layers.TCPOptionKindNop, OptionLength: 1},
		{OptionType: layers.TCPOptionKindWindowScale, OptionLength: 3, OptionData: []byte{windowScale}},
	}
}
