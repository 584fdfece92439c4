//go:build interop

package realceph_test

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/loopback/loopbacktest"
	"github.com/wavetank/wavetank/cluster/realceph"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// BenchmarkMonCommand measures commands at monitors on loopback, of a client that has 1
// or 16 under way: ours and Ceph's in turn, so that a noisy minute does not strike one
// of them alone. The monitors are processes of their own (ours one process for all, as
// "wavetank up" runs them) with their data on the same disk; Ceph's log nothing. The
// client is our messenger and monitor client, connected to the leader or to a peon.
//
//	read   "mon dump", which needs no commit
//	write  "config-key set" of 8 bytes, which needs one
func BenchmarkMonCommand(b *testing.B) {
	for _, mons := range []int{1, 3} {
		clusters := map[string][]netip.AddrPort{"wavetank": startOurs(b, mons), "ceph": startCephs(b, mons)}
		places := []string{"leader", "peon"}[:min(mons, 2)]
		for _, place := range places {
			for _, command := range []string{"read", "write"} {
				for _, flight := range []int{1, 16} {
					for _, who := range []string{"wavetank", "ceph"} {
						b.Run(fmt.Sprintf("who=%s/mons=%d/at=%s/%s/flight=%d", who, mons, place, command, flight), func(b *testing.B) {
							benchmarkCommand(b, connectAt(b, clusters[who], place), command, flight)
						})
					}
				}
			}
		}
	}
}

// startOurs runs "wavetank up" with a new cluster, and returns where its monitors are.
func startOurs(b *testing.B, mons int) (addrs []netip.AddrPort) {
	b.Helper()
	dir := b.TempDir()
	binary, data := filepath.Join(dir, "wavetank"), filepath.Join(dir, "data")
	if out, err := exec.Command("go", "build", "-o", binary, "github.com/wavetank/wavetank/cmd/wavetank").CombinedOutput(); err != nil {
		b.Fatalf("build: %v\n%s", err, out)
	}
	up := exec.Command(binary, "up", "--dir", data, "--mon", fmt.Sprint(mons), "--mgr", "0")
	stdout, err := up.StdoutPipe()
	if err == nil {
		err = up.Start()
	}
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { _ = up.Process.Signal(syscall.SIGTERM); _ = up.Wait() })
	if line, err := bufio.NewReader(stdout).ReadString('\n'); err != nil || line != "ready\n" {
		b.Fatalf("wavetank up: %v, %q", err, line)
	}
	var identity struct {
		Mons []struct{ Addr netip.AddrPort }
	}
	text, err := os.ReadFile(filepath.Join(data, "cluster.json"))
	if err == nil {
		err = json.Unmarshal(text, &identity)
	}
	if err != nil {
		b.Fatal(err)
	}
	for _, m := range identity.Mons {
		addrs = append(addrs, m.Addr)
	}
	return addrs
}

// startCephs runs real monitors.
func startCephs(b *testing.B, mons int) (addrs []netip.AddrPort) {
	b.Helper()
	net := loopbacktest.Net(b)
	config := realceph.Config{Dir: b.TempDir(), Public: net.Addr(250)}
	for _, part := range []string{"mon", "paxos", "ms", "auth", "rocksdb", "monc", "mgrc", "perfcounter", "asok"} {
		config.Options = append(config.Options, "debug "+part+" = 0/0")
	}
	for i := range mons {
		addrs = append(addrs, netip.AddrPortFrom(net.Addr(byte(i+1)), 6789))
		config.Mons = append(config.Mons, realceph.Mon{Name: string(rune('a' + i)), Addr: addrs[i]})
	}
	c, err := realceph.New(config)
	if err == nil {
		b.Cleanup(c.Close)
		err = c.Mkfs()
	}
	for _, m := range config.Mons {
		if err == nil {
			_, err = c.Start(realceph.KindMon, m.Name)
		}
	}
	if errors.Is(err, cluster.ErrInfrastructure) {
		b.Skip(err)
	}
	if err != nil {
		b.Fatal(err)
	}
	return addrs
}

// benchClient is a client with a session at one monitor.
type benchClient struct {
	loop host.Loop
	monc *monc.Client
}

// connectAt connects to the leader or to a peon of a cluster that has a quorum soon.
func connectAt(b *testing.B, mons []netip.AddrPort, place string) *benchClient {
	b.Helper()
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(100 * time.Millisecond) {
		for _, addr := range mons {
			c, ok := connectTo(b, addr)
			if !ok {
				continue
			}
			var quorum struct {
				Quorum []int  `json:"quorum"`
				Leader string `json:"quorum_leader_name"`
				MonMap struct {
					Mons []struct{ Name, Addr string } `json:"mons"`
				} `json:"monmap"`
			}
			if r := c.command(`{"prefix":"quorum_status","format":"json"}`); r.Code != 0 || json.Unmarshal(r.Data, &quorum) != nil || len(quorum.Quorum) < len(mons) {
				continue
			}
			for _, m := range quorum.MonMap.Mons {
				if strings.HasPrefix(m.Addr, addr.String()+"/") && (m.Name == quorum.Leader) == (place == "leader") {
					return c
				}
			}
		}
	}
	b.Fatalf("no %s within %v", place, patience)
	return nil
}

// connectTo makes a client that knows one monitor only; false if that does not answer.
func connectTo(b *testing.B, addr netip.AddrPort) (*benchClient, bool) {
	h := oshost.New(oshost.Options{Name: "client", Addrs: []netip.Addr{netip.MustParseAddr("127.0.0.1")}})
	b.Cleanup(h.Kill)
	monmap := msg.MonMap{}
	monmap.Add("one", msg.AddrVec{{Type: msg.AddrLegacy, IP: addr}})
	c := &benchClient{loop: h.NewLoop("dispatch")}
	m := msgr.New(h, c.loop, msgr.Config{Name: msg.EntityName{Type: msg.EntityClient, Num: -1}, Nonce: h.PID(), Label: "client", Workers: 1})
	c.monc = monc.New(h, c.loop, m, monc.Config{Entity: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"}, MonMap: monmap})
	m.AddDispatcherTail(msgr.BaseDispatcher{})
	if err := m.Start(); err != nil {
		b.Fatal(err)
	}
	done := make(chan error, 1)
	c.loop.Post(func() {
		c.monc.Init()
		c.monc.Authenticate(func(err error) { done <- err })
	})
	select {
	case err := <-done:
		return c, err == nil
	case <-time.After(5 * time.Second):
		h.Kill()
		return nil, false
	}
}

// command runs one command to its end.
func (c *benchClient) command(text string) monc.CommandResult {
	done := make(chan monc.CommandResult, 1)
	c.loop.Post(func() { c.monc.Command(text, func(r monc.CommandResult) { done <- r }) })
	return <-done
}

// benchmarkCommand gives b.N commands, as many at once as flight says.
func benchmarkCommand(b *testing.B, c *benchClient, kind string, flight int) {
	b.Helper()
	text := func(int) string { return `{"prefix":"mon dump","format":"json"}` }
	if kind == "write" {
		text = func(i int) string {
			return fmt.Sprintf(`{"prefix":"config-key set","key":"bench/%d","val":"%08d"}`, i%100, i)
		}
	}
	done := make(chan error, 1)
	given, answered := 0, 0
	var give func()
	give = func() {
		if given == b.N {
			return
		}
		given++
		c.monc.Command(text(given), func(r monc.CommandResult) {
			if r.Err != nil || r.Code != 0 {
				done <- fmt.Errorf("%s: %d %s %w", text(0), r.Code, r.Status, r.Err)
				return
			}
			if answered++; answered == b.N {
				done <- nil
				return
			}
			give()
		})
	}
	b.ResetTimer()
	c.loop.Post(func() {
		for range flight {
			give()
		}
	})
	if err := <-done; err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "commands/s")
}
