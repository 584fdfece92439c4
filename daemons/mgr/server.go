package mgr

import (
	"net/netip"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// server is what daemons and the command line talk to. Ceph: DaemonServer in
// src/mgr/DaemonServer.cc. It answers commands and takes reports.
type server struct {
	msgr.BaseDispatcher
	g         *Mgr
	messenger *msgr.Messenger
	addrs     msg.AddrVec
	commands  []command
	tell      *admin.Socket // what "ceph tell mgr.x" gets to
	reporting []*reporter   // sessions of daemons that report, in the order opened
}

// newServer listens and serves. The server's messenger is another one than that
// towards the monitors: others dial it.
func newServer(g *Mgr) (*server, error) {
	s := g.s
	srv := &server{g: g, commands: commandTable(), tell: admin.New(s.adminHooks())}
	srv.messenger = msgr.New(s.h, s.loop, msgr.Config{
		Name:  msg.EntityName{Type: msg.EntityMgr, Num: int64(s.gid())},
		Nonce: s.h.PID(), Label: "mgr." + s.cfg.Name + "/server",
		Workers: s.opt.MessengerWorkers, Options: s.opt.Messenger,
		Auth: s.authorizer(),
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

// authorizer decides who may talk to the server, and what it may do.
func (s *Standby) authorizer() msgr.Authorizer {
	if s.cfg.Authorizer != nil {
		return s.cfg.Authorizer
	}
	return s.identity()
}

// identity is what the manager says of itself to those that it talks to.
func (s *Standby) identity() msgr.AuthNone {
	return msgr.AuthNone{Name: msg.AuthName{Type: uint32(msg.EntityMgr), ID: s.cfg.Name}, GlobalID: s.gid()}
}

func (s *Standby) bindAddr() netip.AddrPort {
	if s.opt.Bind.Addr().IsValid() {
		return s.opt.Bind
	}
	return netip.AddrPortFrom(s.h.Network().Addrs()[0], s.opt.Bind.Port())
}

// Dispatch takes everything. Implements [msgr.Dispatcher].
func (srv *server) Dispatch(c *msgr.Connection, m *msg.Message) bool {
	if srv.g.s.gone {
		return true
	}
	switch b := m.Body.(type) {
	case *msg.MgrOpen:
		srv.open(c, b)
	case *msg.MgrReport:
		srv.report(c, b)
	case *msg.MgrClose:
		srv.close(c, b)
	case *msg.Command:
		srv.command(c, m, b)
	case *msg.MgrCommand:
		srv.mgrCommand(c, m, b)
	}
	return true
}

// HandleReset forgets a daemon's session. Implements [msgr.Dispatcher].
func (srv *server) HandleReset(c *msgr.Connection) bool {
	srv.forget(c)
	return true
}

// answer sends a reply with the request's tid.
func answer(c *msgr.Connection, request *msg.Message, reply msg.Body, output []byte) {
	m := msg.New(reply)
	m.Header.Tid = request.Header.Tid
	m.Data = output
	c.Send(m)
}
