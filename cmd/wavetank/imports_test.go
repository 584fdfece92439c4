package main_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// layer says what the packages below a folder may import.
type layer struct {
	folder   string   // from the root
	modules  []string // folders of this module, each with what is below it
	external []string // modules of others, in non-test files
	real     bool     // may use the real machine: net, os, ...
	support  bool     // for the package at hand: it is for tests only
	why      string   // the rule in a sentence
}

// layers is the table of who may import whom. The longest matching folder
// counts, so a line about a subfolder replaces that of its parent.
func layers() []layer {
	return []layer{
		{folder: "daemons", modules: []string{"daemons"},
			why: "daemons know other daemons' packages and the seam (daemons/host), nothing else"},
		{folder: "daemons/host", modules: []string{"daemons/host"},
			why: "the seam knows no daemon and no world"},
		{folder: "daemons/host/oshost", modules: []string{"daemons/host"}, real: true,
			external: []string{"github.com/benbjohnson/clock", "golang.org/x/sys"},
			why:      "the real machine is put behind the seam and knows nothing above it"},
		{folder: "daemons/host/netconn", modules: []string{"daemons/host"}, real: true,
			why: "package net's types, on the seam's streams"},
		{folder: "daemons/host/loopclock", modules: []string{"daemons/host"},
			external: []string{"github.com/benbjohnson/clock"},
			why:      "a clock for libraries is made of the seam's, in whatever world"},
		{folder: "daemons/host/sqlitevfs", modules: []string{"daemons/host"},
			external: []string{"github.com/ncruces/go-sqlite3", "github.com/tetratelabs/wazero"},
			why:      "SQLite runs on the seam's disk, in whatever world"},
		{folder: "daemons/mon", modules: []string{"daemons"},
			external: []string{"go.etcd.io/raft/v3", "google.golang.org/protobuf"},
			why:      "daemons know other daemons' packages and the seam (daemons/host), nothing else"},
		{folder: "daemons/sqld", modules: []string{"daemons/sqld", "daemons/admin", "daemons/host"}, real: true,
			external: []string{"github.com/ncruces/go-sqlite3"},
			why:      "a database server knows the seam, and none of its clients"},
		{folder: "daemons/web", modules: []string{"daemons/web", "daemons/host"}, real: true,
			why: "net/http's handlers are served on the seam's streams, whatever they tell"},
		{folder: "daemons/cinder/db", modules: []string{"daemons"},
			external: []string{"github.com/ncruces/go-sqlite3", "github.com/jackc/pgx/v5", "github.com/go-sql-driver/mysql"},
			why:      "the store knows databases' drivers and the seam, and no world"},
		{folder: "daemons/cinder/api", modules: []string{"daemons"}, real: true,
			why: "net/http's handlers, on the seam's streams"},
		{folder: "daemons/cinder/db/dbtest", modules: []string{"daemons"},
			external: []string{"github.com/google/go-cmp", "pgregory.net/rapid"},
			why:      "the suite knows the store and no world"},
		{folder: "daemons/mgr/web", modules: []string{"daemons"}, real: true,
			why: "net/http's types, on the seam's streams"},
		{folder: "daemons/mgr/modules", modules: []string{"daemons"}, real: true,
			external: []string{"github.com/prometheus/client_golang", "github.com/prometheus/client_model"},
			why:      "modules serve pages with net/http's handlers, and know no world"},
		{folder: "sim", modules: []string{"sim", "daemons/host"},
			why: "the simulator knows the seam and no daemon"},
		{folder: "cluster", modules: []string{"cluster", "faults", "sim", "daemons"}, real: true,
			external: []string{"github.com/onsi/gomega"},
			why:      "clusters and faults are below the scenarios"},
		{folder: "cluster/capture", modules: []string{"cluster", "sim", "daemons"},
			external: []string{"github.com/gopacket/gopacket"},
			why:      "a capture is made of what the simulator tells, and knows no scenario"},
		{folder: "cluster/local", modules: []string{"cluster", "daemons"}, real: true,
			external: []string{"github.com/gofrs/flock"},
			why:      "a cluster for people runs on the real machine, and knows no fault"},
		{folder: "cluster/cephconf", modules: []string{"cluster/cephconf", "daemons/wire"}, real: true,
			why: "reading a configuration needs no cluster"},
		{folder: "cluster/cinderd", modules: []string{"cluster/cinderd", "daemons"}, real: true,
			why: "Cinder's daemons by their configuration know no world and no fault"},
		{folder: "cluster/process", modules: []string{"cluster/process", "cluster/cephconf", "cluster/cinderd", "daemons"}, real: true,
			why: "a process has one daemon on the real machine, and knows no world and no fault"},
		{folder: "cluster/realdb", modules: []string{"cluster"}, real: true,
			why: "database servers for tests are programs of others"},
		{folder: "faults", modules: []string{"faults", "cluster", "sim", "daemons"}, real: true,
			why: "clusters and faults are below the scenarios"},
		{folder: "scenarios", modules: []string{"scenarios", "faults", "cluster", "sim", "daemons"}, real: true,
			external: []string{"github.com/onsi/ginkgo/v2", "github.com/onsi/gomega", "github.com/anishathalye/porcupine", "golang.org/x/tools"},
			why:      "scenarios are below the command line"},
		{folder: "scenarios/ledger", modules: []string{"scenarios"}, real: true,
			external: []string{"github.com/ncruces/go-sqlite3"},
			why:      "the ledger is above the scenarios, which know a journal only"},
		{folder: "scenarios/swarmtest", modules: []string{"scenarios", "cluster"}, real: true,
			external: []string{"pgregory.net/rapid"},
			why:      "tests draw what seeds draw"},
		{folder: "scenarios/raftcounter", modules: []string{"scenarios/raftcounter", "sim", "daemons/host"},
			external: []string{"go.etcd.io/raft/v3", "google.golang.org/protobuf"},
			why:      "the example is written against the seam, as somebody else's system would be"},
		{folder: "cmd", modules: []string{"cmd", "scenarios", "faults", "cluster", "sim", "daemons"}, real: true,
			external: []string{"github.com/alecthomas/kong", "github.com/schollz/progressbar/v3", "golang.org/x/term"},
			why:      "the command line uses the module and few libraries"},
		{folder: "cmd/wavetank/vet", modules: []string{"cmd/wavetank/vet"}, real: true,
			external: []string{"golang.org/x/tools"},
			why:      "the linter stands alone, so that it can be pointed at anybody's daemons"},
	}
}

// goPackage is what go list tells about a package.
type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// TestImports_followTheLayers holds the rule that makes the same daemon run in
// both worlds: dependencies point down, and only oshost touches the machine.
func TestImports_followTheLayers(t *testing.T) {
	for _, p := range listPackages(t) {
		complain(t, judge(p))
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "./...")
	list.Dir, list.Stderr = root, os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var packages []goPackage
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatalf("output of go list: %v", err)
		}
		packages = append(packages, p)
	}
}

// judge lists what is wrong with the imports of p.
func judge(p goPackage) []string {
	folder := strings.TrimPrefix(strings.TrimPrefix(p.ImportPath, modulePath), "/")
	rule, ok := layerOf(folder)
	rule.support = isTestSupport(folder)
	if !ok {
		return []string{fmt.Sprintf("package %q belongs to no layer: add its folder to layers in imports_test.go", folder)}
	}
	var complaints []string
	for _, imported := range p.Imports {
		if why := rule.objection(imported); why != "" {
			complaints = append(complaints, fmt.Sprintf("%s imports %s: %s", folder, imported, why))
		}
	}
	for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
		if why := rule.testObjection(imported); why != "" {
			complaints = append(complaints, fmt.Sprintf("a test of %s imports %s: %s", folder, imported, why))
		}
	}
	return complaints
}

func layerOf(folder string) (found layer, ok bool) {
	for _, l := range layers() {
		if under(folder, l.folder) && len(l.folder) > len(found.folder) {
			found, ok = l, true
		}
	}
	return found, ok
}

// under reports whether path is parent or below it.
func under(path, parent string) bool {
	return path == parent || strings.HasPrefix(path, parent+"/")
}

func underAny(path string, parents []string) bool {
	return slices.ContainsFunc(parents, func(parent string) bool { return under(path, parent) })
}

// objection says why a non-test file of the layer may not import path; it is
// empty if it may.
func (l layer) objection(path string) string {
	switch own, isOwn := strings.CutPrefix(path, modulePath+"/"); {
	case isOwn && isTestSupport(own) && !l.support:
		return "it is for tests only"
	case isOwn:
		return l.objectionToOwn(own)
	case strings.Contains(strings.Split(path, "/")[0], "."):
		if !underAny(path, l.external) {
			return "this module is not on the list of the layer; " + l.why
		}
	case !l.real && !l.support && isRealMachine(path):
		return "only daemons/host/oshost touches the real machine; ask host.Host"
	}
	return ""
}

func (l layer) objectionToOwn(folder string) string {
	switch {
	case !underAny(folder, l.modules):
		return l.why
	case under(folder, "daemons/host/oshost") && !l.real:
		return "only worlds and the command line put a daemon on the real machine"
	}
	return ""
}

// testObjection is objection for test files, which may use any library and the
// real machine.
func (l layer) testObjection(path string) string {
	own, isOwn := strings.CutPrefix(path, modulePath+"/")
	if !isOwn || isTestSupport(own) || underAny(own, l.modules) {
		return ""
	}
	return l.why
}

// isTestSupport reports whether a folder holds what only tests import, such as
// hosttest.
func isTestSupport(folder string) bool {
	return strings.HasSuffix(folder, "test")
}

// isRealMachine reports whether a standard package reaches past the seam.
func isRealMachine(path string) bool {
	switch path {
	case "net/netip", "net/url":
		return false
	case "math/rand", "math/rand/v2", "crypto/rand", "syscall", "plugin", "C":
		return true
	}
	return under(path, "net") || under(path, "os")
}

// TestImports_judge shows each rule at work.
func TestImports_judge(t *testing.T) {
	const mod = modulePath + "/"
	for _, tt := range []struct {
		folder, imports, tests string
		want                   string // part of the only complaint; empty for none
	}{
		{"daemons/mgr", "fmt net/netip " + mod + "daemons/host " + mod + "daemons/msgr", "os pgregory.net/rapid", ""},
		{"daemons/mgr", mod + "sim", "", "daemons/mgr imports " + mod + "sim: daemons know"},
		{"daemons/mgr", "", mod + "sim", "a test of daemons/mgr imports " + mod + "sim"},
		{"daemons/mgr", "", mod + "daemons/host/oshost", ""},
		{"daemons/mgr", mod + "daemons/host/oshost", "", "only worlds and the command line"},
		{"daemons/mgr", "net", "", "only daemons/host/oshost touches the real machine"},
		{"daemons/mgr", "os/signal", "", "only daemons/host/oshost touches the real machine"},
		{"daemons/mgr", "go.etcd.io/raft/v3", "", "not on the list of the layer"},
		{"daemons/mgr", mod + "daemons/host/hosttest", "", "for tests only"},
		{"daemons/host/hosttest", "testing math/rand/v2", "", ""},
		{"daemons/mon/quorum", "go.etcd.io/raft/v3/raftpb", mod + "daemons/host/hosttest", ""},
		{"daemons/host", mod + "daemons/msgr", "", "the seam knows no daemon"},
		{"daemons/host/sqlitevfs", "net/url github.com/ncruces/go-sqlite3/vfs " + mod + "daemons/host", mod + "daemons/host/oshost", ""},
		{"daemons/host/sqlitevfs", mod + "sim", "", "SQLite runs on the seam's disk"},
		{"daemons/host/netconn", "net os syscall " + mod + "daemons/host", mod + "daemons/host/oshost", ""},
		{"daemons/host/netconn", "", mod + "sim", "package net's types"},
		{"daemons/host/oshost", "github.com/ncruces/go-sqlite3", "", "not on the list of the layer"},
		{"daemons/host/oshost", "net os syscall github.com/benbjohnson/clock", "", ""},
		{"sim", mod + "daemons/host/task", mod + "daemons/host/hosttest", ""},
		{"sim", mod + "daemons/msgr", "", "the simulator knows the seam and no daemon"},
		{"sim", "crypto/rand", "", "only daemons/host/oshost touches the real machine"},
		{"cluster", mod + "daemons/host/oshost os", "", ""},
		{"cluster", mod + "scenarios", "", "clusters and faults are below the scenarios"},
		{"faults", mod + "cmd/wavetank/vet", "", "clusters and faults are below the scenarios"},
		{"scenarios/raftcounter", "go.etcd.io/raft/v3 " + mod + "daemons/host", mod + "sim", ""},
		{"scenarios/raftcounter", mod + "daemons/msgr", "", "written against the seam"},
		{"scenarios/invariant", mod + "cmd/wavetank", "", "scenarios are below the command line"},
		{"cmd/wavetank/vet", mod + "scenarios", "", "the linter stands alone"},
		{"chaos", "fmt", "", "belongs to no layer"},
	} {
		got := judge(goPackage{ImportPath: mod + tt.folder, Imports: strings.Fields(tt.imports), TestImports: strings.Fields(tt.tests)})
		switch {
		case tt.want == "" && len(got) > 0:
			t.Errorf("%s with imports %s: unexpected %q", tt.folder, tt.imports, got)
		case tt.want != "" && (len(got) != 1 || !strings.Contains(got[0], tt.want)):
			t.Errorf("%s with imports %s: got %q, want one complaint with %q", tt.folder, tt.imports, got, tt.want)
		}
	}
}
