package module

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// storePrefix is where the keys of modules lie among those of the monitors.
const storePrefix = "mgr/"

// StoreError is how the monitors refused to write a key.
type StoreError struct {
	Key    string
	Code   int32 // negative errno
	Status string
}

// Error says all of it.
func (e *StoreError) Error() string { return fmt.Sprintf("key %s: %d %s", e.Key, e.Code, e.Status) }

// store is the modules' keys: what the monitors have told, and over it what is being
// written.
type store struct {
	command func(text string, done func(monc.CommandResult))
	data    map[string][]byte
	writing map[string]*write
}

// write is a change of a key that the monitors have not acknowledged.
type write struct{ value []byte } // nil: the key is removed

func newStore(command func(string, func(monc.CommandResult))) *store {
	return &store{command: command, data: map[string][]byte{}, writing: map[string]*write{}}
}

func (s *store) get(key string) ([]byte, bool) {
	if w := s.writing[key]; w != nil {
		return w.value, w.value != nil
	}
	v, ok := s.data[key]
	return v, ok
}

func (s *store) keys(prefix string) (keys []string) {
	all := slices.Concat(wire.SortedKeys(s.data), wire.SortedKeys(s.writing))
	slices.Sort(all)
	for _, k := range slices.Compact(all) {
		if _, ok := s.get(k); ok && strings.HasPrefix(k, prefix) {
			keys = append(keys, k)
		}
	}
	return keys
}

func (s *store) set(key, value string, done func(error)) {
	s.write(key, []byte(value), map[string]string{"prefix": "config-key set", "key": key, "val": value}, done)
}

func (s *store) remove(key string, done func(error)) {
	s.write(key, nil, map[string]string{"prefix": "config-key rm", "key": key}, done)
}

// write sends a change. The last of several that are under way for a key is what is
// seen; when it is acknowledged it is what the monitors have.
func (s *store) write(key string, value []byte, command map[string]string, done func(error)) {
	text, err := json.Marshal(command)
	if err != nil { // a map of strings always marshals
		panic(err)
	}
	w := &write{value}
	s.writing[key] = w
	s.command(string(text), func(r monc.CommandResult) {
		err := r.Err
		if err == nil && r.Code != 0 {
			err = &StoreError{key, r.Code, r.Status}
		}
		if s.writing[key] == w {
			delete(s.writing, key)
			if err == nil {
				s.put(key, value)
			}
		}
		done(err)
	})
}

func (s *store) put(key string, value []byte) {
	if value == nil {
		delete(s.data, key)
		return
	}
	s.data[key] = value
}

// handle takes what the monitors tell of the keys.
func (s *store) handle(d *msg.KVData) {
	if d.Prefix != storePrefix {
		return
	}
	if !d.Incremental {
		clear(s.data)
	}
	for _, key := range wire.SortedKeys(d.Data) {
		s.put(key, d.Data[key])
	}
}
