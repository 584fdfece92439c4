package sim

// segmentKind says what crosses the network.
type segmentKind uint8

const (
	segmentData segmentKind = iota
	segmentOpen             // the answer that opens a dialled connection
	segmentFIN
	segmentRST
)

type segment struct {
	born, at instant
	buf      []byte
	kind     segmentKind
}

// pipe is one direction of a connection: what the writer has written and the
// reader has not yet got, in order. Bytes in it are delayed or held, never lost,
// as long as both ends live.
type pipe struct {
	link      *Link
	from, to  *conn
	spare     []byte    // lent to the writer by available
	segments  []segment // segments[head:] are under way
	head      int
	lastAt    instant // when the last one arrives: none overtakes
	used      int     // bytes of the window that are taken
	owed      int     // bytes read by the far end and not yet given back
	arriving  bool    // an eventDeliver is on the agenda, or held by a cut
	crediting bool    // an eventCredit is
	ended     bool    // FIN or RST was sent
	reset     bool    // RST was sent
	swallowed bool    // the first segment is too large for the link, which keeps it back
	requeue   bool    // what is under way must pass the link's bandwidth again
	pending   handle  // of the eventDeliver
	patience  patience
	arrived   int64 // bytes delivered
	nth       int   // of the connections between the two machines, from 1
	opened    instant

	inspection *inspection // nil as long as no rule and no decoder looks
}

// maxSegment bounds what one delivery hands over in a piece.
const maxSegment = 64 << 10

// available is memory for the writer to fill, nil if the window has not so much
// room.
func (d *pipe) available(n int) []byte {
	room := min(maxSegment, d.link.sim.config.Window-d.used)
	if n > room {
		return nil
	}
	if d.spare == nil {
		d.spare = d.link.sim.pool.get(maxSegment)
	}
	return d.spare[:0:room]
}

// adopt makes the spare buffer a segment, if p is what the writer has made of it,
// all of it may go, and a copy would not do as well.
func (d *pipe) adopt(p []byte) bool {
	const worthIt = maxSegment / 4
	if d.spare == nil || d.link.mss > 0 || len(p) < worthIt || &p[0] != &d.spare[:1][0] || len(p) > d.link.sim.config.Window-d.used {
		return false
	}
	now := d.link.sim.kernel.now()
	d.push(segment{kind: segmentData, buf: d.spare[:len(p)], born: now, at: now + int64(d.link.transit(len(p)))})
	d.used += len(p)
	d.spare = nil
	return true
}

func (d *pipe) dropSpare() {
	if d.spare != nil {
		d.link.sim.pool.put(d.spare)
		d.spare = nil
	}
}

// write takes as much of p as the window allows.
func (d *pipe) write(p []byte) int {
	if d.adopt(p) {
		return len(p)
	}
	total := min(len(p), d.link.sim.config.Window-d.used)
	for rest := p[:total]; len(rest) > 0; {
		rest = rest[d.append(rest):]
	}
	d.used += total
	if total == len(p) {
		d.takeBack(p)
	}
	return total
}

// takeBack ends the loan of the spare buffer if p, which has been copied, was written from
// it: one buffer serves all connections that write in turn.
func (d *pipe) takeBack(p []byte) {
	if d.spare != nil && len(p) > 0 && &p[0] == &d.spare[:1][0] {
		d.dropSpare()
	}
}

// append puts bytes into the segment of this instant, or into a new one.
func (d *pipe) append(p []byte) int {
	now := d.link.sim.kernel.now()
	if n := len(d.segments); n > d.head && d.link.mss == 0 {
		last := &d.segments[n-1]
		if room := cap(last.buf) - len(last.buf); last.kind == segmentData && last.born == now && room > 0 {
			taken := min(room, len(p))
			last.buf = append(last.buf, p[:taken]...)
			return taken
		}
	}
	taken := min(len(p), maxSegment)
	if d.link.mss > 0 {
		taken = d.link.piece(taken)
	}
	buf := append(d.link.sim.pool.get(taken), p[:taken]...)
	d.push(segment{kind: segmentData, buf: buf, born: now, at: now + int64(d.link.transit(taken))})
	return taken
}

// control sends a segment without bytes behind everything before it.
func (d *pipe) control(kind segmentKind) {
	if d.ended {
		return
	}
	d.ended = kind != segmentOpen
	now := d.link.sim.kernel.now()
	d.push(segment{kind: kind, born: now, at: now + int64(d.link.transit(0))})
	if d.inspection != nil {
		d.inspection.more()
	}
}

// abort drops what is under way and sends RST.
func (d *pipe) abort() {
	d.drop()
	d.ended, d.reset = false, true
	d.lastAt = 0
	if d.link.shape != nil {
		d.withdraw()
	}
	d.control(segmentRST)
}

// withdraw takes the delivery of what was dropped off the agenda, so that what
// follows need not wait for it: it may be far away, or never come.
func (d *pipe) withdraw() {
	switch {
	case !d.arriving:
	case d.swallowed:
		d.swallowed, d.arriving = false, false
		d.link.forget(d)
	case d.link.sim.kernel.cancel(d.pending, d, eventDeliver):
		d.arriving = false
	}
}

func (d *pipe) drop() {
	if d.patience.tried {
		d.acknowledged()
	}
	d.clear()
}

// clear forgets what is under way.
func (d *pipe) clear() {
	for ; d.head < len(d.segments); d.head++ {
		d.link.sim.pool.put(d.segments[d.head].buf)
		d.segments[d.head].buf = nil
	}
	d.segments, d.head = d.segments[:0], 0
}

func (d *pipe) push(s segment) {
	s.at = max(s.at, d.lastAt)
	d.lastAt = s.at
	d.segments = append(d.segments, s)
	d.schedule()
}

func (d *pipe) schedule() {
	if d.arriving || d.head == len(d.segments) {
		return
	}
	d.arriving = true
	s := &d.segments[d.head]
	d.pending = d.link.sim.kernel.add(s.at, d, eventDeliver, d.from.id, uint64(len(s.buf))<<2|uint64(s.kind))
}

// fire is an arrival at the far end, or the news at this end that the far end
// has read, or the end of this end's patience.
func (d *pipe) fire(kind eventKind, arg uint64) {
	switch kind {
	case eventCredit:
		d.credit(int(arg))
		return
	case eventGiveUp:
		d.giveUp()
		return
	}
	if !d.link.plain && d.obstructed(arg) {
		return
	}
	d.arriving = false
	now, born := d.link.sim.kernel.now(), instant(-1)
	for d.head < len(d.segments) && d.segments[d.head].at <= now && (d.link.plain || !d.tooLarge()) && (!d.link.sim.inspecting || d.admits()) {
		s := d.segments[d.head]
		d.segments[d.head].buf = nil
		d.head++
		if born < 0 {
			born = s.born
		}
		d.deliver(s)
	}
	if d.head == len(d.segments) {
		d.segments, d.head = d.segments[:0], 0
	}
	if (d.patience.tried || d.link.sim.blocked > 0) && born >= 0 {
		d.answer(born)
	}
	d.schedule()
}

// obstructed reports whether the link keeps an arrival back.
func (d *pipe) obstructed(arg uint64) bool {
	switch {
	case d.link.hold(d, eventDeliver, arg):
		if d.head < len(d.segments) {
			d.unanswered(d.segments[d.head].born)
		}
		d.requeue = d.link.shape != nil && d.link.shape.rate > 0
	case d.requeue:
		d.queueAgain()
	case d.tooLarge():
		d.swallowed = true
		d.unanswered(d.segments[d.head].born)
		d.link.swallow(d, arg, d.segments[d.head].born)
	default:
		return false
	}
	return true
}

// tooLarge reports whether the link swallows the first segment under way.
func (d *pipe) tooLarge() bool {
	return d.link.shape != nil && d.head < len(d.segments) && d.link.shape.swallows(len(d.segments[d.head].buf))
}

// queueAgain sends again what was kept back, as fast as the link lets it.
func (d *pipe) queueAgain() {
	d.requeue, d.arriving = false, false
	now := d.link.sim.kernel.now()
	d.lastAt = now
	for i := d.head; i < len(d.segments); i++ {
		s := &d.segments[i]
		s.at = max(now+int64(d.link.transit(len(s.buf))), d.lastAt)
		d.lastAt = s.at
	}
	d.schedule()
}

func (d *pipe) deliver(s segment) {
	d.link.sim.trace.segment(d, s)
	if d.link.sim.config.OnPacket != nil {
		d.capture(s)
	}
	switch s.kind {
	case segmentData:
		d.link.sim.counts.BytesReceived += uint64(len(s.buf))
		d.arrived += int64(len(s.buf))
		if d.inspection != nil {
			d.inspection.delivered()
		}
		d.to.receive(s.buf)
	case segmentOpen:
		d.to.opened()
	case segmentFIN:
		d.to.ended()
	case segmentRST:
		d.to.breakOff()
	}
}

// consumed notes that the far end has read n bytes, and tells this end once it
// is worth a segment: a quarter of the window.
func (d *pipe) consumed(n int) {
	d.owed += n
	if d.crediting || d.owed == 0 || d.owed < d.link.sim.config.Window/4 {
		return
	}
	d.crediting = true
	back := d.to.out.link
	d.link.sim.kernel.after(back.transit(0), d, eventCredit, d.to.id, uint64(d.owed))
	d.owed = 0
}

// full reports whether the window has no room.
func (d *pipe) full() bool { return d.used >= d.link.sim.config.Window }

// stuck reports whether the window is full of what has arrived and nobody has read.
// Once the far end has closed nobody will, and a writer that can send nothing gets
// no RST for it either: the far end's machine throws that away and returns the
// window.
func (d *pipe) stuck() bool {
	return d.full() && !d.crediting && !d.ended && d.head == len(d.segments)
}

// reopen returns the whole window at once.
func (d *pipe) reopen() {
	d.used, d.owed = 0, 0
	d.from.roomy()
}

func (d *pipe) credit(n int) {
	if d.to.out.link.hold(d, eventCredit, uint64(n)) {
		return
	}
	if d.to.out.silent() {
		return
	}
	d.crediting = false
	d.used -= n
	d.from.roomy()
	d.consumed(0)
}
