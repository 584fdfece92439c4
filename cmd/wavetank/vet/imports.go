package vet

import (
	"go/ast"
	"strconv"
	"strings"
)

// checkImport rejects packages that have no use at all behind the seam. Packages
// with a few bad names among good ones (time, sync, fmt) are up to checkName.
func (c *checker) checkImport(spec *ast.ImportSpec) {
	path, err := strconv.Unquote(spec.Path.Value)
	if err != nil {
		return
	}
	f := finding{node: spec, what: "import of " + path}
	f.rule, f.why, f.instead = importObjection(path)
	if f.rule != "" {
		c.report(f)
	}
}

// importObjection says what is wrong with importing path; the rule is empty if
// nothing is.
func importObjection(path string) (r rule, why, instead string) {
	switch path {
	case "math/rand", "math/rand/v2", "crypto/rand", "hash/maphash":
		return ruleRandomness, "its numbers do not come from the seed", "draw from host.Host.Rand"
	case "net/netip", "net/url":
		return "", "", ""
	case "testing/synctest":
		return ruleThreads, "it runs goroutines in an order of its own", "use the simulator's virtual time"
	case "unsafe":
		return ruleAddresses, "addresses differ from run to run", "compare identifiers"
	case "crypto/tls":
		return ruleRandomness, "it draws from the operating system", "leave encryption to the edge of the real machine"
	case "C", "plugin":
		return ruleOutside, "foreign code is outside the simulation", "write it in Go"
	case "unique":
		return ruleState, "its values are shared between simulated machines, and its handles are addresses", "compare the values"
	case "weak":
		return ruleThreads, "the garbage collector decides when it is empty", "release the object explicitly"
	case "encoding/gob":
		return ruleOrder, "it writes maps in map order", "use encoding/json, or an encoding of your own"
	case "google.golang.org/protobuf/encoding/protojson", "google.golang.org/protobuf/encoding/prototext":
		return ruleOutside, "its white space differs from one build to the next, on purpose", "use proto.Marshal"
	case "path/filepath":
		return ruleOutside, "its separators and some of its functions depend on this machine", "use package path; names of host.Disk have slashes everywhere"
	case "flag", "expvar", "mime", "go/build", "database/sql":
		return ruleOutside, "its state is the process's or the machine's", "hand options to the program, and keep state in its loops"
	case "golang.org/x/sync/errgroup", "golang.org/x/sync/semaphore", "golang.org/x/sync/singleflight":
		return ruleThreads, "it starts goroutines or waits for them", "use host.Loop.Go"
	case "log":
		return ruleOutside, "it writes to the process's standard error with the machine's time", "log to host.Host.Log"
	}
	switch root, _, _ := strings.Cut(path, "/"); root {
	case "net":
		return ruleOutside, "it reaches the machine's network", "use host.Network (net/netip for addresses)"
	case "os", "syscall":
		return ruleOutside, "it reaches the operating system", "use host.Disk, host.Host.Exit or another method of the seam"
	case "runtime":
		if path != "runtime" { // whose names are up to checkName
			return ruleOutside, "it looks at this process, which no seed controls", "publish facts with host.Host.Probe"
		}
	}
	if strings.HasPrefix(path, "golang.org/x/sys/") || path == "io/ioutil" {
		return ruleOutside, "it reaches the operating system", "use host.Disk or another method of the seam"
	}
	return "", "", ""
}
