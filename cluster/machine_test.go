package cluster_test

import (
	"log/slog"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
)

// told is what a process says of its clock, or of a question.
type told struct {
	ahead time.Duration // the wall clock of the time since it was first told
	asked string
}

func (told) Kind() string { return "test.told" }
func (f told) Attrs() []slog.Attr {
	return []slog.Attr{slog.Duration("ahead", f.ahead), slog.String("asked", f.asked)}
}

// What is done to machines is seen by their processes, in both worlds: wall clocks that are
// wrong, also of later processes, and an operator's questions.
func TestHost_clockAndAdmin(t *testing.T) {
	tcp, err := cluster.NewTCP(cluster.TCPConfig{})
	if err != nil {
		t.Fatal(err)
	}
	for _, w := range []cluster.World{cluster.NewSim(cluster.SimConfig{Seed: 1}), tcp} {
		t.Run(w.Kind(), func(t *testing.T) {
			t.Cleanup(w.Close)
			var last told
			w.Observe(func(o cluster.Observation) {
				if f, ok := o.Fact.(told); ok {
					last = f
				}
			})
			h := w.AddHost("a")
			var base time.Duration // the wall clock ahead of the monotonic one
			program := func(p host.Host) {
				loop := p.NewLoop("main loop")
				ahead := func() time.Duration {
					return time.Duration(p.Clock().Now().UnixNano()) - p.Clock().Monotonic()
				}
				tell := func(request []byte) []byte {
					p.Probe(told{ahead: ahead() - base, asked: string(request)})
					return nil
				}
				if p.PID() == 1 {
					base = ahead()
				}
				if err := host.ServeAdmin(p, loop, tell); err != nil {
					t.Error(err)
				}
				loop.Post(func() { tell([]byte("begun")) })
			}
			is := func(asked string, ahead time.Duration) {
				t.Helper()
				ok := func() bool {
					d := last.ahead - ahead
					return last.asked == asked && d > -time.Minute && d < time.Minute
				}
				if !w.Until(10*time.Second, ok) {
					t.Fatalf("told %+v, want %q and %v", last, asked, ahead)
				}
			}
			h.Start(program)
			is("begun", 0)
			h.StepClock(time.Hour)
			if !h.Admin("one") {
				t.Error("nobody is asked")
			}
			is("one", time.Hour)
			h.StepClock(-3 * time.Hour)
			h.Admin("two")
			is("two", -2*time.Hour)
			h.SetClockOffset(time.Hour)
			h.Restart()
			is("begun", time.Hour)
			h.Admin("three")
			is("three", time.Hour)
			h.Kill()
			if h.Admin("four") {
				t.Error("a dead process is asked")
			}
		})
	}
}
