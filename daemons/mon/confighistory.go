package mon

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/daemons/wire"
)

// configChange is one version of the configuration. Ceph: ConfigChangeSet in
// src/mon/ConfigMap.h.
type configChange struct {
	version uint64
	stamp   wire.UTime
	name    string // "reset to 5"; usually empty
	diffs   []configDiff
}

// configDiff is what a version did to one option, by its path; nil is no value.
type configDiff struct {
	path    string
	was, is *string
}

// configVersionsKept bounds how far the configuration can be reset.
const configVersionsKept = 100

func historyKey(version uint64) string { return fmt.Sprintf("%s%d/", historyPrefix, version) }

// configVersions are the versions that the keys tell of, ascending.
func configVersions(keys *configKey) (versions []uint64) {
	for _, key := range keys.keys(historyPrefix) {
		number, rest, _ := strings.Cut(strings.TrimPrefix(key, historyPrefix), "/")
		if v, err := strconv.ParseUint(number, 10, 64); err == nil && rest == "" {
			versions = append(versions, v)
		}
	}
	slices.Sort(versions)
	return versions
}

// configChangeOf reads a version.
func configChangeOf(keys *configKey, version uint64) configChange {
	c := configChange{version: version}
	prefix := historyKey(version)
	d := wire.NewDecoder(keys.value(prefix))
	c.stamp, c.name = d.Time(), d.String()
	diffs := map[string]configDiff{}
	for _, key := range keys.keys(prefix) {
		rest := strings.TrimPrefix(key, prefix)
		if rest == "" {
			continue
		}
		value := string(keys.value(key))
		diff := diffs[rest[1:]]
		if diff.path = rest[1:]; rest[0] == '-' {
			diff.was = &value
		} else {
			diff.is = &value
		}
		diffs[diff.path] = diff
	}
	for _, path := range wire.SortedKeys(diffs) {
		c.diffs = append(c.diffs, diffs[path])
	}
	return c
}

// commitConfig changes options with the next batch, and writes down what it does.
func commitConfig(keys *configKey, stamp wire.UTime, name string, diffs []configDiff) {
	versions := configVersions(keys)
	next := uint64(1)
	if n := len(versions); n > 0 {
		next = versions[n-1] + 1
	}
	var e wire.Encoder
	e.Time(stamp)
	e.String(name)
	keys.put(historyKey(next), e.Bytes())
	for _, d := range diffs {
		if d.was != nil {
			keys.put(historyKey(next)+"-"+d.path, []byte(*d.was))
		}
		if d.is != nil {
			keys.put(historyKey(next)+"+"+d.path, []byte(*d.is))
			keys.put(configPrefix+d.path, []byte(*d.is))
		} else {
			keys.remove(configPrefix + d.path)
		}
	}
	for len(versions) >= configVersionsKept {
		for _, key := range keys.keys(historyKey(versions[0])) {
			keys.remove(key)
		}
		versions = versions[1:]
	}
}

// revertConfig is what takes the configuration back to what it was as of a version;
// false if that is not known any more, or not yet.
func revertConfig(keys *configKey, to uint64) (diffs []configDiff, ok bool) {
	versions := configVersions(keys)
	n := len(versions)
	if n == 0 || to > versions[n-1] || to+1 < versions[0] {
		return nil, false
	}
	then := map[string]*string{} // what each path had, the latest change first
	for i := n - 1; i >= 0 && versions[i] > to; i-- {
		for _, d := range configChangeOf(keys, versions[i]).diffs {
			then[d.path] = d.was
		}
	}
	for _, path := range wire.SortedKeys(then) {
		var now *string
		if v, ok := keys.get(configPrefix + path); ok {
			text := string(v)
			now = &text
		}
		if d := (configDiff{path: path, was: now, is: then[path]}); !d.void() {
			diffs = append(diffs, d)
		}
	}
	return diffs, true
}

// void reports whether nothing changes.
func (d configDiff) void() bool {
	if d.was == nil || d.is == nil {
		return d.was == d.is
	}
	return *d.was == *d.is
}
