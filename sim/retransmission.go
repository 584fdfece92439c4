package sim

import (
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// TCP's retransmission timer as Linux sets it on a fast link: 200 ms, doubled
// each time, at most 120 s (TCP_RTO_MIN and TCP_RTO_MAX of the kernel).
const (
	rtoMin = 200 * time.Millisecond
	rtoMax = 120 * time.Second
)

// linuxPatience is how long Linux sends again before it gives a connection up:
// tcp_retries2 = 15 with the timer above.
const linuxPatience = 924600 * time.Millisecond

// nextRetransmission is how long after now a segment first sent at since is sent
// again.
func nextRetransmission(since, now instant) time.Duration {
	at, rto := since, rtoMin
	for at < now {
		at += int64(rto)
		rto = min(2*rto, rtoMax)
	}
	return time.Duration(at - now)
}

// patience is how long the sender of a pipe goes on sending again what was not
// acknowledged. It costs nothing as long as all is well: only while something is
// kept back, or its acknowledgement is, an event is on the agenda.
type patience struct {
	tried bool    // something was sent, at since, and is not acknowledged yet
	lists bool    // the pipe is in the unacked list of the link back
	since instant // of the oldest that was not acknowledged
	end   handle  // of the event that ends the patience; none while heard is known
	heard instant // when the acknowledgement will come, if the link back stays open
}

// unanswered notes that what was sent at since is not acknowledged yet.
func (d *pipe) unanswered(since instant) {
	if d.from.err != nil || d.from.vanished { // nobody sends any more
		return
	}
	p := &d.patience
	d.hearAck()
	if !p.tried {
		p.tried, p.since = true, since
	}
	p.heard = 0
	d.await()
}

// await puts the end of the patience on the agenda.
func (d *pipe) await() {
	p, k := &d.patience, d.link.sim.kernel
	limit := d.link.sim.config.UserTimeout
	if d.opening() {
		p.since, limit = d.to.dialled, synPatience
	}
	if limit >= 0 && p.end.index == 0 {
		p.end = k.after(time.Duration(p.since-k.now())+limit, d, eventGiveUp, d.from.id, 0)
	}
}

// opening reports whether the answer that opens the connection is under way.
func (d *pipe) opening() bool {
	return d.head < len(d.segments) && d.segments[d.head].kind == segmentOpen
}

// acknowledged notes that all that arrived was acknowledged.
func (d *pipe) acknowledged() {
	d.link.sim.kernel.cancel(d.patience.end, d, eventGiveUp)
	d.patience = patience{lists: d.patience.lists}
}

// hearAck is acknowledged if the acknowledgement has come meanwhile.
func (d *pipe) hearAck() {
	if p := &d.patience; p.heard != 0 && p.heard <= d.link.sim.kernel.now() {
		d.acknowledged()
	}
}

// answer has the far end acknowledge what arrived. born is when that was sent.
func (d *pipe) answer(born instant) {
	back := d.to.out.link
	switch {
	case d.reset: // nobody acknowledges RST
		d.acknowledged()
	case d.silent(): // the news is that the rest does not arrive
	case d.to.dark(), d.to.out.silent():
		d.unanswered(born)
	case back.blocked:
		d.unanswered(born)
		if !d.patience.lists {
			d.patience.lists = true
			back.unacked = append(back.unacked, d)
		}
	default:
		d.acknowledged()
	}
}

// promiseAcks is called when the link opens: acknowledgements that did not get
// through come with the next retransmission, those that waited in line now.
func (l *Link) promiseAcks() {
	now := l.sim.kernel.now()
	l.eachUnacked(func(d *pipe) {
		heard := now
		if l.lossy {
			heard += int64(nextRetransmission(d.patience.since, now))
		}
		if limit := l.sim.config.UserTimeout; limit < 0 || heard < d.patience.since+int64(limit) {
			l.sim.kernel.cancel(d.patience.end, d, eventGiveUp)
			d.patience.end, d.patience.heard = handle{}, heard
		}
	})
}

// loseAcks is called when the link is blocked: what was promised will not come.
func (l *Link) loseAcks() {
	l.eachUnacked(func(d *pipe) {
		d.patience.heard = 0
		d.await()
	})
}

// eachUnacked does something to every pipe that still waits for an acknowledgement
// that comes over the link, and forgets the others.
func (l *Link) eachUnacked(do func(*pipe)) {
	waiting := l.unacked[:0]
	for _, d := range l.unacked {
		d.hearAck()
		if !d.patience.tried {
			d.patience.lists = false
			continue
		}
		do(d)
		waiting = append(waiting, d)
	}
	clear(l.unacked[len(waiting):])
	l.unacked = waiting
}

// giveUp is the end of the sender's patience.
func (d *pipe) giveUp() {
	opening := d.opening()
	d.patience = patience{lists: d.patience.lists}
	s := d.link.sim
	switch c := d.from; {
	case opening:
		s.counts.TimedOut++
		d.to.fail(host.ErrTimeout)
	case c.closed: // nobody is left to be told
		d.drop()
		s.counts.GivenUp++
		s.trace.conn(c, "abandoned", host.ErrTimeout)
	default:
		s.counts.GivenUp++
		c.fail(host.ErrTimeout)
	}
}
