package scenarios

import (
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// GoalWord is a goal that scripts can say.
type GoalWord struct {
	// Usage is how a script writes it, Doc what it means.
	Usage, Doc string

	// read reads what follows the first word, of a goal about a step. Another fault, and
	// the deadline, are set by who calls it.
	read func(p *faults.Phrase, step int) Goal
}

// GoalWords are all of them.
func GoalWords() []GoalWord {
	never := func(cluster.Topology) time.Duration { return 0 } // the script says within what
	return []GoalWord{
		{"replaced", "the manager that was active at the fault is dropped from the map", func(_ *faults.Phrase, step int) Goal { return replaced(step) }},
		{"succeeded", "another manager than the one that was active at the fault serves", func(_ *faults.Phrase, step int) Goal { return succeeded(step, step, never) }},
		{"came-back", "the manager that was active at the fault is in the map again, as another process", func(_ *faults.Phrase, step int) Goal { return cameBack(step, step, never) }},
		{"reinstated", "the manager that was active at the fault is active again, as another process", func(_ *faults.Phrase, step int) Goal { return reinstated(step, step) }},
		{"settled", "an active manager serves, and all others stand by", func(_ *faults.Phrase, step int) Goal { return settled(step) }},
		{"undisturbed", "the manager that was active before the step serves when the time is over", func(_ *faults.Phrase, step int) Goal { return undisturbed(step, 0) }},
		{"served", "every client that reads and writes keys has been answered since, if it knows a monitor that is left", func(_ *faults.Phrase, step int) Goal { return served(step) }},
		{"caught-up", "every monitor has executed what the others have", func(_ *faults.Phrase, step int) Goal { return caughtUp(step) }},
		{"rejoined WHO ...", "those monitors are members, and have executed what came after the fault", func(p *faults.Phrase, step int) Goal { return rejoined(step, never, readMons(p)...) }},
		{"sessions [WHO ...]", "every monitor client, or each of those, has had a session since", func(p *faults.Phrase, step int) Goal { return sessions(step, never, readNamesIfAny(p)...) }},
		{"quorum WHO ...", "one of those monitors leads, and each has executed what any had executed by the fault", func(p *faults.Phrase, step int) Goal { return coreQuorum(step, never, readNames(p)...) }},
		{"active WHO ...", "one of those managers serves", func(p *faults.Phrase, step int) Goal { return coreActive(step, never, readNames(p)...) }},
		{"cinder-up [WHO ...]", "every service of Cinder, or each of those, has sent a heartbeat since, and is listed as up", func(p *faults.Phrase, step int) Goal { return listed(step, never, readNamesIfAny(p)...) }},
		{"cinder-down WHO ...", "those services of Cinder are listed as down", func(p *faults.Phrase, step int) Goal { return goesDown(step, readNames(p)...) }},
		{"cinder-stays-up WHO ...", "those services of Cinder are listed as up when the time is over", func(p *faults.Phrase, step int) Goal { return stayUp(step, 0, readNames(p)...) }},
		{"cinder-cluster-up WHO", "the cluster of that service of Cinder is listed as up", func(p *faults.Phrase, step int) Goal { return clusterUp(step, never, p.Who()) }},
		{"cinder-cluster-down WHO", "it is listed as down", func(p *faults.Phrase, step int) Goal { return clusterDown(step, p.Who()) }},
		{"cinder-cluster-stays-up WHO", "it is listed as up when the time is over", func(p *faults.Phrase, step int) Goal { return clusterStaysUp(step, 0, p.Who()) }},
		{"answered", "everything that the operator has asked is answered", func(_ *faults.Phrase, step int) Goal { return answered(step) }},
		{"abandoned MON WHO ...", "none of those has a session with the monitor", readAbandoned},
	}
}

func readAbandoned(p *faults.Phrase, step int) Goal {
	mon := p.Who()
	return abandoned(step, mon, readNames(p))
}

// readNamesIfAny is readNames if there are any.
func readNamesIfAny(p *faults.Phrase) []string {
	if !p.More() || p.Next("within", "of") {
		return nil
	}
	return readNames(p)
}

// readMons is readNames of monitors.
func readMons(p *faults.Phrase) []string {
	who := []string{p.Named("mon", "a monitor")}
	for p.More() && !p.Next("within", "of") {
		who = append(who, p.Named("mon", "a monitor"))
	}
	return who
}

// readNames reads one name or more, up to what else a goal says.
func readNames(p *faults.Phrase) []string {
	who := []string{p.Who()}
	for p.More() && !p.Next("within", "of") {
		who = append(who, p.Who())
	}
	return who
}
