package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/scenarios"
)

// judgeCmd judges saved runs.
type judgeCmd struct {
	Runs []string `arg:"" name:"dir" help:"The folder that --out wrote: of one run, or with folders of runs in it; or the history.jsonl of a run." placeholder:"DIR"`
	All  bool     `help:"Name every property, also those of which nothing has changed."`
	JSON bool     `name:"json" help:"One JSON object per line: a judgement for each run, a summary."`
}

// Run implements the command. The exit status is that of the heaviest verdict of now; that
// of usage if a history cannot be read and none fails.
func (c *judgeCmd) Run(io *streams) error {
	files, err := c.files()
	if err != nil {
		return usage(err)
	}
	s := judgeSummary{Kind: "summary", Verdict: scenarios.Pass}
	enc := json.NewEncoder(io.out)
	for _, file := range files {
		said, err := judgeFile(file)
		switch {
		case err != nil:
			s.Unreadable++
			fmt.Fprintf(io.err, "wavetank: %v\n", err)
			continue
		case c.JSON:
			err = enc.Encode(judged{"judgement", file, said})
		default:
			c.write(io.out, file, said)
		}
		if err != nil {
			return err
		}
		s.add(said)
	}
	if c.JSON {
		err = enc.Encode(s)
	} else if s.Histories+s.Unreadable > 1 {
		fmt.Fprintf(io.out, "%v: %d histories, %d judged otherwise than then, %d fail now, %d cannot be read\n",
			s.Verdict, s.Histories, s.Changed, s.Failing, s.Unreadable)
	}
	switch {
	case err != nil:
		return err
	case s.Unreadable > 0 && s.Verdict != scenarios.Fail:
		return exit{status: exitUsage}
	case s.Verdict != scenarios.Pass:
		return exit{status: s.Verdict.ExitCode()}
	}
	return nil
}

// files are the histories that the arguments name.
func (c *judgeCmd) files() (files []string, err error) {
	for _, arg := range c.Runs {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			files = append(files, arg)
			continue
		}
		own := filepath.Join(arg, historyFile)
		if _, err := os.Stat(own); err == nil {
			files = append(files, own)
			continue
		}
		found, err := filepath.Glob(filepath.Join(arg, "*", historyFile))
		if err == nil && len(found) == 0 {
			err = fmt.Errorf("%s holds no %s: only runs of clusters that came to an end have one, and older programs wrote none", arg, historyFile)
		}
		if err != nil {
			return nil, err
		}
		files = append(files, found...)
	}
	return files, nil
}

func judgeFile(file string) (said scenarios.Judgement, err error) {
	in, err := os.Open(file)
	if err != nil {
		return said, err
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	return scenarios.Judge{}.Judge(file, in)
}

// judged is a judgement as a JSON object.
type judged struct {
	Kind string `json:"kind"`
	File string `json:"file"`
	scenarios.Judgement
}

// judgeSummary is what is said of all histories.
type judgeSummary struct {
	Kind       string            `json:"kind"`
	Verdict    scenarios.Verdict `json:"verdict"` // the heaviest
	Histories  int               `json:"histories"`
	Changed    int               `json:"changed"`
	Failing    int               `json:"failing"`
	Unreadable int               `json:"unreadable"`
}

func (s *judgeSummary) add(j scenarios.Judgement) {
	s.Histories++
	s.Verdict = max(s.Verdict, j.Now)
	if j.Now == scenarios.Fail {
		s.Failing++
	}
	if j.Changed() {
		s.Changed++
	}
}

// write is the page of one history.
func (c *judgeCmd) write(w io.Writer, file string, j scenarios.Judgement) {
	fmt.Fprintf(w, "%s %s\n  run      %s\n", strings.ToUpper(j.Now.String()), file, j.Line)
	fmt.Fprintf(w, "  then     %s\n", verdictText(j.Then, j.ThenFailure))
	fmt.Fprintf(w, "  now      %s\n", verdictText(j.Now, j.Failure))
	if j.ThenFailure != nil {
		fmt.Fprintf(w, "  ends     at %v, when the run had failed\n", j.Ended)
	}
	counts := make(map[string]int)
	for _, o := range j.Outcomes {
		if text := inPassing(o); text != "" && !c.All {
			counts[text]++
			continue
		}
		fmt.Fprintf(w, "  %-8s %s: %s\n", outcomeWord(o), o.What(), outcomeText(o))
	}
	for _, u := range j.Unknown {
		fmt.Fprintf(w, "  unknown  %s: this program does not know it\n", u)
	}
	for _, text := range slices.Sorted(maps.Keys(counts)) {
		fmt.Fprintf(w, "  %8d %s\n", counts[text], text)
	}
}

// inPassing is what an outcome is counted as that nobody need look at, empty for another.
func inPassing(o scenarios.Outcome) string {
	switch {
	case o.Then == scenarios.Holds && o.Now == scenarios.Holds:
		return "hold, then and now"
	case o.Then == scenarios.Fails && o.Now == scenarios.Fails:
		return "fail, then and now"
	case o.Then == scenarios.Unasked && o.Now == scenarios.Holds:
		return "hold that were not asked then"
	case o.Then == scenarios.Unasked && o.Now == scenarios.Unknown:
		return "were not asked then and cannot be judged now"
	}
	return ""
}

func verdictText(v scenarios.Verdict, f *scenarios.Failure) string {
	if f == nil {
		return v.String()
	}
	return fmt.Sprintf("%v: %v", v, f)
}

// outcomeWord says at a glance what has become of a property.
func outcomeWord(o scenarios.Outcome) string {
	switch {
	case !o.Changed():
		return "same"
	case o.Now == scenarios.Unasked:
		return "gone"
	case o.Now == scenarios.Unknown:
		return "unclear"
	case o.Then == scenarios.Unasked:
		return "new"
	}
	return "changed"
}

// outcomeText is what was found then and now.
func outcomeText(o scenarios.Outcome) string {
	text := fmt.Sprintf("then %v, now %v", o.Then, o.Now)
	switch {
	case o.Failure != nil:
		text += fmt.Sprintf(" at %v%s: %s", o.Failure.At, onHost(o.Failure.Host), o.Failure.Detail)
	case o.Why != "":
		text += ": " + o.Why
	}
	return text
}
