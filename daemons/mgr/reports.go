package mgr

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// reporter is a session of a daemon that reports.
type reporter struct {
	conn *msgr.Connection
	key  state.Key
}

// keyOf is which daemon it is: those of a type of their own do not say which service
// they are.
func keyOf(c *msgr.Connection, daemon, service string) state.Key {
	if service == "" {
		service = c.PeerType().String()
	}
	return state.Key{Type: service, Name: daemon}
}

// open begins a daemon's reports. What a daemon of Ceph itself reports can be made use
// of only once it is known what it is: until then its session is cut, and it comes
// back. (Ceph: DaemonServer::handle_open.)
func (srv *server) open(c *msgr.Connection, b *msg.MgrOpen) {
	s, key := srv.g.s, keyOf(c, b.DaemonName, b.ServiceName)
	srv.configure(c)
	d := s.cluster.Daemons.Get(key)
	switch {
	case b.ServiceDaemon:
		d = srv.g.openService(d, key, c, b)
	case d == nil:
		srv.refuse(c, key)
		return
	}
	if err := learnConfig(d, b.Config); err != nil {
		srv.expel(c, key, err)
		return
	}
	if defaults := wire.NewDecoder(b.ConfigDefaults); len(b.ConfigDefaults) > 0 {
		d.Defaults = orNone(defaults.StringMap())
	}
	d.Counters = state.Counters{}
	d.Reported = s.now()
	srv.forget(c)
	r := &reporter{c, key}
	c.Priv = r
	srv.reporting = append(srv.reporting, r)
}

// configure tells a daemon how to report.
func (srv *server) configure(c *msgr.Connection) {
	o := &srv.g.s.opt
	c.Send(msg.New(&msg.MgrConfigure{
		Period: uint32((o.StatsPeriod + time.Second - 1) / time.Second), Threshold: uint32(o.StatsThreshold),
	}))
}

// configureAll tells all daemons that report, for that has changed. (Ceph leaves out
// those that name their service, the monitors among them.)
func (srv *server) configureAll() {
	for _, r := range srv.reporting {
		srv.configure(r.conn)
	}
}

// refuse cuts the session of a daemon that is not known, and asks the monitors about
// it.
func (srv *server) refuse(c *msgr.Connection, key state.Key) {
	srv.g.s.log.Debug("daemon not known yet", "daemon", key)
	srv.forget(c)
	c.MarkDown()
	srv.g.askMetadata(key)
}

// report takes what a daemon says of itself.
func (srv *server) report(c *msgr.Connection, b *msg.MgrReport) {
	s, key := srv.g.s, keyOf(c, b.DaemonName, b.ServiceName)
	d := s.cluster.Daemons.Get(key)
	if d == nil {
		srv.refuse(c, key)
		return
	}
	if err := errors.Join(d.Counters.Update(b, s.now()), learnConfig(d, b.Config)); err != nil {
		srv.expel(c, key, err)
		return
	}
	d.Reported = s.now()
	d.Health = b.Health
	if d.Service && b.Status != nil {
		d.Status, d.StatusStamp = b.Status, s.h.Clock().Now()
	}
	if b.TaskStatus != nil {
		srv.g.updateTasks(key, b.TaskStatus)
	}
}

// learnConfig takes what a daemon's options are, if it says so. Error: what is wrong with
// it; then they are what they were.
func learnConfig(d *state.Daemon, encoded []byte) error {
	if len(encoded) == 0 {
		return nil
	}
	c, err := msg.DecodeDaemonConfig(encoded)
	if err == nil {
		d.Config = c
	}
	return err
}

// expel cuts the session of a daemon that says what makes no sense.
func (srv *server) expel(c *msgr.Connection, key state.Key, err error) {
	srv.g.s.log.Error("bad report", "daemon", key, "error", err)
	srv.forget(c)
	c.MarkDown()
}

// close ends a daemon's reports: it takes its leave.
func (srv *server) close(c *msgr.Connection, b *msg.MgrClose) {
	key := keyOf(c, b.DaemonName, b.ServiceName)
	s := srv.g.s
	if d := s.cluster.Daemons.Get(key); d != nil && d.Service {
		s.cluster.Daemons.Remove(key)
		srv.g.closeService(key)
	}
	srv.forget(c)
	c.Send(msg.New(&msg.MgrClose{DaemonName: b.DaemonName, ServiceName: b.ServiceName}))
}

// forget notes that a session is no more.
func (srv *server) forget(c *msgr.Connection) {
	r, ok := c.Priv.(*reporter)
	if !ok {
		return
	}
	c.Priv = nil
	srv.reporting = slices.DeleteFunc(srv.reporting, func(x *reporter) bool { return x == r })
	srv.g.s.log.Debug("daemon left", "daemon", r.key)
}

// reportedHealth is what the daemons' own metrics make of health: SLOW_OPS. (Ceph:
// src/mgr/DaemonHealthMetricCollector.cc.)
func (g *Mgr) reportedHealth() (c msg.HealthCheck, slow bool) {
	var count, oldest uint32
	var names []string
	for _, d := range g.s.cluster.Daemons.All() {
		for _, h := range d.Health {
			n := uint32(h.Value >> 32)
			if h.Type != msg.MetricSlowOps || n == 0 {
				continue
			}
			count += n
			oldest = max(oldest, uint32(h.Value))
			names = append(names, d.String())
		}
	}
	if count == 0 {
		return c, false
	}
	where := "daemons [" + joinComma(names) + "] have slow ops."
	if len(names) == 1 {
		where = names[0] + " has slow ops"
	}
	c = msg.HealthCheck{Severity: msg.HealthWarn, Count: int64(count)}
	c.Summary = fmt.Sprintf("%d slow ops, oldest one blocked for %d sec, %s", count, oldest, where)
	return c, true
}

func joinComma(names []string) (text string) {
	for i, n := range names {
		if i > 0 {
			text += ","
		}
		text += n
	}
	return text
}

// notify tells modules what has changed.
func (s *Standby) notify(what module.What) { s.modules.Notify(what) }
