package monc

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
)

// candidate is a monitor that can be dialled.
type candidate struct {
	name     string
	addr     msg.EntityAddr
	priority uint16 // lower is dialled first
	weight   uint16 // share of the draw among equals
}

// hunter decides whom to dial next (MC-1) and how long a hunt may take (MC-3,
// MC-4). It touches nothing but its random stream.
type hunter struct {
	opt        Options
	draw       host.Rand
	tried      map[string]bool
	multiplier float64
	hadSession bool
}

func newHunter(opt Options, draw host.Rand) hunter {
	return hunter{opt: opt, draw: draw, tried: make(map[string]bool), multiplier: 1}
}

// begin notes that a hunt begins. The first ones, before any session, do not
// back off.
func (h *hunter) begin() {
	if h.hadSession {
		h.multiplier = min(h.multiplier*h.opt.HuntBackoff, h.opt.HuntMaxMultiple)
	}
}

// succeed notes that a hunt has found a session.
func (h *hunter) succeed() { h.hadSession = true }

// relax takes one step of the back-off back.
func (h *hunter) relax() { h.multiplier = max(h.multiplier/h.opt.HuntBackoff, 1) }

// interval is how long the current hunt may take.
func (h *hunter) interval() time.Duration {
	return time.Duration(float64(h.opt.HuntInterval) * h.multiplier)
}

// forget makes every monitor untried: ranks and addresses may have changed.
func (h *hunter) forget() { clear(h.tried) }

// next chooses the monitors to dial together, and notes them as tried.
func (h *hunter) next(all []candidate) []candidate {
	batch := h.untried(all)
	if len(batch) == 0 {
		h.forget()
		batch = h.untried(all)
	}
	h.shuffle(batch)
	batch = batch[:min(len(batch), h.opt.HuntParallel)]
	for _, c := range batch {
		h.tried[c.name] = true
	}
	return batch
}

// untried are those of the lowest priority value among the untried, in the order
// of all.
func (h *hunter) untried(all []candidate) []candidate {
	var batch []candidate
	for _, c := range all {
		switch {
		case h.tried[c.name]:
		case len(batch) == 0 || c.priority == batch[0].priority:
			batch = append(batch, c)
		case c.priority < batch[0].priority:
			batch = append(batch[:0], c)
		}
	}
	return batch
}

// shuffle puts the batch in random order: at each place everyone left has a
// chance in proportion to the weight, or an equal one if all weigh nothing.
func (h *hunter) shuffle(batch []candidate) {
	for ; len(batch) > 1; batch = batch[1:] {
		i := h.pick(batch)
		batch[0], batch[i] = batch[i], batch[0]
	}
}

func (h *hunter) pick(batch []candidate) int {
	total := 0
	for _, c := range batch {
		total += int(c.weight)
	}
	if total == 0 {
		return h.draw.IntN(len(batch))
	}
	at := h.draw.IntN(total)
	return slices.IndexFunc(batch, func(c candidate) bool {
		at -= int(c.weight)
		return at < 0
	})
}
