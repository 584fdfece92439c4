package monc

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msg"
)

type subs = map[string]msg.Subscription

func from(start uint64) msg.Subscription { return msg.Subscription{Start: start} }
func once(start uint64) msg.Subscription { return msg.Subscription{Start: start, OneTime: true} }

func TestSubscriptions_renewSendsWhatIsNew(t *testing.T) {
	s := newSubscriptions()
	check := func(step string, want subs) {
		t.Helper()
		if diff := cmp.Diff(want, subs(s.renew())); diff != "" {
			t.Errorf("%s: renew (-want +got):\n%s", step, diff)
		}
	}
	check("nothing wanted", nil)
	if !s.want("mgrmap", from(0)) || !s.want("osdmap", once(2)) {
		t.Error("a first want changes nothing")
	}
	check("first", subs{"mgrmap": from(0), "osdmap": once(2)})
	check("again", nil)
	if s.want("mgrmap", from(0)) {
		t.Error("an identical want, sent already, changes something")
	}
	if !s.want("mgrmap", from(5)) || s.want("mgrmap", from(5)) {
		t.Error("another start must change something, once")
	}
	check("another start", subs{"mgrmap": from(5)})
}

func TestSubscriptions_reload(t *testing.T) {
	for _, tt := range []struct {
		name string
		do   func(*subscriptions)
		want subs
	}{
		{"nothing arrived", func(*subscriptions) {}, subs{"mgrmap": from(0), "osdmap": once(2)}},
		{"epochs arrived", func(s *subscriptions) { s.got("mgrmap", 7); s.got("mgrmap", 9) }, subs{"mgrmap": from(10), "osdmap": once(2)}},
		{"an older epoch arrived late", func(s *subscriptions) { s.got("mgrmap", 9); s.got("mgrmap", 4) }, subs{"mgrmap": from(10), "osdmap": once(2)}},
		{"one time, delivered", func(s *subscriptions) { s.got("osdmap", 3) }, subs{"mgrmap": from(0)}},
		{"one time, too old", func(s *subscriptions) { s.got("osdmap", 1) }, subs{"mgrmap": from(0), "osdmap": once(2)}},
		{"wanted anew meanwhile", func(s *subscriptions) { s.got("mgrmap", 7); s.want("mgrmap", from(3)) }, subs{"mgrmap": from(3), "osdmap": once(2)}},
		{"arrived before it was renewed", func(s *subscriptions) { s.want("mgrmap", from(3)); s.got("mgrmap", 7) }, subs{"mgrmap": from(8), "osdmap": once(2)}},
		{"unwanted", func(s *subscriptions) { s.unwant("mgrmap") }, subs{"osdmap": once(2)}},
		{"of something never wanted", func(s *subscriptions) { s.got("fsmap", 7) }, subs{"mgrmap": from(0), "osdmap": once(2)}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSubscriptions()
			s.want("mgrmap", from(0))
			s.want("osdmap", once(2))
			s.renew()
			tt.do(&s)
			if !s.reload() {
				t.Error("reload finds nothing to send")
			}
			if diff := cmp.Diff(tt.want, subs(s.renew())); diff != "" {
				t.Errorf("after reload (-want +got):\n%s", diff)
			}
		})
	}
}

// I-MAP-7 and I-MAP-4: whatever happens, a new session is told of every want
// alive, from after the last epoch that arrived on.
func TestSubscriptions_property(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSubscriptions()
		alive := subs{}
		names := rapid.SampledFrom([]string{"mgrmap", "monmap", "fsmap"})
		for range rapid.IntRange(0, 30).Draw(t, "steps") {
			name, n := names.Draw(t, "name"), rapid.Uint64Range(0, 20).Draw(t, "n")
			switch rapid.IntRange(0, 3).Draw(t, "op") {
			case 0:
				sub := msg.Subscription{Start: n, OneTime: rapid.Bool().Draw(t, "once")}
				s.want(name, sub)
				alive[name] = sub
			case 1:
				s.got(name, n)
				if sub, ok := alive[name]; ok && sub.Start <= n {
					if sub.OneTime {
						delete(alive, name)
					} else {
						alive[name] = from(n + 1)
					}
				}
			case 2:
				s.renew()
			case 3:
				s.reload()
			}
		}
		s.reload()
		told := subs(s.renew())
		if told == nil {
			told = subs{}
		}
		if diff := cmp.Diff(alive, told); diff != "" {
			t.Fatalf("new session (-alive +told):\n%s", diff)
		}
	})
}
