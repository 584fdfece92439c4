//go:build interop

package realceph_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/loopback"
	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/cluster/realceph"
)

// patience bounds every wait of these tests. They wait for programs of others in
// real time; what is waited for takes seconds.
const patience = 3 * time.Minute

// site is a cluster of Ceph's programs for one test.
type site struct {
	*realceph.Cluster
	t     *testing.T
	net   *loopback.Net
	mons  map[string]*realceph.Daemon
	watch *watch
}

// newSite makes a cluster with the named monitors, not yet started.
func newSite(t *testing.T, mons ...string) *site {
	t.Helper()
	return newSiteWith(t, []string{"mon election timeout = 1", "mon lease = 2"}, mons...) // tests wait for elections
}

// newSiteWith is newSite with other options.
func newSiteWith(t *testing.T, options []string, mons ...string) *site {
	t.Helper()
	return newSiteAs(t, "", options, mons...)
}

// newSiteAs is newSiteWith with the programs of a folder.
func newSiteAs(t *testing.T, bin string, options []string, mons ...string) *site {
	t.Helper()
	s := &site{t: t, net: loopbacktest.Net(t), mons: make(map[string]*realceph.Daemon)}
	config := realceph.Config{Dir: t.TempDir(), Bin: bin, Public: s.net.Addr(250), Options: options}
	for i, name := range mons {
		config.Mons = append(config.Mons, realceph.Mon{Name: name, Addr: netip.AddrPortFrom(s.net.Addr(byte(i+1)), 6789)})
	}
	s.open(config)
	s.check(s.Mkfs())
	return s
}

// in is the same cluster for a part of the test.
func (s *site) in(t *testing.T) *site {
	part := *s
	part.t = t
	return &part
}

// open takes the configuration into use, and says what the daemons logged if the
// test fails.
func (s *site) open(config realceph.Config) {
	s.t.Helper()
	c, err := realceph.New(config)
	s.check(err)
	s.Cluster, s.watch = c, &watch{t: s.t}
	s.t.Cleanup(func() {
		c.Close()
		if s.t.Failed() {
			s.logs()
		}
	})
}

// check fails the test, or skips it if a program is missing.
func (s *site) check(err error) {
	s.t.Helper()
	if errors.Is(err, cluster.ErrInfrastructure) {
		s.t.Skip(err)
	}
	if err != nil {
		s.t.Fatal(err)
	}
}

// logs shows the end of every log.
func (s *site) logs() {
	logs, _ := filepath.Glob(filepath.Join(s.Dir(), "*.[lo][ou][gt]"))
	for _, name := range logs {
		text, _ := os.ReadFile(name)
		s.t.Logf("the end of %s:\n%s", filepath.Base(name), text[max(0, len(text)-3000):])
	}
}

// startMon starts a monitor, or starts it again.
func (s *site) startMon(name string) {
	s.t.Helper()
	d, err := s.Start(realceph.KindMon, name)
	s.check(err)
	s.mons[name] = d
}

// ceph runs the command line, which must succeed.
func (s *site) ceph(args ...string) string {
	s.t.Helper()
	out, err := s.tryCeph(args...)
	s.check(err)
	return out
}

func (s *site) tryCeph(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	out, err := s.Ceph(ctx, args...)
	return string(out), err
}

// cephJSON runs the command line and reads its output.
func (s *site) cephJSON(into any, args ...string) {
	s.t.Helper()
	out := s.ceph(append(args, "-f", "json")...)
	if err := json.Unmarshal([]byte(out), into); err != nil {
		s.t.Fatalf("ceph %v: %v in %s", args, err, out)
	}
}

// eventually asks until the answer is yes. Programs of others tell nobody when
// they are ready: there is only asking again.
func (s *site) eventually(what string, ask func() bool) {
	s.t.Helper()
	for deadline := time.Now().Add(patience); !ask(); time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			s.t.Fatalf("not within %v: %s", patience, what)
		}
	}
}
