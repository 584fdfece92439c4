package oshost

import (
	"errors"
	"fmt"
	"os"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
)

// Where nobody waits any more connections must not seem to be alive.
func TestPoller_failureBreaksConnections(t *testing.T) {
	s := newScript(t)
	p := &s.conn.host.poller
	p.fail(fmt.Errorf("no memory: %w", host.ErrReset))
	s.run()
	s.wantsTold("closed")
	if _, err := p.add(s.conn); !errors.Is(err, host.ErrReset) {
		t.Errorf("the next connection gets %v", err)
	}
}

func TestPoller_doesNotBeginWhenTheProcessHasEnded(t *testing.T) {
	for _, pollOnly := range []bool{false, true} {
		before := openFiles(t)
		h := New(Options{pollOnly: pollOnly})
		h.over.Store(true) // and end, which Kill calls, has not come to the poller yet
		if _, err := h.poller.add(nil); !errors.Is(err, host.ErrStopped) {
			t.Errorf("add: %v", err)
		}
		if after := openFiles(t); after != before {
			t.Errorf("%d descriptors before, %d after", before, after)
		}
	}
}

func openFiles(t *testing.T) int {
	open, err := os.ReadDir("/dev/fd")
	if err != nil {
		t.Skip("cannot count descriptors: ", err)
	}
	return len(open)
}
