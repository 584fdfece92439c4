package tracefile_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/sim"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// fact is any fact.
type fact struct {
	kind  string
	attrs []slog.Attr
}

func (f fact) Kind() string       { return f.kind }
func (f fact) Attrs() []slog.Attr { return f.attrs }

// drawAttr draws an attribute and the text that a reader must find for it.
func drawAttr(t *rapid.T, key string) (slog.Attr, string) {
	switch rapid.IntRange(0, 4).Draw(t, "type") {
	case 0:
		v := rapid.Int64().Draw(t, "int")
		return slog.Int64(key, v), strconv.FormatInt(v, 10)
	case 1:
		v := rapid.Uint64().Draw(t, "uint")
		return slog.Uint64(key, v), strconv.FormatUint(v, 10)
	case 2:
		v := rapid.Bool().Draw(t, "bool")
		return slog.Bool(key, v), strconv.FormatBool(v)
	case 3:
		v := time.Duration(rapid.Int64().Draw(t, "duration"))
		return slog.Duration(key, v), strconv.FormatInt(int64(v), 10)
	default:
		v := rapid.String().Draw(t, "text")
		return slog.String(key, v), strings.ToValidUTF8(v, "\ufffd")
	}
}

// TestRoundTrip: whatever facts a process publishes, in the simulator's trace the
// reader finds them, in their order, with their time and all their fields.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var facts []fact
		var want [][]string
		for range rapid.IntRange(0, 8).Draw(t, "facts") {
			f := fact{kind: "k." + rapid.String().Draw(t, "kind")}
			texts := []string{strings.ToValidUTF8(f.kind, "\ufffd"), "a", (time.Duration(len(facts)) * time.Second).String()}
			for i := range rapid.IntRange(0, 5).Draw(t, "fields") {
				a, text := drawAttr(t, fmt.Sprintf("%d%s", i, rapid.String().Draw(t, "key")))
				f.attrs = append(f.attrs, a)
				texts = append(texts, strings.ToValidUTF8(a.Key, "\ufffd"), text)
			}
			facts = append(facts, f)
			want = append(want, texts)
		}
		seed := rapid.Uint64().Draw(t, "seed")
		trace, hash := traceOf(seed, facts)
		h, events, err := readAll(bytes.NewReader(trace))
		if err != io.EOF || h.Seed != seed {
			t.Fatalf("seed %d: %v\n%s", h.Seed, err, trace)
		}
		if diff := cmp.Diff(want, told(events)); diff != "" {
			t.Fatalf("facts (-want +got):\n%s\n%s", diff, trace)
		}
		if last := events[len(events)-1]; last.Get("hash") != fmt.Sprintf("%016x", hash) {
			t.Fatalf("the trace ends with %s, the run with %016x", last.Text, hash)
		}
	})
}

// traceOf is the trace of a process that publishes a fact each second, and the
// hash of its run.
func traceOf(seed uint64, facts []fact) (trace []byte, hash uint64) {
	var out bytes.Buffer
	s := sim.New(sim.Config{Seed: seed, Trace: &out})
	s.AddHost("a").Start(func(h host.Host) {
		loop := h.NewLoop("main")
		for i, f := range facts {
			loop.NewTimer(func() { h.Probe(f) }).Reset(time.Duration(i) * time.Second)
		}
	})
	s.Run(time.Minute)
	hash = s.Hash()
	s.Close()
	s.Close() // changes nothing
	return out.Bytes(), hash
}

// told is what the reader says of the facts: kind, host, time, then keys and
// values.
func told(events []tracefile.Event) (all [][]string) {
	for _, e := range events {
		if !strings.HasPrefix(e.Kind, "k.") {
			continue
		}
		texts := []string{e.Kind, e.Host, e.At.String()}
		for _, f := range e.Fields {
			texts = append(texts, f.Key, f.Value())
		}
		all = append(all, texts)
	}
	return all
}
