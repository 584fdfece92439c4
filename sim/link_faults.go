package sim

import (
	"strconv"
	"time"
)

// Cut stops everything that goes over the link, what is in flight included, until
// [Link.Heal]. Nothing is lost, for TCP would send it again; attempts to connect
// go unanswered. The other direction is not touched, though a connection needs
// both to open.
func (l *Link) Cut() {
	if l.local || l.cut {
		return
	}
	l.cut, l.lossy = true, true
	for i := range l.held {
		l.held[i].lost = true
	}
	l.sim.trace.link(l, "cut")
	l.reconsider()
}

// Heal undoes [Link.Cut]. What was held arrives when TCP's next retransmission
// would have come: the longer the cut, the longer the wait after it.
func (l *Link) Heal() {
	if !l.cut {
		return
	}
	l.cut = false
	l.sim.trace.link(l, "heal")
	l.reconsider()
}

// Stall stops everything that goes over the link, until [Link.Unstall], without
// losing it: what arrives meanwhile waits in line, as behind a switch that was
// told to pause, and goes on at once afterwards.
func (l *Link) Stall() {
	if l.local || l.stalled {
		return
	}
	l.stalled = true
	l.sim.trace.link(l, "stall")
	l.reconsider()
}

// Unstall undoes [Link.Stall].
func (l *Link) Unstall() {
	if !l.stalled {
		return
	}
	l.stalled = false
	l.sim.trace.link(l, "unstall")
	l.reconsider()
}

// Clog stalls everything that goes to the machine and from it (see [Link.Stall]),
// until [Host.Unclog]. Two clogged machines can talk to each other once neither
// is.
func (h *Host) Clog() { h.clog(true, "clog") }

// Unclog undoes [Host.Clog].
func (h *Host) Unclog() { h.clog(false, "unclog") }

func (h *Host) clog(clogged bool, word string) {
	if h.clogged == clogged {
		return
	}
	h.clogged = clogged
	h.sim.trace.host(h, word)
	for _, l := range h.Links() {
		l.reconsider()
	}
}

// Clogged reports whether the machine is clogged.
func (h *Host) Clogged() bool { return h.clogged }

// Held counts what cuts of the link have kept back so far: pieces of streams, and
// attempts to connect.
func (l *Link) Held() int { return int(l.counts.Held) }

// AddDelay makes everything that will go over the link take extra longer; 0 takes
// it back.
func (l *Link) AddDelay(extra time.Duration) {
	l.extra = extra
	l.sim.trace.link(l, "delay "+extra.String())
}

// SetDelay draws the delay of what will go over the link from d; nil takes it
// back, so that Config decides again. What AddDelay adds comes on top. Error: d
// makes no sense.
func (l *Link) SetDelay(d *Delay) error {
	text := "usual"
	if d != nil {
		if err := d.validate(); err != nil {
			return err
		}
		text = d.String()
	}
	if !l.local {
		l.shapes().delay = d
		l.sim.trace.link(l, "latency "+text)
	}
	return nil
}

// SetBandwidth lets no more than so many bytes a second over the link, those of
// all its connections together, in the order in which they were written: what
// comes too fast queues. The bytes of TCP's and lower headers are not counted. 0
// takes it back. What is queued keeps its time when the bandwidth changes, and what
// is written from then on does not wait for it, unless it is of the same connection.
// What a connection that breaks has queued goes on taking its share.
func (l *Link) SetBandwidth(bytesPerSecond int64) {
	if l.local {
		return
	}
	l.shapes().rate = max(bytesPerSecond, 0)
	l.shape.busyUntil = 0
	l.mss = l.sim.config.Split
	if bytesPerSecond > 0 && l.mss == 0 {
		l.mss = ethernetMSS
	}
	l.sim.trace.link(l, "bandwidth "+strconv.FormatInt(bytesPerSecond, 10))
}

// ethernetMSS is what a segment holds on Ethernet, with time stamps.
const ethernetMSS = 1448

// SetMTU makes the link a black hole for segments with more than payload bytes:
// they vanish, and with them the connection comes to a stop, while smaller ones,
// acknowledgements and attempts to connect pass. What a process writes within one
// instant is one segment here, if [Config.Split] does not cut it up. Once it fits
// again it arrives when TCP sends it again. 0 takes the limit back.
func (l *Link) SetMTU(payload int) {
	if l.local {
		return
	}
	l.shapes().mtu = max(payload, 0)
	l.sim.trace.link(l, "mtu "+strconv.Itoa(payload))
	if !l.blocked {
		l.release(func(e heldEvent) bool { return e.swallowed })
	}
}

// Mend takes back all that cuts, stalls, delays, bandwidths and MTUs have done to the
// link. What a machine does that is clogged is not the link's.
func (l *Link) Mend() {
	l.Heal()
	l.Unstall()
	if l.extra != 0 {
		l.AddDelay(0)
	}
	if l.shape == nil {
		return
	}
	if l.shape.delay != nil {
		_ = l.SetDelay(nil) // the usual delay is always right
	}
	if l.shape.rate != 0 {
		l.SetBandwidth(0)
	}
	if l.shape.mtu != 0 {
		l.SetMTU(0)
	}
}

// IsCut reports whether the link is cut, so that nothing gets over it.
func (l *Link) IsCut() bool { return l.cut }

// Whole reports whether everything gets over the link, and in its usual time: there is
// nothing that [Link.Mend] would take back, and no machine at its ends is clogged.
func (l *Link) Whole() bool {
	shaped := l.shape != nil && (l.shape.delay != nil || l.shape.rate != 0 || l.shape.mtu != 0)
	return !l.cut && !l.stalled && l.extra == 0 && !shaped && !l.from.clogged && !l.to.clogged
}

// Reset breaks every connection over the link, in both directions, as a middlebox
// does that sends RST both ways. It reports how many it broke.
func (l *Link) Reset() int {
	if l.from.process == nil {
		return 0
	}
	var broken []*conn
	for _, c := range l.from.process.conns {
		if c.err == nil && c.peer != nil && c.out.link == l {
			broken = append(broken, c)
		}
	}
	for _, c := range broken {
		c.breakBoth()
	}
	if len(broken) > 0 {
		l.sim.trace.link(l, "reset")
	}
	return len(broken)
}

// Cut is [Link.Cut] of every link from one host to another.
func (s *Sim) Cut(from, to *Host) { s.eachLink(from, to, (*Link).Cut) }

// Heal is [Link.Heal] of every link from one host to another.
func (s *Sim) Heal(from, to *Host) { s.eachLink(from, to, (*Link).Heal) }

// SetDelay is [Link.AddDelay] on every link from one host to another.
func (s *Sim) SetDelay(from, to *Host, extra time.Duration) {
	s.eachLink(from, to, func(l *Link) { l.AddDelay(extra) })
}

// Held is [Link.Held] of all links from one host to another together.
func (s *Sim) Held(from, to *Host) (n int) {
	s.eachLink(from, to, func(l *Link) { n += l.Held() })
	return n
}

// Reset is [Link.Reset] of every link between two hosts.
func (s *Sim) Reset(a, b *Host) (n int) {
	s.eachLink(a, b, func(l *Link) { n += l.Reset() })
	return n
}

func (s *Sim) eachLink(from, to *Host, do func(*Link)) {
	for _, l := range s.Links(from, to) {
		do(l)
	}
}
