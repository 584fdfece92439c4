package timeline

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/sim/tracefile"
)

// Filter says which events are shown. The zero value lets all through.
type Filter struct {
	// From and To are the first and the last moment; a To of 0 means the end.
	From, To time.Duration
	// Hosts are the machines whose events are shown, those of the links to and
	// from them included. What concerns no machine, such as a fault, is shown in
	// any case. None means all.
	Hosts []string
	// Kinds are the kinds that are shown, and Hide those that are not. A name
	// stands for all kinds that continue it after a dot: "mon" for "mon.commit"
	// and "mon.role". No Kinds means all.
	Kinds, Hide []string
	// Grep must match "host kind key=value key=value ..."; nil matches all.
	Grep *regexp.Regexp
}

// ErrNoHost: a host that a Filter names is not in the trace.
var ErrNoHost = errors.New("no such host in the trace")

// missing complains about a host of the filter that is not among those met.
func (f *Filter) missing(met []string) error {
	for _, h := range f.Hosts {
		if !slices.Contains(met, h) {
			return fmt.Errorf("%w: %q; there are %s", ErrNoHost, h, strings.Join(sorted(met), ", "))
		}
	}
	return nil
}

// roster is which hosts a trace names.
type roster struct{ hosts []string }

func (r *roster) meet(e *tracefile.Event) {
	for _, h := range hostsOf(e) {
		if !slices.Contains(r.hosts, h) {
			r.hosts = append(r.hosts, h)
		}
	}
}

// passes reports whether an event is shown.
func (f *Filter) passes(e *tracefile.Event) bool {
	return e.At >= f.From && !f.past(e) &&
		(len(f.Kinds) == 0 || named(e.Kind, f.Kinds)) && !named(e.Kind, f.Hide) &&
		(len(f.Hosts) == 0 || f.concerns(e)) &&
		(f.Grep == nil || f.Grep.MatchString(whole(e)))
}

// past reports whether nothing more will pass.
func (f *Filter) past(e *tracefile.Event) bool { return f.To > 0 && e.At > f.To }

func (f *Filter) concerns(e *tracefile.Event) bool {
	hosts := hostsOf(e)
	return len(hosts) == 0 || slices.ContainsFunc(hosts, func(h string) bool { return slices.Contains(f.Hosts, h) })
}

// hostsOf are the machines that an event names.
func hostsOf(e *tracefile.Event) []string {
	var hosts []string
	add := func(name string) {
		if name != "" {
			hosts = append(hosts, name)
		}
	}
	add(e.Host)
	if hasEnds(e) {
		add(e.Get("from"))
		add(e.Get("to"))
	}
	return hosts
}

// hasEnds reports whether an event's fields from and to are machines. A daemon's
// log may mean anything by them.
func hasEnds(e *tracefile.Event) bool {
	return strings.HasPrefix(e.Kind, "net.") || strings.HasPrefix(e.Kind, "link.")
}

// named reports whether a kind is one of the names or below one.
func named(kind string, names []string) bool {
	return slices.ContainsFunc(names, func(name string) bool {
		rest, ok := strings.CutPrefix(kind, strings.TrimRight(name, ".*"))
		return ok && (rest == "" || rest[0] == '.')
	})
}
