package faults

import (
	"slices"
	"testing"
)

// operators is a Target that takes commands and nothing else.
type operators struct {
	Target
	given []string
}

func (o *operators) Command(prefix string, args ...string) {
	o.given = append([]string{prefix}, args...)
}

func TestCommand(t *testing.T) {
	o := &operators{}
	c := Command{"osd blocklist", "blocklistop", "add", "addr", "192.0.2.1:0/7"}
	if n, err := c.Strike(o); n != 1 || err != nil || !slices.Equal(o.given, c) {
		t.Errorf("landed %d, error %v, gave %q", n, err, o.given)
	}
	if got, want := c.String(), `command "osd blocklist" blocklistop add addr 192.0.2.1:0/7`; got != want {
		t.Errorf("it prints as %q, want %q", got, want)
	}
	for _, bad := range []Command{{}, {"osd blocklist", "blocklistop"}} {
		if _, err := bad.Strike(o); err == nil {
			t.Errorf("%q passes", bad)
		}
	}
}
