package oshost_test

import (
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/host/task"
)

// TestHost_panicEndsTheProcess: whoever asks for it gets a panic told, with its
// place, when everything of the process has stopped: tasks that waited are unwound,
// even if that panics too.
func TestHost_panicEndsTheProcess(t *testing.T) {
	for name, do := range map[string]func(host.Loop){
		"callback": func(l host.Loop) { l.Post(func() { panic("a bug") }) },
		"timer":    func(l host.Loop) { l.Post(func() { l.NewTimer(func() { panic("a bug") }).Reset(time.Millisecond) }) },
		"task":     func(l host.Loop) { l.Go("t", func(t host.Task) { t.Sleep(time.Millisecond); panic("a bug") }) },
	} {
		t.Run(name, func(t *testing.T) {
			type told struct {
				loop string
				what *task.Panic
			}
			panics := make(chan told, 2)
			h := oshost.New(oshost.Options{
				OnPanic: func(loop string, p *task.Panic) { panics <- told{loop, p} },
				OnExit:  func(int, string) { t.Error("OnExit was called") },
			})
			l := h.NewLoop("main")
			unwound := make(chan struct{})
			l.Go("waits", func(t host.Task) {
				defer func() { close(unwound); panic("another bug") }()
				t.Park()
			})
			other := h.NewLoop("other")
			do(l)
			p := receive(t, panics)
			if p.loop != "main" || p.what.Value != "a bug" || !strings.Contains(p.what.Error(), "panic_test.go:") {
				t.Errorf("told of loop %s: %v", p.loop, p.what)
			}
			receive(t, unwound)
			h.Wait()
			other.Post(func() { t.Error("the process goes on") })
			if len(panics) != 0 {
				t.Errorf("told once more: %v", <-panics)
			}
		})
	}
}
