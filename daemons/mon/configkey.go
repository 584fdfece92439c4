package mon

import (
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// configKeySpace is the space of the store that config-key works on. As in Ceph,
// the configuration lies in it too.
const configKeySpace = "config-key"

// configKey is the monitors' key-value store for others: "ceph config-key", and the
// subscriptions "kv:PREFIX", with which managers follow a part of it. Ceph:
// src/mon/KVMonitor.cc.
type configKey struct {
	*ledger
	// recent are the latest changes, ascending by version, each of which subscribers
	// may get by itself. They are only remembered: a monitor that has restarted
	// answers with everything.
	recent []keyChange
}

// keyChange is which keys a version has written or removed, ascending.
type keyChange struct {
	version uint64
	keys    []string
}

// keyChangesKept bounds recent. A subscriber that is further behind gets
// everything.
const keyChangesKept = 500

func newConfigKey() *configKey { return &configKey{ledger: newLedger(configKeySpace)} }

// follow takes note of what a committed batch has changed. If versions are missing
// in between, because the state came as a snapshot, the earlier ones are void.
func (k *configKey) follow(ops []store.Op) {
	for _, op := range ops {
		e, ok := op.(store.Edit)
		if !ok || e.Space != k.space {
			continue
		}
		if n := len(k.recent); n > 0 && k.recent[n-1].version != e.From {
			k.recent = nil
		}
		keys := append(slices.Clone(e.Drop), wire.SortedKeys(e.Set)...)
		slices.Sort(keys)
		k.recent = append(k.recent, keyChange{version: e.From + 1, keys: slices.Compact(keys)})
		if extra := len(k.recent) - keyChangesKept; extra > 0 {
			k.recent = slices.Delete(k.recent, 0, extra)
		}
	}
}

// data is what a subscriber needs who has seen everything before the version next,
// 0 if nothing: all of the keys with the prefix, or those that have changed since.
func (k *configKey) data(prefix string, next uint64) *msg.KVData {
	d := &msg.KVData{DataVersion: k.version(), Prefix: prefix, Data: map[string][]byte{}}
	if next == 0 || !k.remembers(next) {
		for _, key := range k.keys(prefix) {
			d.Data[key] = k.value(key)
		}
		return d
	}
	d.Incremental = true
	for _, change := range k.recent {
		for _, key := range change.keys {
			if change.version >= next && strings.HasPrefix(key, prefix) {
				d.Data[key] = k.value(key)
			}
		}
	}
	return d
}

// remembers reports whether the changes from the version next on are all known: not
// those before this process began, nor those that came in a snapshot.
func (k *configKey) remembers(next uint64) bool {
	n := len(k.recent)
	return n > 0 && k.recent[0].version <= next && k.recent[n-1].version == k.version()
}

// value is what a key holds, nil if there is none: an empty value is not nil.
func (k *configKey) value(key string) []byte {
	v, ok := k.get(key)
	if ok && v == nil {
		return []byte{}
	}
	return v
}

// serveKeys sends a subscriber what has changed below its prefix.
func (m *Mon) serveKeys(s *session, sub *subscription) {
	if sub.next > m.configKey.version() {
		return
	}
	d := m.configKey.data(strings.TrimPrefix(sub.what, "kv:"), sub.next)
	if !d.Incremental || len(d.Data) > 0 {
		s.con.Send(msg.NewFromMon(d))
	}
	sub.sent(d.DataVersion)
}

func configKeyCommands() []command {
	const key = "name=key,type=CephString"
	const value = key + " name=val,type=CephString,req=false"
	return []command{
		{"config-key get", key, "get <key>", "config-key", "r", (*Mon).configKeyGet},
		{"config-key set", value, "set <key> to value <val>", "config-key", "rw", (*Mon).configKeySet},
		{"config-key put", value, "put <key>, value <val>", "config-key", "rw", (*Mon).configKeySet},
		{"config-key del", key, "delete <key>", "config-key", "rw", (*Mon).configKeyRemove},
		{"config-key rm", key, "rm <key>", "config-key", "rw", (*Mon).configKeyRemove},
		{"config-key exists", key, "check for <key>'s existence", "config-key", "r", (*Mon).configKeyExists},
		{"config-key list", "", "list keys", "config-key", "r", (*Mon).configKeyList},
		{"config-key ls", "", "list keys", "config-key", "r", (*Mon).configKeyList},
		{"config-key dump", key + ",req=false", "dump keys and values (with optional prefix)", "config-key", "r", (*Mon).configKeyDump},
	}
}

func (m *Mon) configKeyGet(o *op, c *msg.MonCommand, args commandArgs) {
	r := result{prefix: args.prefix()}
	v, ok := m.configKey.get(args.text("key"))
	if r.data = v; !ok {
		r.code = eNoEnt
	}
	m.ack(o, c, r)
}

// configKeySet stores the argument val, or what came as the command's input.
func (m *Mon) configKeySet(o *op, c *msg.MonCommand, args commandArgs) {
	r := result{prefix: args.prefix()}
	value := o.msg.Data
	if args.has("val") {
		value = []byte(args.text("val"))
	}
	switch limit := m.opts.MaxConfigKeyEntry; {
	case !args.has("key"):
		r.code, r.status = eInval, "must specify a key"
		m.ack(o, c, r)
	case len(value) > limit:
		r.code = eFBig
		r.status = fmt.Sprintf("error: entry size limited to %d bytes. Use 'mon config key max entry size' to manually adjust", limit)
		m.ack(o, c, r)
	default:
		r.status = "set " + args.text("key")
		m.configKey.put(args.text("key"), value)
		m.ackCommitted(o, c, r)
	}
}

// configKeyRemove succeeds also if there is no such key, as in Ceph.
func (m *Mon) configKeyRemove(o *op, c *msg.MonCommand, args commandArgs) {
	r := result{prefix: args.prefix(), status: "key deleted"}
	key := args.text("key")
	if !args.has("key") {
		r.code, r.status = eInval, "must specify a key"
	}
	if _, ok := m.configKey.get(key); !ok || r.code != 0 {
		m.ack(o, c, r)
		return
	}
	m.configKey.remove(key)
	m.ackCommitted(o, c, r)
}

func (m *Mon) configKeyExists(o *op, c *msg.MonCommand, args commandArgs) {
	key := args.text("key")
	r := result{prefix: args.prefix(), status: fmt.Sprintf("key '%s' exists", key)}
	if _, ok := m.configKey.get(key); !ok {
		r.code, r.status = eNoEnt, fmt.Sprintf("key '%s' doesn't exist", key)
	}
	m.ack(o, c, r)
}

func (m *Mon) configKeyList(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, orEmpty(m.configKey.keys("")))
}

func (m *Mon) configKeyDump(o *op, c *msg.MonCommand, args commandArgs) {
	all := map[string]string{}
	for _, key := range m.configKey.keys(args.text("key")) {
		all[key] = readable(m.configKey.value(key))
	}
	m.ackReadable(o, c, args, all)
}

// readable is a value as it is shown: as it is, if it is text.
func readable(v []byte) string {
	for _, b := range v {
		if b < 0x20 && b != '\n' && b != '\t' || b >= 0x7f {
			return fmt.Sprintf("<<< binary blob of length %d >>>", len(v))
		}
	}
	return string(v)
}
