package why_test

import (
	"context"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/why"
)

// resetting is a script whose failure needs both of its faults, and a seed that draws
// that a beacon is under way between them.
const resetting = `scenario a
mgrs 1
length 8s

at 3s cut mons -> active-mgr
at 3100ms mgr-fail
`

func spec(t *testing.T) scenarios.Spec {
	t.Helper()
	s, err := scenarios.ParseScript(resetting)
	if err != nil {
		t.Fatal(err)
	}
	return scenarios.Spec{Scenario: s.Scenario(), Seed: 1, Mutant: "mgrReselectStaleActive"}
}

// The end of a failing run fails whatever is drawn, faults that it needs weigh all, and the
// report does not depend on the number of workers.
func TestWhy(t *testing.T) {
	var reports []why.Report
	for _, workers := range []int{1, 3} {
		r, err := why.Why(context.Background(), spec(t), why.Options{Continuations: 5, Times: 4, Workers: workers})
		if err != nil {
			t.Fatal(err)
		}
		reports = append(reports, r)
	}
	r := reports[0]
	if !reflect.DeepEqual(r, reports[1]) {
		t.Errorf("with one worker %+v\nwith three %+v", r, reports[1])
	}
	if r.Signature != "I-MGR-7 no resurrection on mon" || len(r.Moments) < 4 || r.Moments[0].At != 0 {
		t.Errorf("%+v", r)
	}
	if !slices.IsSortedFunc(r.Moments, func(a, b why.Moment) int { return int(a.At - b.At) }) {
		t.Errorf("moments %v", r.Moments)
	}
	if last := r.Moments[len(r.Moments)-1]; last.At != r.FailedAt || last.Percent() != 100 {
		t.Errorf("at the failure itself: %+v", last)
	}
	if len(r.Faults) != 2 || r.Faults[1].Step != "at 3.1s mgr-fail" || r.Faults[1].Without.Failed != 0 || r.Faults[1].With.Failed == 0 {
		t.Errorf("faults %+v", r.Faults)
	}
}

func TestWhy_refuses(t *testing.T) {
	passing, real := spec(t), spec(t)
	passing.Mutant, real.World = "", scenarios.WorldTCP
	for want, spec := range map[error]scenarios.Spec{why.ErrNoFailure: passing, why.ErrReal: real} {
		if _, err := why.Why(context.Background(), spec, why.Options{}); !errors.Is(err, want) {
			t.Errorf("%v, want %v", err, want)
		}
	}
}

// When the time is over the report has what was looked at by then, whole shares only, and
// says that there would have been more.
func TestWhy_endsWithTheContext(t *testing.T) {
	all, err := why.Why(context.Background(), spec(t), why.Options{Continuations: 5, Times: 4})
	if err != nil || !all.Complete {
		t.Fatalf("%v, %+v", err, all)
	}
	for _, end := range []int{0, 1, 3, len(all.Moments), len(all.Moments) + 1} {
		ctx, cancel := context.WithCancel(context.Background())
		told := 0
		if end == 0 {
			cancel()
		}
		r, err := why.Why(ctx, spec(t), why.Options{Continuations: 5, Times: 4, Progress: func(why.Report) {
			if told++; told == end {
				cancel()
			}
		}})
		if err != nil || r.Complete || len(r.Moments)+len(r.Faults) != end || r.Runs != 1+5*len(r.Moments)+10*len(r.Faults) {
			t.Errorf("ended after %d: %v, %+v", end, err, r)
		}
		for _, m := range r.Moments {
			if !slices.Contains(all.Moments, m) {
				t.Errorf("ended after %d: moment %+v is none of %+v", end, m, all.Moments)
			}
		}
		var b strings.Builder
		if _ = r.Write(&b); !strings.Contains(b.String(), "ended after") || strings.Contains(b.String(), "no single fault") {
			t.Errorf("%s", b.String())
		}
	}
}

func moment(at time.Duration, failed int) why.Moment {
	return why.Moment{At: at, Share: why.Share{Failed: failed, Of: 20}}
}

func TestReport(t *testing.T) {
	r := why.Report{
		Signature: "I-A on mon", FailedAt: 4 * time.Second, Complete: true,
		Moments: []why.Moment{moment(0, 1), moment(time.Second, 0), moment(2*time.Second, 5), moment(3*time.Second, 19), moment(4*time.Second, 20)},
		Faults: []why.Fault{
			{Step: "at 1s kill mon.a", With: why.Share{Failed: 5, Of: 20}, Without: why.Share{Failed: 5, Of: 20}},
			{Step: "at 2s kill mon.b", With: why.Share{Failed: 18, Of: 20}, Without: why.Share{Of: 20}},
		},
	}
	var b strings.Builder
	if err := r.Write(&b); err != nil {
		t.Fatal(err)
	}
	const want = `I-A on mon, at 4s
▁▁▃██

drawn anew from  fails  
0s                 5 %  #
1s                 0 %  
2s                25 %  #####
3s                95 %  ###################
4s               100 %  ####################
decided between 2s and 3s: of 20 continuations 5 fail, then 19

drawn anew from the fault  with it  without
at 1s kill mon.a            25 %     25 %
at 2s kill mon.b            90 %      0 %
mattered most: at 2s kill mon.b
`
	if b.String() != want {
		t.Errorf("\n%s", b.String())
	}
	r.Moments, r.Faults = []why.Moment{moment(0, 20), moment(time.Second, 20)}, r.Faults[:1]
	b.Reset()
	_ = r.Write(&b) // a Builder takes everything
	for _, part := range []string{"decided from the beginning", "no single fault mattered"} {
		if !strings.Contains(b.String(), part) {
			t.Errorf("no %q in\n%s", part, b.String())
		}
	}
}
