package scenarios

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/faults"
)

// Whatever a seed of the catalogue draws is a script, and the script with the same seed
// is the same run, step by step.
func TestScriptOf_isTheSameRun(t *testing.T) {
	seeds := []uint64{1, 7, 2, 11}
	if testing.Short() {
		seeds = seeds[:1]
	}
	for _, s := range Catalogue() {
		if s.Alone != nil {
			continue
		}
		for i, seed := range seeds {
			if i > 1 && s.Each == nil {
				break // only what a swarm draws differs so much from seed to seed
			}
			spec := Spec{Scenario: s, Seed: seed}
			script, err := ScriptOf(spec)
			if errors.Is(err, ErrNotScripted) && s.Each != nil && s.of(newDraw(seed, s.Name)).Alone != nil {
				continue // this seed of it deploys no cluster
			}
			if err != nil {
				t.Errorf("seed %d: %v", seed, err)
				continue
			}
			read, err := ParseScript(script.String())
			if err != nil {
				t.Errorf("%v in\n%s", err, script)
				continue
			}
			if again := read.String(); again != script.String() {
				t.Errorf("\n%sbecomes\n%s", script, again)
			}
			drawn, scripted := Run(spec), Run(Spec{Scenario: read.Scenario(), Seed: seed})
			if drawn.Hash != scripted.Hash || drawn.Verdict != scripted.Verdict || drawn.Steps != scripted.Steps {
				t.Errorf("%s seed %d: hash %x, %d steps, %v; as a script %x, %d steps, %v: %v\n%s", s.Name, seed,
					drawn.Hash, drawn.Steps, drawn.Verdict, scripted.Hash, scripted.Steps, scripted.Verdict, scripted.Failure, script)
			}
		}
	}
}

func TestScriptOf_whatDeploysNoCluster(t *testing.T) {
	if _, err := ScriptOf(Spec{Scenario: messengerMatrix(), Seed: 1}); !errors.Is(err, ErrNotScripted) {
		t.Error(err)
	}
}

// What a schedule of a run draws stands in its script, which is the same run without it.
func TestScriptOf_hasTheSchedule(t *testing.T) {
	s, _ := Find("mgr-failover")
	for _, schedule := range []string{SchedulePCT, ScheduleFair} {
		spec := Spec{Scenario: s, Seed: 3, Schedule: schedule}
		script, err := ScriptOf(spec)
		if err != nil {
			t.Fatal(err)
		}
		read, err := ParseScript(script.String())
		if err != nil {
			t.Fatal(err)
		}
		if drawn, scripted := Run(spec), Run(Spec{Scenario: read.Scenario(), Seed: 3}); drawn.Hash != scripted.Hash {
			t.Errorf("%s: hash %x, as a script %x\n%s", schedule, drawn.Hash, scripted.Hash, script)
		}
	}
}

// With all decisions excepted a fair run does what the seed's own does, step by step; with
// none it does something else.
func TestScript_fairExcept(t *testing.T) {
	own, _ := ScriptOf(Spec{Scenario: mgrStorm(), Seed: 4})
	drawn := Run(Spec{Scenario: own.Scenario(), Seed: 4})
	steps := func(line string) string {
		s, err := ParseScript(strings.Replace(own.String(), "\n\n", "\n"+line+"\n\n", 1))
		if err != nil {
			t.Fatal(err)
		}
		var trace strings.Builder
		Run(Spec{Scenario: s.Scenario(), Seed: 4, Trace: &trace})
		_, rest, _ := strings.Cut(trace.String(), `"kind":"process.start"`)
		return rest[:strings.Index(rest, `"kind":"end"`)]
	}
	uniform := steps("# as it is")
	if all := steps(fmt.Sprintf("schedule fair except 1-%d", drawn.Decisions)); all != uniform {
		t.Error("with all decisions excepted the run is another one")
	}
	if fair := steps("schedule fair except 1000000"); fair == uniform {
		t.Error("with no decision excepted the run is the same")
	}
}

// A fault point fires on the machine and at the times that a script says, and only there.
func TestScript_pointAt(t *testing.T) {
	run := func(line string) (Result, string) {
		s, err := ParseScript("scenario points\n" + line + "\nlength 30s\nat 1s mgr-fail\n")
		if err != nil {
			t.Fatal(err)
		}
		if again := s.String(); !strings.Contains(again, "\n"+line+"\n") {
			t.Errorf("%q became\n%s", line, again)
		}
		var trace strings.Builder
		r := Run(Spec{Scenario: s.Scenario(), Seed: 5, Trace: &trace})
		return r, trace.String()
	}
	_, trace := run("point mon.quorum.applied mon.b nth 2 5")
	fired := regexp.MustCompile(`"kind":"point".*`).FindAllString(trace, -1)
	want := []string{
		`"kind":"point","host":"mon.b","point":"mon.quorum.applied","reached":2}`,
		`"kind":"point","host":"mon.b","point":"mon.quorum.applied","reached":5}`,
	}
	if !slices.Equal(fired, want) {
		t.Errorf("fired %q", fired)
	}
}

// Every fault point that runs come to is one that scripts can name.
func TestScript_pointsAreKnown(t *testing.T) {
	topology := cluster.DefaultTopology()
	known, reached := topology.Points(), make(map[string]bool)
	for name, seed := range map[string]uint64{"mon-catchup": 1, "monc-quorum": 1, "svc-failover": 4, "svc-cluster": 1} {
		s, err := Find(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range Run(Spec{Scenario: s, Seed: seed}).Points {
			reached[p.Name] = true
			if !slices.Contains(known, p.Name) {
				t.Errorf("%s comes to %s, which is not known", name, p.Name)
			}
		}
	}
	for _, point := range slices.Concat(mon.Points(), cinder.Points()) {
		if !reached[point] {
			t.Errorf("nobody comes to %s", point)
		}
	}
}

// Services of Cinder without an API are a wrong plan, not services that are down: nobody
// lists them. A failure with one must not be made small to that.
func TestScript_wrongPlan(t *testing.T) {
	for text, want := range map[string]string{
		"cinder-apis 1\n": "",
		"":                "plan",
		"cinder-apis 1\nexpect cinder-up volume.0": "I-SVC-5 who beats is up",
	} {
		head, goal, _ := strings.Cut(text, "expect")
		if goal != "" {
			goal = "expect" + goal + " within 1ms\n"
		}
		s, err := ParseScript("scenario cloud\n" + head + "cinder-volumes 1\nmgrs 0\nmons 0\nlength 1s\nat 0s restart dead\n" + goal)
		if err != nil {
			t.Fatal(err)
		}
		property := ""
		if r := Run(Spec{Scenario: s.Scenario(), Seed: 1}); r.Failure != nil {
			property = r.Failure.Property
		}
		if property != want {
			t.Errorf("with %q: breaks %q, want %q", text, property, want)
		}
	}
}

// A plan that is no text is not refused before it runs: then it is a wrong one.
func TestScript_wrongPlanInGo(t *testing.T) {
	s, err := ParseScript("scenario go\nlength 1s\nat 1s kill mon.a\nexpect active mgr.x within 30s\n")
	if err != nil {
		t.Fatal(err)
	}
	nobody := s
	nobody.Plan = faults.Plan{{Fault: faults.Kill{Who: "mon.q"}}}
	nothing := s
	nothing.Goals = []Goal{coreActive(0, s.Goals[0].Within, "mgr.q")}
	for _, wrong := range []Script{nobody, nothing} {
		r := Run(Spec{Scenario: wrong.Scenario(), Seed: 1})
		if r.Failure == nil || r.Failure.Property != "plan" || !strings.Contains(r.Failure.Detail, "unknown daemon or role") {
			t.Errorf("%v %v", r.Verdict, r.Failure)
		}
	}
}

// A script may be run any number of times: its faults do not remember whom they struck.
func TestScript_runsAgain(t *testing.T) {
	s, err := ParseScript("scenario twice\nbite cut\nlength 60s\nat 3s cut active-mgr <-> mons\nat 8s heal active-mgr <-> mons\n")
	if err != nil {
		t.Fatal(err)
	}
	first, second := Run(Spec{Scenario: s.Scenario(), Seed: 3}), Run(Spec{Scenario: s.Scenario(), Seed: 3})
	if first.Verdict != Pass || first.Hash != second.Hash {
		t.Errorf("%v %x, then %v %x", first.Verdict, first.Hash, second.Verdict, second.Hash)
	}
}

// Steps follow one another and what processes state.
func TestScript_waits(t *testing.T) {
	run := func(steps string) Result {
		t.Helper()
		s, err := ParseScript("scenario waits\n" + steps)
		if err != nil {
			t.Fatal(err)
		}
		return Run(Spec{Scenario: s.Scenario(), Seed: 5})
	}
	r := run(`at 3s mgr-fail
when mgr.mode mode=active on mgrs within 30s then kill active-mgr
expect replaced within 40s
after 1500ms restart dead
when mon.commit map=mgrmap available=true on leader nth 1 then pause leader
after 0s resume paused
expect settled within 60s
`)
	if r.Verdict != Pass || r.Vain != "" || len(r.Faults) != 5 {
		t.Fatalf("%v %v, in vain %q, faults %v", r.Verdict, r.Failure, r.Vain, r.Faults)
	}
	if f := r.Faults; f[1].Struck <= f[0].Struck || len(f[1].Victims) != 1 || f[2].Struck < f[1].Struck+1500*time.Millisecond || f[4].Struck != f[3].Struck {
		t.Errorf("%+v", f)
	}
	r = run("at 3s kill active-mgr\nwhen mgr.mode mode=confused within 5s then kill mon.a\nat 20s kill mon.b\n")
	if r.Verdict != Inconclusive || r.Vain != "when mgr.mode mode=confused within 5s then kill mon.a" || len(r.Faults) != 1 {
		t.Errorf("%v, in vain %q, faults %v", r.Verdict, r.Vain, r.Faults)
	}
}

func TestParseScript_refuses(t *testing.T) {
	const step = "\nat 1s kill mon.a\n"
	for _, tt := range []struct{ text, want string }{
		{"", "line 1, column 1: the script has no name"},
		{"scenario a", "line 1, column 1: nothing happens"},
		{"scenario", "line 1, column 9: the name of the scenario is missing"},
		{"scenario a b", `"b" is one word too many`},
		{"scenario a\nscenario b" + step, "line 2, column 10: scenario is said twice"},
		{"scenario a\nmgr 3" + step, `line 2, column 1: "mgr" cannot stand here`},
		{"scenario a\nmgr 3" + step, `did you mean "mgrs"?`},
		{"scenario a\nmons -1" + step, "line 2, column 6: how many there are is -1"},
		{"scenario a\nmons 1000000000" + step, "want 0 to 1000"},
		{"scenario a\noption osd x 1" + step, `"osd" stands where mon, mgr, client, cinder, cinder-api is expected`},
		{"scenario a\noption mon mon_leese 1" + step, `did you mean "mon_lease"?`},
		{"scenario a\noption mon mon_lease" + step, "the value of mon_lease is missing"},
		{"scenario a\noption mon mon_lease soon" + step, "not a number of seconds"},
		{"scenario a\nmodule prometeus" + step, `did you mean "prometheus"?`},
		{"scenario a\nbite kil" + step, `did you mean "kill"?`},
		{"scenario a\nworld tcp" + step, `"tcp" stands where sim is expected`},
		{"scenario a\nexpect settled within 5s" + step, "nothing can be expected before the first step"},
		{"scenario a" + step + "mons 3", "mons stands behind a step"},
		{"scenario a\nschedule fair\nschedule fair" + step, "schedule is said twice"},
		{"scenario a\nschedule fare" + step, `did you mean "fair"?`},
		{"scenario a\nschedule fair except" + step, "the number of a decision, or a range of them such as 40-45 is missing"},
		{"scenario a\nschedule fair except 7 3" + step, `line 2, column 24: the number of a decision is "3", want one above 7`},
		{"scenario a\nschedule fair except 7-3" + step, `the number of a decision is "7-3"`},
		{"scenario a\nschedule fair except x" + step, `the number of a decision is "x", want one above 0`},
		{"scenario a\nschedule pct depth 0 steps 1 lag 0s" + step, "the depth is 0"},
		{"scenario a\npoint p mon.a" + step, "nth is missing"},
		{"scenario a\npoint p mon.a nth" + step, "the how-manieth time is missing"},
		{"scenario a\npoint p mon.a nth 3 3" + step, "line 2, column 21: the how-manieth time is 3, want 4 to"},
		{"scenario a\npoint mon.quorum.sent mon.d nth 3\nmons 3" + step, `line 2, column 23: there is no machine "mon.d"; there are mon.a, mon.b, mon.c,`},
		{"scenario a\npoint mon.quorum.sent mons nth 3" + step, `line 2, column 23: there is no machine "mons"; there are mon.a,`},
		{"scenario a\npoint mon.quorum.send mon.a nth 3" + step, `line 2, column 7: there is no fault point "mon.quorum.send"; did you mean "mon.quorum.sent"?`},
		{"scenario a" + step + "at 2s fire cinder.setup volumes", `line 3, column 12: there is no fault point "cinder.setup"; docs/scripts.md has a list`},
		{"scenario a" + step + "at 2s crash-at quorum mon.a nth 1 by kill", `line 3, column 16: there is no fault point "quorum"`},
		{"scenario a" + step + "expect setled within 5s", `did you mean "settled"?`},
		{"scenario a" + step + "expect settled", "within is missing"},
		{"scenario a" + step + "expect settled within", "the deadline is missing"},
		{"scenario a" + step + "expect settled of step 2 within 5s", "which step is 2, want 1 to 1"},
		{"scenario a" + step + "at 0s kill mon.b", "the step at 0s comes after one at 1s"},
		{"scenario a" + step + "at 2s heal mon.a <-> mon.b", "no earlier step"},
		{"scenario a" + step + "expect active mgr.q within 5s", `line 3, column 15: there is no "mgr.q"; there are mgr.x, mgr.y, mgr.z, or a role: leader, mons,`},
		{"scenario a" + step + "expect quorum mon.a mon.d within 5s", `line 3, column 21: there is no "mon.d"; there are mon.a, mon.b, mon.c, or`},
		{"scenario a" + step + "expect cinder-up volume.1 within 5s", `line 3, column 18: there is no "volume.1"`},
		{"scenario a" + step + "expect rejoined mgr.x within 5s", `line 3, column 17: "mgr.x" is not a monitor; there are mon.a, mon.b, mon.c`},
		{"scenario a" + step + "expect rejoined mons within 5s", `"mons" is not a monitor`},
		{"scenario a\nmgrs 2" + step + "at 2s pause mgr.z", `line 4, column 13: there is no "mgr.z"; there are mgr.x, mgr.y, or`},
		{"scenario a" + step + "at 2s pause next-mgrs", `line 3, column 13: there is no "next-mgrs"; did you mean "next-mgr"?`},
		{"scenario a" + step + "at 2s cut mon.a <-> mom.b", `line 3, column 21: there is no "mom.b"; there are mon.a, mon.b`},
		{"scenario a" + step + "when mgr.beacon on mgr.nobody then kill mon.a", `line 3, column 20: there is no "mgr.nobody"`},
		{"scenario a" + step + "when mgr.mod mode=active then kill mon.a", `line 3, column 6: no daemon states a fact "mgr.mod"; did you mean "mgr.mode"?`},
		{"scenario a" + step + "when net.recv then kill mon.a", `no daemon states a fact "net.recv"`},
		{"scenario a" + step + "when mgr.mode mod=active then kill mon.a", `line 3, column 15: a mgr.mode has no "mod"; it has name, gid, mode, epoch`},
		{"scenario a\nbite pause" + step, "line 2, column 6: the script has no pause, so it could never bite"},
	} {
		_, err := ParseScript(tt.text)
		var syntax *faults.SyntaxError
		if !errors.As(err, &syntax) || !strings.Contains(fmt.Sprint(err), tt.want) {
			t.Errorf("%q: %v, want %s", tt.text, err, tt.want)
		}
	}
}

// What is there can be named, whoever it is, and every role, also of those who are not.
func TestParseScript_names(t *testing.T) {
	const all = "scenario a\nspare-mons 1\nmon-clients 1\ncinder-volumes 1\ncinder-twins 1\ncinder-apis 1\ncinder-replicas 1\n"
	for _, text := range []string{
		all + "at 1s kill mon.d\nat 1s kill monc.0\nat 1s kill twin.0\nat 1s kill api.0\nat 1s kill db.1\nat 1s kill broker.0\n",
		"scenario a\nat 1s kill volumes\nat 1s kill new-mons\nat 1s kill paused\n",
		"scenario a\nmons 1\nspare-mons 1\nat 1s mon-add mon.b\nexpect rejoined mon.b within 1m\n",
		"scenario a\nwhen process.exited code=0 within 5s then kill mon.a\n",
	} {
		if _, err := ParseScript(text); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// Nothing that is read panics, and what is accepted prints as itself.
func FuzzParseScript(f *testing.F) {
	for _, s := range Catalogue() {
		if script, err := ScriptOf(Spec{Scenario: s, Seed: 1}); err == nil {
			f.Add(script.String())
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		script, err := ParseScript(text)
		if err != nil {
			return
		}
		again, err := ParseScript(script.String())
		if err != nil || again.String() != script.String() {
			t.Errorf("%q is %q, which is %q, %v", text, script, again, err)
		}
	})
}
