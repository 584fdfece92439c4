package mon

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Mon is a monitor. All of it runs on one loop of its own; New and Start may be
// called from anywhere, once, in this order.
type Mon struct {
	h    host.Host
	loop host.Loop
	log  *slog.Logger
	cfg  Config
	opts Options
	rank int // -1 if the monmap does not hold this monitor

	messenger  *msgr.Messenger
	towardsMgr *msgr.Messenger // the messenger of mgrc
	mgrc       mgrClient       // nil in a monitor without messengers
	proxied    int             // bytes of commands that wait for the manager's answer
	counts     counts

	addr msg.EntityAddr            // where this monitor serves
	dial func(msg.EntityAddr) conn // the connection to another monitor

	node         *quorum.Node
	quorumStatus quorum.Status
	quorumLost   time.Duration // when this monitor was last in the quorum, or started
	electedAt    time.Duration // when it got its present role
	state        *store.State
	mons         *monmapMonitor
	outsider     outsider
	osd          *osdService
	mgr          *mgrService
	configKey    *configKey
	config       configMonitor
	overrides    map[string]string // options that the operator has set for this process
	clog         *clusterLog
	health       *healthMonitor
	mgrGone      time.Duration // when this leader first saw that no manager serves; 0 while one does
	fs           *mdsService
	monMeta      *ledger
	reported     *mgrStat
	met          map[string]map[string]string // what monitors say about themselves, to be written down
	heard        map[string]time.Duration     // when a monitor was last heard
	ids          globalIDs
	services     []service // all of these, in the order in which they see every event
	maps         maps
	prop         proposals
	commands     []command

	sessions sessions
	parked   []*op
	kept     []*kept
	lastTid  uint64

	tick    host.Timer // mon_tick_interval
	digest  host.Timer // armed while managers want digests
	outside host.Timer // armed while out of quorum with clients
}

// New makes a monitor from what its disk holds, or a new one. Errors: a Config
// that makes no sense, or those of quorum.New.
func New(h host.Host, cfg Config) (*Mon, error) {
	m, err := assemble(h, cfg)
	if err != nil {
		return nil, err
	}
	label := "mon." + cfg.Name
	m.messenger = msgr.New(h, m.loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityMon, Num: int64(m.rank)}, Label: label,
	})
	m.messenger.SetDefaultPolicy(msgr.StatelessServer())
	m.messenger.SetPolicy(msg.EntityMon, msgr.LosslessPeerReuse())
	m.messenger.AddDispatcherTail(dispatcher{m: m})
	m.dial = func(addr msg.EntityAddr) conn { return m.messenger.ConnectTo(msg.EntityMon, addr) }
	client := newMgrClient(h, m)
	client.Init()
	m.mgrc = client
	return m, nil
}

// assemble makes all of a monitor but its messenger.
func assemble(h host.Host, cfg Config) (*Mon, error) {
	if cfg.Options == (Options{}) {
		cfg.Options = DefaultOptions()
	}
	for _, name := range wire.SortedKeys(cfg.Given) {
		if err := cfg.Options.Set(name, cfg.Given[name]); err != nil {
			return nil, fmt.Errorf("mon.%s: %w", cfg.Name, err)
		}
	}
	if err := cfg.Options.Validate(); err != nil {
		return nil, err
	}
	if cfg.Dir == "" {
		cfg.Dir = "mon"
	}
	m := &Mon{h: h, cfg: cfg, opts: cfg.Options, log: h.Log().With("mon", cfg.Name), outsider: newOutsider()}
	if err := m.findPlace(); err != nil {
		return nil, err
	}
	m.loop = h.NewLoop("mon." + cfg.Name + "/dispatch")
	m.tick = m.loop.NewTimer(m.onTick)
	m.digest = m.loop.NewTimer(m.onDigest)
	m.outside = m.loop.NewTimer(m.onOutside)
	m.prop.timer = m.loop.NewTimer(m.propose)
	m.prop.seq = h.Rand("mon.proposals").Uint64()
	m.ids = globalIDs{step: m.opts.GlobalIDStep}
	m.ids.renumber(m.rank, m.cfg.MonMap.Size())
	m.outsider.timer = m.loop.NewTimer(m.onOutsider)
	m.mons = m.newMonmapMonitor()
	m.osd = m.newOSDService()
	m.mgr = m.newMgrService()
	m.configKey = newConfigKey()
	m.config.keys = m.configKey
	m.clog = newClusterLog(m.caller(), m.opts.MaxLogEntries)
	m.health = newHealthMonitor()
	m.health.look, m.health.changed = m.lookAround, m.sayHealth
	m.health.mutes.ended = m.sayMuteEnded
	m.fs, m.monMeta, m.met = m.newMDSService(), newLedger(monMetadataSpace), map[string]map[string]string{}
	m.reported = newMgrStat(m.cfg.MonMap.Created)
	m.heard = map[string]time.Duration{}
	m.overrides = map[string]string{}
	m.services = []service{m.osd, m.mgr, &m.ids, m.configKey, m.clog, m.health, m.health.mutes, m.fs, m.monMeta, m.reported, m.mons}
	m.commands = commands()
	m.state = store.New(m.firstMaps(), m.opts.MaxMgrMapEpochs)
	var err error
	m.node, err = quorum.New(h, m.loop, m.quorumConfig(), m, m)
	if err != nil {
		return nil, fmt.Errorf("mon.%s: %w", cfg.Name, err)
	}
	m.refresh()
	return m, nil
}

// firstMaps are the maps of a new cluster.
func (m *Mon) firstMaps() map[string][]byte {
	first := firstOSDMaps(m.cfg.FSID, m.cfg.MonMap.Created)
	first[monMapName] = m.firstMembership()
	first[mgrMapName] = encodeMgrMap(&msg.MgrMap{Epoch: 1})
	first[fsMapName] = encodeFSMap(firstFSMap())
	return first
}

func (m *Mon) newOSDService() *osdService {
	s := &osdService{osdMonitor: newOSDMonitor()}
	s.took = func(encoded []byte) { m.h.Probe(osdCommittedFact(m.cfg.Name, s.committed, encoded)) }
	return s
}

func (m *Mon) newMgrService() *mgrService {
	s := &mgrService{mgrMonitor: newMgrMonitor(m.opts, m.cfg.Defects)}
	s.dropped = func(gid uint64, name, reason string) {
		m.sayDropped(s.pending.next, gid, name, reason)
		m.h.Probe(MgrDropped{Mon: m.cfg.Name, GID: gid, Name: name, Reason: reason})
	}
	s.fence = func(wall wire.UTime, addrs []msg.EntityAddr) uint32 {
		return m.osd.fence(wall, later(wall, m.opts.MgrBlocklistInterval), addrs...)
	}
	s.took = func(was *msg.MgrMap, encoded []byte) {
		m.sayMgrMap(was, s.committed)
		m.maps.setMgrMap(s.committed, encoded)
		if m.mgrc != nil {
			m.mgrc.HandleMap(s.committed)
		}
		m.h.Probe(committedFact(m.cfg.Name, s.committed, encoded, s.described()))
	}
	return s
}

func (m *Mon) newMDSService() *mdsService {
	s := newMDSService(m.opts)
	s.dropped = func(info msg.MDSInfo, reason string) {
		m.sayMDSDropped(info, reason)
		m.h.Probe(MDSDropped{Mon: m.cfg.Name, GID: info.GID, Name: info.Name, Reason: reason})
	}
	s.unsettled = func(within time.Duration) bool {
		return m.now()-m.electedAt < within || len(m.quorumRanks()) < m.size()
	}
	s.took = func(encoded []byte) {
		if s.committed.Epoch > 1 { // the first is every cluster's
			m.h.Probe(fsCommittedFact(m.cfg.Name, s.committed, encoded))
		}
	}
	return s
}

// Start binds the monitor's address and begins to take part. Errors: those of
// msgr's Bind and Start.
func (m *Mon) Start() error {
	if err := m.messenger.Bind(m.addr.IP); err != nil {
		return fmt.Errorf("mon.%s: %w", m.cfg.Name, err)
	}
	m.serveAdmin()
	m.loop.Post(m.begin)
	if err := errors.Join(m.towardsMgr.Start(), m.messenger.Start()); err != nil {
		return fmt.Errorf("mon.%s: %w", m.cfg.Name, err)
	}
	return nil
}

// begin starts the clocks. A message that comes before it only waits.
func (m *Mon) begin() {
	m.quorumLost = m.now()
	for _, s := range m.services {
		s.restart(m.now())
	}
	m.tick.Reset(m.opts.TickInterval)
	m.node.Start()
	m.onOutsider()
	if m.mgrc != nil {
		m.mgrc.HandleMap(m.mgr.committed)
	}
}

// onTick is the services' sense of time.
func (m *Mon) onTick() {
	m.tick.Reset(m.opts.TickInterval)
	now := m.now()
	m.tickServices()
	m.ids.asked = 0 // the request may have been lost
	m.checkGlobalIDs()
	m.countBeacons()
	m.trimSessions(now)
	m.sayFarewell()
	if len(m.parked) > 0 {
		m.wake()
	}
}

// later is t by the given time later.
func later(t wire.UTime, by time.Duration) wire.UTime { return wire.UTimeOf(t.Time().Add(by)) }

func (m *Mon) now() time.Duration { return m.h.Clock().Monotonic() }
