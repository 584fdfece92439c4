package main

import (
	"fmt"
	"io"
	"runtime"
	"runtime/debug"

	"github.com/alecthomas/kong"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// versionFlag prints the version and ends the command.
type versionFlag bool

// BeforeReset is called by kong before it looks at anything else.
func (versionFlag) BeforeReset(app *kong.Kong) error {
	writeVersion(app.Stdout)
	app.Exit(0)
	return nil
}

func writeVersion(w io.Writer) {
	fmt.Fprintf(w, "wavetank %s, %s %s/%s\n", buildVersion(), runtime.Version(), runtime.GOOS, runtime.GOARCH)
	fmt.Fprintf(w, "lines %s, traces of schema %d, JSON lines of schema %d\n", scenarios.LineVersion, tracefile.Schema, schema)
}

// buildVersion is the module's version, or the commit that it was built from. A
// line is good for that.
func buildVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "of unknown version"
	}
	version, dirty := info.Main.Version, ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			version += " " + s.Value
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = " with changes"
		}
	}
	return version + dirty
}
