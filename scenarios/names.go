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

// FaultKinds are the first words of the faults that plans are made of.
func FaultKinds() []string {
	all := []faults.Fault{
		faults.AddMon{}, &faults.Bandwidth{}, &faults.Clog{}, faults.ClockDrift{}, faults.ClockOffset{}, faults.ClockStep{}, faults.Command{}, faults.CreateVolume{}, &faults.Cut{},
		&faults.Delay{}, &faults.DiskError{}, &faults.DiskFull{}, &faults.DiskLie{}, faults.DiskMend{},
		faults.DiskRot{}, &faults.DiskSlow{}, faults.FailMgr{}, faults.Fast{}, &faults.Fire{}, faults.Heal{}, faults.Kill{},
		faults.LinkMend{}, &faults.MTU{}, faults.OSService{}, faults.Pause{}, &faults.PowerOff{}, faults.PowerOn{}, faults.RemoveMon{}, faults.Reset{}, faults.Restart{}, faults.Resume{},
		&faults.Rule{}, faults.ServiceRemove{}, &faults.Slow{}, &faults.Stall{}, faults.Unclog{},
	}
	var names []string
	for _, f := range all {
		names = append(names, f.Kind())
	}
	for _, k := range messenger.Kinds() {
		names = append(names, k.Fault())
	}
	return names
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
