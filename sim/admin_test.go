package sim

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// operated is a machine whose process answers every question with itself, and what
// its operator was told.
func operated(t *testing.T, seed uint64) (h *Host, ask func(string), told *[]string) {
	t.Helper()
	s := New(Config{Seed: seed})
	t.Cleanup(s.Close)
	h = s.AddHost("a")
	h.Start(func(p host.Host) {
		l := p.NewLoop("l")
		if err := host.ServeAdmin(p, l, func(request []byte) []byte { return append(request, '!') }); err != nil {
			t.Error(err)
		}
		if err := host.ServeAdmin(p, l, nil); !errors.Is(err, host.ErrAddrInUse) {
			t.Errorf("twice: %v", err)
		}
		other := p.NewLoop("other")
		other.Close()
		if err := host.ServeAdmin(p, other, nil); !errors.Is(err, host.ErrClosed) {
			t.Errorf("on a closed loop: %v", err)
		}
	})
	s.Run(time.Second)
	told = new([]string)
	return h, func(request string) {
		t.Helper()
		if err := h.Admin(request, func(reply string) { *told = append(*told, reply) }); err != nil {
			t.Error(err)
		}
	}, told
}

func TestAdmin(t *testing.T) {
	h, ask, told := operated(t, 1)
	s := h.Sim()
	expect := func(when, want string) {
		t.Helper()
		if got := strings.Join(*told, " "); got != want {
			t.Errorf("%s: told %q, want %q", when, got, want)
		}
	}
	ask("one")
	expect("before the process can run", "")
	s.Run(time.Second)
	expect("at once", "one!")
	h.Pause()
	ask("two")
	s.Run(time.Minute)
	expect("while it is paused", "one!")
	h.Resume()
	s.Run(time.Second)
	expect("when it goes on", "one! two!")
	ask("three")
	h.Kill()
	s.Run(time.Minute)
	expect("from a dead process", "one! two!")
	if err := h.Admin("four", nil); !errors.Is(err, ErrNoAdmin) {
		t.Errorf("without a process: %v", err)
	}
	h.Start(func(p host.Host) {})
	s.Run(time.Second)
	if err := h.Admin("five", nil); !errors.Is(err, ErrNoAdmin) {
		t.Errorf("a process that does not serve: %v", err)
	}
}

func TestAdmin_limit(t *testing.T) {
	h, ask, told := operated(t, 1)
	if err := h.Admin(strings.Repeat("x", host.MaxAdminRequest+1), nil); err == nil {
		t.Error("a request that no socket takes")
	}
	ask(strings.Repeat("x", host.MaxAdminRequest))
	h.Sim().Run(time.Second)
	if len(*told) != 1 {
		t.Errorf("%d answers", len(*told))
	}
}

// An operator who asks is part of the run; one who could have asked is not.
func TestAdmin_hash(t *testing.T) {
	run := func(questions int) uint64 {
		h, ask, _ := operated(t, 7)
		for range questions {
			ask("x")
		}
		h.Sim().Run(time.Second)
		return h.Sim().Hash()
	}
	if first, again := run(2), run(2); first != again {
		t.Error("the same questions, another hash")
	}
	if run(0) == run(1) {
		t.Error("a question is not in the hash")
	}
}
