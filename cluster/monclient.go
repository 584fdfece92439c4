package cluster

import (
	"strconv"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/option"
)

// RoleMonClients is every monitor client without a daemon.
const RoleMonClients = "monclients"

// monClientKind are the monitor clients without daemons.
func (t *Topology) monClientKind() Kind {
	return Kind{
		Name: "mon-client", Numbers: option.Set{"mon-clients": option.Count(&t.MonClients)},
		Names: t.MonClientNames,
		Deploy: func(c *Cluster) {
			for _, name := range t.MonClientNames() {
				c.AddDaemon(name, c.runMonClient)
			}
		},
		Roles: []Role{
			{RoleMonClients, "every monitor client without a daemon", func(*Cluster) []string { return t.MonClientNames() }},
		},
	}
}

// monClient is a monitor client without a daemon around it, which does everything
// that a client can do. It knows of the monitors what a configuration file says, their
// addresses, and of the cluster nothing. Its life is short, sometimes over before it
// has a session: then it shuts down in order, waits, and begins again as another
// process.
type monClient struct {
	h      host.Host
	loop   host.Loop
	mons   []string
	client *monc.Client
	draw   host.Rand
	act    host.Timer
	epochs map[string]uint64 // of the maps that it has
}

// runMonClient is the program of the monitor clients.
func (c *Cluster) runMonClient(h host.Host) {
	loop := h.NewLoop("monclient/dispatch")
	m := msgr.New(h, loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityClient, Num: -1}, Nonce: h.PID(), Label: h.Name(), Workers: 1,
	})
	k := &monClient{h: h, loop: loop, mons: c.monmap.Ranks, draw: h.Rand("monclient"), epochs: make(map[string]uint64)}
	k.client = monc.New(h, loop, m, monc.Config{
		Entity: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"},
		MonMap: c.hearsay(), Options: c.topology.Client, Defects: c.topology.ClientDefects,
	})
	k.act = loop.NewTimer(k.onAct)
	end := loop.NewTimer(k.end)
	m.AddDispatcherTail(monClientDispatcher{k: k})
	loop.Post(func() {
		k.client.Init()
		if err := m.Start(); err != nil {
			exitOn(h, err)
			return
		}
		k.client.Want(MgrMap, 0, false)
		k.client.Want(OSDMap, 0, false)
		if k.draw.IntN(4) == 0 { // as a manager does that becomes active
			k.client.AwaitSession(k.client.Reopen)
		}
		k.client.Authenticate(k.authenticated)
		end.Reset(k.lifetime())
	})
}

// hearsay is the monitor map of whoever knows the monitors' addresses only: its epoch
// is 0, and it is of no cluster yet.
func (c *Cluster) hearsay() msg.MonMap {
	m := c.monmap.Clone()
	m.Epoch, m.FSID = 0, [16]byte{}
	return m
}

// lifetime is how long the process goes on: for some time, or only for about as long
// as it takes to get a session.
func (k *monClient) lifetime() time.Duration {
	if k.draw.IntN(3) == 0 {
		return time.Duration(k.draw.IntN(8000)) * time.Microsecond
	}
	return 5*time.Second + time.Duration(k.draw.IntN(60_000))*time.Millisecond
}

// authenticated begins the client's doings, or another life.
func (k *monClient) authenticated(err error) {
	if err != nil {
		k.end()
		return
	}
	k.onAct()
}

// onAct does one of the things that clients do.
func (k *monClient) onAct() {
	switch k.draw.IntN(6) {
	case 0:
		k.client.Command(commandText("config-key exists", []string{"key", "tank/0"}), func(monc.CommandResult) {})
	case 1:
		k.client.GetVersion(MgrMap, func(monc.VersionRange, error) {})
	case 2:
		k.client.Log(msg.LogInfo, "cluster", "all is well")
	case 3:
		k.client.Tell(k.mons[k.draw.IntN(len(k.mons))], commandText("version", nil), func(monc.CommandResult) {})
	case 4:
		k.client.Tell(strconv.Itoa(k.draw.IntN(len(k.mons))), commandText("mon_status", nil), func(monc.CommandResult) {})
	case 5:
		k.client.Want("fsmap", 0, true)
		k.client.Renew()
	}
	k.act.Reset(time.Duration(100+k.draw.IntN(3000)) * time.Millisecond)
}

// end is the end of the process. It lingers, so that it would be seen if the client
// went on.
func (k *monClient) end() {
	k.act.Stop()
	k.client.Shutdown()
	again := k.loop.NewTimer(func() { k.h.Respawn("end of its life") })
	again.Reset(time.Second + time.Duration(k.draw.IntN(2000))*time.Millisecond)
}

// monClientDispatcher takes the maps.
type monClientDispatcher struct {
	msgr.BaseDispatcher
	k *monClient
}

// Dispatch implements msgr.Dispatcher.
func (d monClientDispatcher) Dispatch(_ *msgr.Connection, m *msg.Message) bool {
	switch b := m.Body.(type) {
	case *msg.MgrMapMsg:
		d.k.got(MgrMap, uint64(b.Map.Epoch))
	case *msg.OSDMap:
		d.k.got(OSDMap, uint64(b.Newest))
	case *msg.FSMapMsg:
		d.k.got("fsmap", uint64(b.Epoch))
	}
	return true
}

// got takes an epoch that is newer than what is there.
func (k *monClient) got(what string, epoch uint64) {
	if before, known := k.epochs[what]; known && epoch <= before && what != "fsmap" {
		return
	}
	k.epochs[what] = epoch
	k.client.Got(what, epoch)
}
