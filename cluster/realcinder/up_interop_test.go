//go:build interop

package realcinder_test

import (
	"context"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/local"
	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/cluster/realcinder"
	"github.com/wavetank/wavetank/cluster/realdb"
)

// TestUp: whoever sources the environment of a local Cinder, whatever was in theirs before,
// has both commands at work, on any database.
func TestUp(t *testing.T) {
	if _, err := realcinder.Find(""); err != nil {
		t.Skip(err)
	}
	for _, kind := range realdb.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			server, err := realdb.Start(kind, "")
			if errors.Is(err, cluster.ErrInfrastructure) {
				t.Skip(err)
			}
			if err != nil {
				t.Fatal(err)
			}
			defer server.Close()
			url, err := server.Create("cinder")
			if err != nil {
				t.Fatal(err)
			}
			up(t, url)
		})
	}
}

func up(t *testing.T, url string) {
	c, err := local.OpenCloud(local.CloudConfig{Dir: t.TempDir(), DB: url, Addr: loopbacktest.Net(t).Addr(1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Await(ctx); err != nil {
		t.Fatal(err)
	}
	shell := exec.CommandContext(ctx, "sh", "-ec", `. "$1"; cinder service-list; openstack volume service list`, "sh", c.EnvFile())
	shell.Env = append(shell.Environ(), "OS_AUTH_URL=http://127.0.0.1:1/v3", "OS_USERNAME=somebody", "OS_PASSWORD=x", "OS_PROJECT_NAME=p", "OS_CLOUD=c")
	out, err := shell.CombinedOutput()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	for _, row := range []string{"cinder-scheduler ctl", "cinder-volume ctl@lvm1", "cinder-volume ctl@lvm2"} {
		found := 0
		for _, line := range strings.Split(string(out), "\n") {
			if fields := strings.Join(strings.Fields(strings.ReplaceAll(line, "|", " ")), " "); strings.HasPrefix(fields, row+" nova enabled up ") {
				found++
			}
		}
		if found != 2 {
			t.Errorf("%s is listed as up %d times: %s", row, found, out)
		}
	}
}
