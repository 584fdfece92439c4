package admin

// Counters are numbers of one part of a daemon, by name.
type Counters map[string]int64

// PerfHook is "perf dump": the counters of a daemon, by part, as they are when asked
// for. The operator may name one part, and one counter of it.
func PerfHook(counters func() map[string]Counters) Hook {
	return Hook{
		"perf dump", "name=logger,type=CephString,req=false name=counter,type=CephString,req=false",
		"dump perfcounters value",
		func(args Args) (any, error) {
			return choose(counters(), args.Text("logger"), args.Text("counter")), nil
		},
	}
}

func choose(all map[string]Counters, part, counter string) map[string]Counters {
	if part == "" {
		return all
	}
	some := map[string]Counters{}
	switch n, found := all[part][counter]; {
	case counter == "" && all[part] != nil:
		some[part] = all[part]
	case found:
		some[part] = Counters{counter: n}
	}
	return some
}
