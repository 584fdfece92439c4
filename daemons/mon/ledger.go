package mon

import (
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/wire"
)

// ledger is a service that keeps keys and values and has no rules of its own: a
// space of the store, with the changes made to it and not yet proposed.
type ledger struct {
	space string
	state *store.State
	set   map[string][]byte // nil unless the ledger is open
	drop  map[string]bool
}

func newLedger(space string) *ledger { return &ledger{space: space} }

// get is the committed value of a key.
func (l *ledger) get(key string) ([]byte, bool) { return l.state.Value(l.space, key) }

// keys are the committed keys that begin with prefix, ascending.
func (l *ledger) keys(prefix string) []string {
	all := l.state.Keys(l.space)
	from, _ := slices.BinarySearch(all, prefix)
	to := from
	for to < len(all) && strings.HasPrefix(all[to], prefix) {
		to++
	}
	return all[from:to]
}

// version counts the committed changes.
func (l *ledger) version() uint64 { return l.state.Version(l.space) }

// put and remove change a key with the next batch. The ledger must be open.
func (l *ledger) put(key string, value []byte) {
	delete(l.drop, key)
	l.set[key] = value
}

func (l *ledger) remove(key string) {
	delete(l.set, key)
	l.drop[key] = true
}

// load implements service.
func (l *ledger) load(s *store.State) error {
	l.state = s
	return nil
}

// begin and discard implement service.
func (l *ledger) begin()   { l.set, l.drop = map[string][]byte{}, map[string]bool{} }
func (l *ledger) discard() { l.set, l.drop = nil, nil }

// changes implements service.
func (l *ledger) changes() []store.Op {
	if len(l.set)+len(l.drop) == 0 {
		return nil
	}
	return []store.Op{store.Edit{Space: l.space, From: l.version(), Set: l.set, Drop: wire.SortedKeys(l.drop)}}
}

// urgent, restart and tick implement service.
func (l *ledger) urgent() bool                   { return false }
func (l *ledger) restart(time.Duration)          {}
func (l *ledger) tick(time.Duration, wire.UTime) {}
