package mon

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// logSpace is the space of the store that holds the cluster log: entries by their
// numbers in hexadecimal, which count all entries there ever were.
const logSpace = "log"

// clusterLog is the log that daemons and operators write through the monitors: it
// takes what is new, keeps the latest entries of each channel, and never forgets
// an entry that it has acknowledged before the channel's bound. Ceph:
// src/mon/LogMonitor.cc.
//
// An entry is recognised by its author, stamp and sequence number: daemons repeat
// what was not acknowledged, and two monitors may both be told.
type clusterLog struct {
	self caller // this monitor, as an author
	keep int    // mon_log_max, of each channel

	state   *store.State
	version uint64 // of the space, when it was read
	entries []loggedEntry
	known   map[entryKey]bool // of entries
	last    uint64            // the number of the latest entry ever

	open    bool
	pending []msg.LogEntry // for the next batch
	seq     uint64         // of our own entries
	own     []msg.LogEntry // our own that are not committed
}

// loggedEntry is a committed entry.
type loggedEntry struct {
	number uint64
	msg.LogEntry
}

// entryKey tells entries apart, as Ceph's LogEntryKey does.
type entryKey struct {
	rank  msg.EntityName
	stamp wire.UTime
	seq   uint64
}

func keyOf(e msg.LogEntry) entryKey { return entryKey{e.Rank, e.Stamp, e.Seq} }

// ownEntriesKept bounds what a monitor has to say and cannot say yet.
const ownEntriesKept = 100

func newClusterLog(self caller, keep int) *clusterLog {
	return &clusterLog{self: self, keep: keep, known: map[entryKey]bool{}}
}

func logKey(number uint64) string { return fmt.Sprintf("%016x", number) }

// load implements service. Only what is new is read, unless it does not join on to
// what is known.
func (l *clusterLog) load(s *store.State) error {
	if l.state == s && l.version == s.Version(logSpace) {
		return nil
	}
	l.state, l.version = s, s.Version(logSpace)
	if _, ok := s.Value(logSpace, logKey(l.last+1)); !ok {
		return l.reload()
	}
	for {
		encoded, ok := s.Value(logSpace, logKey(l.last+1))
		if !ok {
			break
		}
		if err := l.read(l.last+1, encoded); err != nil {
			return err
		}
	}
	l.trim()
	return nil
}

// reload reads everything.
func (l *clusterLog) reload() error {
	l.entries, l.last = nil, 0
	clear(l.known)
	for _, key := range l.state.Keys(logSpace) {
		number, err := strconv.ParseUint(key, 16, 64)
		if err != nil {
			return fmt.Errorf("log entry %q: %w", key, err)
		}
		encoded, _ := l.state.Value(logSpace, key)
		if err := l.read(number, encoded); err != nil {
			return err
		}
	}
	return nil
}

func (l *clusterLog) read(number uint64, encoded []byte) error {
	d := wire.NewDecoder(encoded)
	e := msg.DecodeLogEntry(d)
	if err := d.Err(); err != nil {
		return fmt.Errorf("log entry %d: %w", number, err)
	}
	l.entries = append(l.entries, loggedEntry{number, e})
	l.known[keyOf(e)] = true
	l.last = number
	l.own = slices.DeleteFunc(l.own, func(x msg.LogEntry) bool { return keyOf(x) == keyOf(e) })
	return nil
}

// trim forgets the entries that the store has dropped.
func (l *clusterLog) trim() {
	l.entries = slices.DeleteFunc(l.entries, func(e loggedEntry) bool {
		_, kept := l.state.Value(logSpace, logKey(e.number))
		if !kept {
			delete(l.known, keyOf(e.LogEntry))
		}
		return !kept
	})
}

// surplus are the keys of the entries that go when more come, ascending: the oldest
// of each channel that has too many.
func (l *clusterLog) surplus(more []msg.LogEntry) (drop []string) {
	count := map[string]int{} // by channel; never ranged over
	for _, e := range l.entries {
		count[e.Channel]++
	}
	for _, e := range more {
		count[e.Channel]++
	}
	for _, e := range l.entries {
		if count[e.Channel] > l.keep {
			count[e.Channel]--
			drop = append(drop, logKey(e.number))
		}
	}
	return drop
}

// begin implements service: what this monitor itself has to say waits no longer.
func (l *clusterLog) begin() {
	l.open = true
	l.pending = slices.Clone(l.own)
}

// discard implements service.
func (l *clusterLog) discard() { l.open, l.pending = false, nil }

// changes implements service.
func (l *clusterLog) changes() []store.Op {
	if len(l.pending) == 0 {
		return nil
	}
	set := map[string][]byte{}
	for i := range l.pending {
		var e wire.Encoder
		l.pending[i].Encode(&e, msg.FeaturesAll)
		set[logKey(l.last+1+uint64(i))] = e.Bytes()
	}
	return []store.Op{store.Edit{Space: logSpace, From: l.version, Drop: l.surplus(l.pending), Set: set}}
}

// restart implements service: who does not lead has nothing to say.
func (l *clusterLog) restart(time.Duration) { l.own = nil }

// urgent and tick implement service.
func (l *clusterLog) urgent() bool                   { return false }
func (l *clusterLog) tick(time.Duration, wire.UTime) {}

// fresh are the entries that are neither committed nor to be.
func (l *clusterLog) fresh(entries []msg.LogEntry) (list []msg.LogEntry) {
	pending := map[entryKey]bool{}
	for _, e := range l.pending {
		pending[keyOf(e)] = true
	}
	for _, e := range entries {
		if key := keyOf(e); !l.known[key] && !pending[key] {
			pending[key] = true
			list = append(list, e)
		}
	}
	return list
}

// committed reports whether all the entries are in the log already.
func (l *clusterLog) committed(entries []msg.LogEntry) bool {
	return !slices.ContainsFunc(entries, func(e msg.LogEntry) bool { return !l.known[keyOf(e)] })
}

// add appends entries with the next batch. The log must be open.
func (l *clusterLog) add(entries ...msg.LogEntry) { l.pending = append(l.pending, entries...) }

// say adds an entry of this monitor's own, now or when the log opens.
func (l *clusterLog) say(level uint16, channel, text string, wall wire.UTime) {
	l.seq++
	e := l.self.entry(level, channel, text, wall)
	e.Seq = l.seq
	if len(l.own) >= ownEntriesKept {
		l.own = slices.Delete(l.own, 0, 1)
	}
	l.own = append(l.own, e)
	if l.open {
		l.pending = append(l.pending, e)
	}
}

// tail are the latest entries of a channel, "*" for all of them, that are of the
// level or worse, at most n, oldest first.
func (l *clusterLog) tail(n int64, level uint16, channel string) (list []msg.LogEntry) {
	for i := len(l.entries) - 1; i >= 0 && int64(len(list)) < n; i-- {
		if e := l.entries[i]; e.Level >= level && (channel == "*" || e.Channel == channel) {
			list = append(list, e.LogEntry)
		}
	}
	slices.Reverse(list)
	return list
}

// since are the entries from a number on that are of the level or worse.
func (l *clusterLog) since(number uint64, level uint16) (list []msg.LogEntry) {
	from, _ := slices.BinarySearchFunc(l.entries, number, func(e loggedEntry, n uint64) int {
		return cmp.Compare(e.number, n)
	})
	for _, e := range l.entries[from:] {
		if e.Level >= level {
			list = append(list, e.LogEntry)
		}
	}
	return list
}

// logLevels are the levels as subscriptions and commands name them.
var logLevels = []string{"debug", "info", "sec", "warn", "error"}

// logLevel is the level of that name.
func logLevel(name string) (level uint16, ok bool) {
	i := slices.Index(logLevels, name)
	return uint16(max(i, 0)), i >= 0
}

// logTag is how a line shows its level.
func logTag(level uint16) string {
	tags := [...]string{"[DBG]", "[INF]", "[SEC]", "[WRN]", "[ERR]"}
	if int(level) < len(tags) {
		return tags[level]
	}
	return "[???]"
}

// logLine is an entry as Ceph prints it.
func logLine(e msg.LogEntry) string {
	return fmt.Sprintf("%s %v (%v) %d : %s %s %s\n", isoStamp(e.Stamp), e.Name, e.Rank, e.Seq, e.Channel, logTag(e.Level), e.Text)
}

// isoStamp is a time as Ceph prints it in lines.
func isoStamp(t wire.UTime) string { return t.Time().Format("2006-01-02T15:04:05.000000-0700") }
