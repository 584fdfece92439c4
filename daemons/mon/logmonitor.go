package mon

import (
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// handleLog takes entries in and acknowledges them once they are committed.
// Entries that all are so already need no leader.
func (m *Mon) handleLog(o *op, l *msg.Log) {
	if l.FSID != m.cfg.FSID || len(l.Entries) == 0 {
		m.log.Info("log of another cluster, or empty", "fsid", l.FSID)
		m.noReply(o)
		return
	}
	last := l.Entries[len(l.Entries)-1]
	done := &msg.LogAck{FSID: m.cfg.FSID, Last: last.Seq, Channel: last.Channel}
	if m.clog.committed(l.Entries) {
		m.reply(o, done, nil)
		return
	}
	if !m.leads(o) {
		return
	}
	m.clog.add(m.clog.fresh(l.Entries)...)
	m.await(func(committed bool) {
		if committed {
			m.reply(o, done, nil)
		} else {
			m.again(o)
		}
	})
	m.schedule(false)
}

// say writes a line of this monitor into the cluster log, if it leads.
func (m *Mon) say(level uint16, format string, args ...any) {
	if m.status().Role != quorum.Leader {
		return
	}
	m.clog.say(level, "cluster", fmt.Sprintf(format, args...), m.wall())
	if m.writeable() {
		m.schedule(false)
	}
}

// sayLeader says what Ceph's monitors say when an election is won.
func (m *Mon) sayLeader() {
	m.say(msg.LogInfo, "mon.%s is new leader, mons %s in quorum (ranks %s)", m.cfg.Name, strings.Join(m.quorumNames(), ","), rankList(m.quorumRanks()))
}

// serveLog sends a subscriber of "log-LEVEL" the lines it has not got; who begins
// gets those to come. The version of the message is that of the log, by which
// clients tell news from repetitions.
func (m *Mon) serveLog(s *session, sub *subscription) {
	level, ok := logLevel(strings.TrimPrefix(sub.what, "log-"))
	if ok && sub.next == 0 {
		sub.next = m.clog.last + 1
	}
	if !ok || sub.next > m.clog.last {
		return
	}
	if lines := m.clog.since(sub.next, level); len(lines) > 0 {
		s.con.Send(msg.NewFromMon(&msg.Log{Paxos: msg.PaxosAt(m.clog.last), FSID: m.cfg.FSID, Entries: lines}))
	}
	sub.sent(m.clog.last)
}

func logCommands() []command {
	return []command{
		{"log", "name=logtext,type=CephString,n=N", "log supplied text to the monitor log", "mon", "rw", (*Mon).logCommand},
		{"log last", "name=num,type=CephInt,range=1,req=false " +
			"name=level,type=CephChoices,strings=debug|info|sec|warn|error,req=false " +
			"name=channel,type=CephChoices,strings=*|cluster|audit|cephadm,req=false",
			"print last few lines of the cluster log", "mon", "r", (*Mon).logLast},
	}
}

// logCommand writes a line for the operator.
func (m *Mon) logCommand(o *op, c *msg.MonCommand, args commandArgs) {
	m.clog.add(o.caller().entry(msg.LogInfo, "cluster", strings.Join(args.list("logtext"), " "), m.wall()))
	m.ackCommitted(o, c, result{prefix: args.prefix()})
}

type logEntryJSON struct {
	Name    string     `json:"name"`
	Rank    string     `json:"rank"`
	Addrs   clientJSON `json:"addrs"`
	Stamp   string     `json:"stamp"`
	Seq     uint64     `json:"seq"`
	Channel string     `json:"channel"`
	Level   string     `json:"priority"`
	Text    string     `json:"message"`
}

// logLast shows the end of the log. Ceph 16.2.15 shows one line more than it was
// asked for.
func (m *Mon) logLast(o *op, c *msg.MonCommand, args commandArgs) {
	level := msg.LogInfo
	if name := args.text("level"); name != "" {
		var ok bool
		if level, ok = logLevel(name); !ok {
			m.ack(o, c, result{prefix: args.prefix(), code: eInval, status: "Invalid severity '" + name + "'"})
			return
		}
	}
	channel := "cluster"
	if args.has("channel") {
		channel = args.text("channel")
	}
	lines := m.clog.tail(args.number("num", 20), level, channel)
	if !args.plain() {
		list := []logEntryJSON{}
		for _, e := range lines {
			list = append(list, logEntryJSON{e.Name.String(), e.Rank.String(),
				clientJSON{AddrVec: addrsOf(e.Addrs).AddrVec}, isoStamp(e.Stamp), e.Seq, e.Channel, logTag(e.Level), e.Text})
		}
		m.ackJSON(o, c, args, list)
		return
	}
	var b strings.Builder
	for _, e := range lines {
		b.WriteString(logLine(e))
	}
	m.ack(o, c, result{prefix: args.prefix(), data: []byte(b.String())})
}

// caller is who makes a request, or is an author in the cluster log.
type caller struct {
	entity msg.AuthName   // "client.admin"
	name   msg.EntityName // "client.4103": with the global id
	addrs  msg.AddrVec
}

// caller is who makes the request: our own client, or that of a peon.
func (o *op) caller() caller {
	if o.via != nil {
		return o.via.client
	}
	return o.s.caller()
}

func (s *session) caller() caller {
	return caller{s.entity, msg.EntityName{Type: s.con.PeerType(), Num: int64(s.gid)}, msg.AddrVec{s.con.PeerAddr()}}
}

// entry is a line by this author.
func (c caller) entry(level uint16, channel, text string, wall wire.UTime) msg.LogEntry {
	return msg.LogEntry{Name: c.entity, Rank: c.name, Addrs: c.addrs, Stamp: wall, Level: level, Text: text, Channel: channel}
}

// sayDropped says that a manager is about to leave the map, which still has it, as
// Ceph's MgrMonitor does.
func (m *Mon) sayDropped(mm *msg.MgrMap, gid uint64, name, reason string) {
	if mm.ActiveGID != gid {
		return
	}
	switch {
	case reason == "restarted":
		m.say(msg.LogInfo, "Active manager daemon %s restarted", name)
	case reason == "timeout" && len(mm.Standbys) > 0:
		m.say(msg.LogInfo, "Manager daemon %s is unresponsive, replacing it with standby daemon %s", name, mm.Standbys[0].Name)
	case reason == "timeout":
		m.say(msg.LogInfo, "Manager daemon %s is unresponsive.  No standby daemons available.", name)
	}
}

// sayMDSDropped says that an mds is about to leave the map, as Ceph's MDSMonitor does.
func (m *Mon) sayMDSDropped(info msg.MDSInfo, reason string) {
	switch reason {
	case "restarted":
		m.say(msg.LogInfo, "daemon mds.%s restarted", info.Name)
	case "timeout":
		m.say(msg.LogInfo, "MDS daemon mds.%s is removed because it is dead or otherwise unavailable.", info.Name)
	}
}

// sayMgrMap says what a committed map has changed about the active manager.
func (m *Mon) sayMgrMap(was, is *msg.MgrMap) {
	if is.ActiveGID == 0 {
		return
	}
	if was.ActiveGID != is.ActiveGID {
		m.say(msg.LogInfo, "Activating manager daemon %s", is.ActiveName)
	}
	if is.Available && (!was.Available || was.ActiveGID != is.ActiveGID) {
		m.say(msg.LogInfo, "Manager daemon %s is now available", is.ActiveName)
	}
}
