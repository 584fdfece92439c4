package faults

import "strings"

// Word is a kind of fault: its place in the language of plans.
type Word struct {
	// Usage is how a plan writes it. Words in capitals stand for what is to be put in,
	// brackets are around what may be left out.
	Usage string
	// Doc is what it does, in a few words.
	Doc string

	read func(*Phrase) Fault // what follows the first word
}

// Kind is the first word, as in [Fault].Kind.
func (w Word) Kind() string {
	kind, _, _ := strings.Cut(w.Usage, " ")
	return kind
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
