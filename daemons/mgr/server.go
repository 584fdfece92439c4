package mgr

import (
	"fmt"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// What daemons are told about their reports (mgr_stats_period,
// mgr_stats_threshold).
const (
	statsPeriod    = 5 // seconds
	statsThreshold = 5
)

// server is what daemons and the command line talk to. Ceph: DaemonServer in
// src/mgr/DaemonServer.cc. It answers commands and takes reports, of which it
// keeps nothing but who sent them.
type server struct {
	msgr.BaseDispatcher
	g            *Mgr
	messenger    *msgr.Messenger
	addrs        msg.AddrVec
	commands     []command
	descriptions []msg.CommandDescription
	daemons      int // sessions of daemons that report
}

// newServer listens and serves. The server's messenger is another one than that
// towards the monitors: others dial it.
func newServer(g *Mgr) (*server, error) {
	s := g.s
	srv := &server{g: g, commands: commandTable()}
	srv.descriptions = descriptionsOf(srv.commands)
	srv.messenger = msgr.New(s.h, s.loop, msgr.Config{
		Name:  msg.EntityName{Type: msg.EntityMgr, Num: int64(s.gid())},
		Nonce: s.h.PID(), Label: "mgr." + s.cfg.Name + "/server",
		Workers: s.opt.MessengerWorkers, Options: s.opt.Messenger,
		Auth: msgr.AuthNone{Name: msg.AuthName{Type: uint32(msg.EntityMgr), ID: s.cfg.Name}, GlobalID: s.gid()},
	})
	srv.messenger.SetDefaultPolicy(msgr.StatelessServer())
	srv.messenger.AddDispatcherTail(srv)
	if err := srv.messenger.Bind(s.bindAddr()); err != nil {
		return nil, err
	}
	if err := srv.messenger.Start(); err != nil {
		return nil, err
	}
	srv.addrs = srv.messenger.Addrs()
	return srv, nil
}

func (s *Standby) bindAddr() netip.AddrPort {
	if s.opt.Bind.Addr().IsValid() {
		return s.opt.Bind
	}
	return netip.AddrPortFrom(s.h.Network().Addrs()[0], s.opt.Bind.Port())
}

// daemon is a session of a daemon that reports.
type daemon struct{ name string }

// Dispatch takes everything. Implements [msgr.Dispatcher].
func (srv *server) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	switch b := m.Body.(type) {
	case *msg.MgrOpen:
		srv.open(c, b)
	case *msg.Command:
		code, status, output := srv.run(b.Cmd)
		answer(c, m, &msg.CommandReply{Code: code, Status: status}, output)
	case *msg.MgrCommand:
		code, status, output := srv.run(b.Cmd)
		answer(c, m, &msg.MgrCommandReply{Code: code, Status: status}, output)
	}
	return true
}

// open begins a daemon's reports.
func (srv *server) open(c *msgr.Connection, b *msg.MgrOpen) {
	if c.Priv == nil {
		srv.daemons++
	}
	c.Priv = &daemon{name: daemonName(c, b)}
	c.Send(msg.New(&msg.MgrConfigure{Period: statsPeriod, Threshold: statsThreshold}))
}

// daemonName is "osd.0": daemons of a type of their own do not say which service
// they are.
func daemonName(c *msgr.Connection, b *msg.MgrOpen) string {
	if b.ServiceName != "" {
		return b.ServiceName + "." + b.DaemonName
	}
	return fmt.Sprintf("%v.%s", c.PeerType(), b.DaemonName)
}

// HandleReset forgets a daemon. Implements [msgr.Dispatcher].
func (srv *server) HandleReset(c *msgr.Connection) bool {
	if d, ok := c.Priv.(*daemon); ok {
		c.Priv = nil
		srv.daemons--
		srv.g.s.log.Debug("daemon left", "name", d.name)
	}
	return true
}

// answer sends a reply with the request's tid.
func answer(c *msgr.Connection, request *msg.Message, reply msg.Body, output []byte) {
	m := msg.New(reply)
	m.Header.Tid = request.Header.Tid
	m.Data = output
	c.Send(m)
}
