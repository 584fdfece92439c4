package shrink

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/wavetank/wavetank/scenarios"
)

// ErrState: a State is of another run, or of another version of the program.
var ErrState = errors.New("an earlier shrink cannot be resumed")

// State is where an unfinished Shrink was. Resumed from it, the outcome is the one that it
// would have had. It is written as JSON.
type State struct {
	Line  string `json:"line"`  // of the run that is made small, without hash and step
	Seeds int    `json:"seeds"` // Options.Seeds

	// What there is so far: the script, the seed with which it fails, what was taken away
	// last, and the number of runs.
	Script string `json:"script"`
	Seed   uint64 `json:"seed"`
	Last   string `json:"last"`
	Tried  int    `json:"tried"`

	// The edit that is next, and whether any has made the script smaller since the first
	// pass of the round.
	Round int  `json:"round"`
	Pass  int  `json:"pass"`
	Edit  int  `json:"edit"`
	Again bool `json:"again"`

	Refuted []uint64 `json:"refuted"` // see shrinker.fails
}

func (s *shrinker) save() {
	if s.opt.Save == nil {
		return
	}
	at := s.state
	at.Script, at.Seed, at.Last, at.Tried = s.small.Script.String(), s.small.Result.Spec.Seed, s.small.Last, s.small.Tried
	at.Refuted = slices.Sorted(maps.Keys(s.refuted))
	s.opt.Save(at)
}

// resume goes on from where an earlier one was.
func (s *shrinker) resume(from State) error {
	if from.Line != s.state.Line || from.Seeds != s.state.Seeds {
		return fmt.Errorf("%w: it is one of %s with %d seeds", ErrState, from.Line, from.Seeds)
	}
	if from.Round < 0 || from.Round > len(rounds()) || from.Pass < 0 || from.Edit < 0 || from.Tried < 0 ||
		from.Round < len(rounds()) && from.Pass > len(rounds()[from.Round]) {
		return fmt.Errorf("%w: there is no round %d, pass %d, edit %d", ErrState, from.Round, from.Pass, from.Edit)
	}
	script, err := scenarios.ParseScript(from.Script, s.small.Script.Topology.More...)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrState, err)
	}
	again := s.runs(script, []uint64{from.Seed})[0]
	if again.Failure == nil || again.Failure.Signature() != s.small.Signature {
		return fmt.Errorf("%w: its script does not fail any more as the run does", ErrState)
	}
	s.state = from
	s.state.Script, s.state.Refuted = "", nil
	s.small.Script, s.small.Result, s.small.Last, s.small.Tried = script, again, from.Last, from.Tried
	for _, key := range from.Refuted {
		s.refuted[key] = true
	}
	return nil
}
