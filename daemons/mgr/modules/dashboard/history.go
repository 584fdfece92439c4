package dashboard

import (
	"encoding/json"
	"time"
)

// failover is that a manager has become active.
type failover struct {
	// At is when the monitors made it active, by their clocks, and Ready when it was
	// ready to serve, by its own.
	At    time.Time `json:"at"`
	Ready time.Time `json:"ready"`
	Name  string    `json:"name"`
	GID   uint64    `json:"gid"`
	Epoch uint32    `json:"epoch"` // of the manager map
}

// historyKey is where the failovers are, the oldest first, as a JSON list.
const historyKey = "failovers"

// maxHistory is how many are kept.
const maxHistory = 50

// history are the failovers that are known. What cannot be read is none.
func (d *dashboard) history() []failover {
	text, ok := d.m.Get(historyKey)
	if !ok {
		return nil
	}
	var all []failover
	if err := json.Unmarshal([]byte(text), &all); err != nil {
		d.m.Log().Error("the history of failovers cannot be read", "error", err)
		return nil
	}
	return all
}

// record adds this manager's becoming active.
func (d *dashboard) record() {
	mm, all := d.m.Cluster().Mgr, d.history()
	if n := len(all); n > 0 && all[n-1].GID == d.m.GID() {
		return
	}
	all = append(all, failover{
		At: mm.ActiveChange.Time().UTC(), Ready: d.m.Host().Clock().Now().UTC(), Name: d.m.Name(), GID: d.m.GID(), Epoch: mm.Epoch,
	})
	text, err := json.Marshal(all[max(0, len(all)-maxHistory):])
	if err != nil {
		d.m.Log().Error("the history of failovers cannot be written", "error", err)
		return
	}
	d.m.Set(historyKey, string(text), func(err error) {
		if err != nil {
			d.m.Log().Error("the history of failovers was not kept", "error", err)
		}
	})
}
