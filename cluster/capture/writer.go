package capture

import (
	"fmt"
	"io"
	"net/netip"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/wavetank/wavetank/sim"
)

// Run says which run a capture is of. It is written into the section comment.
type Run struct {
	// Scenario is the scenario's name; empty if there is none.
	Scenario string
	// Seed is the run's seed. Initial sequence numbers are drawn from it.
	Seed uint64
	// Hash is the hash with which the run ended, 0 if it is not known yet.
	Hash uint64
}

// String is the section comment: "scenario=mgr-failover seed=7 hash=0f...", as
// far as it is known.
func (r Run) String() string {
	text := fmt.Sprintf("seed=%d", r.Seed)
	if r.Scenario != "" {
		text = "scenario=" + r.Scenario + " " + text
	}
	if r.Hash != 0 {
		text += fmt.Sprintf(" hash=%016x", r.Hash)
	}
	return text
}

// Writer writes one capture. Like the simulation that feeds it, it is used by one
// goroutine. It keeps about a hundred bytes for each connection there ever was.
type Writer struct {
	out           *pcapgo.NgWriter
	initial       *sim.Stream
	conversations map[uint32]*conversation // by sim.Packet.Conn
	frame         gopacket.SerializeBuffer
	err           error
}

// New begins a capture. It writes to w through a buffer: call [Writer.Flush] at
// the end of the run. Error: that of w.
func New(w io.Writer, run Run) (*Writer, error) {
	link := pcapgo.NgInterface{Name: "sim", LinkType: layers.LinkTypeRaw}
	section := pcapgo.NgSectionInfo{Application: "wavetank", Comment: run.String()}
	out, err := pcapgo.NewNgWriterInterface(w, link, pcapgo.NgWriterOptions{SectionInfo: section})
	if err != nil {
		return nil, fmt.Errorf("begin a packet capture: %w", err)
	}
	return &Writer{
		out: out, initial: sim.NewStream(run.Seed, "capture"),
		conversations: make(map[uint32]*conversation),
		frame:         gopacket.NewSerializeBuffer(),
	}, nil
}

// Packet writes what has arrived, and what TCP would have said around it. It is
// made for [sim.Config.OnPacket]. Packets of connections to other addresses than
// IPv4 ones, which no simulated machine has, are left out. Errors are kept for
// Flush.
func (w *Writer) Packet(p sim.Packet) {
	if !isIPv4(p.From) || !isIPv4(p.To) {
		return
	}
	c := w.conversations[p.Conn]
	if c == nil {
		c = newConversation(p, w.initial)
		w.conversations[p.Conn] = c
	}
	c.arrived(p, func(s segment) { w.write(p, s) })
}

func isIPv4(a netip.AddrPort) bool { return a.Addr().Unmap().Is4() }

// Flush hands everything to the writer below. Error: the first one that happened
// since New; a capture that had one is cut off there.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	if w.err != nil {
		return fmt.Errorf("write a packet capture: %w", w.err)
	}
	return nil
}

func (w *Writer) write(p sim.Packet, s segment) {
	if w.err != nil {
		return
	}
	if w.err = s.serialize(w.frame); w.err != nil {
		return
	}
	frame := w.frame.Bytes()
	w.err = w.out.WritePacket(gopacket.CaptureInfo{
		Timestamp: p.At, CaptureLength: len(frame), Length: len(frame),
	}, frame)
}
