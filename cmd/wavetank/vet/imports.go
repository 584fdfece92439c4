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
		return ruleOrder, "addresses differ from run to run", "compare identifiers"
	case "C", "plugin":
		return ruleOutside, "foreign code is outside the simulation", "write it in Go"
	case "log":
		return ruleOutside, "it writes to the process's standard error with the machine's time", "log to host.Host.Log"
	}
	switch root, _, _ := strings.Cut(path, "/"); root {
	case "net":
		return ruleOutside, "it reaches the machine's network", "use host.Network (net/netip for addresses)"
	case "os", "syscall":
		return ruleOutside, "it reaches the operating system", "use host.Disk, host.Host.Exit or another method of the seam"
	}
	if strings.HasPrefix(path, "golang.org/x/sys/") || path == "io/ioutil" {
		return ruleOutside, "it reaches the operating system", "use host.Disk or another method of the seam"
	}
	return "", "", ""
}
