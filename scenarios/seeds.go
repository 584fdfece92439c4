package scenarios

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Seeds is a range of seeds, both ends included.
type Seeds struct{ First, Last uint64 }

// maxSeeds is how many seeds a range has at most.
const maxSeeds = math.MaxUint32

// ParseSeeds reads "A-B", or "A" for one seed.
func ParseSeeds(text string) (Seeds, error) {
	first, last, found := strings.Cut(text, "-")
	if !found {
		last = first
	}
	a, errA := strconv.ParseUint(first, 10, 64)
	b, errB := strconv.ParseUint(last, 10, 64)
	if errA != nil || errB != nil || a > b || b-a >= maxSeeds {
		return Seeds{}, fmt.Errorf("%q: want two numbers A-B with A <= B, at most 2^32 seeds", text)
	}
	return Seeds{First: a, Last: b}, nil
}

// SeedsFrom is as many seeds as a range has, from the first one on.
func SeedsFrom(first uint64) Seeds {
	return Seeds{First: first, Last: first + min(maxSeeds-1, math.MaxUint64-first)}
}

// Count is how many there are.
func (s Seeds) Count() uint64 { return s.Last - s.First + 1 }

// String is "A-B", or "A" for one.
func (s Seeds) String() string {
	if s.First == s.Last {
		return strconv.FormatUint(s.First, 10)
	}
	return fmt.Sprintf("%d-%d", s.First, s.Last)
}

// seedsOfADay is how far the fresh seeds of two days are apart. The seeds of a day in
// this millennium have 16 digits, the first eight of which are the date, and fit into
// the numbers of JSON's readers.
const seedsOfADay = 100_000_000

// FreshSeeds are as many seeds as a day has, for Seeds.On.
func FreshSeeds() Seeds { return Seeds{First: 1, Last: seedsOfADay - 1} }

// On are the seeds of a range that belong to a day: every day others, and the same ones
// on any machine. Error: the range is longer than a day's.
func (s Seeds) On(day time.Time) (Seeds, error) {
	if s.Last >= seedsOfADay {
		return Seeds{}, fmt.Errorf("a day has fresh seeds up to %d", seedsOfADay-1)
	}
	year, month, date := day.Date()
	base := uint64(year*10_000+int(month)*100+date) * seedsOfADay
	return Seeds{First: base + s.First, Last: base + s.Last}, nil
}

// Shard is one of Of parts of the runs of a campaign, the one with number Index from 1
// on. No two of them have a run in common, and together they have every one. The zero
// value is the whole.
type Shard struct{ Index, Of uint64 }

// maxShards is more than anybody has machines.
const maxShards = 1 << 16

// ParseShard reads "i/n".
func ParseShard(text string) (Shard, error) {
	index, of, _ := strings.Cut(text, "/")
	i, errI := strconv.ParseUint(index, 10, 64)
	n, errN := strconv.ParseUint(of, 10, 64)
	if errI != nil || errN != nil || i < 1 || i > n || n > maxShards {
		return Shard{}, errors.New(strconv.Quote(text) + ": want I/N, the I-th of N parts, 1 <= I <= N <= 65536")
	}
	return Shard{Index: i, Of: n}, nil
}

// String is "i/n".
func (s Shard) String() string { return fmt.Sprintf("%d/%d", max(s.Index, 1), max(s.Of, 1)) }

// has reports whether the nth seed of a spec belongs to it. Runs are dealt out
// diagonally, so that each part has every scenario and every part has some of one seed.
func (s Shard) has(spec, nth uint64) bool { return s.Of <= 1 || (spec+nth)%s.Of == s.Index-1 }

// count is how many of a spec's seeds belong to it.
func (s Shard) count(spec, seeds uint64) uint64 {
	if s.Of <= 1 {
		return seeds
	}
	first := (s.Index - 1 + s.Of - spec%s.Of) % s.Of
	if seeds <= first {
		return 0
	}
	return (seeds-1-first)/s.Of + 1
}
