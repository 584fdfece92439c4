package cluster

import (
	"fmt"
	"reflect"
	"time"

	"github.com/onsi/gomega/types"
)

// TestingT is what Eventually needs of a test: *testing.T and Ginkgo's GinkgoT
// are ones.
type TestingT interface {
	Helper()
	Fatalf(format string, args ...any)
}

// Eventually lets time pass in w until actual satisfies the matcher, and fails t
// if it has not within the given time of that world. actual is a value, or a
// function without arguments whose first result is matched and whose further
// results must be zero, as in Gomega. Nothing is polled: the matcher looks again
// only after a fact was published. A matcher that says its answer can never
// change again (MatchMayChangeInTheFuture) ends the wait.
func Eventually(t TestingT, w World, actual any, within time.Duration, matcher types.GomegaMatcher) {
	t.Helper()
	e := &expectation{world: w, actual: actual, matcher: matcher, began: w.Now()}
	if !w.Until(within, e.settled) || e.err != nil || !e.matched {
		t.Fatalf("%s", e.explain(within))
	}
}

// expectation is an Eventually under way.
type expectation struct {
	world   World
	actual  any
	matcher types.GomegaMatcher
	began   time.Duration

	value   any           // last seen
	changed time.Duration // when it was first seen
	looks   int
	matched bool
	err     error
}

// settled looks again, and reports whether to stop waiting.
func (e *expectation) settled() bool {
	value, err := e.sample()
	if err != nil {
		e.err = err
		return false // a later look may succeed, as in Gomega
	}
	e.looks++
	if e.looks == 1 || !reflect.DeepEqual(value, e.value) {
		e.value, e.changed = value, e.world.Now()
	}
	e.matched, e.err = e.matcher.Match(value)
	if e.err != nil || e.matched {
		return e.err == nil
	}
	oracle, ok := e.matcher.(interface{ MatchMayChangeInTheFuture(any) bool })
	return ok && !oracle.MatchMayChangeInTheFuture(value)
}

func (e *expectation) sample() (any, error) {
	fn := reflect.ValueOf(e.actual)
	if e.actual == nil || fn.Kind() != reflect.Func {
		return e.actual, nil
	}
	if fn.Type().NumIn() != 0 || fn.Type().NumOut() == 0 {
		return nil, fmt.Errorf("Eventually: %v must take nothing and return something", fn.Type())
	}
	results := fn.Call(nil)
	for _, extra := range results[1:] {
		if !extra.IsZero() {
			return nil, fmt.Errorf("unexpected further result: %v", extra.Interface())
		}
	}
	return results[0].Interface(), nil
}

func (e *expectation) explain(within time.Duration) string {
	reason := "Timed out"
	if e.world.Now()-e.began < within {
		reason = "Gave up"
	}
	state := fmt.Sprintf("%s after %v of %v (world %s, time %v, step %d).",
		reason, e.world.Now()-e.began, within, e.world.Kind(), e.world.Now(), e.world.Step())
	if w, ok := e.world.(*SimWorld); ok && w.Err() != nil {
		state = fmt.Sprintf("%s\nThe run cannot go on: %v", state, w.Err())
	}
	if e.err != nil {
		return fmt.Sprintf("%s\nThe last look failed: %v", state, e.err)
	}
	return fmt.Sprintf("%s\n%s\nLast changed at %v; looked at %d times.",
		state, e.matcher.FailureMessage(e.value), e.changed, e.looks)
}
