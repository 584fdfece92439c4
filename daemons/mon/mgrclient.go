package mon

import (
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgrc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// mgrClient is what a monitor needs of its client of the active manager.
type mgrClient interface {
	HandleMap(*msg.MgrMap)
	OptionsChanged()
	Command(text string, input []byte, done func(mgrc.CommandResult))
}

// newMgrClient makes the client, on a messenger of its own that only dials. (Ceph:
// mon-mgrc in src/ceph_mon.cc.)
func newMgrClient(h host.Host, m *Mon) *mgrc.Client {
	entity := msg.AuthName{Type: uint32(msg.EntityMon), ID: m.cfg.Name}
	m.towardsMgr = msgr.New(h, m.loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityMon, Num: int64(m.rank)}, Nonce: h.PID(), Label: "mon." + m.cfg.Name + "/mgrc",
		Workers: 1, Auth: msgr.AuthNone{Name: entity},
	})
	return mgrc.New(h, m.loop, m.towardsMgr, mgrc.Config{
		Entity: entity, Service: "mon", Daemon: reported{m}, Defects: m.cfg.Defects.MgrClient,
	})
}

// reported is a monitor as managers see it.
type reported struct{ m *Mon }

// Counters implements mgrc.Daemon.
func (r reported) Counters() []mgrc.Counter { return r.m.counters() }

// Options implements mgrc.Daemon.
func (r reported) Options() []admin.Option { return r.m.options() }

// complaintTime is the age from which on a request is slow (mon_op_complaint_time).
const complaintTime = 30 * time.Second

// Health implements mgrc.Daemon: how many requests wait for too long, and the oldest
// one's age in seconds. (Ceph: Monitor::get_health_metrics.)
func (r reported) Health() []msg.DaemonHealthMetric {
	var slow, oldest uint64
	for _, o := range r.m.parked {
		if age := r.m.now() - o.since; age >= complaintTime {
			slow++
			oldest = max(oldest, uint64(age/time.Second))
		}
	}
	return []msg.DaemonHealthMetric{{Type: msg.MetricSlowOps, Value: slow<<32 | oldest}}
}

// maxProxyBytes bounds the commands that wait for a manager's answer (mon_client_bytes
// times mon_mgr_proxy_client_bytes_ratio).
const maxProxyBytes = 30 << 20

// proxy passes a command on to the active manager, and its answer to the client. It
// waits for a manager if there is none. (Ceph: Monitor::handle_command.)
func (m *Mon) proxy(o *op, c *msg.MonCommand, prefix string) {
	text := strings.Join(c.Cmd, "")
	size := len(text) + len(o.msg.Data)
	if m.proxied+size > maxProxyBytes {
		m.ack(o, c, result{prefix: prefix, code: eAgain, status: "hit limit on proxied mgr commands"})
		return
	}
	m.proxied += size
	m.mgrc.Command(text, o.msg.Data, func(r mgrc.CommandResult) {
		m.proxied -= size
		if r.Err == nil && !o.gone() {
			m.ack(o, c, result{prefix: prefix, code: r.Code, status: r.Status, data: r.Data})
		}
	})
}
