package scenarios

import (
	"cmp"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/scenarios/vary"
	"github.com/wavetank/wavetank/sim"
)

// Line is the one line that reproduces a run: "w1:mgr-failover:seed=7:hash=...". In
// place of the scenario's name stands the file of a script.
// Its first field is the version of its own format. What a field does not say is
// the default.
type Line struct {
	Spec Spec
	Hash uint64 // of the run, 0 if the line does not say
	Step uint64 // of the failure, 0 if there was none
}

// LineVersion begins every line. A change in what a seed means must change it, so
// that an old line is refused and not run as something else.
const LineVersion = "w1"

// ErrLine: a repro line cannot be used.
var ErrLine = errors.New("unusable repro line")

// LineOf is the line of a result.
func LineOf(r Result) Line {
	l := Line{Spec: r.Spec, Hash: r.Hash}
	if r.Failure != nil {
		l.Step = r.Failure.Step
	}
	return l
}

// line is that of a run under way, for its trace; empty if it leaves none.
func (s Spec) line() string {
	if s.Trace == nil {
		return ""
	}
	return Line{Spec: s}.String()
}

// String is the line, without characters that a shell minds, unless a file's name has
// some.
func (l Line) String() string {
	fields := []string{LineVersion, cmp.Or(l.Spec.Scenario.File, l.Spec.Scenario.Name), fmt.Sprintf("seed=%d", l.Spec.Seed)}
	add := func(when bool, format string, v any) {
		if when {
			fields = append(fields, fmt.Sprintf(format, v))
		}
	}
	add(len(l.Spec.Vary) > 0, "vary=%v", l.Spec.Vary)
	add(l.Spec.World != "" && l.Spec.World != WorldSim, "world=%s", l.Spec.World)
	add(l.Spec.Profile != "" && l.Spec.Profile != ProfileDefault, "profile=%s", l.Spec.Profile)
	add(l.Spec.Mutant != "", "mutant=%s", l.Spec.Mutant)
	add(l.Spec.Schedule != "" && l.Spec.Schedule != ScheduleUniform, "schedule=%s", l.Spec.Schedule)
	add(l.Spec.Reseed != (sim.Reseed{}), "reseed=%s", reseedText(l.Spec.Reseed))
	add(l.Hash != 0, "hash=%016x", l.Hash)
	add(l.Step != 0, "step=%d", l.Step)
	return strings.Join(fields, ":")
}

// ParseLine reads a line. Errors: ErrLine, with the place.
func ParseLine(text string) (Line, error) {
	fields := strings.Split(strings.TrimSpace(text), ":")
	if fields[0] != LineVersion {
		return Line{}, fmt.Errorf("%w: it begins with %q, this program writes and reads %q", ErrLine, fields[0], LineVersion)
	}
	if len(fields) < 3 {
		return Line{}, fmt.Errorf("%w: %q has no scenario and seed", ErrLine, text)
	}
	scenario, err := Open(fields[1])
	if err != nil {
		return Line{}, fmt.Errorf("%w: %w", ErrLine, err)
	}
	l := Line{Spec: Spec{Scenario: scenario, World: WorldSim, Profile: ProfileDefault, Schedule: ScheduleUniform}}
	said := make(map[string]bool)
	for _, f := range fields[2:] {
		key, value, _ := strings.Cut(f, "=")
		if said[key] {
			return Line{}, fmt.Errorf("%w: field %q: %s was there before", ErrLine, f, key)
		}
		said[key] = true
		if err := l.set(key, value); err != nil {
			return Line{}, fmt.Errorf("%w: field %q: %w", ErrLine, f, err)
		}
	}
	if !said["seed"] {
		return Line{}, fmt.Errorf("%w: %q has no seed", ErrLine, text)
	}
	if err := scenario.CheckIn(l.Spec.World); err != nil {
		return Line{}, fmt.Errorf("%w: %w", ErrLine, err)
	}
	return l, nil
}

func (l *Line) set(key, value string) (err error) {
	switch key {
	case "seed":
		l.Spec.Seed, err = strconv.ParseUint(value, 10, 64)
	case "vary":
		l.Spec.Vary, err = vary.Parse(value)
	case "world":
		l.Spec.World, err = oneOf(value, Worlds())
	case "profile":
		var p string
		p, err = oneOf(value, Profiles())
		l.Spec.Profile = Profile(p)
	case "mutant":
		l.Spec.Mutant, err = value, CheckMutant(value)
	case "schedule":
		l.Spec.Schedule, err = oneOf(value, Schedules())
	case "reseed":
		l.Spec.Reseed, err = readReseed(value)
	case "hash":
		l.Hash, err = strconv.ParseUint(value, 16, 64)
	case "step":
		l.Step, err = strconv.ParseUint(value, 10, 64)
	default:
		err = errors.New("there is no such field")
	}
	return err
}

// reseedText is a Reseed in a line: "12.5s/3", the time and the salt.
func reseedText(r sim.Reseed) string { return fmt.Sprintf("%v/%d", r.At, r.Salt) }

func readReseed(text string) (r sim.Reseed, err error) {
	at, salt, _ := strings.Cut(text, "/")
	if r.At, err = time.ParseDuration(at); err == nil && r.At < 0 {
		err = errors.New("before the beginning")
	}
	if err == nil {
		r.Salt, err = strconv.ParseUint(salt, 10, 64)
	}
	return r, err
}

func oneOf(value string, allowed []string) (string, error) {
	for _, a := range allowed {
		if a == value {
			return value, nil
		}
	}
	return "", fmt.Errorf("%q is none of %s", value, strings.Join(allowed, ", "))
}

// Replay runs the line's Spec and says whether it came out as the line has it:
// the difference is empty if it did.
func Replay(l Line) (r Result, difference string) {
	r = Run(l.Spec)
	return r, l.Compare(r)
}

// Compare says how a result differs from what the line has, "" if it does not.
func (l Line) Compare(r Result) (difference string) {
	step := uint64(0)
	if r.Failure != nil {
		step = r.Failure.Step
	}
	switch {
	case l.Spec.World == WorldTCP:
	case l.Hash != 0 && r.Hash != l.Hash:
		difference = fmt.Sprintf("the run's hash is %016x, the line has %016x: it was made by another version of the program, %sor the run is not deterministic", r.Hash, l.Hash, l.edited())
	case l.Step != 0 && r.Failure == nil:
		difference = fmt.Sprintf("the run did not fail, the line has a failure at step %d", l.Step)
	case l.Step != 0 && l.Step != step:
		difference = fmt.Sprintf("the run failed at step %d, the line has step %d", step, l.Step)
	}
	return difference
}

// edited is why the run of a script may be another one.
func (l Line) edited() string {
	if l.Spec.Scenario.File == "" {
		return ""
	}
	return "or the script has changed since, "
}
