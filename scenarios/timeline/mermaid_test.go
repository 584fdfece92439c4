package timeline

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"
)

func TestMermaid(t *testing.T) {
	text := header +
		line(0, 0, "process.start", "mon.a", "pid", 1) +
		line(time.Second, 1, "fault.kill", "", "fault", "kill mgr.x; # <now>") +
		line(2*time.Second, 2, "net.recv", "mgr.x", "conn", 7, "from", "mon.a", "bytes", 195, "msg", "MMgrMap:4") +
		line(3*time.Second, 3, "mgr.mode", "mgr.x", "name", "x", "gid", 4098, "mode", "active", "epoch", 4) +
		end(4*time.Second, 4)
	var b strings.Builder
	if err := Mermaid(&b, reader(t, text), Options{Filter: Filter{From: time.Second, Hide: []string{"end"}}}); err != nil {
		t.Fatal(err)
	}
	want := `sequenceDiagram
    participant h_mon_a as mon.a
    participant h_mgr_x as mgr.x
    Note over h_mon_a,h_mgr_x: 1.000000 fault.kill kill mgr.x#59; #35; #lt;now#gt;
    h_mon_a->>h_mgr_x: 2.000000 net.recv MMgrMap:4 bytes=195 conn=7
    Note over h_mgr_x: 3.000000 mgr.mode active gid=4098 epoch=4
`
	if got := b.String(); got != want {
		t.Errorf("got\n%swant\n%s", got, want)
	}
}

// Of a long trace it has the end, and says how much is missing.
func TestMermaid_isBounded(t *testing.T) {
	text := header
	for i := range 1000 {
		text += line(time.Duration(i)*time.Second, i, "process.start", "mon.a", "pid", i)
	}
	var b strings.Builder
	if err := Mermaid(&b, reader(t, text+end(1000*time.Second, 1000)), Options{}); err != nil {
		t.Fatal(err)
	}
	got := b.String()
	if n := strings.Count(got, "\n"); n != MostInDiagram+3 || !strings.Contains(got, fmt.Sprintf("Note over h_mon_a: %d events before", 1001-MostInDiagram)) {
		t.Errorf("%d lines\n%s", n, got)
	}
}

func TestMermaid_noSuchHost(t *testing.T) {
	err := Mermaid(new(strings.Builder), reader(t, header+end(0, 0)), Options{Filter: Filter{Hosts: []string{"mon.z"}}})
	if !errors.Is(err, ErrNoHost) {
		t.Error(err)
	}
}
