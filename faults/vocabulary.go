package faults

import (
	"slices"
	"strings"
)

// Word is a kind of fault: its place in the language of plans.
type Word struct {
	// Usage is how a plan writes it. Words in capitals stand for what is to be put in,
	// brackets are around what may be left out.
	Usage string
	// Doc is what it does, in a few words.
	Doc string
	// Simulated is why only simulated machines, links or disks can have it; "" if those
	// of every world can.
	Simulated string
	// Harm is what it leaves behind.
	Harm Harm

	read func(*Phrase) Fault // what follows the first word
}

// Kind is the first word, as in [Fault].Kind.
func (w Word) Kind() string {
	kind, _, _ := strings.Cut(w.Usage, " ")
	return kind
}

// Why a world of real machines lacks a fault.
const (
	lacksSpeed    = "real machines are as fast as they are"
	lacksPoints   = "fault points are in the code of daemons for the simulator only"
	lacksPower    = "what real disks were given they keep when a process dies"
	lacksDrift    = "timers of real machines follow one clock"
	lacksLinks    = "real sockets show no links, delays or segments"
	lacksRules    = "what real sockets carry can be held, not changed, delayed or counted"
	lacksDisks    = "real disks do what they are told"
	lacksNetworks = "all machines share one loopback network"
)

// Lacks is why a world of real machines cannot run the plan, "" if it can.
func (p Plan) Lacks() string {
	words := Vocabulary()
	for _, s := range p {
		if why := s.Fault.Kind() + " is simulated"; onNetwork(s.Fault) {
			return why + ": " + lacksNetworks
		} else if i := slices.IndexFunc(words, func(w Word) bool { return w.Kind() == s.Fault.Kind() }); i >= 0 && words[i].Simulated != "" {
			return why + ": " + words[i].Simulated
		}
	}
	return ""
}

// onNetwork reports whether a fault is of one network of several.
func onNetwork(f Fault) bool {
	cut, ok := f.(*Cut)
	return ok && cut.Network != ""
}

// Vocabulary are all kinds of faults that plans are made of, by what they are done to.
func Vocabulary() []Word {
	return []Word{
		// processes
		killWord(), restartWord(), pauseWord(), resumeWord(), slowWord(), fastWord(), crashAtWord(), disarmWord(), fireWord(), mendWord(),
		// machines
		powerOffWord(), powerOnWord(), clockStepWord(), clockOffsetWord(), clockDriftWord(),
		// networks
		cutWord(), healWord(), holdWord(), releaseWord(), resetWord(), stallWord(), delayWord(), bandwidthWord(), mtuWord(), ruleWord(), linkMendWord(), clogWord(), unclogWord(),
		// disks
		diskErrorWord(), diskFullWord(), diskSlowWord(), diskLieWord(), diskRotWord(), diskMendWord(),
		// databases
		dbSlowWord(), dbFastWord(), dbFailoverWord(), dbBackupWord(), dbRestoreWord(),
		// operators
		failMgrWord(), addMonWord(), removeMonWord(), commandWord(),
		osServiceWord(), osClusterWord(), workCleanupWord(), serviceRemoveWord(), createVolumeWord(),
	}
}
