package monc_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/monc/monctest"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// batches are the log messages that monitors got: the numbers of each one's lines.
func batches(o *owner) (all []string) {
	for _, r := range o.mons.All(msg.TypeLog) {
		seqs := ""
		for _, e := range r.Body.(*msg.Log).Entries {
			seqs += fmt.Sprint(" ", e.Seq)
		}
		all = append(all, seqs[1:])
	}
	return all
}

// acknowledge lets monitors acknowledge lines up to a number, as they come.
func acknowledge(o *owner, last uint64) {
	o.mons.Each(func(m *monctest.Mon) {
		m.OnMessage = func(c *msgr.Connection, r *msg.Message) bool {
			if l, ok := r.Body.(*msg.Log); ok {
				if seq := min(l.Entries[len(l.Entries)-1].Seq, last); seq > 0 {
					m.Reply(c, r, &msg.LogAck{FSID: l.FSID, Last: seq, Channel: "cluster"}, nil)
				}
			}
			return false
		}
	})
}

func TestLog_isGatheredAndAcknowledged(t *testing.T) {
	o := connected(t, 3, func(c *monc.Config) { c.Options.LogBatch = 3 })
	acknowledge(o, 100)
	for i := range 4 {
		o.Log(msg.LogWarning, "cluster", fmt.Sprint("line ", i+1))
	}
	o.world.Run(900 * time.Millisecond)
	if got := batches(o); len(got) != 0 {
		t.Errorf("sent before the interval: %q", got)
	}
	o.world.Run(2 * time.Second)
	o.process.Reset()
	o.world.Run(10 * time.Second)
	if diff := cmp.Diff([]string{"1 2 3", "4"}, batches(o)); diff != "" {
		t.Errorf("batches, with a change of sessions behind them (-want +got):\n%s", diff)
	}
	e := o.mons.All(msg.TypeLog)[0].Body.(*msg.Log).Entries[0]
	if e.Name.String() != "client.admin" || e.Level != msg.LogWarning || e.Channel != "cluster" || e.Text != "line 1" || e.Stamp.Sec == 0 {
		t.Errorf("line %+v", e)
	}
}

// What was not acknowledged goes out again at once on the next session, in order,
// before what is new.
func TestLog_sentAgainOnEachSession(t *testing.T) {
	o := connected(t, 3, nil)
	acknowledge(o, 1)
	for i := range 3 {
		o.Log(msg.LogInfo, "cluster", fmt.Sprint("line ", i+1))
	}
	o.world.Run(2 * time.Second)
	o.mons.Each(forget)
	o.process.Reset()
	o.world.Run(500 * time.Millisecond)
	if diff := cmp.Diff([]string{"2 3"}, batches(o)); diff != "" {
		t.Errorf("second session (-want +got):\n%s", diff)
	}
	acknowledge(o, 100)
	o.mons.Each(forget)
	o.Reopen()
	o.Log(msg.LogInfo, "cluster", "line 4") // while there is no session
	o.world.Run(5 * time.Second)
	o.Reopen()
	o.world.Run(5 * time.Second)
	if diff := cmp.Diff([]string{"2 3 4"}, batches(o)); diff != "" {
		t.Errorf("later sessions (-want +got):\n%s", diff)
	}
}

func TestLog_shutdown(t *testing.T) {
	o := connected(t, 1, nil)
	o.Log(msg.LogInfo, "cluster", "late")
	o.Shutdown()
	o.Log(msg.LogInfo, "cluster", "later")
	o.world.Run(time.Minute)
	if got := batches(o); len(got) != 0 {
		t.Errorf("sent after the shutdown: %q", got)
	}
}
