package cluster

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/sqlitevfs"
	"github.com/wavetank/wavetank/daemons/option"
	"github.com/wavetank/wavetank/daemons/sqld"
)

// Cinder is the part of a Topology that is Cinder's: each service on a machine of its own,
// with a database and a broker.
type Cinder struct {
	Volumes    int // volume.0, volume.1, ..., with one backend each
	Twins      int // twin.0, ...: second processes for the rows of volume.0, ...
	Schedulers int // scheduler.0, ...
	Backups    int // backup.0, ...
	APIs       int // api.0, ...
	Replicas   int // db.1, ...: servers that follow db.0

	Service cinder.Options
	API     api.Options
	DB      db.Options // without its URL
	Backend cinder.BackendConfig
	// ListInterval is the time between lists of services that the operator asks for.
	ListInterval time.Duration

	// Defects are planted bugs; see Mutants.
	Defects    cinder.Defects
	APIDefects api.Defects
	// ServerDefects are those of database servers.
	ServerDefects sqld.Defects
}

// DefaultCinder has Cinder's own timings, and nobody in it. Backends have a replica, and
// take a minute to make a volume.
func DefaultCinder() Cinder {
	return Cinder{
		Service: cinder.DefaultOptions(), API: api.DefaultOptions(), ListInterval: 5 * time.Second,
		Backend: cinder.BackendConfig{Name: "lvm", Targets: []string{"replica"}, CreateTime: time.Minute},
	}
}

// Deployed reports whether anybody is in it.
func (t Cinder) Deployed() bool { return t.APIs+t.Volumes+t.Schedulers+t.Backups > 0 }

// Roles of Cinder's machines.
const (
	RoleVolumes    = "volumes"    // every machine with a volume service of its own
	RoleSchedulers = "schedulers" // every scheduler
	RoleServices   = "services"   // every machine with a service of Cinder that has a row of its own
	RoleAPIs       = "apis"       // every API of Cinder
	RoleCloud      = "cloud"      // every service and every API of Cinder
	RoleDatabases  = "databases"  // every database server
)

// kind is that of everything of Cinder.
func (t *Cinder) kind() Kind {
	return Kind{
		Name: "cinder",
		Numbers: option.Set{
			"cinder-volumes": option.Count(&t.Volumes), "cinder-twins": option.Count(&t.Twins),
			"cinder-schedulers": option.Count(&t.Schedulers), "cinder-backups": option.Count(&t.Backups),
			"cinder-apis": option.Count(&t.APIs), "cinder-replicas": option.Count(&t.Replicas),
		},
		Options: func() []OptionSection {
			return []OptionSection{{"cinder", t.Service.Named()}, {"cinder-api", t.API.Named()}}
		},
		Timings: []any{t}, Defects: []any{&t.Defects, &t.APIDefects, &t.ServerDefects, &t.DB.Defects},
		Names: t.machineNames, Helpers: t.helperNames, Deploy: deployCinder, Start: startCinder,
		Ready: cinderReady,
		Unready: func(*Cluster) (string, string) {
			return "I-SVC-5 who beats is up", "not all services of an undisturbed cloud are up"
		},
		Roles: []Role{
			{RoleVolumes, "every machine with a volume service of its own", func(*Cluster) []string { return t.VolumeNames() }},
			{RoleSchedulers, "every scheduler", func(*Cluster) []string { return t.SchedulerNames() }},
			{RoleServices, "every machine with a service of Cinder that has a row of its own", func(*Cluster) []string { return t.ServiceNames() }},
			{RoleAPIs, "every API of Cinder", func(*Cluster) []string { return t.APINames() }},
			{RoleCloud, "every service and every API of Cinder", func(*Cluster) []string {
				return slices.Concat(t.ServiceNames(), t.TwinNames(), t.APINames())
			}},
			{RoleDatabases, "every database server", func(*Cluster) []string { return t.DatabaseNames() }},
		},
		Points: cinder.Points(),
	}
}

// cinderReady reports whether all of Cinder's services have started, have beaten and are
// listed as up. It is true of a cluster without any.
func cinderReady(c *Cluster) bool {
	t, v := c.topology.Cinder, c.view.Cinder()
	for _, name := range t.ServiceNames() {
		beat, _ := v.Beat(t.ServiceOf(name))
		if up, _ := v.Listed(t.ServiceOf(name)); !up || beat == 0 || v.Started(name) == 0 {
			return false
		}
	}
	return true
}

// cloud is Cinder in a cluster.
type cloud struct {
	*Cluster
	client    *cinderClient
	databases []netip.AddrPort
	broker    netip.AddrPort
	apis      []netip.AddrPort
}

// The machines that Cinder's services need.
const (
	DatabaseName     = "db.0"
	BrokerName       = "broker.0"
	cinderClientName = "client.cinder"
)

// ports of the database and the API.
const (
	databasePort = 7070
	apiPort      = 8776
)

// VolumeNames, TwinNames, SchedulerNames, BackupNames and APINames are the names of the
// machines.
func (t Cinder) VolumeNames() []string { return names("volume", "", t.Volumes) }

// TwinNames are those of second processes.
func (t Cinder) TwinNames() []string { return names("twin", "", t.Twins) }

// SchedulerNames are those of schedulers.
func (t Cinder) SchedulerNames() []string { return names("scheduler", "", t.Schedulers) }

// BackupNames are those of backup services.
func (t Cinder) BackupNames() []string { return names("backup", "", t.Backups) }

// APINames are those of APIs.
func (t Cinder) APINames() []string { return names("api", "", t.APIs) }

// DatabaseNames are those of database servers, the first primary first.
func (t Cinder) DatabaseNames() []string {
	if !t.Deployed() {
		return nil
	}
	return names("db", "", 1+t.Replicas)
}

// ServiceNames are the machines of all services that have rows of their own.
func (t Cinder) ServiceNames() []string {
	return append(append(t.VolumeNames(), t.SchedulerNames()...), t.BackupNames()...)
}

// machineNames are all machines with a daemon, in the order of their deployment.
func (t *Cinder) machineNames() []string {
	if !t.Deployed() {
		return nil
	}
	return slices.Concat(t.DatabaseNames(), []string{BrokerName}, t.ServiceNames(), t.TwinNames(), t.APINames())
}

// helperNames are the machines of those who ask the API.
func (t *Cinder) helperNames() []string {
	if !t.Deployed() {
		return nil
	}
	return []string{cinderClientName}
}

// ServiceOf is the service that a machine runs, as its row has it: "volume.0" is
// cinder-volume of "volume.0@lvm", and so is "twin.0". It is the zero value for a machine
// without one.
func (t Cinder) ServiceOf(name string) cinder.Who {
	kind, number, _ := strings.Cut(name, ".")
	switch kind {
	case "volume", "twin":
		return cinder.Who{Host: "volume." + number + "@" + t.Backend.Name, Binary: cinder.BinaryVolume}
	case "scheduler":
		return cinder.Who{Host: name, Binary: cinder.BinaryScheduler}
	case "backup":
		return cinder.Who{Host: name, Binary: cinder.BinaryBackup}
	}
	return cinder.Who{}
}

// ClusterOf is the cluster of the volume service that a machine runs, with its backend, as
// rows have it; empty if it is in none.
func (t Cinder) ClusterOf(name string) string {
	if t.Service.Cluster == "" || t.ServiceOf(name).Binary != cinder.BinaryVolume {
		return ""
	}
	return t.Service.Cluster + "@" + t.Backend.Name
}

// InitializeCinder compiles the database, once for the program, which Deploy does
// otherwise: it takes a second or more, the first time. What came of it is kept in the
// user's folder for such things ([os.UserCacheDir]). Error: the library's.
func InitializeCinder() error {
	folder, err := os.UserCacheDir()
	if err != nil {
		return sqlitevfs.Initialize("")
	}
	return sqlitevfs.Initialize(filepath.Join(folder, "wavetank"))
}

// deployCinder adds the hosts.
func deployCinder(in *Cluster) {
	in.Keep(newCinderView())
	t := in.topology.Cinder
	if !t.Deployed() {
		return
	}
	if err := InitializeCinder(); err != nil { // not in the middle of a step
		panic(fmt.Sprintf("cluster: SQLite does not compile: %v", err))
	}
	c := &cloud{Cluster: in}
	in.Keep(c)
	at := func(name string, port uint16, program func(host.Host)) netip.AddrPort {
		return netip.AddrPortFrom(c.AddDaemon(name, program).Addr(), port)
	}
	for i, name := range t.DatabaseNames() {
		c.databases = append(c.databases, at(name, databasePort, func(h host.Host) { c.runDatabase(h, i) }))
	}
	c.broker = at(BrokerName, rpc.Port, c.runBroker)
	for _, name := range append(t.ServiceNames(), t.TwinNames()...) {
		c.AddDaemon(name, func(h host.Host) { c.runService(h, t.ServiceOf(name)) })
	}
	for _, name := range t.APINames() {
		c.apis = append(c.apis, at(name, apiPort, c.runAPI))
	}
	c.client = newCinderClient(c.AddMachine(cinderClientName, false), c)
}

// startCinder starts the operator's client.
func startCinder(in *Cluster) {
	if c := Kept[*cloud](in); c != nil {
		c.client.start()
	}
}

// replicated is how many transactions a server keeps for those that follow it.
const replicated = 10000

// runDatabase is a server, the first one with the tables in it.
func (c *cloud) runDatabase(h host.Host, n int) {
	loop := h.NewLoop("sqld")
	o := sqld.Options{Addr: c.databases[n], Defects: c.topology.Cinder.ServerDefects}
	if len(c.databases) > 1 {
		o.Log, o.Peers = replicated, slices.Delete(slices.Clone(c.databases), n, n+1)
	}
	if n > 0 {
		o.Follow = c.databases[0]
	}
	if _, err := sqld.Start(h, loop, o); err != nil {
		exitOn(h, err)
		return
	}
	if n == 0 {
		loop.Go("db sync", func(t host.Task) { c.syncDatabase(h, loop, t) })
	}
}

// syncDatabase makes the tables, as an operator does with "cinder-manage db sync"; a
// server that is no primary any more leaves that to the one that is, when it is there.
func (c *cloud) syncDatabase(h host.Host, loop host.Loop, t host.Task) {
	store, err := db.Open(h, loop, c.storeOptions())
	if err != nil {
		exitOn(h, err)
		return
	}
	for err := store.Migrate(t); err != nil; err = store.Migrate(t) {
		h.Log().Warn("no tables yet", "err", err)
		t.Sleep(time.Second)
	}
}

func (c *cloud) storeOptions() db.Options {
	o := c.topology.Cinder.DB
	addrs := make([]string, len(c.databases))
	for i, a := range c.databases {
		addrs[i] = a.String()
	}
	o.URL = "sqld://" + strings.Join(addrs, ",")
	return o
}

func (c *cloud) runBroker(h host.Host) {
	exitOn(h, rpc.NewBroker(h, rpc.BrokerConfig{Bind: c.broker, Options: c.topology.Cinder.Service.RPC}).Start())
}

// runService starts a volume, scheduler or backup service.
func (c *cloud) runService(h host.Host, who cinder.Who) {
	t := c.topology.Cinder
	loop := h.NewLoop(who.Binary)
	store, err := db.Open(h, loop, c.storeOptions())
	if err != nil {
		exitOn(h, err)
		return
	}
	s, err := cinder.New(h, loop, cinder.Config{
		Host: who.Host, Binary: who.Binary, Store: cinder.NewStore(store), Brokers: []netip.AddrPort{c.broker},
		Options: t.Service, Defects: t.Defects,
	}, c.manager(h, who.Binary))
	if err != nil {
		exitOn(h, err)
		return
	}
	s.Start()
}

func (c *cloud) manager(h host.Host, binary string) cinder.Manager {
	switch binary {
	case cinder.BinaryVolume:
		return cinder.NewVolume(cinder.NewBackend(h, c.topology.Cinder.Backend))
	case cinder.BinaryScheduler:
		return cinder.NewScheduler()
	case cinder.BinaryBackup:
		return cinder.NewBackup(h)
	}
	panic(fmt.Sprintf("cluster: no manager for %s", binary))
}

func (c *cloud) runAPI(h host.Host) {
	t := c.topology.Cinder
	loop := h.NewLoop("cinder-api")
	store, err := db.Open(h, loop, c.storeOptions())
	if err != nil {
		exitOn(h, err)
		return
	}
	client := rpc.New(h, loop, rpc.Config{Brokers: []netip.AddrPort{c.broker}, Options: t.Service.RPC})
	a, err := api.New(api.Config{
		Host: h, Loop: loop, Store: store, RPC: client,
		Bind: netip.AddrPortFrom(h.Network().Addrs()[0], apiPort), Options: t.API, Defects: t.APIDefects,
	})
	if err != nil {
		exitOn(h, err)
		return
	}
	loop.Post(func() {
		client.Start()
		exitOn(h, a.Start())
	})
}
