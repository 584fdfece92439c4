package process

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mgr/modules"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// mgrDaemon is a manager.
type mgrDaemon struct {
	config  mgr.Config
	standby *mgr.Standby
}

func newMgr(g *config) (daemon, []netip.Addr, error) {
	d := &mgrDaemon{config: mgr.Config{
		Name: g.id, Options: mgr.DefaultOptions(), Client: monc.DefaultOptions(), Given: map[string]string{},
		Modules: modules.All(),
	}}
	if err := d.configure(g); err != nil {
		return nil, nil, err
	}
	addr, err := ownAddr(g, d.config.MonMap.Addr(0).IP)
	if err != nil {
		return nil, nil, err
	}
	if err := d.config.Validate(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return d, []netip.Addr{addr}, nil
}

// configure takes the options. The initial monitor map is of mon_host (MS-4).
func (d *mgrDaemon) configure(g *config) (err error) {
	c := &d.config
	if c.FSID, err = fsid(g); err != nil {
		return err
	}
	mons := g.value("mon_host")
	if mons == "" {
		return g.wrong("mon_host", fmt.Errorf("it is not set: where are the monitors?"))
	}
	addrs, err := parseMonHost(mons)
	if err != nil {
		return g.wrong("mon_host", err)
	}
	c.MonMap = msg.MonMap{FSID: c.FSID}
	for _, addr := range addrs {
		c.MonMap.Add("noname-"+addr.String(), msg.AddrVec{{Type: msg.AddrLegacy, IP: addr}})
	}
	if err := g.each(monc.OptionNames(), c.Client.Set); err != nil {
		return err
	}
	if err := g.each(msgr.OptionNames(), c.Options.Messenger.Set); err != nil {
		return err
	}
	return g.each(mgr.OptionNames(), func(name, value string) error {
		c.Given[name] = value
		tried := c.Options
		return tried.Set(name, value)
	})
}

// fsid is the cluster's id. It may be missing: then the monitors tell.
func fsid(g *config) (wire.UUID, error) {
	text := g.value("fsid")
	if text == "" {
		return wire.UUID{}, nil
	}
	id, err := wire.ParseUUID(text)
	if err != nil {
		return wire.UUID{}, g.wrong("fsid", err)
	}
	return id, nil
}

// ownAddr is public_addr, or the address from which the machine reaches the monitors.
func ownAddr(g *config, mon netip.AddrPort) (netip.Addr, error) {
	if text := g.value("public_addr"); text != "" {
		addr, _, err := parseAddr(text)
		if err != nil {
			return netip.Addr{}, g.wrong("public_addr", err)
		}
		return addr.Addr(), nil
	}
	c, err := net.Dial("udp", mon.String()) // no packet is sent
	if err != nil {
		return netip.Addr{}, fmt.Errorf("no way to the monitors: %w", err)
	}
	defer c.Close()
	return c.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(), nil
}

func (d *mgrDaemon) start(h host.Host) (err error) {
	if d.standby, err = mgr.New(h, d.config); err != nil {
		return err
	}
	return d.standby.Start()
}

func (d *mgrDaemon) stop(done func()) { d.standby.Shutdown(done) }
