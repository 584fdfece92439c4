package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/shrink"
)

// shrinkState keeps where a shrink is in a file beside its output, so that one that was
// interrupted can go on. Without an output there is none.
type shrinkState struct {
	file    string
	last    shrink.State
	written time.Time
	err     error // of the first write that failed
}

func newShrinkState(out string) *shrinkState {
	if out == "" {
		return &shrinkState{}
	}
	return &shrinkState{file: strings.TrimSuffix(out, scenarios.ScriptSuffix) + ".shrink.json"}
}

// read is where an earlier one was, nil if there was none.
func (s *shrinkState) read() (*shrink.State, error) {
	if s.file == "" {
		return nil, nil
	}
	text, err := os.ReadFile(s.file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var state shrink.State
	if err := json.Unmarshal(text, &state); err != nil {
		return nil, usage(fmt.Errorf("%s: %w; without that file it begins anew", s.file, err))
	}
	return &state, nil
}

// save notes where the work is, and writes it now and then.
func (s *shrinkState) save(state shrink.State) {
	s.last = state
	if s.file != "" && time.Since(s.written) > time.Second {
		s.write()
	}
}

func (s *shrinkState) write() {
	s.written = time.Now()
	text, err := json.Marshal(s.last)
	if err == nil {
		err = os.WriteFile(s.file+".new", text, 0o644)
	}
	if err == nil {
		err = os.Rename(s.file+".new", s.file)
	}
	if s.err == nil {
		s.err = err
	}
}

// end leaves the state of unfinished work, and removes that of what is complete.
func (s *shrinkState) end(complete bool) error {
	switch {
	case s.file == "":
		return nil
	case !complete && s.last.Line != "":
		s.write()
	case complete:
		if err := os.Remove(s.file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return s.err
}
