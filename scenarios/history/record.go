package history

import (
	"errors"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon/quorum"
	"github.com/wavetank/wavetank/daemons/mon/wal"
)

// Schema is the version of the format, in the first line. It rises with every change of
// the lines themselves. New facts and new fields of facts leave it as it is: the first line
// says which there are.
const Schema = 1

// Errors of a Reader and of a World, wrapped with the file and the line.
var (
	// ErrSyntax: a line is not what a history consists of.
	ErrSyntax = errors.New("not a line of a history")
	// ErrVersion: the first line is not a header of this Schema.
	ErrVersion = errors.New("not a history of a version that can be read")
	// ErrOrder: what a line tells cannot follow what was told before.
	ErrOrder = errors.New("lines out of order")
	// ErrCut: the history ends before its end.
	ErrCut = errors.New("the history is cut off")
)

// Header is the first line: of which run it is, and what that run was.
type Header struct {
	Schema   int    `json:"history"`
	Line     string `json:"line"` // that runs it again, or ran it
	Scenario string `json:"scenario"`
	Seed     uint64 `json:"seed,string"`
	World    string `json:"world"` // "sim" or "tcp"
	Profile  string `json:"profile"`
	Mutant   string `json:"mutant,omitempty"`
	// Script is what the seed has drawn: topology, plan and expectations.
	Script string `json:"script"`
	// Machines are those of the topology, with their addresses.
	Machines []Address `json:"machines"`
	// Properties are the invariants that the run was held to.
	Properties []string `json:"properties"`
	// Facts are the fields, with their types, of each fact that the program knew.
	Facts Catalogue `json:"facts"`
}

// Address is where a machine is.
type Address struct {
	Machine string     `json:"machine"`
	Addr    netip.Addr `json:"addr"`
}

// Kind is what a line after the first one tells.
type Kind string

// The kinds.
const (
	KindFact    Kind = "fact"    // a daemon has stated one
	KindMachine Kind = "machine" // a machine stands otherwise from now on
	KindPoints  Kind = "points"  // a fault point has fired, for the first time
	KindStrike  Kind = "strike"  // a step of the plan is about to strike
	KindStruck  Kind = "struck"  // it has
	KindGoal    Kind = "goal"    // an expectation has come true, or was missed
	KindEnd     Kind = "end"     // the last line
)

// Record is one line after the first one. Which fields count depends on its kind.
type Record struct {
	// Line is its number in the file; the header is line 1.
	Line int
	Kind Kind
	At   time.Duration // of the world's time
	Step uint64        // the kernel step; 0 in real time

	// Observation is a fact with its circumstances. Its Fact is nil if this program knows
	// none of the name Fact.
	Observation cluster.Observation
	Fact        string // the kind of the fact

	Name    string // of a machine
	Machine Machine

	Index   int      // of the step of the plan or the expectation, from 0
	Victims []string // of a step that has struck
	Landed  int      // as far as it was known at once
	Reached bool     // of an expectation

	End *End
}

// End is how the run ended.
type End struct {
	Verdict string   `json:"verdict"`
	Failure *Failure `json:"failure,omitempty"`
	Vain    string   `json:"vain,omitempty"` // the step that has waited in vain
}

// Failure is what broke, where and how.
type Failure struct {
	Property string        `json:"property"`
	Detail   string        `json:"detail"`
	At       time.Duration `json:"at_ns"`
	Step     uint64        `json:"step"`
	Host     string        `json:"host,omitempty"`
}

// Machine is how a machine stands.
type Machine struct {
	Running bool   `json:"running"`
	Paused  bool   `json:"paused,omitempty"`
	PID     uint32 `json:"pid,omitempty"` // of the process that runs, 0 if that is not known
	// Disk names, with commas between them, what the disk has given a process cause to end
	// with so far, see DiskCauses.
	Disk string `json:"disk,omitempty"`
}

// diskCause is an error that a bad disk is the cause of, and its name in a history.
type diskCause struct {
	name string
	err  error
}

func diskCauses() []diskCause {
	return []diskCause{{"io", host.ErrIO}, {"space", host.ErrNoSpace}, {"corrupt", wal.ErrCorrupt}, {"forgot", quorum.ErrForgot}}
}

// NameCauses is the text for Machine.Disk; an error that has no name there is left out.
func NameCauses(causes []error) string {
	var names []string
	for _, c := range diskCauses() {
		if slices.Contains(causes, c.err) {
			names = append(names, c.name)
		}
	}
	return strings.Join(names, ",")
}

// DiskCauses are the errors that Machine.Disk names.
func (m Machine) DiskCauses() (causes []error) {
	for _, c := range diskCauses() {
		if slices.Contains(strings.Split(m.Disk, ","), c.name) {
			causes = append(causes, c.err)
		}
	}
	return causes
}

// checkDisk reports whether all names are known.
func (m Machine) checkDisk() bool { return NameCauses(m.DiskCauses()) == m.Disk }
