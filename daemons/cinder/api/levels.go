package api

import (
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/cinder"
)

// levels are loggers by their names, with the least level that each of them logs.
type levels map[string]*slog.LevelVar

func newLevels(names ...string) levels {
	l := levels{}
	for _, name := range names {
		l[name] = new(slog.LevelVar) // INFO
	}
	return l
}

// set sets all loggers whose names begin so.
func (l levels) set(prefix, name string) {
	level, _ := cinder.LevelOf(name) // the request was checked
	for _, logger := range slices.Sorted(maps.Keys(l)) {
		if strings.HasPrefix(logger, prefix) {
			l[logger].Set(level)
		}
	}
}

// get tells the levels of all loggers whose names begin so.
func (l levels) get(prefix string) map[string]string {
	found := map[string]string{}
	for _, logger := range slices.Sorted(maps.Keys(l)) {
		if strings.HasPrefix(logger, prefix) {
			found[logger] = cinder.LevelName(l[logger].Level())
		}
	}
	return found
}

// handler passes on what the logger of that name logs.
func (l levels) handler(name string, to slog.Handler) slog.Handler {
	return cinder.Leveled(to, l[name])
}
