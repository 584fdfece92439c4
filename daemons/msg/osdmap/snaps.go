package osdmap

import (
	"cmp"
	"slices"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Snaps is a set of snapshot ids: runs that ascend and do not touch.
type Snaps []msg.SnapInterval

func encodeSnaps(e *wire.Encoder, s Snaps) {
	e.U32(uint32(len(s)))
	for _, run := range s {
		e.U64(run.Start)
		e.U64(run.Length)
	}
}

func decodeSnaps(d *wire.Decoder) Snaps {
	var last uint64
	first := true
	return wire.List(d, 16, "snaps", func() msg.SnapInterval {
		run := msg.SnapInterval{Start: d.U64(), Length: d.U64()}
		if run.Length == 0 || run.Start+run.Length < run.Start || !first && run.Start <= last {
			d.Fail("snaps", wire.ErrInvalid)
		}
		first, last = false, run.Start+run.Length
		return run
	})
}

// union is the ids that are in either set.
func (s Snaps) union(t Snaps) Snaps {
	all := slices.Concat(s, t)
	slices.SortFunc(all, func(a, b msg.SnapInterval) int { return cmp.Compare(a.Start, b.Start) })
	var out Snaps
	for _, run := range all {
		if n := len(out); n > 0 && run.Start <= out[n-1].Start+out[n-1].Length {
			end := max(out[n-1].Start+out[n-1].Length, run.Start+run.Length)
			out[n-1].Length = end - out[n-1].Start
			continue
		}
		out = append(out, run)
	}
	return out
}

// without is the ids of s that are not in t.
func (s Snaps) without(t Snaps) Snaps {
	var out Snaps
	for _, run := range s {
		start, end := run.Start, run.Start+run.Length
		for _, gone := range t {
			goneEnd := gone.Start + gone.Length
			if goneEnd <= start || gone.Start >= end {
				continue
			}
			if gone.Start > start {
				out = append(out, msg.SnapInterval{Start: start, Length: gone.Start - start})
			}
			start = min(goneEnd, end)
		}
		if start < end {
			out = append(out, msg.SnapInterval{Start: start, Length: end - start})
		}
	}
	return out
}
