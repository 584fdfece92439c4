package scenarios

import (
	"bytes"
	"context"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/faults"
)

// planted is a scenario in which mon.b does something of its own on a loop, three
// seconds after the cluster was healthy.
func planted(do func(host.Loop)) Scenario {
	return Scenario{
		Name: "planted", Length: 20 * time.Second, Bite: "doing",
		Plan: func(*Draw, cluster.Topology) (faults.Plan, []Goal) {
			f := doing(func(c *cluster.Cluster) {
				l := c.World().(*cluster.SimWorld).Sim().Host("mon.b").Process().NewLoop("planted")
				l.Post(func() { do(l) })
			})
			return faults.Plan{{At: 3 * time.Second, Fault: f}}, nil
		},
	}
}

// wants holds a failure to its property and the words in it.
func wants(t *testing.T, r Result, property string, words ...string) {
	t.Helper()
	if r.Verdict != Fail || r.Failure == nil || r.Failure.Property != property {
		t.Fatalf("verdict %v, %v; want a failure of %s", r.Verdict, r.Failure, property)
	}
	if r.Failure.Host != "mon.b" || r.Failure.Step == 0 || r.Failure.At < 3*time.Second {
		t.Errorf("on host %q at %v, step %d", r.Failure.Host, r.Failure.At, r.Failure.Step)
	}
	for _, w := range words {
		if !strings.Contains(r.Failure.Detail, w) {
			t.Errorf("no %q in: %s", w, r.Failure.Detail)
		}
	}
}

func sleepsForReal(stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		default:
			time.Sleep(time.Millisecond)
		}
	}
}

func goesRound(stop <-chan struct{}) {
	for rounds := 0; ; rounds++ {
		select {
		case <-stop:
			return
		default:
			rounds += len(stop)
		}
	}
}

func waitsForALock(stop <-chan struct{}) {
	var mu sync.Mutex
	mu.Lock()
	go func() {
		<-stop
		mu.Unlock()
	}()
	mu.Lock()
}

// TestWatchdog: a daemon that blocks the simulation is that seed's failure, which
// says where, and other seeds go on. What the run writes later nobody sees.
func TestWatchdog(t *testing.T) {
	const limit = 300 * time.Millisecond
	for name, blocks := range map[string]func(<-chan struct{}){
		"sleepsForReal": sleepsForReal, "goesRound": goesRound, "waitsForALock": waitsForALock,
	} {
		for _, inTask := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				stop, over := make(chan struct{}), make(chan struct{})
				s := planted(func(l host.Loop) {
					if !inTask {
						defer close(over)
						blocks(stop)
						return
					}
					l.Go("t", func(task host.Task) {
						task.Sleep(time.Second)
						defer close(over)
						blocks(stop)
					})
				})
				var trace bytes.Buffer
				r := Run(Spec{Scenario: s, Seed: 1, Watchdog: limit, Trace: &trace})
				wants(t, r, "watchdog", "no step for 300ms of real time (host mon.b, loop planted), in github.com/wavetank/wavetank/scenarios."+name, "guard_test.go:")
				written := trace.Len()
				close(stop)
				<-over
				if trace.Len() != written {
					t.Errorf("a run that was given up has written %d bytes", trace.Len()-written)
				}
			})
		}
	}
}

// TestWatchdog_looksAtSteps: a run may take longer than one step of it.
func TestWatchdog_looksAtSteps(t *testing.T) {
	slowly := planted(func(l host.Loop) {
		var timer host.Timer
		left := 40
		timer = l.NewTimer(func() {
			time.Sleep(30 * time.Millisecond) // one or two looks of the watchdog
			if left--; left > 0 {
				timer.Reset(time.Millisecond)
			}
		})
		timer.Reset(time.Millisecond)
	})
	for _, limit := range []time.Duration{200 * time.Millisecond, -1} {
		if r := Run(Spec{Scenario: slowly, Seed: 1, Watchdog: limit}); r.Verdict != Pass || r.Real < 200*time.Millisecond {
			t.Errorf("%v: %v after %v", r.Verdict, r.Failure, r.Real)
		}
	}
}

// TestWatchdog_letsJudgesThink: a run is judged for as long as that takes, and what hangs
// afterwards hangs.
func TestWatchdog_letsJudgesThink(t *testing.T) {
	stop := make(chan struct{})
	defer close(stop)
	for _, hangs := range []bool{false, true} {
		r := guard(Spec{Watchdog: 300 * time.Millisecond}, func(s Spec) Result {
			s.watch.Judge(func() { time.Sleep(600 * time.Millisecond) })
			if hangs {
				<-stop
			}
			return Result{Verdict: Pass}
		})
		if (r.Verdict == Pass) == hangs {
			t.Errorf("%v: %v", r.Verdict, r.Failure)
		}
	}
}

func outOfThoughts() { panic("out of thoughts") }

// TestPanic: a panic of a daemon is that seed's failure, with host, loop, time and
// the functions it came from, in words that are the same each time.
func TestPanic(t *testing.T) {
	for name, do := range map[string]func(host.Loop){
		"in a callback": func(host.Loop) { outOfThoughts() },
		"in a task":     func(l host.Loop) { l.Go("thinker", func(t host.Task) { t.Sleep(time.Second); outOfThoughts() }) },
		"in a timer": func(l host.Loop) {
			l.NewTimer(func() { defer func() { panic(recover()) }(); outOfThoughts() }).Reset(time.Second)
		},
		"at the end": func(l host.Loop) {
			l.Go("thinker", func(t host.Task) { defer outOfThoughts(); t.Sleep(time.Hour) })
		},
	} {
		t.Run(name, func(t *testing.T) {
			var details []string
			s := planted(do)
			c := Campaign{
				Specs: []Spec{{Scenario: s}}, Seeds: Seeds{1, 4}, Workers: 2,
				OnResult: func(r Result) {
					wants(t, r, "panic", "loop planted: ", "out of thoughts", "scenarios.outOfThoughts guard_test.go:")
					if r.Hash == 0 || len(r.Faults) != 1 {
						t.Errorf("the rest of the result is missing: %+v", r)
					}
					details = append(details, r.Failure.Detail)
				},
			}
			if sum := c.Run(context.Background()); sum.Failures != 4 {
				t.Errorf("%d failures", sum.Failures)
			}
			again := RunTwice(Spec{Scenario: s, Seed: 1})
			if again.Verdict != Fail || again.Failure.Detail != details[0] {
				t.Errorf("a second time: %v: %v, the first time: %s", again.Verdict, again.Failure, details[0])
			}
		})
	}
}

func thinksDeeply(thoughts int) {
	if thoughts == 0 {
		outOfThoughts()
	}
	thinksDeeply(thoughts - 1)
}

// TestPanic_deep: the report of a panic far down says on which host too, and does
// not show every function.
func TestPanic_deep(t *testing.T) {
	for name, do := range map[string]func(host.Loop){
		"in a callback": func(host.Loop) { thinksDeeply(1000) },
		"in a task":     func(l host.Loop) { l.Go("thinker", func(host.Task) { thinksDeeply(1000) }) },
	} {
		t.Run(name, func(t *testing.T) {
			r := Run(Spec{Scenario: planted(do), Seed: 1})
			wants(t, r, "panic", "loop planted: ", "out of thoughts", "scenarios.thinksDeeply guard_test.go:", "\n  and 9")
			if lines := strings.Count(r.Failure.Detail, "\n"); lines > 40 {
				t.Errorf("%d lines", lines)
			}
		})
	}
}

// TestGoexit: a daemon that ends its goroutine, as a failed assertion does, is that
// seed's failure and says where.
func TestGoexit(t *testing.T) {
	for name, do := range map[string]func(host.Loop){
		"in a callback": func(host.Loop) { runtime.Goexit() },
		"in a task":     func(l host.Loop) { l.Go("leaver", func(host.Task) { runtime.Goexit() }) },
	} {
		t.Run(name, func(t *testing.T) {
			wants(t, Run(Spec{Scenario: planted(do), Seed: 1}), "panic", "ended its goroutine, in a callback of loop planted")
		})
	}
}

// TestPanic_onRealSockets: there a panic ends the process and not the program, and is
// the seed's failure all the same.
func TestPanic_onRealSockets(t *testing.T) {
	for name, do := range map[string]func(host.Loop){
		"in a callback": func(host.Loop) { outOfThoughts() },
		"in a task": func(l host.Loop) {
			l.Go("thinker", func(t host.Task) { t.Sleep(time.Millisecond); outOfThoughts() })
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := planted(nil)
			s.Plan = func(*Draw, cluster.Topology) (faults.Plan, []Goal) {
				f := doing(func(c *cluster.Cluster) {
					c.World().AddHost("thinker").Start(func(h host.Host) {
						l := h.NewLoop("planted")
						l.Post(func() { do(l) })
					})
				})
				return faults.Plan{{At: time.Second, Fault: f}}, nil
			}
			r := Run(Spec{Scenario: s, Seed: 1, World: WorldTCP, Profile: ProfileFast})
			if r.Verdict != Fail || r.Failure.Property != "panic" || r.Failure.Host != "thinker" {
				t.Fatalf("%v: %v", r.Verdict, r.Failure)
			}
			for _, want := range []string{"loop planted: ", "out of thoughts", "scenarios.outOfThoughts guard_test.go:"} {
				if !strings.Contains(r.Failure.Detail, want) {
					t.Errorf("no %q in: %s", want, r.Failure.Detail)
				}
			}
		})
	}
}

// TestDeadlock_ofACluster: when all machines are gone but one whose task waits for
// ever, a goal cannot be reached any more.
func TestDeadlock_ofACluster(t *testing.T) {
	s := planted(func(l host.Loop) {})
	s.Plan = func(*Draw, cluster.Topology) (faults.Plan, []Goal) {
		f := doing(func(c *cluster.Cluster) {
			w := c.World().(*cluster.SimWorld)
			for _, who := range []string{cluster.RoleMons, cluster.RoleMgrs} {
				names, _ := c.Resolve(who)
				for _, name := range names {
					w.Host(name).Kill()
				}
			}
			w.Host("client.admin").Kill()
			w.Sim().Host("mon.b").Start(func(p host.Host) {
				p.NewLoop("planted").Go("asker", func(t host.Task) { t.Sleep(time.Second); t.ParkFor("godot") })
			})
		})
		return faults.Plan{{At: 3 * time.Second, Fault: f}}, []Goal{replaced(0)}
	}
	r := Run(Spec{Scenario: s, Seed: 1})
	wants(t, r, "deadlock", `mon.b planted: task "asker" waits for godot since`)
}
