package scenarios

import (
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/option"
	"github.com/wavetank/wavetank/faults"
)

// A kind of daemons that nothing else knows, all of it in this file: wards, who have a
// session with a monitor and say so again and again.

// wards is their part of a Topology.
type wards struct {
	Wards   int
	Timings wardTimings
	Defects wardDefects
}

type wardTimings struct{ SayInterval time.Duration }

type wardDefects struct{ Silent bool }

const (
	roleWards = "wards"
	pointSay  = "ward.say" // about to say something
)

// wardSays is the fact of a ward that has a session.
type wardSays struct{ Nth int }

func (wardSays) Kind() string            { return "ward.says" }
func (f wardSays) Attrs() []slog.Attr    { return []slog.Attr{slog.Int("nth", f.Nth)} }
func (w *wards) Clone() cluster.Part     { c := *w; return &c }
func (*wards) Plain() cluster.Part       { return &wards{Timings: wardTimings{time.Second}} }
func (w *wards) names() (names []string) { return []string{"ward.0", "ward.1", "ward.2"}[:w.Wards] }

func (w *wards) Kind() cluster.Kind {
	return cluster.Kind{
		Name:    "ward",
		Numbers: option.Set{"wards": option.Count(&w.Wards)},
		Options: func() []cluster.OptionSection {
			return []cluster.OptionSection{{Name: "ward", Set: option.Set{"ward_say_interval": option.Seconds(&w.Timings.SayInterval)}}}
		},
		Timings: []any{&w.Timings}, Defects: []any{&w.Defects},
		Names: w.names,
		Deploy: func(c *cluster.Cluster) {
			c.Keep(&wardView{said: make(map[string]int)})
			for _, name := range w.names() {
				c.AddDaemon(name, func(h host.Host) { w.run(c, h) })
			}
		},
		Ready: func(c *cluster.Cluster) bool { return len(cluster.Kept[*wardView](c).said) == w.Wards },
		Unready: func(*cluster.Cluster) (string, string) {
			return "wards say something", "not every ward of an undisturbed cluster has said something"
		},
		Points: []string{pointSay},
		Roles:  []cluster.Role{{Name: roleWards, Doc: "every ward", Who: func(*cluster.Cluster) []string { return w.names() }}},
	}
}

// run is a ward's program.
func (w *wards) run(c *cluster.Cluster, h host.Host) {
	loop := h.NewLoop("ward")
	m := msgr.New(h, loop, msgr.Config{
		Name: msg.EntityName{Type: msg.EntityClient, Num: -1}, Nonce: h.PID(), Label: h.Name(), Workers: 1,
	})
	client := monc.New(h, loop, m, monc.Config{
		Entity: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"}, MonMap: c.MonMap(), Options: c.Topology().Client,
	})
	nth := 0
	var timer host.Timer
	timer = loop.NewTimer(func() {
		nth++
		h.Point(pointSay)
		if !w.Defects.Silent {
			h.Probe(wardSays{nth})
		}
		timer.Reset(w.Timings.SayInterval)
	})
	loop.Post(func() {
		client.Init()
		if err := m.Start(); err != nil {
			h.Exit(1, err.Error())
			return
		}
		client.Authenticate(func(err error) {
			if err != nil {
				h.Exit(1, err.Error())
				return
			}
			timer.Reset(0)
		})
	})
}

// wardView is what was seen of them: how often each has said something in its life.
type wardView struct{ said map[string]int }

func (v *wardView) Observe(o cluster.Observation) {
	if f, ok := o.Fact.(wardSays); ok {
		v.said[o.Host] = f.Nth
	}
}

const wardScript = `scenario wards
mgrs 0
wards 2
option ward ward_say_interval 0.5
length 20s
bite kill

at 3s kill ward.1
when ward.says on ward.0 nth 3 within 10s then restart dead
after 1s cut wards <-> leader
after 20s heal wards <-> leader
after 0s pause wards
after 1s resume paused
`

// Somebody else's kind of daemons is deployed beside monitors, waited for, named in a
// script by its words, options and role, struck, waited for by its facts and observed.
func TestKind_ofSomebodyElse(t *testing.T) {
	script, err := ParseScript(wardScript, &wards{})
	if err != nil {
		t.Fatal(err)
	}
	if script.String() != wardScript {
		t.Errorf("printed as\n%s", script)
	}
	s := script.Scenario()
	var said map[string]int
	plan := s.Plan
	s.Plan = func(d *Draw, topology cluster.Topology) (faults.Plan, []Goal) {
		p, goals := plan(d, topology)
		return p, append(goals, Goal{
			Property: "wards go on", Step: len(p) - 1, Fault: len(p) - 1,
			Within: func(cluster.Topology) time.Duration { return 10 * time.Second },
			Reached: func(p *Progress) bool {
				said = cluster.Kept[*wardView](p.Cluster).said
				return said["ward.0"] > 40 && said["ward.1"] > 40
			},
		})
	}
	r := Run(Spec{Scenario: s, Seed: 1})
	if r.Verdict != Pass || len(r.Faults) != 6 {
		t.Fatalf("%v %v in vain %q, faults %v, said %v", r.Verdict, r.Failure, r.Vain, r.Faults, said)
	}
	for i, want := range [][]string{{"ward.1"}, {"ward.1"}, nil, nil, {"ward.0", "ward.1"}, {"ward.0", "ward.1"}} {
		if got := r.Faults[i]; got.Count == 0 || want != nil && !slices.Equal(got.Victims, want) {
			t.Errorf("%v: struck %v, landed %d, want %v", got.Fault, got.Victims, got.Count, want)
		}
	}
	if again := Run(Spec{Scenario: s, Seed: 1}); again.Hash != r.Hash {
		t.Errorf("hash %x, then %x", r.Hash, again.Hash)
	}
	if real := Run(Spec{Scenario: s, Seed: 1, World: WorldTCP, Profile: ProfileFast}); real.Verdict != Pass {
		t.Errorf("on real sockets: %v %v in vain %q", real.Verdict, real.Failure, real.Vain)
	}
}

// Plans can name the fault points that the kind says it has.
func TestKind_hasPoints(t *testing.T) {
	const line = "at 2s crash-at ward.say ward.0 nth 2 by kill\n"
	head, _, _ := strings.Cut(wardScript, "bite")
	script, err := ParseScript(head+"\n"+line, &wards{})
	if err != nil {
		t.Fatal(err)
	}
	if r := Run(Spec{Scenario: script.Scenario(), Seed: 1}); r.Verdict != Pass || r.Faults[0].Count != 1 {
		t.Errorf("%v %v, faults %v", r.Verdict, r.Failure, r.Faults)
	}
	_, err = ParseScript(head+"\n"+strings.Replace(line, "ward.say", "ward.sing", 1), &wards{})
	if err == nil || !strings.Contains(err.Error(), `there is no fault point "ward.sing"; did you mean "ward.say"?`) {
		t.Errorf("%v", err)
	}
}

// Whoever does not know the kind does not know its words, and is not deaf to it where he
// does: what is planted in it makes the cluster not ready.
func TestKind_isOfItsScripts(t *testing.T) {
	if _, err := ParseScript(wardScript); err == nil || !strings.Contains(err.Error(), `line 3, column 1: "wards" stands where`) {
		t.Errorf("without the kind: %v", err)
	}
	script, err := ParseScript(wardScript, &wards{})
	if err != nil {
		t.Fatal(err)
	}
	silent := *script.Topology.More[0].(*wards)
	silent.Defects.Silent = true
	mute := script
	mute.Topology.More = []cluster.Part{&silent}
	s := mute.Scenario()
	if r := Run(Spec{Scenario: s, Seed: 1}); r.Verdict != Fail || r.Failure.Property != "wards say something" {
		t.Errorf("%v %v, want that they say nothing", r.Verdict, r.Failure)
	}
	if err := mute.check(); err != nil {
		t.Errorf("planted bugs are not of scripts: %v", err)
	}
	copied := script
	if err := copied.Numbers().Put("wards", "1"); err != nil || script.Topology.More[0].(*wards).Wards != 2 {
		t.Errorf("%v; a script changes with its copy", err)
	}
	scaled := script.Topology
	scaled.Scale(10)
	if got, was := scaled.More[0].(*wards).Timings.SayInterval, script.Topology.More[0].(*wards).Timings.SayInterval; got != 50*time.Millisecond || was != 500*time.Millisecond {
		t.Errorf("scaled %v is %v", was, got)
	}
}
