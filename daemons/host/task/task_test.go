package task_test

import (
	"container/heap"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// desk is a loop that is turned by hand: it posts, it has timers, and time moves
// to the next deadline when nothing is queued.
type desk struct {
	now    time.Duration
	queue  []func()
	alarms alarms
	tasks  task.Set
	closed bool
}

func (d *desk) Name() string                    { return "desk" }
func (d *desk) Go(n string, fn func(host.Task)) { d.tasks.Go(d, n, fn) }
func (d *desk) Running() host.Task              { return d.tasks.Running() }
func (d *desk) NewTimer(fn func()) host.Timer   { return &alarm{desk: d, fn: fn} }
func (d *desk) Close()                          { d.closed = true }
func (d *desk) Post(fn func()) {
	if !d.closed {
		d.queue = append(d.queue, fn)
	}
}

// run turns the desk until nothing is left to do or it is closed; then it
// unwinds.
func (d *desk) run() {
	for d.step() {
	}
	if d.closed {
		d.tasks.Unwind()
	}
}

func (d *desk) step() bool {
	switch {
	case d.closed:
		return false
	case len(d.queue) > 0:
		fn := d.queue[0]
		d.queue = d.queue[1:]
		fn()
	case len(d.alarms) > 0:
		a := heap.Pop(&d.alarms).(*alarm)
		a.set = false
		d.now = a.at
		a.fn()
	default:
		return false
	}
	return true
}

type alarm struct {
	desk *desk
	fn   func()
	at   time.Duration
	set  bool
}

func (a *alarm) Armed() bool             { return a.set }
func (a *alarm) Deadline() time.Duration { return a.at }

func (a *alarm) Stop() {
	if a.set {
		a.set = false
		a.desk.alarms = slices.DeleteFunc(a.desk.alarms, func(o *alarm) bool { return o == a })
		heap.Init(&a.desk.alarms)
	}
}

func (a *alarm) Reset(d time.Duration) {
	a.Stop()
	a.set, a.at = true, a.desk.now+max(d, 0)
	heap.Push(&a.desk.alarms, a)
}

type alarms []*alarm

func (a alarms) Len() int           { return len(a) }
func (a alarms) Less(i, j int) bool { return a[i].at < a[j].at }
func (a alarms) Swap(i, j int)      { a[i], a[j] = a[j], a[i] }
func (a *alarms) Push(x any)        { *a = append(*a, x.(*alarm)) }
func (a *alarms) Pop() any {
	last := (*a)[len(*a)-1]
	*a = (*a)[:len(*a)-1]
	return last
}

// notes is what happened, in order.
type notes []string

func (n *notes) add(format string, args ...any) { *n = append(*n, fmt.Sprintf(format, args...)) }

func (n notes) want(t interface {
	Helper()
	Errorf(string, ...any)
}, want ...string) {
	t.Helper()
	if !slices.Equal(n, want) {
		t.Errorf("got %q, want %q", []string(n), want)
	}
}

func TestSet_sleepTakesItsTime(t *testing.T) {
	var d desk
	var n notes
	d.Go("t", func(t host.Task) {
		t.Sleep(3 * time.Second)
		n.add("%v", d.now)
		t.Sleep(-time.Second)
		n.add("%v", d.now)
		t.Sleep(2 * time.Second)
		n.add("%v", d.now)
	})
	d.run()
	n.want(t, "3s", "3s", "5s")
}

func TestSet_tasksTakeTurns(t *testing.T) {
	var d desk
	var n notes
	for _, name := range []string{"a", "b"} {
		d.Go(name, func(t host.Task) {
			for i := range 3 {
				n.add("%s%d", name, i)
				t.Sleep(time.Second)
			}
		})
	}
	n.add("Go returned")
	d.run()
	slices.Sort(n[1:3])
	slices.Sort(n[3:5])
	slices.Sort(n[5:7])
	n.want(t, "Go returned", "a0", "b0", "a1", "b1", "a2", "b2")
}

func TestSet_wakeDuringSleepIsKeptForPark(t *testing.T) {
	var d desk
	var n notes
	d.Go("t", func(t host.Task) {
		d.Post(t.Wake)
		d.Post(t.Wake)
		t.Sleep(time.Second)
		n.add("slept until %v", d.now)
		t.Park()
		n.add("first Park at %v", d.now)
		d.NewTimer(t.Wake).Reset(time.Second)
		t.Park()
		n.add("second Park at %v", d.now)
		t.Wake()
		t.Park()
		n.add("third Park at %v", d.now)
	})
	d.run()
	n.want(t, "slept until 1s", "first Park at 1s", "second Park at 2s", "third Park at 2s")
}

func TestSet_wakeOfAnEndedTaskDoesNothing(t *testing.T) {
	var d desk
	var ended host.Task
	d.Go("t", func(t host.Task) { ended = t })
	d.run()
	ended.Wake()
	ended.Wake()
	d.run()
}

func TestSet_unwindRunsDeferredCallsInTheOrderTheTasksBegan(t *testing.T) {
	var d desk
	var n notes
	for i := range 3 {
		d.Go("t", func(t host.Task) {
			defer n.add("outer %d", i)
			func() {
				defer n.add("inner %d", i)
				t.Park()
				n.add("after the wait")
			}()
			n.add("after the call")
		})
	}
	d.run()
	d.Close()
	d.run()
	n.want(t, "inner 0", "outer 0", "inner 1", "outer 1", "inner 2", "outer 2")
}

func TestSet_waitsInDeferredCallsOfAnUnwoundTaskEnd(t *testing.T) {
	var d desk
	var n notes
	d.Go("t", func(t host.Task) {
		defer n.add("last")
		defer func() {
			t.Sleep(time.Second)
			n.add("slept while unwinding")
		}()
		defer func() {
			t.Park()
			n.add("parked while unwinding")
		}()
		t.Park()
	})
	d.run()
	d.Close()
	d.run()
	n.want(t, "last")
}

func TestSet_unwindFromWithinATask(t *testing.T) {
	var d desk
	var n notes
	d.Go("other", func(t host.Task) {
		defer n.add("other unwound")
		t.Park()
	})
	d.Go("t", func(t host.Task) {
		defer n.add("unwound")
		d.tasks.Unwind()
		n.add("goes on")
		t.Sleep(0)
		n.add("after the wait")
	})
	d.run()
	n.want(t, "other unwound", "goes on", "unwound")
}

func TestSet_nothingBeginsAfterUnwind(t *testing.T) {
	var d desk
	var n notes
	d.Go("queued", func(host.Task) { n.add("queued has begun") })
	d.tasks.Unwind()
	d.Go("late", func(host.Task) { n.add("late has begun") })
	d.run()
	n.want(t)
}

// A task's own panic is the program's, not an unwinding: it reaches the loop with
// the task's name and stack, also through deferred calls and another recover.
func TestSet_panicsReachTheLoop(t *testing.T) {
	for _, wait := range []bool{false, true} {
		var d desk
		d.Go("t", func(t host.Task) {
			defer func() { panic(recover()) }()
			if wait {
				t.Sleep(0)
			}
			outOfThoughts()
		})
		func() {
			defer func() {
				p, ok := recover().(*task.Panic)
				if !ok || p.Task != "t" || p.Value != "a bug" {
					t.Fatalf("recovered %v", p)
				}
				if !strings.Contains(p.Error(), "task_test.outOfThoughts task_test.go:") {
					t.Errorf("the stack does not show where: %v", p)
				}
			}()
			d.run()
			t.Error("the panic was swallowed")
		}()
	}
}

func outOfThoughts() { panic("a bug") }

// A panic with an error is found by errors.Is.
func TestPanic_unwraps(t *testing.T) {
	defer func() {
		if err, _ := recover().(error); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("recovered %v", err)
		}
	}()
	var d desk
	d.Go("t", func(host.Task) { panic(fmt.Errorf("open: %w", fs.ErrNotExist)) })
	d.run()
}

// Waits say who waits, for what, since when and until when.
func TestSet_waits(t *testing.T) {
	d := desk{now: 2 * time.Second}
	d.tasks.Now = func() time.Duration { return d.now }
	d.Go("parked", func(t host.Task) { t.Park() })
	d.Go("asking", func(t host.Task) { t.ParkFor("an answer") })
	d.Go("asleep", func(t host.Task) { t.Sleep(time.Second) })
	d.Go("ends", func(host.Task) {})
	d.Go("looks", func(host.Task) {
		want := []string{
			`task "parked" waits for Wake since 2s`,
			`task "asking" waits for an answer since 2s`,
			`task "asleep" sleeps from 2s until 3s`,
		}
		var got []string
		for _, w := range d.tasks.Waits() {
			got = append(got, w.String())
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		d.Close()
	})
	d.run()
}

func TestSet_runningIsTheCaller(t *testing.T) {
	var d desk
	if d.Running() != nil {
		t.Error("a task runs before any began")
	}
	other := make(chan host.Task, 1)
	for range 2 {
		d.Go("t", func(own host.Task) {
			check := func(where string) {
				if got := d.Running(); got != own {
					t.Errorf("%s: got %v, want the task that asks", where, got)
				}
			}
			check("at first")
			for depth := range 200 {
				deeply(depth, func() { check(fmt.Sprint("at depth ", depth)) })
			}
			go func() { other <- d.Running() }()
			if <-other != nil {
				t.Error("a goroutine that a task let loose counts as the task")
			}
			own.Sleep(time.Second)
			check("after a wait")
			defer check("while it is unwound")
			own.Park()
		})
	}
	d.Post(func() {
		if d.Running() != nil {
			t.Error("a callback counts as a task")
		}
	})
	d.run()
	d.Close()
	d.run()
	if d.Running() != nil {
		t.Error("a task runs after all ended")
	}
}

func TestSet_runningAfterOneUnwindsAnother(t *testing.T) {
	var d desk
	d.Go("other", func(t host.Task) { t.Park() })
	d.Go("t", func(own host.Task) {
		d.tasks.Unwind()
		if d.Running() != own {
			t.Error("the task that unwound another is not the running one")
		}
	})
	d.run()
}

// deeply calls fn below depth more frames.
//
//go:noinline
func deeply(depth int, fn func()) {
	if depth == 0 {
		fn()
		return
	}
	deeply(depth-1, fn)
}

func BenchmarkSet_Running(b *testing.B) {
	for _, depth := range []int{1, 20} {
		b.Run(fmt.Sprint("depth=", depth), func(b *testing.B) {
			var d desk
			d.Go("t", func(host.Task) {
				deeply(depth, func() {
					for b.Loop() {
						d.Running()
					}
				})
			})
			d.run()
		})
	}
}

// Tasks against a model: each wakes exactly when the sum of its sleeps says.
func TestSet_property(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var d desk
		naps := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(-1, 5), 0, 6), 0, 6).Draw(t, "naps")
		ended := 0
		for _, mine := range naps {
			d.Go("t", func(task host.Task) {
				at := time.Duration(0)
				for _, nap := range mine {
					at += time.Duration(max(nap, 0))
					task.Sleep(time.Duration(nap))
					if d.now != at {
						t.Fatalf("woke at %d, want %d", d.now, at)
					}
				}
				ended++
			})
		}
		d.run()
		if ended != len(naps) {
			t.Fatalf("%d of %d tasks have ended", ended, len(naps))
		}
	})
}
