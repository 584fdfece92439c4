package cinder_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
)

// rig is a small world with a broker, a database, and somebody who calls services.
type rig struct {
	t       *testing.T
	w       *monctest.World
	log     bytes.Buffer
	db      *table
	opt     cinder.Options
	defects cinder.Defects
	broker  netip.AddrPort
	caller  *rpc.Client
	loop    host.Loop // of the caller
}

func newRig(t *testing.T) *rig {
	r := &rig{t: t, w: monctest.NewWorld(1), db: &table{}, opt: cinder.DefaultOptions()}
	r.w.Logger = slog.New(slog.NewTextHandler(&r.log, nil))
	p := r.w.NewProcess("broker")
	b := rpc.NewBroker(p, rpc.BrokerConfig{})
	if err := b.Start(); err != nil {
		t.Fatal(err)
	}
	r.broker = b.Addr()
	c := r.w.NewProcess("caller")
	r.loop = c.NewLoop("caller")
	r.caller = rpc.New(c, r.loop, rpc.Config{Brokers: []netip.AddrPort{r.broker}})
	r.loop.Post(r.caller.Start)
	return r
}

// start starts a service.
func (r *rig) start(at, binary string, m cinder.Manager) *monctest.Process {
	r.t.Helper()
	p := r.w.NewProcess(at)
	s, err := cinder.New(p, p.NewLoop("service"), cinder.Config{
		Host: at, Binary: binary, Store: r.db, Brokers: []netip.AddrPort{r.broker}, Options: r.opt, Defects: r.defects,
	}, m)
	if err != nil {
		r.t.Fatal(err)
	}
	s.Start()
	return p
}

// volume starts a volume service with a driver that works.
func (r *rig) volume(at string) (*monctest.Process, *driver) {
	d := &driver{}
	return r.start(at, cinder.BinaryVolume, cinder.NewVolume(d)), d
}

// call has a service do something.
func (r *rig) call(topic, method string, args, result any) error {
	r.t.Helper()
	done, err := false, error(nil)
	r.loop.Go("call", func(t host.Task) {
		err = r.caller.Call(t, rpc.Target{Topic: topic}, method, args, result)
		done = true
	})
	if !r.w.Until(2*time.Minute, func() bool { return done }) {
		r.t.Fatalf("%s does not end", method)
	}
	return err
}

// row is the first row.
func (r *rig) row() db.Service {
	r.t.Helper()
	for _, s := range r.db.services {
		if !s.Deleted {
			return s
		}
	}
	r.t.Fatal("there is no row")
	return db.Service{}
}

func (r *rig) logged(text string) int { return strings.Count(r.log.String(), text) }

// driver is a backend that does as it is told.
type driver struct {
	setUps   int // that fail
	replicas bool
	frozen   bool
	fail     error
	cleaned  []string
	// completed are the targets of failovers of the cluster.
	completed []string
}

func (d *driver) DoSetup(host.Task, string) error {
	if d.setUps > 0 {
		d.setUps--
		return errors.New("not yet")
	}
	return nil
}

func (d *driver) Stats() cinder.Stats {
	return cinder.Stats{BackendState: "up", Pool: "pool", ReplicationEnabled: d.replicas}
}
func (d *driver) Freeze(host.Task) error { return d.told(true) }
func (d *driver) Thaw(host.Task) error   { return d.told(false) }

func (d *driver) told(frozen bool) error {
	if d.fail == nil {
		d.frozen = frozen
	}
	return d.fail
}

func (d *driver) Failover(_ host.Task, target string) (string, error) {
	if target == cinder.DefaultTarget {
		target = ""
	}
	return target, d.fail
}
func (d *driver) FailoverCompleted(_ host.Task, active string) error {
	d.completed = append(d.completed, active)
	return nil
}
func (d *driver) Create(t host.Task, _ string) error { t.Sleep(time.Hour); return d.fail }
func (d *driver) CleanUp(_ host.Task, v string) error {
	d.cleaned = append(d.cleaned, v)
	return d.fail
}
