package invariant

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// roleOf is what a peon states of its leader, "" if it has lost it.
func roleOf(name, leader string) mon.Role {
	if leader == "" {
		return mon.Role{Mon: name, Role: "electing"}
	}
	return mon.Role{Mon: name, Role: "peon", Leader: leader}
}

func TestLinearizable(t *testing.T) {
	const key = "tank/0"
	get, nothing := cluster.KeyAsked{Op: cluster.KeyGet, Key: key}, cluster.KeyAnswered{Code: noSuchKey}
	set := func(v string) cluster.KeyAsked { return cluster.KeyAsked{Op: cluster.KeySet, Key: key, Value: v} }
	found := func(v string) cluster.KeyAnswered { return cluster.KeyAnswered{Value: v} }
	done, lost := cluster.KeyAnswered{}, cluster.KeyAnswered{Error: "no answer"}
	a := func(f ...any) (out []any) { return append([]any{"a"}, f...) }
	b := func(f ...any) (out []any) { return append([]any{"b"}, f...) }
	at := func(mon string) monc.SessionOpened { return monc.SessionOpened{Mon: mon} }
	follows := func(mon string, leaders ...string) (out []any) {
		out = append(out, "mon."+mon)
		for _, l := range leaders {
			out = append(out, roleOf(mon, l))
		}
		return out
	}
	tests := map[string]struct {
		steps [][]any
		bad   bool
	}{
		"read what was written":         {[][]any{a(get, nothing, set("1"), done), b(get, found("1"))}, false},
		"an acknowledged write is lost": {[][]any{a(set("1"), done), b(get, nothing)}, true},
		"a read of the past":            {[][]any{a(set("1"), done, set("2"), done), b(get, found("1"))}, true},
		"a value that nobody wrote":     {[][]any{a(get, found("7"))}, true},
		"a lost write shows late":       {[][]any{a(set("1"), lost), b(get, nothing), b(get, found("1"))}, false},
		"a lost write shows and goes":   {[][]any{a(set("1"), lost), b(get, found("1")), b(get, nothing)}, true},
		"a lost write is passed on and returns": {[][]any{a(set("1"), lost), {"mon.b", mon.Role{Role: cluster.Leader}},
			b(get, found("1"), set("2"), done, get, found("1"))}, false},
		"a write that was sent again returns": {[][]any{a(set("1"), monc.SessionOpened{}, done), b(set("2"), done, get, found("1"))}, false},
		"a write is passed on to the leader that was lost": {[][]any{a(at("c"), set("1")), follows("c", "e", "", "e"), a(done),
			b(at("d"), set("2"), done, get, found("1"))}, false},
		"a leader was lost by another monitor": {[][]any{a(at("c"), set("1")), follows("d", "e", "", "e"), a(done),
			b(at("d"), set("2"), done, get, found("1"))}, true},
		"a leader was lost before": {[][]any{follows("c", "e", "", "e"), a(at("c"), set("1"), done),
			b(at("d"), set("2"), done, get, found("1"))}, true},
	}
	for name, tt := range tests {
		c, now := newLinearizable(), time.Duration(0)
		for _, step := range tt.steps {
			for _, f := range step[1:] {
				now++
				c.Observe(cluster.Observation{At: now, Host: step[0].(string), Fact: f.(host.Fact)})
			}
		}
		if v := c.Conclude(); (v != "") != tt.bad {
			t.Errorf("%s: violation %q", name, v)
		}
	}
}
