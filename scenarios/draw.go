package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/wavetank/wavetank/scenarios/vary"
	"github.com/wavetank/wavetank/sim"
)

// Draw is a seed's choices, each by name so that the report can print them. Each
// comes from a stream of its own, so that one more of them leaves the others as
// they are.
type Draw struct {
	seed     uint64
	vary     vary.Vary
	scenario string
	used     map[string]int // how often each name was drawn
	choices  []string
	source   Source // nil is streams of the seed
}

// Source is where the choices of a Draw come from in place of a seed: a number of
// [0, n), for the choice of that name. A test of properties has one, and a fuzzer.
type Source func(name string, n int) int

func newDraw(seed uint64, scenario string) *Draw {
	return &Draw{seed: seed, scenario: scenario, used: make(map[string]int)}
}

// draw is where the choices of a Spec come from.
func (s Spec) draw() *Draw {
	d := newDraw(s.Seed, s.Scenario.Name)
	d.vary = s.Vary
	return d
}

// stream is the stream of the next choice of that name, and its seed.
func (d *Draw) stream(name string) (seed uint64, stream string) {
	d.used[name]++
	stream = fmt.Sprintf("scenario/%s/%s/%d", d.scenario, name, d.used[name])
	return d.vary.Of(d.seed, stream), stream
}

func (d *Draw) intN(name string, n int) int {
	if d.source != nil {
		return d.source(name, n)
	}
	return sim.NewStream(d.stream(name)).IntN(n)
}

// Between draws a duration of [least, most), in whole milliseconds.
func (d *Draw) Between(name string, least, most time.Duration) time.Duration {
	span := int((most - least) / time.Millisecond)
	v := least + time.Duration(d.intN(name, max(span, 1)))*time.Millisecond
	d.note(name, v)
	return v
}

// Int draws a number of [least, most].
func (d *Draw) Int(name string, least, most int) int {
	v := least + d.intN(name, most-least+1)
	d.note(name, v)
	return v
}

// Pick draws one of the options, see sim.Pick: another option changes only the
// seeds that draw it. An option that is there twice is drawn twice as often.
func (d *Draw) Pick(name string, options ...string) string {
	v := d.pick(name, options)
	d.note(name, v)
	return v
}

func (d *Draw) pick(name string, options []string) string {
	if d.source != nil {
		return options[d.source(name, len(options))]
	}
	seed, stream := d.stream(name)
	return sim.Pick(seed, stream, options)
}

// Chance draws true once in n times.
func (d *Draw) Chance(name string, n int) bool {
	v := d.intN(name, n) == 0
	d.note(name, v)
	return v
}

func (d *Draw) note(name string, v any) {
	d.choices = append(d.choices, fmt.Sprintf("%s=%v", name, v))
}

// String lists the choices in the order they were made.
func (d *Draw) String() string { return strings.Join(d.choices, " ") }
