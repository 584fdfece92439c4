package scenarios

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/scenarios/novelty"
	"github.com/wavetank/wavetank/sim"
)

// Verdict is the outcome of a run.
type Verdict int

// The verdicts. Their order is that of their weight: the verdict of a campaign
// is the heaviest of its runs.
const (
	// Pass: the faults landed, every invariant held, every goal was reached.
	Pass Verdict = iota
	// Inconclusive: nothing broke, but the fault the scenario is about never
	// landed, so nothing was proved.
	Inconclusive
	// Infrastructure: the machine of the harness failed.
	Infrastructure
	// Fail: an invariant broke or a goal was missed.
	Fail
	// Nondeterministic: the same seed gave two different runs.
	Nondeterministic
)

var verdictNames = [...]string{"pass", "inconclusive", "infrastructure", "fail", "nondeterministic"}

// String is the verdict in lower case.
func (v Verdict) String() string { return verdictNames[v] }

// MarshalText makes JSON use the names.
func (v Verdict) MarshalText() ([]byte, error) { return []byte(v.String()), nil }

// UnmarshalText reads a name.
func (v *Verdict) UnmarshalText(text []byte) error {
	i := slices.Index(verdictNames[:], string(text))
	if i < 0 {
		return fmt.Errorf("no verdict %q", text)
	}
	*v = Verdict(i)
	return nil
}

// ExitCode is the command line's exit status for the verdict; 2 is for usage.
func (v Verdict) ExitCode() int { return [...]int{0, 3, 5, 1, 4}[v] }

// Failure says what broke, where and how.
type Failure struct {
	// Property is the invariant's or the goal's name.
	Property string `json:"property"`
	// Detail is what was expected and what was seen.
	Detail string `json:"detail"`
	// At is the world's time, Step the kernel step, Host where it showed.
	At   time.Duration `json:"at_ns"`
	Step uint64        `json:"step"`
	Host string        `json:"host,omitempty"`
}

// String is the failure in one line.
func (f Failure) String() string {
	where := ""
	if f.Host != "" {
		where = " on " + f.Host
	}
	return fmt.Sprintf("%s at %v (step %d)%s: %s", f.Property, f.At, f.Step, where, f.Detail)
}

// Signature is what failures have in common that are the same one: the property and the
// kind of daemon at which it broke, and for a property that stands for many (a panic, a
// process that gave up) what was seen, without numbers and names.
func (f *Failure) Signature() string {
	kind, _, _ := strings.Cut(f.Host, ".")
	text := f.Property
	if kind != "" {
		text += " on " + kind
	}
	if code, _, _ := strings.Cut(f.Property, " "); code == propertyPanic || code == "I-PROC-1" {
		first, _, _ := strings.Cut(f.Detail, "\n")
		if f.Host != "" {
			first = strings.ReplaceAll(first, f.Host, kind)
		}
		text += ": " + vague(first)
	}
	return text
}

// vague is text without its numbers.
func vague(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r < '0' || r > '9':
			b.WriteRune(r)
		case !strings.HasSuffix(b.String(), "0"):
			b.WriteByte('0')
		}
	}
	return b.String()
}

// Landed is a fault of the plan and how much of it landed.
type Landed struct {
	Kind    string        // the first word of Fault, see Faults
	Fault   string        // the fault in full
	Struck  time.Duration // when it did, in the world's time
	Victims []string
	Count   int
}

// Result is everything a run has to say.
type Result struct {
	Spec    Spec `json:"-"` // which is not data
	Verdict Verdict
	Failure *Failure // of Fail, Infrastructure and Nondeterministic
	Choices string   // what the seed chose
	Faults  []Landed
	Viable  string           // why the core that was mended must work, "" if none was
	Vain    string           // the step of the plan that has waited in vain, "" if none has
	Marks   []string         // the marks that were reached, in the order of their names
	Points  []sim.PointCount // the fault points of a simulated run that were reached or set
	Hash    uint64           // the rolling hash of a simulated run

	// Features are what the run has shown, see package novelty, in order.
	Features []novelty.Feature

	// Decisions is how often the seed drew the order of a simulated run, see
	// sim.Schedule.Except.
	Decisions uint64

	Steps   uint64
	Virtual time.Duration // the world's time at the end
	Real    time.Duration // how long the run took
	Twice   bool          // it was run twice and compared
	Resumed bool          // it comes from a journal and was not run again

	// Roles are the role changes, if the Spec has asked for them.
	Roles RoleChanges

	// History is what a Judge needs to judge the run again, if the Spec has asked for it: a
	// history, see package history. It is nil if the run came to no end, deploys no
	// cluster, or cannot be said in a script.
	History []byte `json:"-"`

	// DropAfter is how long after the first fault the active manager was dropped
	// from the map; 0 if it was not.
	DropAfter time.Duration
}
