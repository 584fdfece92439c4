package scenarios

import (
	"bytes"
	"fmt"
)

// RunTwice runs a Spec twice and compares the run hashes. If they differ, it
// runs twice more with traces, and the verdict is Nondeterministic with the
// first line in which the traces differ.
func RunTwice(spec Spec) Result {
	first := Run(spec)
	if spec.World == WorldTCP {
		return first // real time promises nothing
	}
	if first.Failure != nil && first.Failure.Property == propertyWatchdog {
		return first // it would hang again, and has no hash
	}
	second := Run(spec)
	first.Real += second.Real
	if first.Hash == second.Hash && first.Steps == second.Steps {
		return first
	}
	first.Verdict = Nondeterministic
	first.Failure = &Failure{
		Property: "I-DET-1 replay", At: first.Virtual, Step: min(first.Steps, second.Steps),
		Detail: fmt.Sprintf("two runs of seed %d ended with hashes %016x and %016x after %d and %d steps; %s",
			spec.Seed, first.Hash, second.Hash, first.Steps, second.Steps, firstDifference(spec)),
	}
	return first
}

// firstDifference compares the traces of two further runs.
func firstDifference(spec Spec) string {
	a, b := traceOf(spec), traceOf(spec)
	for n := 1; ; n++ {
		lineA, restA, moreA := bytes.Cut(a, []byte("\n"))
		lineB, restB, moreB := bytes.Cut(b, []byte("\n"))
		if !bytes.Equal(lineA, lineB) {
			return fmt.Sprintf("their traces differ first in line %d:\n  %s\n  %s", n, lineA, lineB)
		}
		if !moreA && !moreB {
			return "their traces do not differ"
		}
		a, b = restA, restB
	}
}

func traceOf(spec Spec) []byte {
	var out bytes.Buffer
	spec.Trace = &out
	Run(spec)
	return out.Bytes()
}
