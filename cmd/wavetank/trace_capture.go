package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wavetank/wavetank/cluster/capture"
	"github.com/wavetank/wavetank/scenarios"
)

// capture writes the packets of a run. A trace has none, but it says of which line
// it is: the same line is the same run.
func (c *traceCmd) capture(io *streams, s source) error {
	if f := c.filtered(); f != "" {
		return usage(fmt.Errorf("--pcapng writes whole runs: %s is for the timeline, and the reader of the capture has filters of its own", f))
	}
	run, err := c.runOf(s)
	if err != nil {
		return usage(err)
	}
	line := run.line
	if line.Hash == 0 { // it stands at the beginning of the capture
		line.Hash = scenarios.Run(line.Spec).Hash
	}
	if file, ok := s.(fileSource); ok {
		if err := sameTrace(file, line); err != nil {
			return err
		}
	}
	if err := writeCapture(c.Pcapng, line); err != nil {
		return err
	}
	fmt.Fprintf(io.out, "%s: the packets of %v\n", c.Pcapng, line)
	return nil
}

// filtered names a flag that a capture would not heed.
func (c *traceCmd) filtered() string {
	for _, f := range []struct {
		name string
		set  bool
	}{
		{"--from", c.From != 0}, {"--to", c.To != 0}, {"--host", len(c.Host) > 0},
		{"--kind", len(c.Kind) > 0}, {"--hide", len(c.Hide) > 0}, {"--grep", c.Grep != ""},
	} {
		if f.set {
			return f.name
		}
	}
	return ""
}

// runOf is the run of a trace: its own, that of --line, or that of the line in its
// header.
func (c *traceCmd) runOf(s source) (runSource, error) {
	if run, ok := s.(runSource); ok {
		if c.Line != "" {
			return runSource{}, errors.New("--line is for the file of a trace")
		}
		return run, nil
	}
	text := c.Line
	if text == "" {
		var err error
		if text, err = s.(fileSource).line(); err != nil {
			return runSource{}, err
		}
	}
	found, err := c.lineSource(text)
	if err != nil {
		return runSource{}, err
	}
	return found.(runSource), nil
}

// sameTrace runs a line and compares its trace with that in a file.
func sameTrace(file fileSource, line scenarios.Line) error {
	old, err := file.open()
	if err != nil {
		return usage(err)
	}
	defer old.Close()
	again, _ := runSource{line}.open()
	n, same := equalLines(old, again)
	if err := again.Close(); err != nil {
		return err
	}
	if !same {
		return usage(fmt.Errorf("%s:%d: it is not the trace of %v", file.name(), n, line))
	}
	return nil
}

// equalLines compares two texts, and says in which line they differ first.
func equalLines(a, b io.Reader) (line int, same bool) {
	x, y := bufio.NewReader(a), bufio.NewReader(b)
	for line = 1; ; line++ {
		p, errX := x.ReadBytes('\n')
		q, errY := y.ReadBytes('\n')
		if !bytes.Equal(p, q) || (errX == nil) != (errY == nil) {
			return line, false
		}
		if errX != nil {
			return line, true
		}
	}
}

// writeCapture runs a line and writes its packets.
func writeCapture(path string, line scenarios.Line) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w, err := capture.New(f, capture.Run{Scenario: line.Spec.Scenario.Name, Seed: line.Spec.Seed, Hash: line.Hash})
	if err != nil {
		return err
	}
	spec := line.Spec
	spec.OnPacket = w.Packet
	return errors.Join(sameRun(line, scenarios.Run(spec)), w.Flush())
}
