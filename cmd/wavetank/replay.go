package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"

	"github.com/wavetank/wavetank/scenarios"
)

// replayCmd runs one run again.
type replayCmd struct {
	Line string `arg:"" help:"The line that a failure printed, or the folder that --out wrote." placeholder:"LINE|DIR"`
	Out  string `help:"Write the trace and the result to a folder below DIR." placeholder:"DIR"`
	JSON bool   `name:"json" help:"The result as one JSON object."`
}

// Run implements the command. The exit status is that of the run's verdict, or
// of nondeterminism if the run is not the one that the line describes.
func (c *replayCmd) Run(io *streams) error {
	text, err := lineText(c.Line)
	if err != nil {
		return usage(err)
	}
	line, err := scenarios.ParseLine(text)
	if err != nil {
		return usage(err)
	}
	line.Spec.History = c.Out != "" && line.Spec.World == scenarios.WorldTCP
	result, difference := scenarios.Replay(line)
	if err := c.tell(io, line, result, difference); err != nil {
		return err
	}
	if c.Out != "" {
		if err := saveRun(c.Out, result); err != nil {
			return err
		}
	}
	if difference != "" {
		return exit{status: scenarios.Nondeterministic.ExitCode(), text: "not the same run: " + difference}
	}
	if status := result.Verdict.ExitCode(); status != 0 {
		return exit{status: status}
	}
	return nil
}

// tell writes the result, and whether it is the line's if the line says.
func (c *replayCmd) tell(io *streams, line scenarios.Line, r scenarios.Result, difference string) error {
	compared := line.Hash != 0 && line.Spec.World != scenarios.WorldTCP
	if c.JSON {
		object := resultJSON(r)
		if object["difference"] = difference; compared {
			object["same"] = difference == ""
		}
		return json.NewEncoder(io.out).Encode(object)
	}
	writeResult(io.out, r)
	if compared && difference == "" {
		fmt.Fprintln(io.out, "the same run as the line's")
	}
	return nil
}

// lineText is the line that a folder of a run holds, or the argument if it is no folder.
func lineText(arg string) (string, error) {
	info, err := os.Stat(arg)
	if err != nil || !info.IsDir() {
		return arg, nil
	}
	found, err := filepath.Glob(filepath.Join(arg, "*", lineFile))
	if own := filepath.Join(arg, lineFile); err == nil && len(found) == 0 {
		found = []string{own}
	}
	if len(found) > 1 {
		return "", fmt.Errorf("%s holds %d runs, name one of them, such as %s", arg, len(found), filepath.Dir(found[0]))
	}
	text, err := os.ReadFile(found[0])
	return string(text), err
}
