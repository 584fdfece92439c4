package sim

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

var update = flag.Bool("update", false, "write the golden hashes anew")

const goldenFile = "testdata/golden.txt"

// goldenPrograms are runs of the simulator alone: each with what the others have
// not.
func goldenPrograms() []struct {
	name string
	run  func(*Sim)
} {
	return []struct {
		name string
		run  func(*Sim)
	}{
		{"ties", func(s *Sim) {
			for _, name := range []string{"a", "b", "c"} {
				s.AddHost(name).Start(posting)
			}
			s.Run(time.Minute)
		}},
		{"streams", func(s *Sim) {
			streaming(s)
			s.Run(time.Second)
		}},
		{"cut, heal, reset", func(s *Sim) {
			a, b := streaming(s)
			s.Run(time.Second)
			s.Cut(a, b)
			s.Run(10 * time.Second)
			s.Heal(a, b)
			s.Run(5 * time.Second)
			s.Reset(a, b)
			s.Run(time.Second)
		}},
		{"pause, kill, power", func(s *Sim) {
			a, b := streaming(s)
			a.Pause()
			s.Run(time.Second)
			a.Resume()
			s.Run(time.Millisecond)
			b.Kill()
			s.Run(time.Second)
			a.PowerOff()
			s.Run(time.Second)
			a.Start(posting)
			s.Run(time.Second)
		}},
		{"disks", func(s *Sim) {
			h := s.AddHost("a")
			write := func(p host.Host) {
				p.NewLoop("main").Go("writer", func(task host.Task) { keepWriting(p, task) })
			}
			for range 3 {
				h.Start(write)
				s.Run(10 * time.Second)
				h.PowerOff()
			}
		}},
		{"points", func(s *Sim) {
			s.EnablePoints("test.", PointOdds{EnabledOneIn: 2, FiresOneIn: 3})
			s.AddHost("a").Start(func(p host.Host) {
				for i := range 1000 {
					p.Point(fmt.Sprintf("test.%d", i%10))
				}
			})
			s.Run(time.Second)
		}},
	}
}

// posting is a program whose loops post to each other all the time.
func posting(p host.Host) {
	draws := p.Rand("pause")
	for _, name := range []string{"x", "y"} {
		l := p.NewLoop(name)
		var t host.Timer
		t = l.NewTimer(func() {
			l.Post(func() { l.Post(func() {}) })
			t.Reset(time.Duration(draws.IntN(1000)) * time.Millisecond)
		})
		t.Reset(time.Second)
	}
}

// streaming are two machines, of which the second talks to the first.
func streaming(s *Sim) (server, client *Host) {
	server, client = s.AddHost("server"), s.AddHost("client")
	got := new(int)
	addr := startEchoServer(server, got)
	client.Start(func(h host.Host) {
		e := &echo{buf: make([]byte, 64), got: got}
		e.conn = h.Network().Dial(h.NewLoop("l"), addr, e)
	})
	return server, client
}

// TestGolden holds the hashes of some runs on any machine and with any number of
// threads. When they may be written anew is said in scenarios/golden_test.go:
//
//	go test ./sim ./scenarios -run Golden -update
func TestGolden(t *testing.T) {
	for _, threads := range []int{1, 2} {
		before := runtime.GOMAXPROCS(threads)
		got := goldenRuns()
		runtime.GOMAXPROCS(before)
		if *update {
			if err := os.WriteFile(goldenFile, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(goldenFile)
		if err != nil {
			t.Fatal(err)
		}
		if got != string(want) {
			t.Errorf("%s/%s, GOMAXPROCS=%d: hashes are\n%s%s has\n%s", runtime.GOOS, runtime.GOARCH, threads, got, goldenFile, want)
		}
	}
}

func goldenRuns() string {
	var b strings.Builder
	for _, p := range goldenPrograms() {
		for seed := range uint64(2) {
			s := New(Config{Seed: seed})
			p.run(s)
			s.Close()
			fmt.Fprintf(&b, "%s: seed=%d hash=%016x steps=%d\n", p.name, seed, s.Hash(), s.Steps())
		}
	}
	return b.String()
}
