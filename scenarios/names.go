package scenarios

import (
	"fmt"

	"github.com/wavetank/wavetank/faults"
	"github.com/wavetank/wavetank/scenarios/invariant"
	"github.com/wavetank/wavetank/scenarios/messenger"
)

// Invariants are the names of the properties checked in every run.
func Invariants() []string {
	var names []string
	for _, c := range invariant.All(nil, invariant.Bounds{}) {
		names = append(names, c.Name())
	}
	return names
}

// Faults are the kinds of faults, those of the messenger's matrix included, which no plan
// can say.
func Faults() []faults.Word {
	words := faults.Vocabulary()
	for _, k := range messenger.Kinds() {
		words = append(words, faults.Word{Usage: k.Fault(), Doc: "damage of the scenario messenger"})
	}
	return words
}

// CheckWorld is an error that names the worlds, if there is no such world.
func CheckWorld(name string) error {
	if _, err := oneOf(name, Worlds()); err != nil {
		return fmt.Errorf("no world: %w", err)
	}
	return nil
}

// CheckProfile is an error that names the profiles, if there is no such profile.
func CheckProfile(name string) error {
	if _, err := oneOf(name, Profiles()); err != nil {
		return fmt.Errorf("no profile: %w", err)
	}
	return nil
}
