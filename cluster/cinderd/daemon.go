package cinderd

import (
	"fmt"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
)

// The kinds of daemons.
const (
	KindAPI       = "cinder-api"
	KindBackup    = cinder.BinaryBackup
	KindBroker    = "cinder-broker"
	KindScheduler = cinder.BinaryScheduler
	KindVolume    = cinder.BinaryVolume
)

// Kinds are all of them.
func Kinds() []string { return []string{KindAPI, KindBackup, KindBroker, KindScheduler, KindVolume} }

// Daemon is one that can be started once. Its methods are called on the loop that it was
// started on.
type Daemon struct {
	// Name tells it from others of the configuration: its kind, for a volume service
	// with its backend, "cinder-volume@lvm".
	Name string
	// Addrs are the addresses that its machine must have.
	Addrs []netip.Addr

	start func(h host.Host, loop host.Loop) (stop func(), err error)
	stop  func()
}

// Start starts it. What it needs of others, the database and the broker, may come later.
func (d *Daemon) Start(h host.Host, loop host.Loop) (err error) {
	d.stop, err = d.start(h, loop)
	if err != nil {
		return fmt.Errorf("%s: %w", d.Name, err)
	}
	return nil
}

// Stop ends it in order. Its row, if it has one, stays as it is.
func (d *Daemon) Stop() {
	if d.stop != nil {
		d.stop()
	}
}

// Daemons are those of a kind: for volume services one for each backend, otherwise one.
// Error: ErrConfig.
func (c *Config) Daemons(kind string) ([]*Daemon, error) {
	loopback := []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1})}
	switch kind {
	case KindAPI:
		return []*Daemon{{Name: kind, Addrs: []netip.Addr{c.Bind.Addr()}, start: c.startAPI}}, nil
	case KindBroker:
		return []*Daemon{{Name: kind, Addrs: []netip.Addr{c.Brokers[0].Addr()}, start: c.startBroker}}, nil
	case KindScheduler, KindBackup:
		return []*Daemon{{Name: kind, Addrs: loopback, start: c.startService(kind, c.Host, c.manager(kind))}}, nil
	case KindVolume:
		if len(c.Backends) == 0 {
			return nil, fmt.Errorf("%w: no backends are enabled (enabled_backends)", ErrConfig)
		}
		var all []*Daemon
		for _, b := range c.Backends {
			manager := func(h host.Host) cinder.Manager { return cinder.NewVolume(cinder.NewBackend(h, b.Driver)) }
			all = append(all, &Daemon{Name: kind + "@" + b.Name, Addrs: loopback, start: c.startService(kind, b.Service(), manager)})
		}
		return all, nil
	}
	return nil, fmt.Errorf("%w: there is no %s", ErrConfig, kind)
}

// manager makes the one of a kind that has no backends.
func (c *Config) manager(kind string) func(host.Host) cinder.Manager {
	return func(h host.Host) cinder.Manager {
		if kind == KindScheduler {
			return cinder.NewScheduler()
		}
		return cinder.NewBackup(h)
	}
}

func (c *Config) startService(binary, name string, manager func(host.Host) cinder.Manager) func(host.Host, host.Loop) (func(), error) {
	return func(h host.Host, loop host.Loop) (func(), error) {
		store, err := db.Open(h, loop, c.Database)
		if err != nil {
			return nil, err
		}
		s, err := cinder.New(h, loop, cinder.Config{
			Host: name, Binary: binary, Store: cinder.NewStore(store), Brokers: c.Brokers, Options: c.Service,
		}, manager(h))
		if err != nil {
			return nil, err
		}
		s.Start()
		return func() { s.Stop(); store.Close() }, nil
	}
}

func (c *Config) startAPI(h host.Host, loop host.Loop) (func(), error) {
	store, err := db.Open(h, loop, c.Database)
	if err != nil {
		return nil, err
	}
	client := rpc.New(h, loop, rpc.Config{Brokers: c.Brokers, Options: c.Service.RPC})
	a, err := api.New(api.Config{Host: h, Loop: loop, Store: store, RPC: client, Bind: c.Bind, Options: c.API})
	if err != nil {
		return nil, err
	}
	client.Start()
	return func() { a.Close(); client.Close(); store.Close() }, a.Start()
}

func (c *Config) startBroker(h host.Host, _ host.Loop) (func(), error) {
	b := rpc.NewBroker(h, rpc.BrokerConfig{Bind: c.Brokers[0], Options: c.Service.RPC})
	return func() {}, b.Start()
}

// SyncDatabase makes the tables, or brings them up to date: "cinder-manage db sync". Then
// it runs done, on the loop.
func (c *Config) SyncDatabase(h host.Host, loop host.Loop, done func(error)) {
	c.manage(h, loop, done, func(t host.Task, store *db.Store) error { return store.Migrate(t) })
}

// RemoveService deletes the row of a service softly: "cinder-manage service remove". A
// service that lives makes itself another one. Error: db.ErrNotFound. Then it runs done,
// on the loop.
func (c *Config) RemoveService(h host.Host, loop host.Loop, binary, name string, done func(error)) {
	c.manage(h, loop, done, func(t host.Task, store *db.Store) error {
		s, err := store.Service(t, db.ServiceFilter{Host: name, Binary: binary})
		if err != nil {
			return fmt.Errorf("%s on %s: %w", binary, name, err)
		}
		_, err = store.DeleteServices(t, db.ServiceFilter{ID: s.ID}, h.Clock().Now().UTC())
		return err
	})
}

// manage does something with the database.
func (c *Config) manage(h host.Host, loop host.Loop, done func(error), fn func(host.Task, *db.Store) error) {
	store, err := db.Open(h, loop, c.Database)
	if err != nil {
		done(err)
		return
	}
	loop.Go("manage", func(t host.Task) {
		defer store.Close()
		done(fn(t, store))
	})
}
