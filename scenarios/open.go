package scenarios

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ScriptSuffix ends the names of files that are scripts.
const ScriptSuffix = ".wt"

// maxScript is far more than a script has that anybody has written, or that a seed of the
// catalogue draws.
const maxScript = 1 << 20

// Open is the scenario of the catalogue by that name, or that of the script in the file, if
// the name ends with ScriptSuffix. Its error names what there is, or the place in the file.
func Open(name string) (Scenario, error) {
	if !strings.HasSuffix(name, ScriptSuffix) {
		s, err := Find(name)
		if info, found := os.Stat(name); err != nil && found == nil && info.Mode().IsRegular() {
			err = fmt.Errorf("%s: is it a script? The name of one ends with %s", name, ScriptSuffix)
		}
		return s, err
	}
	if strings.ContainsAny(name, ":\r\n") {
		return Scenario{}, fmt.Errorf("script %q: the name of the file is part of lines that replay runs, and cannot have a colon or a line break", name)
	}
	text, err := readScript(name)
	if err != nil {
		return Scenario{}, err
	}
	script, err := ParseScript(text)
	if err != nil {
		return Scenario{}, fmt.Errorf("%s: %w", name, err)
	}
	s := script.Scenario()
	s.File = name
	return s, nil
}

func readScript(name string) (string, error) {
	f, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxScript+1))
	if err == nil && len(text) > maxScript {
		err = errors.New("larger than a script can be")
	}
	if err != nil {
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return string(text), nil
}
