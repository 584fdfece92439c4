package faults

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/sim"
)

// Each kind of fault of the vocabulary is drawn by one of these, given the plan so far.
// One that has nothing to take back draws nil.
func drawers() map[string]func(*rapid.T, Plan) Fault {
	who := rapid.SampledFrom([]string{"mon.a", "mgr.x", "leader", "active-mgr", "mons"})
	n := rapid.IntRange(1, 1000)
	d := rapid.Map(rapid.Int64Range(1, int64(time.Hour)), func(n int64) time.Duration { return time.Duration(n) })
	any := rapid.Map(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)), func(n int64) time.Duration { return time.Duration(n) })
	odds := rapid.IntRange(0, 4)
	backend := rapid.OneOf(rapid.Just(""), rapid.SampledFrom([]string{"replica", "default", "an # other"}))
	point := rapid.SampledFrom([]string{"mon.quorum.applied", "msgr.read"})
	path := rapid.Custom(func(t *rapid.T) Path {
		return Path{
			A: who.Draw(t, "a"), B: who.Draw(t, "b"), Direction: rapid.SampledFrom([]Direction{Both, To, From}).Draw(t, "direction"),
			Network: rapid.SampledFrom([]string{"", "public"}).Draw(t, "network"),
		}
	})
	optional := func(t *rapid.T, label string) int { return odds.Draw(t, label) * n.Draw(t, label) }
	return map[string]func(*rapid.T, Plan) Fault{
		"kill":    func(t *rapid.T, _ Plan) Fault { return Kill{Who: who.Draw(t, "who")} },
		"restart": func(t *rapid.T, _ Plan) Fault { return Restart{Who: who.Draw(t, "who")} },
		"pause":   func(t *rapid.T, _ Plan) Fault { return Pause{Who: who.Draw(t, "who")} },
		"resume":  func(t *rapid.T, _ Plan) Fault { return Resume{Who: who.Draw(t, "who")} },
		"slow":    func(t *rapid.T, _ Plan) Fault { return &Slow{Who: who.Draw(t, "who"), Factor: n.Draw(t, "n")} },
		"fast":    func(t *rapid.T, p Plan) Fault { return take(t, p, func(f *Slow) Fault { return Fast{Of: f} }) },
		"crash-at": func(t *rapid.T, _ Plan) Fault {
			return &CrashAt{who.Draw(t, "who"), point.Draw(t, "point"), n.Draw(t, "n"), rapid.Bool().Draw(t, "power"), nil, nil}
		},
		"disarm": func(t *rapid.T, p Plan) Fault { return take(t, p, func(f *CrashAt) Fault { return Disarm{Of: f} }) },
		"fire": func(t *rapid.T, _ Plan) Fault {
			f := &Fire{Who: who.Draw(t, "who"), Point: point.Draw(t, "point"), OneIn: rapid.SampledFrom([]int{0, 2, 7}).Draw(t, "n")}
			if f.OneIn == 0 {
				f.Nth = rapid.IntRange(0, 9).Draw(t, "nth")
			}
			return f
		},
		"power-off":    func(t *rapid.T, _ Plan) Fault { return &PowerOff{Who: who.Draw(t, "who")} },
		"power-on":     func(t *rapid.T, p Plan) Fault { return take(t, p, func(f *PowerOff) Fault { return PowerOn{Of: f} }) },
		"clock-step":   func(t *rapid.T, _ Plan) Fault { return ClockStep{who.Draw(t, "who"), any.Draw(t, "by")} },
		"clock-offset": func(t *rapid.T, _ Plan) Fault { return ClockOffset{who.Draw(t, "who"), any.Draw(t, "by")} },
		"clock-drift":  func(t *rapid.T, _ Plan) Fault { return ClockDrift{who.Draw(t, "who"), n.Draw(t, "ppm") - 500} },
		"cut": func(t *rapid.T, _ Plan) Fault {
			p := path.Draw(t, "path")
			return &Cut{A: p.A, B: p.B, Direction: p.Direction, Network: p.Network}
		},
		"heal": func(t *rapid.T, p Plan) Fault { return take(t, p, func(f *Cut) Fault { return Heal{Cut: f} }) },
		"hold": func(t *rapid.T, _ Plan) Fault {
			h := &Hold{From: who.Draw(t, "from"), To: who.Draw(t, "to"), Unit: rapid.SampledFrom([]string{"", "MMgrMap", "connect_reply.SEQ"}).Draw(t, "unit")}
			if h.Unit != "" {
				h.Number = uint64(optional(t, "number"))
			}
			return h
		},
		"release": func(t *rapid.T, p Plan) Fault { return take(t, p, func(f *Hold) Fault { return Release{Of: f} }) },
		"reset":   func(t *rapid.T, _ Plan) Fault { return Reset{who.Draw(t, "a"), who.Draw(t, "b")} },
		"stall":   func(t *rapid.T, _ Plan) Fault { return &Stall{Path: path.Draw(t, "path")} },
		"delay":   func(t *rapid.T, _ Plan) Fault { return &Delay{Path: path.Draw(t, "path"), Delay: drawDelay(t, d)} },
		"bandwidth": func(t *rapid.T, _ Plan) Fault {
			return &Bandwidth{Path: path.Draw(t, "path"), BytesPerSecond: int64(n.Draw(t, "n"))}
		},
		"mtu": func(t *rapid.T, _ Plan) Fault { return &MTU{Path: path.Draw(t, "path"), Payload: n.Draw(t, "n")} },
		"rule": func(t *rapid.T, _ Plan) Fault {
			r := &Rule{
				From: who.Draw(t, "from"), To: who.Draw(t, "to"), Unit: rapid.SampledFrom([]string{"", "MMgrMap", "ack", "connect_reply.SEQ"}).Draw(t, "unit"),
				Connection: optional(t, "connection"), Byte: int64(optional(t, "byte")), Skip: optional(t, "skip"), Times: optional(t, "times"),
				Verdict: rapid.SampledFrom([]sim.Verdict{sim.PassOn(), sim.DelayBy(time.Second), sim.HoldBack(), sim.BreakOff(), sim.CutAfter(7), sim.FlipBit(60, 3)}).Draw(t, "verdict"),
			}
			if r.Unit != "" {
				r.Number = uint64(optional(t, "number"))
			}
			if r.OneIn = optional(t, "one in"); r.OneIn == 1 {
				r.OneIn = 0
			}
			r.MinAge = time.Duration(odds.Draw(t, "least")) * d.Draw(t, "age")
			r.MaxAge = time.Duration(odds.Draw(t, "most")) * d.Draw(t, "age")
			return r
		},
		"link-mend": func(t *rapid.T, p Plan) Fault { return take(t, p, func(f LinkFault) Fault { return LinkMend{Of: f} }) },
		"clog":      func(t *rapid.T, _ Plan) Fault { return &Clog{Who: who.Draw(t, "who")} },
		"unclog":    func(t *rapid.T, p Plan) Fault { return take(t, p, func(f *Clog) Fault { return Unclog{Of: f} }) },
		"disk-error": func(t *rapid.T, _ Plan) Fault {
			return &DiskError{Who: who.Draw(t, "who"), Errors: sim.DiskErrors{Read: odds.Draw(t, "r"), Write: odds.Draw(t, "w"), Sync: odds.Draw(t, "s")}}
		},
		"disk-full": func(t *rapid.T, _ Plan) Fault {
			return &DiskFull{Who: who.Draw(t, "who"), Free: int64(optional(t, "free"))}
		},
		"disk-slow": func(t *rapid.T, _ Plan) Fault {
			l := sim.DiskLatency{Extra: d.Draw(t, "extra"), Spread: d.Draw(t, "spread"), BytesPerSecond: int64(optional(t, "speed")), StallOneIn: odds.Draw(t, "stalls")}
			if l.StallOneIn > 0 {
				l.Stall = d.Draw(t, "stall")
			}
			l.Read, l.Write = time.Duration(odds.Draw(t, "r"))*time.Second, time.Duration(odds.Draw(t, "w"))*time.Second
			return &DiskSlow{Who: who.Draw(t, "who"), Latency: l}
		},
		"disk-lie":    func(t *rapid.T, _ Plan) Fault { return &DiskLie{Who: who.Draw(t, "who"), OneIn: odds.Draw(t, "n")} },
		"disk-rot":    func(t *rapid.T, _ Plan) Fault { return DiskRot{who.Draw(t, "who"), n.Draw(t, "n")} },
		"db-slow":     func(t *rapid.T, _ Plan) Fault { return DBSlow{who.Draw(t, "who"), d.Draw(t, "by")} },
		"db-fast":     func(t *rapid.T, _ Plan) Fault { return DBFast{who.Draw(t, "who")} },
		"db-failover": func(t *rapid.T, _ Plan) Fault { return DBFailover{who.Draw(t, "who")} },
		"db-backup":   func(t *rapid.T, _ Plan) Fault { return DBBackup{who.Draw(t, "who"), rapid.String().Draw(t, "name")} },
		"db-restore":  func(t *rapid.T, _ Plan) Fault { return DBRestore{who.Draw(t, "who"), rapid.String().Draw(t, "name")} },
		"disk-mend":   func(t *rapid.T, p Plan) Fault { return take(t, p, func(f DiskFault) Fault { return DiskMend{Of: f} }) },
		"mgr-fail": func(t *rapid.T, _ Plan) Fault {
			return FailMgr{rapid.SampledFrom([]string{"", "mgr.x"}).Draw(t, "who")}
		},
		"os-service": func(t *rapid.T, _ Plan) Fault {
			return OSService{rapid.SampledFrom([]string{"disable", "enable", "freeze", "thaw", "failover_host", "failover"}).Draw(t, "action"), who.Draw(t, "who"), backend.Draw(t, "to")}
		},
		"os-cluster": func(t *rapid.T, _ Plan) Fault {
			return OSCluster{rapid.SampledFrom([]string{"disable", "enable", "freeze", "thaw", "failover"}).Draw(t, "action"), who.Draw(t, "who"), backend.Draw(t, "to")}
		},
		"work-cleanup":   func(t *rapid.T, _ Plan) Fault { return WorkCleanup{who.Draw(t, "who")} },
		"service-remove": func(t *rapid.T, _ Plan) Fault { return ServiceRemove{who.Draw(t, "who")} },
		"create-volume":  func(t *rapid.T, _ Plan) Fault { return CreateVolume{who.Draw(t, "who")} },
		"mend":           func(t *rapid.T, _ Plan) Fault { return &Mend{Core: rapid.SliceOfN(who, 1, 4).Draw(t, "core")} },
		"mon-add":        func(t *rapid.T, _ Plan) Fault { return AddMon{who.Draw(t, "who")} },
		"mon-rm":         func(t *rapid.T, _ Plan) Fault { return RemoveMon{who.Draw(t, "who")} },
		"command": func(t *rapid.T, _ Plan) Fault {
			return append(Command{rapid.String().Draw(t, "prefix")}, slices.Concat(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) []string {
				return []string{rapid.String().Draw(t, "name"), rapid.String().Draw(t, "value")}
			}), 0, 3).Draw(t, "args")...)...)
		},
	}
}

func drawCondition(t *rapid.T) *Condition {
	return &Condition{
		Fact: "mgr.mode", Fields: rapid.SliceOfN(rapid.SampledFrom([]string{"mode=active", "epoch=12", "reason=a \"b\" # c", "name="}), 0, 3).Draw(t, "fields"),
		On: rapid.SampledFrom([]string{"", "mgr.x", "leader"}).Draw(t, "on"), Nth: rapid.SampledFrom([]int{0, 2, 7}).Draw(t, "nth"),
	}
}

func drawDelay(t *rapid.T, d *rapid.Generator[time.Duration]) sim.Delay {
	delay := sim.Delay{Shape: sim.DelayShape(rapid.IntRange(0, 4).Draw(t, "shape")), Min: d.Draw(t, "min")}
	if delay.Shape != sim.DelayConstant {
		delay.Scale = d.Draw(t, "scale")
	}
	if delay.Shape >= sim.DelayLogNormal {
		delay.Tail = rapid.IntRange(1, 10_000).Draw(t, "tail")
	}
	delay.Max = time.Duration(rapid.IntRange(0, 1).Draw(t, "max")) * d.Draw(t, "most")
	return delay
}

// take draws an earlier fault and takes it back, which may have happened before.
func take[F Fault](t *rapid.T, p Plan, back func(F) Fault) Fault {
	var of []F
	for _, s := range p {
		if f, ok := s.Fault.(F); ok {
			of = append(of, f)
		}
	}
	if len(of) == 0 {
		return nil
	}
	return back(rapid.SampledFrom(of).Draw(t, "of"))
}

// A plan is its text: what it prints as is read as the same plan, down to which step
// takes back which.
func TestParsePlan_readsWhatPlansPrint(t *testing.T) {
	draw := drawers()
	for _, w := range Vocabulary() {
		if draw[w.Kind()] == nil {
			t.Errorf("%s is never drawn", w.Kind())
		}
	}
	kinds := make([]string, 0, len(draw))
	for _, w := range Vocabulary() {
		kinds = append(kinds, w.Kind())
	}
	rapid.Check(t, func(t *rapid.T) {
		var plan Plan
		at := time.Duration(0)
		for range rapid.IntRange(0, 12).Draw(t, "steps") {
			kind := rapid.SampledFrom(kinds).Draw(t, "kind")
			f := draw[kind](t, plan)
			if f == nil {
				continue
			}
			if f.Kind() != kind {
				t.Fatalf("a %s is a %s", kind, f.Kind())
			}
			at += time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "apart"))
			s := Step{At: at, Fault: f}
			switch rapid.SampledFrom(StepWords()).Draw(t, "first") {
			case "after":
				s.After, s.At = true, time.Duration(rapid.Int64Range(0, int64(time.Hour)).Draw(t, "after"))
			case "when":
				s.When, s.At = drawCondition(t), time.Duration(rapid.Int64Range(1, int64(time.Hour)).Draw(t, "within"))
			}
			plan = append(plan, s)
		}
		text := plan.String()
		read, err := ParsePlan(text)
		if err != nil {
			t.Fatalf("%v in\n%s", err, text)
		}
		if d := cmp.Diff(plan, read, cmp.Exporter(func(reflect.Type) bool { return true }), cmpopts.EquateEmpty()); d != "" {
			t.Fatalf("%s\nof\n%s", d, text)
		}
		if again := read.String(); again != text {
			t.Fatalf("%s\nbecomes\n%s", text, again)
		}
		for i, s := range plan {
			if u, ok := s.Fault.(Undoing); ok {
				of := func(p Plan, u Undoing) int {
					return slices.IndexFunc(p, func(s Step) bool {
						_, plain := s.Fault.(Command)
						return !plain && s.Fault == u.Undoes()
					})
				}
				if was, is := of(plan, u), of(read, read[i].Fault.(Undoing)); was != is {
					t.Fatalf("step %d takes back step %d, read again %d, of\n%s", i, was, is, text)
				}
			}
		}
	})
}

func TestParsePlan_skipsCommentsAndEmptyLines(t *testing.T) {
	plan, err := ParsePlan("# all in one\n\n  at 1s\tkill   mon.a # now\r\n at 1.5s command \"mgr fail\" who \"x # y\"\n#")
	if err != nil || len(plan) != 2 || plan.String() != "at 1s kill mon.a\nat 1.5s command \"mgr fail\" who \"x # y\"\n" {
		t.Errorf("%v, %v", plan, err)
	}
}

// What is wrong is named with its place and, where somebody has mistyped, with what was
// perhaps meant.
func TestParsePlan_refuses(t *testing.T) {
	for _, tt := range []struct {
		text         string
		line, column int
		problem      string
		hint         string
	}{
		{"kill mon.a", 1, 1, `"kill" stands where at, after, when is expected`, ""},
		{"when", 1, 5, "the kind of a fact is missing", ""},
		{"when mgr.mode active then kill mon.a", 1, 15, `want NAME=VALUE`, ""},
		{"when mgr.mode mode=active kill mon.a", 1, 27, `want NAME=VALUE`, ""},
		{"when mgr.mode nth 0 then kill mon.a", 1, 19, "the how-manieth fact is 0", ""},
		{"when mgr.mode within 0s then kill mon.a", 1, 22, "how long the fact is waited for", ""},
		{"when mgr.mode on mgr.x kill mon.a", 1, 24, `"kill" stands where then is expected`, ""},
		{"after 1s", 1, 9, "a fault is missing", ""},
		{"at 3s kill a\nafter 1s kill a\nat 2s kill a", 3, 4, "the step at 2s comes after one at 3s", ""},
		{"at", 1, 3, "the time of the step is missing", ""},
		{"at soon kill mon.a", 1, 4, `the time of the step is "soon"`, ""},
		{"at -1s kill mon.a", 1, 4, "the time of the step is -1s", ""},
		{"at 99999h kill mon.a", 1, 4, "the time of the step is", ""},
		{"at 1s", 1, 6, "a fault is missing", ""},
		{"at 1s # kill mon.a", 1, 6, "a fault is missing", ""},
		{"at 1s klil mon.a", 1, 7, `there is no fault "klil"`, `did you mean "kill"?`},
		{"at 1s kill", 1, 11, "who is struck is missing", `a kill is written "kill WHO"`},
		{"at 1s kill mon.a mon.b", 1, 18, `"mon.b" is one word too many`, ""},
		{"at 2s kill mon.a\nat 1s kill mon.b", 2, 4, "the step at 1s comes after one at 2s", ""},
		{"\n\nat 1s cut mon.a > mon.b", 3, 17, `">" stands where <->, ->, <- is expected`, "did you mean"},
		{"at 1s cut mon.a <-> mon.b onn public", 1, 27, "one word too many", ""},
		{"at 1s heal mon.a <-> mon.b", 1, 12, "no earlier step", ""},
		{"at 1s cut a -> b\nat 2s heal a <-> b", 2, 12, "no earlier step", `there is "a -> b"`},
		{"at 1s cut a -> b\nat 1s cut a -> c\nat 2s heal a <-> b", 3, 12, "no earlier step", `there is "a -> b", "a -> c"`},
		{"at 1s cut a -> b\nat 2s heal a -> b\nat 3s heal a -> b", 3, 12, "no earlier step", "there is none"},
		{"at 1s cut a -> b\nat 2s heal a -> b nth 2", 2, 12, "no earlier step", ""},
		{"at 1s cut a -> b\nat 2s heal a -> b nth 0", 2, 23, "which of several steps is 0", ""},
		{"at 1s disk-mend", 1, 16, "what is taken back is missing", ""},
		{"at 1s slow mon.a 0 times", 1, 18, "the factor is 0, want 1 to", ""},
		{"at 1s slow mon.a 2.5 times", 1, 18, `the factor is "2.5", want a whole number`, ""},
		{"at 1s slow mon.a 99999999999999999999 times", 1, 18, "the factor is 99999999999999999999", ""},
		{"at 1s disk-slow mon.a by 1s", 1, 26, "want two durations", ""},
		{"at 1s disk-slow mon.a by 2s..1s", 1, 26, "1s, want 2s to", ""},
		{"at 1s disk-slow mon.a by 0s..1s reads 1s..3s", 1, 39, "twice", ""},
		{"at 1s delay a -> b log-normal min 1s median 1s sigma 0.0001", 1, 54, "three digits", ""},
		{"at 1s delay a -> b poisson 1s", 1, 20, `"poisson" stands where`, ""},
		{"at 1s crash-at mon.p mon.a 3 by kill", 1, 28, `"3" stands where nth is expected`, "nth N"},
		{"at 1s rule a -> b MMgrMap:x hold", 1, 19, "the number of the unit", ""},
		{"at 1s rule a -> b flip bit 8 of 1", 1, 28, "the bit is 8", ""},
		{"at 1s rule a -> b hodl", 1, 23, "is missing", ""},
		{"at 1s command \"mgr fail", 1, 15, "quotation mark", ""},
		{"at 1s command mgr who", 1, 22, "the value of an argument is missing", ""},
	} {
		_, err := ParsePlan(tt.text)
		var e *SyntaxError
		if !errors.As(err, &e) {
			t.Errorf("%q: %v", tt.text, err)
			continue
		}
		if e.Line != tt.line || e.Column != tt.column || !strings.Contains(e.Problem, tt.problem) || !strings.Contains(e.Hint, tt.hint) {
			t.Errorf("%q: %v", tt.text, err)
		}
	}
}

// Nothing that is read panics or hangs, and what is accepted prints as itself.
func FuzzParsePlan(f *testing.F) {
	for _, w := range Vocabulary() {
		f.Add("at 1s " + w.Usage)
	}
	f.Add("at 1s cut a <-> b\nat 2s heal a <-> b nth 1\nat 3s rule a -> b MMgrMap:3 open for 1s cut after 0 one in 3")
	f.Add("at 1s delay a -> b pareto min 1ms scale 1ms alpha 1.5 max 1s\nat 1s command \"a b\" \"c\\n\" d")
	f.Fuzz(func(t *testing.T, text string) {
		plan, err := ParsePlan(text)
		if err != nil {
			return
		}
		again, err := ParsePlan(plan.String())
		if err != nil || again.String() != plan.String() {
			t.Errorf("%q is %q, which is %q, %v", text, plan, again, err)
		}
	})
}

// What is taken back is counted among all steps that its words could mean, also those
// that differ in words which it does not say.
func TestPlan_takesBackTheOneThatIsMeant(t *testing.T) {
	slow := func(factor int) *Slow { return &Slow{Who: "mon.a", Factor: factor} }
	first, second, third := slow(10), slow(20), slow(10)
	text := Plan{{Fault: first}, {Fault: second}, {Fault: third}, {Fault: Fast{Of: third}}}.String()
	read, err := ParsePlan(text)
	if err != nil || read.String() != text || read[3].Fault.(Fast).Of != read[2].Fault {
		t.Errorf("%v: %s is read as %s", err, text, read)
	}
}
