package scenarios

import (
	"bytes"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/scenarios/history"
	"github.com/wavetank/wavetank/scenarios/invariant"
)

// judgedAgain is what the Judge says of a run that was just made.
func judgedAgain(t *testing.T, r Result) Judgement {
	t.Helper()
	if r.History == nil {
		t.Fatalf("%v has left no history: %v", LineOf(r), r.Failure)
	}
	j, err := Judge{}.Judge("history", bytes.NewReader(r.History))
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// sameVerdict compares what was found then with what is found now.
func sameVerdict(t *testing.T, r Result, j Judgement) {
	t.Helper()
	if j.Then != r.Verdict || j.Ended != r.Virtual {
		t.Errorf("%v: then %v at %v, and it was %v at %v", LineOf(r), j.Then, j.Ended, r.Verdict, r.Virtual)
	}
	if diff := cmp.Diff(r.Failure, j.ThenFailure); diff != "" {
		t.Errorf("%v: then (-run +history):\n%s", LineOf(r), diff)
	}
	if diff := cmp.Diff(r.Failure, j.Failure); diff != "" || j.Now != j.Then {
		t.Errorf("%v: now %v, then %v (-then +now):\n%s", LineOf(r), j.Now, j.Then, diff)
	}
	for _, o := range j.Outcomes {
		if o.Changed() && o.Then != Unasked {
			t.Errorf("%v: %+v", LineOf(r), o)
		}
	}
}

// TestJudge_everyScenario: the same program says the same of a run and of its history.
func TestJudge_everyScenario(t *testing.T) {
	for _, s := range Catalogue() {
		if s.Alone != nil {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			t.Parallel()
			for seed := range uint64(tries(1, 3)) {
				r := Run(Spec{Scenario: s, Seed: seed + 1, History: true})
				if r.Spec.Scenario.of(newDraw(seed+1, s.Name)).Alone == nil {
					sameVerdict(t, r, judgedAgain(t, r))
				}
			}
		})
	}
}

// tries is how much a test does with -short, and without.
func tries(short, long int) int {
	if testing.Short() {
		return short
	}
	return long
}

// TestJudge_everyRegression: also of runs that fail, and at the same place.
func TestJudge_everyRegression(t *testing.T) {
	all, err := OpenRegressions("regressions")
	if err != nil {
		t.Fatal(err)
	}
	var failed atomic.Int64
	t.Cleanup(func() { // when all are through
		if failed.Load() < int64(len(all)/2) {
			t.Errorf("only %d runs of %d regressions have failed", failed.Load(), len(all))
		}
	})
	for _, g := range all {
		t.Run(g.Mutant, func(t *testing.T) {
			t.Parallel()
			for _, seed := range g.seeds()[:tries(1, 6)] {
				spec := g.spec(seed, g.Mutant)
				spec.History = true
				r := Run(spec)
				j := judgedAgain(t, r)
				if r.Failure != nil {
					failed.Add(1)
				}
				if r.Failure == nil || !isNoFact(r.Failure.Property) {
					sameVerdict(t, r, j)
				} else if j.Now != Inconclusive {
					t.Errorf("%v: %v, and %v is nothing that the facts show", LineOf(r), j.Now, r.Failure)
				}
			}
		})
	}
}

// failover is a run of mgr-failover with its history.
func failover(t *testing.T, mutant string) Result {
	t.Helper()
	s, err := Find("mgr-failover")
	if err != nil {
		t.Fatal(err)
	}
	r := Run(Spec{Scenario: s, Seed: 7, Mutant: mutant, History: true})
	if (r.Failure != nil) != (mutant != "") {
		t.Fatalf("%v: %v", LineOf(r), r.Failure)
	}
	return r
}

// outcome is that of a property, or of a goal by its first word.
func outcome(t *testing.T, j Judgement, begin string) Outcome {
	t.Helper()
	for _, o := range j.Outcomes {
		if o.Goal == "" && strings.HasPrefix(o.Property, begin) || o.Goal != "" && strings.HasPrefix(o.Goal, begin) {
			return o
		}
	}
	t.Fatalf("nothing is said of %s", begin)
	return Outcome{}
}

// TestRun_history: writing it changes nothing in a run, and another time it is the same.
func TestRun_history(t *testing.T) {
	r := failover(t, "")
	plain := Run(Spec{Scenario: r.Spec.Scenario, Seed: 7})
	if plain.Hash != r.Hash || plain.Steps != r.Steps || plain.History != nil {
		t.Errorf("hash %016x, without a history %016x", r.Hash, plain.Hash)
	}
	if again := failover(t, ""); !bytes.Equal(again.History, r.History) {
		t.Error("another history of the same seed")
	}
}

// amended is a checker that was changed: it finds every n-th role, or nothing.
type amended struct {
	invariant.Checker
	every int
	seen  int
}

func (c *amended) Observe(o cluster.Observation) string {
	if f, ok := o.Fact.(mon.Role); ok && c.every > 0 {
		if c.seen++; c.seen%c.every == 0 {
			return f.Mon + " is " + f.Role
		}
	}
	return ""
}

// TestJudge_amended: an invariant that was changed judges a saved run otherwise, one that
// is new is asked for the first time, and one that is gone is said to be.
func TestJudge_amended(t *testing.T) {
	r := failover(t, "noFenceWait")
	broken := r.Failure.Property
	with := func(every int, other string) Judgement {
		judge := Judge{Checkers: func(tl invariant.Timeline, b invariant.Bounds) (all []invariant.Checker) {
			for _, c := range invariant.All(tl, b) {
				switch {
				case c.Name() == broken:
					c = &amended{Checker: c}
				case strings.HasPrefix(c.Name(), "I-MGR-4 "):
					continue // breaks by the same fact
				case strings.HasPrefix(c.Name(), other):
					c = &amended{Checker: c, every: every}
				}
				all = append(all, c)
			}
			return all
		}}
		j, err := judge.Judge("x", bytes.NewReader(r.History))
		if err != nil {
			t.Fatal(err)
		}
		return j
	}
	mended := with(0, "nothing")
	if o := outcome(t, mended, broken); o.Then != Fails || o.Now != Holds || mended.Now != Inconclusive || mended.Failure != nil {
		t.Errorf("mended: %v, %+v", mended.Now, o)
	}
	if o := outcome(t, mended, "replaced"); o.Now == Fails || o.Now == Unknown && !strings.Contains(o.Why, "the history ends at") {
		t.Errorf("a goal after that: %+v", o)
	}
	if o := outcome(t, mended, "I-MGR-4 "); o.Then != Holds || o.Now != Unasked {
		t.Errorf("gone: %+v", o)
	}
	worse := with(2, "I-EL-1 ")
	if o := outcome(t, worse, "I-EL-1 "); o.Then != Holds || o.Now != Fails || o.Failure.At == 0 && o.Failure.Step == 0 || worse.Now != Fail {
		t.Errorf("a stricter one: %v, %+v", worse.Now, o)
	}
}

// TestJudge_new: an invariant that the program of then did not have.
func TestJudge_new(t *testing.T) {
	text := string(failover(t, "").History)
	name := invariant.All(nil, invariant.Bounds{})[1].Name()
	if !strings.Contains(text, `"`+name+`",`) {
		t.Fatalf("%s is not in the history", name)
	}
	j, err := Judge{}.Judge("x", strings.NewReader(strings.Replace(text, `"`+name+`",`, "", 1)))
	if o := outcome(t, j, name); err != nil || o.Then != Unasked || o.Now != Holds || j.Now != Pass {
		t.Errorf("%v, %v: %+v", err, j.Now, o)
	}
}

// TestJudge_lacks: who needs what a history has not cannot judge it, all others can; and
// what it has more is named.
func TestJudge_lacks(t *testing.T) {
	text := string(failover(t, "").History)
	text = strings.Replace(text, `"Hash uint64",`, `"Checksum uint64",`, 1)
	text = strings.ReplaceAll(text, `"Hash":`, `"Checksum":`)
	text = strings.ReplaceAll(text, `"mgrc.configured"`, `"mgrc.told"`)
	j, err := Judge{}.Judge("x", strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	for begin, want := range map[string]string{
		"I-MAP-1 ":  "the history has no mon.commit.Hash",
		"I-MGR-15 ": "the history has no mgrc.configured",
		"I-MGR-8 ":  "",
		"I-EL-1 ":   "",
		"replaced":  "the history has no mon.commit.Hash",
	} {
		if o := outcome(t, j, begin); o.Why != want || (o.Now == Unknown) != (want != "") {
			t.Errorf("%s: %+v, want %q", begin, o, want)
		}
	}
	if got := fmt.Sprint(j.Unknown); !strings.HasPrefix(got, "[mon.commit.Checksum mgrc.told (") || j.Now != Inconclusive {
		t.Errorf("unknown %s, %v", got, j.Now)
	}
}

// TestJudge_refuses: what no run can have left is an error with its place.
func TestJudge_refuses(t *testing.T) {
	text := string(failover(t, "").History)
	swap := func(old, now string) string {
		if !strings.Contains(text, old) {
			t.Fatalf("%q is not in the history", old)
		}
		return strings.Replace(text, old, now, 1)
	}
	for name, tt := range map[string]struct {
		text string
		want error
		says string
	}{
		"no script":           {swap(`"script":"scenario `, `"script":"scenery `), history.ErrSyntax, "x:1: "},
		"no world":            {swap(`"world":"sim"`, `"world":"moon"`), history.ErrSyntax, "x:1: "},
		"no profile":          {swap(`"profile":"default"`, `"profile":"hasty"`), history.ErrSyntax, "x:1: "},
		"another machine":     {swap(`{"machine":"mon.a"`, `{"machine":"mon.q"`), history.ErrSyntax, "mon.a"},
		"a machine of nobody": {swap(`"kind":"machine","host":"mon.b"`, `"kind":"machine","host":"mon.q"`), history.ErrSyntax, `no machine "mon.q"`},
		"a victim of nobody":  {swap(`"victims":["`, `"victims":["q`), history.ErrSyntax, "no machine"},
		"a step that is not":  {swap(`"kind":"strike"`, `"kind":"strike","index":99`), history.ErrOrder, "step 100"},
		"struck by surprise":  {swap(`"kind":"strike"`, `"kind":"struck"`), history.ErrOrder, "step 1"},
		"a goal that is not":  {swap(`"kind":"goal"`, `"kind":"goal","index":99`), history.ErrSyntax, "no expectation 99"},
		"no verdict":          {swap(`"verdict":"pass"`, `"verdict":"sure"`), history.ErrSyntax, "no verdict"},
		"standbys of no map":  {swap(`"Standbys":"`, `"Standbys":"q:`), nil, ""},
		"cut":                 {text[:len(text)/2], history.ErrCut, "x:"},
		"a header, no more":   {text[:strings.Index(text, "\n")+1], history.ErrCut, "x:1: "},
		"answers to nobody":   {swap(`"fact":"quorum.restored","is":{"Index":1,"Term":1}`, `"fact":"keyclient.answered","is":{"Code":0,"Value":"","Error":""}`), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Judge{}.Judge("x", strings.NewReader(tt.text))
			if tt.want != nil && !errors.Is(err, tt.want) || err != nil && !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v; want %v that says %q", err, tt.want, tt.says)
			}
		})
	}
}

// FuzzJudge: no history brings it down, and the same one is judged the same.
func FuzzJudge(f *testing.F) {
	s, err := Find("mgr-failover")
	if err != nil {
		f.Fatal(err)
	}
	text := Run(Spec{Scenario: s, Seed: 7, History: true}).History
	lines := bytes.SplitAfter(text, []byte("\n"))
	header, last := lines[0], lines[len(lines)-2]
	f.Add(bytes.Join(lines[1:40], nil))
	for i := 1; i+6 < len(lines) && i < 900; i += 60 {
		f.Add(bytes.Join(lines[i:i+6], nil))
	}
	for _, l := range lines {
		if bytes.Contains(l, []byte(`"kind":"stru`)) || bytes.Contains(l, []byte(`"kind":"stri`)) {
			f.Add(l)
		}
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		text := slices.Concat(header, body, []byte("\n"), last)
		a, errA := Judge{}.Judge("x", bytes.NewReader(text))
		b, errB := Judge{}.Judge("x", bytes.NewReader(text))
		if diff := cmp.Diff(a, b); diff != "" || (errA == nil) != (errB == nil) || errA != nil && errA.Error() != errB.Error() {
			t.Errorf("%v, %v:\n%s", errA, errB, diff)
		}
	})
}

// isNoFact reports whether a property is about the run, which facts do not show.
func isNoFact(property string) bool {
	return slices.Contains([]string{propertyPanic, propertyDeadlock, propertyLivelock, propertyWatchdog, "plan"}, property)
}

// TestJudge_tcp: a run on real sockets cannot be run again, but judged.
func TestJudge_tcp(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes seconds of real time")
	}
	for steps, want := range map[string]Verdict{
		"at 1s kill active-mgr\nexpect replaced within 60s\n":                       Pass,
		"at 1s kill standbys\nat 1s kill active-mgr\nexpect succeeded within 1ms\n": Fail, // nobody is left
	} {
		t.Run(want.String(), func(t *testing.T) {
			t.Parallel()
			script, err := ParseScript("scenario t\nmons 1\nmgrs 2\nlength 20s\n\n" + steps)
			if err != nil {
				t.Fatal(err)
			}
			r := Run(Spec{Scenario: script.Scenario(), Seed: 1, World: WorldTCP, Profile: ProfileFast, History: true})
			j := judgedAgain(t, r)
			if r.Verdict != want || j.Then != want || j.Now != want {
				t.Fatalf("%v then, %v in the history, %v now: %v, %v", r.Verdict, j.Then, j.Now, r.Failure, j.Failure)
			}
			if want == Fail && (j.Failure.Property != r.Failure.Property || j.Failure.Host != r.Failure.Host) {
				t.Errorf("now %v, then %v", j.Failure, r.Failure)
			}
			if diff := cmp.Diff(r.Failure, j.ThenFailure); diff != "" {
				t.Errorf("then (-run +history):\n%s", diff)
			}
		})
	}
}

// TestJudge_missed: a deadline that was missed is missed again at the same moment, and one
// that a newer script has made longer is not.
func TestJudge_missed(t *testing.T) {
	script, err := ParseScript("scenario t\nmons 1\nmgrs 2\nlength 50s\n\nat 1s kill active-mgr\nexpect replaced within 2s\n")
	if err != nil {
		t.Fatal(err)
	}
	r := Run(Spec{Scenario: script.Scenario(), Seed: 1, History: true})
	if r.Verdict != Fail {
		t.Fatalf("%v", r.Verdict)
	}
	sameVerdict(t, r, judgedAgain(t, r))
	longer := strings.Replace(string(r.History), "within 2s", "within 1m0s", 1)
	j, err := Judge{}.Judge("x", strings.NewReader(longer))
	if o := outcome(t, j, "replaced"); err != nil || o.Then != Fails || o.Now != Unknown || !strings.Contains(o.Why, "the history ends at") {
		t.Errorf("%v, %+v", err, o)
	}
}
