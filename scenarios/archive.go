package scenarios

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"golang.org/x/tools/txtar"

	"github.com/wavetank/wavetank/faults"
)

// ArchiveSuffix ends the names of files that are archives.
const ArchiveSuffix = ".txtar"

// Archive is scripts with what becomes of them, in one file of the txtar format. Its
// comment has a line for each run, and lines with what is expected of the run above:
//
//	run FILE [seed N] [world W] [profile P] [mutant NAME]
//	verdict pass|fail|inconclusive [PROPERTY]
//	cmp roles|faults|marks|failure|script FILE
//
// Without a verdict a run must pass. A # begins a comment.
type Archive struct {
	files *txtar.Archive
	runs  []archiveRun
}

// archiveRun is a run and what is expected of it.
type archiveRun struct {
	line     int
	script   Script
	spec     Spec
	verdict  string
	property string // the beginning of that of a failure
	compare  []comparison
}

// comparison is a part of a result that a file of the archive has.
type comparison struct {
	line       int
	what, file string
}

// ErrArchive: a run of an archive has come to something else than is expected.
var ErrArchive = errors.New("not as the archive says")

// OpenArchive reads an archive from a file. Its error names the place in the file.
func OpenArchive(name string) (Archive, error) {
	text, err := readScript(name)
	if err != nil {
		return Archive{}, err
	}
	a, err := ParseArchive(text)
	if err != nil {
		return Archive{}, fmt.Errorf("%s: %w", name, err)
	}
	return a, nil
}

// ParseArchive reads an archive. Error: a [*faults.SyntaxError], of a script with the name
// of its file.
func ParseArchive(text string) (Archive, error) {
	a := Archive{files: txtar.Parse([]byte(text))}
	line := 0
	for i, text := range strings.Split(string(a.files.Comment), "\n") {
		p := faults.ReadPhrase(i+1, text)
		line = i + 1
		if p.Empty() {
			continue
		}
		err := a.read(p, i+1)
		if err = errors.Join(p.End(), err); err != nil {
			return Archive{}, err
		}
	}
	end := faults.ReadPhrase(line, "")
	if len(a.runs) == 0 {
		end.Fail("the archive runs nothing: run FILE")
	}
	return a, end.End()
}

// read reads a line of the comment. Its error is that of a script.
func (a *Archive) read(p *faults.Phrase, line int) error {
	word := p.OneOf("run", "verdict", "cmp")
	if word == "run" {
		return a.readRun(p, line)
	}
	if len(a.runs) == 0 {
		p.Fail("%s stands before the first run", word)
		return nil
	}
	r := &a.runs[len(a.runs)-1]
	switch word {
	case "verdict":
		r.verdict = p.OneOf(Pass.String(), Fail.String(), Inconclusive.String())
		if p.More() {
			r.property = p.Word("a property")
		}
	case "cmp":
		c := comparison{line: line, what: p.OneOf(compared()...), file: p.Word("the name of a file")}
		if p.End() == nil && a.file(c.file) < 0 {
			p.Fail("the archive has no file %q", c.file)
		}
		r.compare = append(r.compare, c)
	}
	return nil
}

func (a *Archive) readRun(p *faults.Phrase, line int) error {
	name := p.Word("the name of a script")
	r := archiveRun{line: line, verdict: Pass.String(), spec: Spec{Seed: 1, World: WorldSim, Profile: ProfileDefault, Roles: true}}
	for p.More() {
		switch p.OneOf("seed", "world", "profile", "mutant") {
		case "seed":
			r.spec.Seed = uint64(p.Int("the seed", 0, 1<<62))
		case "world":
			r.spec.World = p.OneOf(Worlds()...)
		case "profile":
			r.spec.Profile = Profile(p.OneOf(Profiles()...))
		case "mutant":
			r.spec.Mutant = p.Word("the name of a planted bug")
			if err := CheckMutant(r.spec.Mutant); err != nil {
				p.Fail("%v", err)
			}
		}
	}
	if p.End() != nil {
		return nil
	}
	i := a.file(name)
	if i < 0 {
		p.Fail("the archive has no file %q", name)
		return nil
	}
	script, err := ParseScript(string(a.files.Files[i].Data))
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	r.script, r.spec.Scenario = script, script.Scenario()
	a.runs = append(a.runs, r)
	return nil
}

// file is the index of a file, -1 if there is none.
func (a *Archive) file(name string) int {
	return slices.IndexFunc(a.files.Files, func(f txtar.File) bool { return f.Name == name })
}

// In reports whether any run is in that world.
func (a Archive) In(world string) bool {
	return slices.ContainsFunc(a.runs, func(r archiveRun) bool { return r.spec.World == world })
}

// Runs is how many there are.
func (a Archive) Runs() int { return len(a.runs) }

// Check runs the archive and compares; its errors are ErrArchive, for each line that does
// not hold, and ErrNotInWorld.
func (a Archive) Check() error {
	var all []error
	for _, r := range a.runs {
		if err := r.spec.Scenario.CheckIn(r.spec.World); err != nil {
			all = append(all, fmt.Errorf("line %d: %w", r.line, err))
			continue
		}
		result := Run(r.spec)
		all = append(all, r.judge(result))
		for _, c := range r.compare {
			got, want := r.part(c.what, result), string(a.files.Files[a.file(c.file)].Data)
			if got != want {
				all = append(all, fmt.Errorf("line %d: %w: %s is\n%sand %s has\n%s", c.line, ErrArchive, c.what, got, c.file, want))
			}
		}
	}
	return errors.Join(all...)
}

// Update runs the archive and puts what came out into the files that are compared. Error:
// a verdict is not as expected.
func (a Archive) Update() ([]byte, error) {
	files := &txtar.Archive{Comment: a.files.Comment, Files: slices.Clone(a.files.Files)}
	var all []error
	for _, r := range a.runs {
		result := Run(r.spec)
		all = append(all, r.judge(result))
		for _, c := range r.compare {
			files.Files[a.file(c.file)].Data = []byte(r.part(c.what, result))
		}
	}
	return txtar.Format(files), errors.Join(all...)
}

// Write runs the archive of a file and writes it back, see Update.
func (a Archive) Write(name string) error {
	text, err := a.Update()
	if err != nil {
		return err
	}
	return os.WriteFile(name, text, 0o644)
}

// judge compares the verdict.
func (r archiveRun) judge(got Result) error {
	property := ""
	if got.Failure != nil {
		property = got.Failure.Property
	}
	if got.Verdict.String() == r.verdict && strings.HasPrefix(property, r.property) {
		return nil
	}
	want := strings.TrimSpace(r.verdict + " " + r.property)
	text := got.Verdict.String()
	if got.Failure != nil {
		text += fmt.Sprintf(" %v", got.Failure)
	}
	if got.Vain != "" {
		text += ", in vain: " + got.Vain
	}
	return fmt.Errorf("line %d: %w: the verdict is %s, want %s", r.line, ErrArchive, text, want)
}

// compared are the parts of a result that can be compared.
func compared() []string { return []string{"roles", "faults", "marks", "failure", "script"} }

// part is a part of a result as text, lines that each end with a newline.
func (r archiveRun) part(what string, got Result) string {
	var lines []string
	switch what {
	case "roles":
		lines = append(lines, got.Roles.String())
	case "faults":
		for _, f := range got.Faults {
			lines = append(lines, fmt.Sprintf("%s: %d", f.Fault, f.Count))
		}
	case "marks":
		lines = got.Marks
	case "failure":
		if got.Failure != nil {
			lines = append(lines, got.Failure.Property, got.Failure.Detail)
		}
	case "script":
		lines = append(lines, strings.TrimSuffix(r.script.String(), "\n"))
	}
	text := strings.Join(lines, "\n")
	if text != "" {
		text += "\n"
	}
	return text
}
