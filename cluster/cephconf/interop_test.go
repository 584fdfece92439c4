//go:build interop

package cephconf_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/cluster/realceph"
)

// ceph-conf reads what we read, as we do, and refuses what we refuse.
func TestParse_asCephConf(t *testing.T) {
	if err := realceph.Require("", "ceph-conf"); err != nil {
		t.Skip(err)
	}
	ask := func(text string) (said, complained string, err error) {
		file := filepath.Join(t.TempDir(), "ceph.conf")
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		var out, stderr strings.Builder
		cmd := exec.Command("ceph-conf", "-c", file, "--no-mon-config", "--name", "mgr.x", "--lookup", "mon_host")
		cmd.Stdout, cmd.Stderr = &out, &stderr
		err = cmd.Run()
		return strings.TrimSuffix(out.String(), "\n"), stderr.String(), err
	}
	for text, want := range accepted {
		if got, _, err := ask(text); err != nil || got != want {
			t.Errorf("%q: ceph-conf says %q, %v; we %q", text, got, err, want)
		}
	}
	for text := range refused {
		if got, why, err := ask(text); err == nil || !strings.Contains(why, "parse error") {
			t.Errorf("%q: ceph-conf says %q %q, we refuse it", text, got, why)
		}
	}
}
