// Package swarmtest draws scenarios of the swarm from what tests have: package rapid, and
// the bytes of a native fuzzer. They are those that seeds draw, but for the one of two
// messengers; a fuzzer that changes a byte changes one choice, and all others stay.
//
//	rapid.Check(t, func(t *rapid.T) {
//		s := swarmtest.Scenario().Draw(t, "scenario")
//		r := scenarios.Run(scenarios.Spec{Scenario: s, Seed: 1})
//		...
//	})
package swarmtest

import (
	"github.com/wavetank/wavetank/scenarios"
	"pgregory.net/rapid"
)

// Scenario draws a scenario. Smaller choices are the first ones of each list: what rapid
// makes smaller has fewer faults.
func Scenario() *rapid.Generator[scenarios.Scenario] {
	return rapid.Custom(func(t *rapid.T) scenarios.Scenario {
		return scenarios.SwarmFrom(func(name string, n int) int { return rapid.IntRange(0, n-1).Draw(t, name) })
	})
}

// FromBytes makes choices of bytes, two for each. Where they end all choices are 0.
func FromBytes(data []byte) scenarios.Scenario {
	return scenarios.SwarmFrom(func(_ string, n int) int {
		if len(data) < 2 {
			return 0
		}
		v := int(data[0])<<8 | int(data[1])
		data = data[2:]
		return v % n
	})
}
