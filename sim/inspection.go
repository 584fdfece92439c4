package sim

import (
	"math"
	"slices"
)

// Decoder reads along on one connection and knows where the units of its protocol
// begin, so that rules can speak of them. It changes nothing but what rules are shown:
// a run without rules is the same with it and without.
type Decoder interface {
	// Wrote is told what one end has written, in order, as soon as it has: the end
	// that dialled, or the other. For each unit that it can name now it calls mark,
	// in ascending order, with how many bytes of that direction came before it and,
	// where units of that name have one, a number: the epoch of a map, say. It
	// returns up to which byte it knows what there is; math.MaxInt64 means that it
	// has lost track and knows nothing any more. p is the writer's.
	Wrote(dialler bool, p []byte, mark func(at int64, unit string, number uint64)) (known int64)
}

// inspection is what rules and a decoder need to know of one direction of a
// connection.
type inspection struct {
	pipe    *pipe
	decoder Decoder // nil if there is none
	dialler bool    // the direction is that of the end that dialled
	known   int64   // the decoder knows what comes before it
	units   []place // that the decoder has found and that have not arrived, in order
	markFn  func(at int64, unit string, number uint64)

	judged   int64  // what begins before it has been judged
	decided  *Rule  // what is next to arrive is for it to deal with
	holder   *Rule  // holds the stream
	awaiting bool   // of what is next to arrive too little was written to name it
	silentAt int64  // nothing arrives from here on
	flips    []flip // yet to be done, in no order
}

// flip is a bit that will not arrive as it was sent.
type flip struct {
	at  int64
	bit int
}

// inspect begins to look at what the pipe carries.
func (d *pipe) inspect() *inspection {
	i := &inspection{pipe: d, known: math.MaxInt64, silentAt: math.MaxInt64}
	d.inspection = i
	return i
}

// decode lets a decoder read along on a connection that has just been opened.
func (s *Sim) decode(forth, back *pipe) {
	if s.config.Decoder == nil {
		return
	}
	decoder := s.config.Decoder()
	for _, d := range [...]*pipe{forth, back} {
		i := d.inspect()
		i.decoder, i.dialler, i.known = decoder, d == forth, 0
		i.markFn = i.mark
	}
}

func (i *inspection) mark(at int64, unit string, number uint64) {
	i.units = append(i.units, place{at: at, begins: true, name: unit, number: number})
}

// wrote shows the decoder what the writer has written.
func (i *inspection) wrote(p []byte) {
	if i.decoder == nil || len(p) == 0 {
		return
	}
	i.known = i.decoder.Wrote(i.dialler, p, i.markFn)
	i.more()
}

// more notes that something has joined what is under way.
func (i *inspection) more() {
	if i.awaiting {
		i.awaiting = false
		i.pipe.resume()
	}
}

// resume lets arrivals go on that were held.
func (d *pipe) resume() { d.link.sim.kernel.after(0, d, eventDeliver, d.from.id, 0) }

// admits reports whether the first segment under way may be delivered now. It may
// have become shorter by that, or another one.
func (d *pipe) admits() bool {
	i := d.inspection
	if i == nil {
		if len(d.link.sim.rules) == 0 {
			return true
		}
		i = d.inspect()
	}
	return i.admit()
}

func (i *inspection) admit() bool {
	d := i.pipe
	switch {
	case i.silent():
		i.discard()
		return false
	case i.decided != nil:
		r := i.decided
		i.decided = nil
		return i.enact(r)
	case d.segments[d.head].kind != segmentData:
		return true
	}
	return i.judge() && i.shorten()
}

// silent reports whether the direction was cut here.
func (i *inspection) silent() bool { return i.pipe.arrived >= i.silentAt }

// silent reports whether a rule has cut the direction and nothing of it arrives.
func (d *pipe) silent() bool { return d.inspection != nil && d.inspection.silent() }

// judge shows everything that begins in the first segment to the rules, up to the
// first that must be dealt with before the rest.
func (i *inspection) judge() bool {
	d := i.pipe
	s := d.link.sim
	if len(s.rules) == 0 {
		return true
	}
	i.judged = max(i.judged, d.arrived) // there may have been no rules
	end := d.arrived + int64(len(d.segments[d.head].buf))
	if i.unknown(end) {
		if i.known <= d.arrived {
			i.awaiting, d.arriving = true, true
			return false
		}
		end = i.known
		d.split(end)
	}
	for p, ok := i.next(end); ok; p, ok = i.next(end) {
		i.judged = p.at + 1
		if r := s.judge(d, p); r != nil && !i.take(r, p.at) {
			break
		}
	}
	return i.decided == nil || d.arrived < i.judged-1 || i.admit()
}

// unknown reports whether a rule asks what begins before end and more must be
// written to tell. Rules about other machines ask nothing: what those here speak may be
// another protocol, of which the decoder waits for a beginning that never comes.
func (i *inspection) unknown(end int64) bool {
	d := i.pipe
	return i.known < end && !d.ended && slices.ContainsFunc(d.link.sim.rules, func(r *Rule) bool {
		return r.Guard.Unit != "" && r.Guard.crosses(d.link)
	})
}

// next is the first place before end that has not been judged.
func (i *inspection) next(end int64) (first place, ok bool) {
	first.at = end
	consider := func(p place) {
		if p.at >= i.judged && (p.at < first.at || p.at == first.at && p.begins) {
			first = p
		}
	}
	for _, r := range i.pipe.link.sim.rules {
		if r.Guard.Byte > 0 && r.Guard.Byte <= end {
			consider(place{at: r.Guard.Byte - 1})
		}
	}
	if i.known == math.MaxInt64 {
		consider(place{at: i.pipe.arrived, begins: true})
	}
	for _, u := range i.units {
		if u.at >= i.judged {
			consider(u)
			break
		}
	}
	return first, first.at < end
}

// take begins to do what r wants with what begins at a byte. It reports false if
// nothing from there on may arrive for now.
func (i *inspection) take(r *Rule, at int64) bool {
	switch v := r.Verdict; v.action {
	case actionPass:
	case actionCut:
		i.silentAt = min(i.silentAt, at+v.at)
		i.pipe.link.sim.blocked++ // for good, so that missing acknowledgements are looked for
	case actionFlip:
		i.flips = append(i.flips, flip{at: at + v.at, bit: v.bit})
	default:
		i.decided = r
		i.pipe.split(at)
		return false
	}
	return true
}

// enact does what r wants with what is next to arrive. It reports whether that may
// arrive now.
func (i *inspection) enact(r *Rule) bool {
	d := i.pipe
	switch r.Verdict.action {
	case actionDelay:
		d.segments[d.head].at = d.link.sim.kernel.limit(r.Verdict.delay)
	case actionHold:
		i.holder, d.arriving = r, true
		r.held = append(r.held, d)
	case actionReset:
		d.from.breakBoth()
	}
	return false
}

// breakBoth breaks a connection as a middlebox does that sends RST both ways.
func (c *conn) breakBoth() {
	if c.proc.sim().config.OnPacket != nil {
		c.proc.sim().captureReset(c)
	}
	c.peer.breakOff()
	c.breakOff()
}

// shorten takes from the first segment what is cut off, and damages the rest. It
// reports false if nothing is left.
func (i *inspection) shorten() bool {
	d := i.pipe
	buf := d.segments[d.head].buf
	if left := i.silentAt - d.arrived; left < int64(len(buf)) {
		if left == 0 {
			i.discard()
			return false
		}
		d.split(i.silentAt)
		buf = d.segments[d.head].buf
	}
	for _, f := range i.flips {
		if n := f.at - d.arrived; n >= 0 && n < int64(len(buf)) {
			buf[n] ^= 1 << f.bit
		}
	}
	end := d.arrived + int64(len(buf))
	i.flips = slices.DeleteFunc(i.flips, func(f flip) bool { return f.at < end })
	return true
}

// discard loses what is under way, which the sender goes on sending again.
func (i *inspection) discard() {
	since := i.pipe.segments[i.pipe.head].born
	i.pipe.clear()
	i.pipe.unanswered(since)
}

// delivered forgets the units of what has arrived.
func (i *inspection) delivered() {
	n := 0
	for n < len(i.units) && i.units[n].at < i.pipe.arrived {
		n++
	}
	i.units = slices.Delete(i.units, 0, n)
}

// split makes the first segment end before a byte of the direction, if that is in
// it, and the rest a segment of its own.
func (d *pipe) split(at int64) {
	s := &d.segments[d.head]
	n := at - d.arrived
	if n <= 0 || n >= int64(len(s.buf)) {
		return
	}
	rest := *s
	rest.buf = append(d.link.sim.pool.get(len(s.buf)-int(n)), s.buf[n:]...)
	s.buf = s.buf[:n]
	d.segments = slices.Insert(d.segments, d.head+1, rest)
}
