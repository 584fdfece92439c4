package scenarios

import (
	"fmt"
	"path/filepath"
)

// Regression is a script that once failed, with the header that says how. Of a planted bug
// it must fail in that way when the bug is planted, and not otherwise; of a real bug, which
// has been mended, it must not fail. It proves that the suite still sees what it saw.
type Regression struct {
	Header
	Scenario Scenario
}

// OpenRegression reads the file of a script with its header. Errors: ErrHeader, or those of
// Open, with the place.
func OpenRegression(file string) (Regression, error) {
	s, err := Open(file)
	if err != nil {
		return Regression{}, err
	}
	text, err := readScript(file)
	if err != nil {
		return Regression{}, err
	}
	h, err := ReadHeader(text)
	if err != nil {
		return Regression{}, fmt.Errorf("%s: %w", file, err)
	}
	return Regression{Header: h, Scenario: s}, nil
}

// OpenRegressions reads all scripts of a folder, in the order of their names. It is an
// error if there is none.
func OpenRegressions(dir string) ([]Regression, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*"+ScriptSuffix))
	if err != nil || len(files) == 0 {
		return nil, fmt.Errorf("%s: there is no script in it", dir)
	}
	var all []Regression
	for _, f := range files {
		r, err := OpenRegression(f)
		if err != nil {
			return nil, err
		}
		all = append(all, r)
	}
	return all, nil
}

// regressionSeeds is how many seeds a script is tried with besides that of its header:
// what daemons do changes, and with it what a seed comes to.
const regressionSeeds = 20

// Check runs the script, with a planted bug and without. The problem is empty if it comes
// out as it must; found is the failing run of the planted bug.
func (r Regression) Check() (found Result, problem string) {
	if r.Mutant == "" {
		return Result{}, r.passes(append(r.seeds()[:8:8], r.Seed))
	}
	for _, seed := range r.seeds() {
		found = Run(r.spec(seed, r.Mutant))
		if found.Failure != nil && found.Failure.Signature() == r.Signature {
			return found, r.passes([]uint64{seed})
		}
	}
	return found, fmt.Sprintf("with %s planted, none of %d seeds fails as %q", r.Mutant, len(r.seeds()), r.Signature)
}

// passes says which of the seeds fails without a planted bug, if any does.
func (r Regression) passes(seeds []uint64) string {
	for _, seed := range seeds {
		if result := Run(r.spec(seed, "")); result.Failure != nil {
			return fmt.Sprintf("it fails without a planted bug: %v\nwavetank replay '%v'", result.Failure, LineOf(result))
		}
	}
	return ""
}

// seeds are those of the header, and some.
func (r Regression) seeds() []uint64 {
	seeds := []uint64{r.Seed}
	for n := uint64(1); len(seeds) <= regressionSeeds; n++ {
		if n != r.Seed {
			seeds = append(seeds, n)
		}
	}
	return seeds
}

func (r Regression) spec(seed uint64, mutant string) Spec {
	return Spec{Scenario: r.Scenario, Seed: seed, Mutant: mutant, Profile: r.Profile}
}
