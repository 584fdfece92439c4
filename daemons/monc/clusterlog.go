package monc

import (
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// clusterLog is the lines for the cluster log that no monitor has acknowledged. They
// outlive sessions: a new one begins with all of them. Ceph: LogClient in
// src/common/LogClient.cc.
type clusterLog struct {
	c     *Client
	last  uint64 // number of the last line
	sent  uint64 // up to here on this session
	lines []msg.LogEntry
	timer host.Timer
}

// logKept bounds what waits for an acknowledgement. Beyond it the oldest lines are
// given up; Ceph keeps all.
const logKept = 10_000

func (l *clusterLog) init(c *Client) {
	l.c = c
	l.timer = c.loop.NewTimer(l.send)
}

// Log writes a line into the cluster log: level is one of msg.LogInfo and its like,
// the channel "cluster" or "audit". It goes out with others within
// Options.LogInterval, and again on each session until a monitor has acknowledged
// it, which it does once the line is committed. Monitors know repetitions.
func (c *Client) Log(level uint16, channel, text string) {
	if c.stopped {
		return
	}
	l := &c.clog
	l.last++
	l.lines = append(l.lines, msg.LogEntry{
		Name: c.cfg.Entity, Rank: c.m.Name(), Addrs: c.m.Addrs(), Stamp: wire.UTimeOf(c.h.Clock().Now()),
		Seq: l.last, Level: level, Text: text, Channel: channel,
	})
	if len(l.lines) > logKept {
		c.log.Error("line for the cluster log given up", "seq", l.lines[0].Seq)
		l.lines = l.lines[1:]
	}
	l.schedule()
}

// schedule sets the timer if there is something to send.
func (l *clusterLog) schedule() {
	if l.c.active != nil && len(l.unsent()) > 0 && !l.timer.Armed() {
		l.timer.Reset(l.c.opt.LogInterval)
	}
}

// unsent are the lines that the session has not carried.
func (l *clusterLog) unsent() []msg.LogEntry {
	for i := range l.lines {
		if l.lines[i].Seq > l.sent {
			return l.lines[i:]
		}
	}
	return nil
}

// send sends as many lines as go into a message.
func (l *clusterLog) send() {
	lines := l.unsent()
	if l.c.active == nil || len(lines) == 0 {
		return
	}
	lines = lines[:min(len(lines), l.c.opt.LogBatch)]
	l.sent = lines[len(lines)-1].Seq
	l.c.Send(msg.New(&msg.Log{Paxos: msg.PaxosAt(0), FSID: l.c.monmap.FSID, Entries: append([]msg.LogEntry(nil), lines...)}))
	l.schedule()
}

// resend begins a session.
func (l *clusterLog) resend() {
	l.sent = 0
	l.timer.Stop()
	l.send()
}

// handleAck forgets what a monitor has committed.
func (l *clusterLog) handleAck(a *msg.LogAck) {
	for len(l.lines) > 0 && l.lines[0].Seq <= a.Last {
		l.lines = l.lines[1:]
	}
}

// stop gives up everything.
func (l *clusterLog) stop() {
	l.lines = nil
	l.timer.Stop()
}
