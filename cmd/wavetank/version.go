package main

import (
	"crypto/sha256"
	"fmt"
	"io"
	"os"
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
	version, _ := buildVersionOf(debug.ReadBuildInfo())
	return version
}

// buildVersionOf also reports whether two programs of that version are the same one.
func buildVersionOf(info *debug.BuildInfo, ok bool) (version string, exact bool) {
	if !ok {
		return "of unknown version", false
	}
	version, dirty := info.Main.Version, ""
	for _, s := range info.Settings {
		switch {
		case s.Key == "vcs.revision":
			version += " " + s.Value
			exact = true
		case s.Key == "vcs.modified" && s.Value == "true":
			dirty = " with changes"
		}
	}
	return version + dirty, exact && dirty == ""
}

// programVersion is buildVersion, with a digest of the program where that leaves open
// which one it is.
func programVersion() (string, error) {
	version, exact := buildVersionOf(debug.ReadBuildInfo())
	if exact {
		return version, nil
	}
	name, err := os.Executable()
	if err != nil {
		return "", err
	}
	program, err := os.Open(name)
	if err != nil {
		return "", err
	}
	defer program.Close()
	digest := sha256.New()
	if _, err := io.Copy(digest, program); err != nil {
		return "", err
	}
	return fmt.Sprintf("%s, program %x", version, digest.Sum(nil)[:8]), nil
}
