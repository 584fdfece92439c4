//go:build interop

package realceph_test

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/msg"
)

var (
	failovers = flag.Int("failovers", 0, "how many failovers of each kind to measure, at Ceph's own timings")
	kinds     = flag.String("kinds", "kill,stop,fail", "which kinds")
)

// TestMeasure_failovers makes the figures of docs/fidelity.md: how long three monitors
// and two managers take to replace an active manager that was killed, stopped or failed
// by command, of Ceph's and of ours, by the same script. It takes a quarter of an hour
// for five of each, so it is run on request only:
//
//	go test -tags interop -run TestMeasure -v ./cluster/realceph -failovers 5 -timeout 1h
func TestMeasure_failovers(t *testing.T) {
	if *failovers == 0 {
		t.Skip("asked for with -failovers N")
	}
	for _, of := range []struct {
		name  string
		bin   func(*testing.T) string
		start func(*site, string) *realceph.Daemon
	}{
		{"ceph", func(*testing.T) string { return "" }, (*site).startReal},
		{"ours", dropIn, func(s *site, name string) *realceph.Daemon { return s.startOurs(realceph.KindMgr, name) }},
	} {
		t.Run(of.name, func(t *testing.T) {
			t.Parallel() // they wait most of the time
			s := newSiteAs(t, of.bin(t), nil, "a", "b", "c")
			for _, mon := range []string{"a", "b", "c"} {
				s.startMon(mon)
			}
			m := &measurement{site: s, start: func(name string) *realceph.Daemon { return of.start(s, name) }}
			m.managers = map[string]*realceph.Daemon{"x": m.start("x")}
			s.awaitMgrs("x: ")
			m.managers["y"] = m.start("y")
			s.awaitMgrs("x: y")
			m.client = newClient(s, nil)
			m.now = m.await(0, "a manager and a standby", func(n *msg.MgrMap) bool { return n.Available && len(n.Standbys) == 1 })
			m.run(*failovers)
		})
	}
}

// measurement is one cluster that is watched by a subscriber of its manager map.
type measurement struct {
	*site
	client   *client
	start    func(name string) *realceph.Daemon
	managers map[string]*realceph.Daemon
	now      msg.MgrMap // the last one waited for
}

// run measures each kind the given number of times.
func (m *measurement) run(rounds int) {
	for _, kind := range strings.Split(*kinds, ",") {
		var dropped, available []time.Duration
		for range rounds {
			time.Sleep(time.Duration(rand.Int64N(int64(7 * time.Second)))) // at any moment between two ticks
			d, a := m.failover(kind)
			dropped, available = append(dropped, d), append(available, a)
		}
		fmt.Fprintf(os.Stderr, "%s %s: dropped after %s; another available after %s\n", m.t.Name(), kind, figures(dropped), figures(available))
	}
}

// figures are the times in ascending order, in seconds.
func figures(all []time.Duration) string {
	slices.Sort(all)
	var list []string
	for _, d := range all {
		list = append(list, fmt.Sprintf("%.2f", d.Seconds()))
	}
	return strings.Join(list, " ")
}

// failover takes the active manager out, and returns after what time a map no longer
// names it, and after what time another one is available. Then it brings it back.
func (m *measurement) failover(kind string) (dropped, available time.Duration) {
	m.t.Helper()
	old, gid, seen := m.now.ActiveName, m.now.ActiveGID, m.client.journal.now()
	began := time.Now()
	switch kind {
	case "kill":
		m.managers[old].Kill()
	case "stop":
		m.managers[old].Pause()
	case "fail":
		m.client.begin(`{"prefix": "mgr fail"}`)
	}
	m.await(seen, "a map without the old one", func(n *msg.MgrMap) bool { return n.ActiveGID != gid })
	dropped = time.Since(began)
	m.await(seen, "another one available", func(n *msg.MgrMap) bool { return n.ActiveGID != gid && n.Available })
	available = time.Since(began)
	switch kind {
	case "kill":
		m.managers[old] = m.start(old)
	case "stop":
		m.managers[old].Resume()
	}
	m.now = m.await(seen, old+" as a standby", func(n *msg.MgrMap) bool {
		return n.Available && n.ActiveName != old && n.StandbyNamed(old) != nil && n.StandbyNamed(old).GID != gid
	})
	return dropped, available
}

// loading is how long a manager of Ceph's may take to start on a busy machine: it loads
// some thirty modules in Python first.
const loading = 5 * time.Minute

// await waits for a map, after the first entries of the journal, that is as wanted.
func (m *measurement) await(after int, what string, wanted func(*msg.MgrMap) bool) msg.MgrMap {
	m.t.Helper()
	for limit := time.After(loading); ; {
		list, more := m.client.journal.since(after)
		for _, x := range list {
			if b, ok := x.(*msg.MgrMapMsg); ok && wanted(&b.Map) {
				return b.Map
			}
		}
		select {
		case <-more:
		case <-limit:
			m.t.Fatalf("not within %v: %s", loading, what)
		}
	}
}
