package sim

import "math/bits"

// An instant of virtual time, in nanoseconds since the simulation began.
type instant = int64

const (
	wheelBits   = 6 // slots per level: 64, so that one word is a level's bitmap
	wheelSlots  = 1 << wheelBits
	wheelLevels = 11 // 11 levels of 6 bits cover every positive int64
	slotMask    = wheelSlots - 1

	// Places an event can be besides a slot of the wheel.
	placeFree = -1
	placeDue  = -2

	none = int32(-1) // the end of a list
)

// target is what an event happens to.
type target interface {
	fire(kind eventKind, arg uint64)
}

// event is one entry of the kernel's agenda. Events live in a slab and are
// linked by index, so scheduling one allocates nothing.
type event struct {
	at         instant
	arg        uint64
	target     target
	actor      uint32 // whom the run hash names
	generation uint32 // so that a handle of a past event is recognised
	next, prev int32
	place      int32 // level*64+slot, placeDue or placeFree
	due        int32 // index in wheel.due while place is placeDue
	kind       eventKind
}

// handle names a scheduled event, to cancel it. The zero handle names none.
type handle struct {
	index      int32 // slab index plus one
	generation uint32
}

// wheel is an exact hierarchical timing wheel: events of one nanosecond are due
// together, in no order of its own, and neither the number of pending events nor
// their spread makes it slower. An event lies at the level of the highest
// 6-bit digit in which its time differs from now, so that a cascade moves it at
// most once per digit.
type wheel struct {
	now    instant
	slab   []event
	free   int32
	bitmap [wheelLevels]uint64
	slots  [wheelLevels * wheelSlots]int32
	due    []int32 // events whose time has come, unordered
	count  int
}

func newWheel() *wheel {
	w := &wheel{free: none}
	for i := range w.slots {
		w.slots[i] = none
	}
	return w
}

// add schedules an event; a time that is past becomes now.
func (w *wheel) add(at instant, t target, kind eventKind, actor uint32, arg uint64) handle {
	i := w.alloc()
	e := &w.slab[i]
	e.at, e.target, e.kind, e.actor, e.arg = max(at, w.now), t, kind, actor, arg
	w.place(i)
	w.count++
	return handle{index: i + 1, generation: e.generation}
}

// cancel removes the event if it is still pending and reports whether it was.
func (w *wheel) cancel(h handle) bool {
	if h.index == 0 {
		return false
	}
	i := h.index - 1
	e := &w.slab[i]
	if e.generation != h.generation || e.place == placeFree {
		return false
	}
	w.unlink(i)
	w.release(i)
	return true
}

// advance moves time to the next pending event, not beyond limit, and reports
// whether anything is due.
func (w *wheel) advance(limit instant) bool {
	for len(w.due) == 0 {
		level := w.lowestLevel()
		if level < 0 {
			return false
		}
		slot := int64(bits.TrailingZeros64(w.bitmap[level]))
		shift := uint(wheelBits * level)
		start := w.now>>(shift+wheelBits)<<(shift+wheelBits) | slot<<shift
		if start > limit {
			return false
		}
		w.now = start
		w.cascade(int32(level*wheelSlots) + int32(slot))
	}
	return true
}

// take removes the i-th due event and returns a copy of it.
func (w *wheel) take(i int) event {
	index := w.due[i]
	e := w.slab[index]
	w.unlink(index)
	w.release(index)
	return e
}

func (w *wheel) lowestLevel() int {
	for level := range w.bitmap {
		if w.bitmap[level] != 0 {
			return level
		}
	}
	return -1
}

// cascade spreads a slot whose time has begun over the levels below it.
func (w *wheel) cascade(place int32) {
	i := w.slots[place]
	w.slots[place] = none
	w.bitmap[place/wheelSlots] &^= 1 << (place & slotMask)
	for i != none {
		next := w.slab[i].next
		w.place(i)
		i = next
	}
}

func (w *wheel) place(i int32) {
	e := &w.slab[i]
	differs := e.at ^ w.now
	if differs == 0 {
		e.place, e.due = placeDue, int32(len(w.due))
		w.due = append(w.due, i)
		return
	}
	level := (bits.Len64(uint64(differs)) - 1) / wheelBits
	slot := int32(e.at>>(wheelBits*level)) & slotMask
	e.place = int32(level*wheelSlots) + slot
	e.prev, e.next = none, w.slots[e.place]
	if e.next != none {
		w.slab[e.next].prev = i
	}
	w.slots[e.place] = i
	w.bitmap[level] |= 1 << slot
}

func (w *wheel) unlink(i int32) {
	e := &w.slab[i]
	if e.place == placeDue {
		last := len(w.due) - 1
		moved := w.due[last]
		w.due[e.due] = moved
		w.slab[moved].due = e.due
		w.due = w.due[:last]
		return
	}
	if e.next != none {
		w.slab[e.next].prev = e.prev
	}
	if e.prev != none {
		w.slab[e.prev].next = e.next
		return
	}
	w.slots[e.place] = e.next
	if e.next == none {
		w.bitmap[e.place/wheelSlots] &^= 1 << (e.place & slotMask)
	}
}

func (w *wheel) alloc() int32 {
	if w.free == none {
		w.slab = append(w.slab, event{place: placeFree})
		return int32(len(w.slab) - 1)
	}
	i := w.free
	w.free = w.slab[i].next
	return i
}

func (w *wheel) release(i int32) {
	e := &w.slab[i]
	e.target = nil
	e.place = placeFree
	e.generation++
	e.next = w.free
	w.free = i
	w.count--
}
