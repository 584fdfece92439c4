package raftcounter

import (
	"encoding/binary"
	"fmt"
	"log/slog"
	"net/netip"

	pb "go.etcd.io/raft/v3/raftpb"
	"google.golang.org/protobuf/proto"

	"github.com/wavetank/wavetank/daemons/host"
)

const (
	port     = 7000
	maxFrame = 1 << 20 // bytes; a longer message is not one of ours
)

// openNetwork listens, and prepares connections to the others. Messages go over the
// connection that the sender has made; a frame is a u32 length and a raftpb.Message.
func (n *node) openNetwork() error {
	for _, addr := range n.Addrs {
		n.peers = append(n.peers, &peer{addr: netip.AddrPortFrom(addr, port)})
	}
	_, err := n.h.Network().Listen(n.loop, n.peers[n.ID].addr, func(c host.Conn) {
		c.Attach(n.loop, &reader{node: n, conn: c})
	})
	return err
}

// send may lose messages, whole ones only: raft repeats what matters.
func (n *node) send(msgs []*pb.Message) {
	for _, m := range msgs {
		frame, err := proto.MarshalOptions{Deterministic: true}.MarshalAppend(make([]byte, 4), m)
		check(err)
		binary.BigEndian.PutUint32(frame, uint32(len(frame)-4))
		n.peers[m.GetTo()-1].send(n, frame)
	}
}

// peer is the connection to another node, made when there is something to send.
type peer struct {
	addr netip.AddrPort
	conn host.Conn // nil if there is none
	open bool
}

func (p *peer) send(n *node, frame []byte) {
	if p.conn == nil {
		p.conn = n.h.Network().Dial(n.loop, p.addr, p)
	}
	if !p.open {
		return
	}
	if took, err := p.conn.Write(frame); err != nil || took < len(frame) { // broken or full
		p.conn.Abort()
		p.Closed(nil)
	}
}

func (p *peer) Opened()      { p.open = true }
func (p *peer) Readable()    {}
func (p *peer) Writable()    {}
func (p *peer) Closed(error) { p.conn, p.open = nil, false }

// reader takes in what another node sends.
type reader struct {
	node *node
	conn host.Conn
	got  []byte
}

func (r *reader) Opened()      {}
func (r *reader) Writable()    {}
func (r *reader) Closed(error) {}

func (r *reader) Readable() {
	r.node.guard(func() {
		var buf [4096]byte
		for {
			count, err := r.conn.Read(buf[:])
			if err == host.ErrWouldBlock {
				return
			}
			if err == nil {
				r.got = append(r.got, buf[:count]...)
				err = r.frames()
			}
			if err != nil { // the end, or nonsense
				r.conn.Close()
				return
			}
		}
	})()
}

func (r *reader) frames() error {
	for len(r.got) >= 4 {
		length := int(binary.BigEndian.Uint32(r.got))
		if length > maxFrame {
			return fmt.Errorf("frame of %d bytes", length)
		}
		if len(r.got) < 4+length {
			return nil
		}
		m := &pb.Message{}
		if err := proto.Unmarshal(r.got[4:4+length], m); err != nil {
			return err
		}
		r.got = r.got[4+length:]
		r.node.step(m)
	}
	return nil
}

func (n *node) step(m *pb.Message) {
	if err := n.raw.Step(m); err != nil {
		n.h.Log().Debug("message not taken", "err", err)
		return
	}
	fromLeader := m.GetType() == pb.MsgApp || m.GetType() == pb.MsgHeartbeat
	if fromLeader && m.GetTerm() == n.raw.BasicStatus().GetTerm() {
		n.waitForLeader()
	}
}

// logger is raft's log: it keeps what went wrong, and an assertion of raft's that
// fails ends the process.
type logger struct{ to *slog.Logger }

func (l logger) Debug(...any)                {}
func (l logger) Debugf(string, ...any)       {}
func (l logger) Info(...any)                 {}
func (l logger) Infof(string, ...any)        {}
func (l logger) Warning(v ...any)            { l.to.Warn(fmt.Sprint(v...)) }
func (l logger) Warningf(f string, v ...any) { l.to.Warn(fmt.Sprintf(f, v...)) }
func (l logger) Error(v ...any)              { l.to.Error(fmt.Sprint(v...)) }
func (l logger) Errorf(f string, v ...any)   { l.to.Error(fmt.Sprintf(f, v...)) }
func (l logger) Fatal(v ...any)              { panic(failure(fmt.Sprint(v...))) }
func (l logger) Fatalf(f string, v ...any)   { panic(failure(fmt.Sprintf(f, v...))) }
func (l logger) Panic(v ...any)              { panic(failure(fmt.Sprint(v...))) }
func (l logger) Panicf(f string, v ...any)   { panic(failure(fmt.Sprintf(f, v...))) }
