package tracefile_test

import (
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/sim/tracefile"
)

const (
	header = `{"t":0,"step":0,"kind":"trace","schema":1,"seed":"7"}` + "\n"
	start  = `{"t":0,"step":1,"kind":"process.start","host":"a","pid":1}` + "\n"
	end    = `{"t":9,"step":5,"kind":"end","hash":"00000000000000ff"}` + "\n"
)

// readAll reads a trace to its end.
func readAll(in io.Reader) (h tracefile.Header, events []tracefile.Event, err error) {
	r, err := tracefile.NewReader("x.jsonl", in)
	if err != nil {
		return h, nil, err
	}
	for {
		e, err := r.Next()
		if err != nil {
			return r.Header(), events, err
		}
		events = append(events, e)
	}
}

func TestReader_events(t *testing.T) {
	const log = `{"t":5, "step":3,"kind":"log","host":"a","msg":"say \"hi\"\n","n":-1.5e3,"ok":true,"t":"late","list":[1,{"a":"]"}]}` + "\r\n"
	h, events, err := readAll(strings.NewReader(header + start + log + end))
	if err != io.EOF {
		t.Fatal(err)
	}
	if want := (tracefile.Header{Schema: 1, Seed: 7}); h != want {
		t.Errorf("header %v, want %v", h, want)
	}
	want := []tracefile.Event{
		{Line: 2, At: 0, Step: 1, Kind: "process.start", Host: "a", Fields: []tracefile.Field{{"pid", "1"}}},
		{Line: 3, At: 5, Step: 3, Kind: "log", Host: "a", Fields: []tracefile.Field{
			{"msg", `"say \"hi\"\n"`}, {"n", "-1.5e3"}, {"ok", "true"}, {"t", `"late"`}, {"list", `[1,{"a":"]"}]`},
		}},
		{Line: 4, At: 9, Step: 5, Kind: "end", Fields: []tracefile.Field{{"hash", `"00000000000000ff"`}}},
	}
	for i := range events {
		events[i].Text = ""
	}
	if diff := cmp.Diff(want, events); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
	if got := want[1].Get("msg"); got != "say \"hi\"\n" {
		t.Errorf("msg is %q", got)
	}
	if got := want[1].Get("nothing"); got != "" {
		t.Errorf("a field that is not there is %q", got)
	}
}

// TestReader_broken: each way to be broken has its error, with the place.
func TestReader_broken(t *testing.T) {
	const back = `{"t":5,"step":0,"kind":"x"}` + "\n"
	for _, tt := range []struct {
		name, text string
		want       error
		says       string
	}{
		{"empty", "", tracefile.ErrCut, "x.jsonl:1: the trace is cut off: it is empty"},
		{"not JSON", "PASS mgr-failover\n", tracefile.ErrVersion, "x.jsonl:1: not a trace of a version"},
		{"no header", start + end, tracefile.ErrVersion, `x.jsonl:1: not a trace of a version that can be read: it begins with "process.start"`},
		{"newer", strings.Replace(header, `:1,`, `:2,`, 1) + end, tracefile.ErrVersion, `its schema is "2", this program reads 1`},
		{"no seed", strings.Replace(header, "seed", "sad", 1) + end, tracefile.ErrSyntax, "x.jsonl:1: not a line of a trace: the header has no seed"},
		{"no end", header + start, tracefile.ErrCut, "x.jsonl:2: the trace is cut off: nothing follows"},
		{"header only", header, tracefile.ErrCut, "x.jsonl:1: the trace is cut off"},
		{"half a line", header + start + end[:20], tracefile.ErrCut, "x.jsonl:3: the trace is cut off: in the middle of a line"},
		{"garbage", header + start + "}{\n" + end, tracefile.ErrSyntax, "x.jsonl:3: not a line of a trace: invalid character"},
		{"empty line", header + "\n" + end, tracefile.ErrSyntax, "x.jsonl:2: "},
		{"list", header + "[1]\n" + end, tracefile.ErrSyntax, "x.jsonl:2: not a line of a trace: it is no JSON object"},
		{"not UTF-8", header + "{\"t\":0,\"step\":1,\"kind\":\"x\",\"p\xf1d\":1}\n", tracefile.ErrSyntax, "x.jsonl:2: not a line of a trace: it is not UTF-8"},
		{"no time", header + `{"step":1,"kind":"x"}` + "\n", tracefile.ErrSyntax, `no time "t"`},
		{"time in text", header + `{"t":"1","step":1,"kind":"x"}` + "\n", tracefile.ErrSyntax, `no time "t"`},
		{"time below 0", header + `{"t":-1,"step":1,"kind":"x"}` + "\n", tracefile.ErrSyntax, `no time "t"`},
		{"no step", header + `{"t":1,"kind":"x"}` + "\n", tracefile.ErrSyntax, `no "step"`},
		{"no kind", header + `{"t":1,"step":1}` + "\n", tracefile.ErrSyntax, `no "kind"`},
		{"kind of number", header + `{"t":1,"step":1,"kind":3}` + "\n", tracefile.ErrSyntax, `no "kind"`},
		{"empty kind", header + `{"t":1,"step":1,"kind":""}` + "\n", tracefile.ErrSyntax, `no "kind"`},
		{"steps go back", header + start + back + end, tracefile.ErrOrder, "x.jsonl:3: lines out of order: step is 0, the line before has 1"},
		{"time goes back", header + end[:len(end)-1] + "\n" + start, tracefile.ErrOrder, "x.jsonl:3: lines out of order: it follows the end"},
		{"time falls", header + `{"t":2,"step":1,"kind":"x"}` + "\n" + `{"t":1,"step":1,"kind":"x"}` + "\n", tracefile.ErrOrder, "t is 1, the line before has 2"},
		{"long", header + strings.Repeat("x", tracefile.MaxLine+1) + "\n", tracefile.ErrSyntax, "x.jsonl:2: not a line of a trace: it is longer than"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, _, err := readAll(strings.NewReader(tt.text))
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("error %v, want %v with %q", err, tt.want, tt.says)
			}
		})
	}
}

// TestReader_errorBelow: an error of the file is handed on with its place.
func TestReader_errorBelow(t *testing.T) {
	below := errors.New("disk on fire")
	_, events, err := readAll(io.MultiReader(strings.NewReader(header+start), iotest.ErrReader(below)))
	if !errors.Is(err, below) || len(events) != 1 || !strings.HasPrefix(err.Error(), "x.jsonl:3: ") {
		t.Errorf("%d events, %v", len(events), err)
	}
}

// TestReader_errorStays: after an error there is nothing but it.
func TestReader_errorStays(t *testing.T) {
	r, err := tracefile.NewReader("x.jsonl", iotest.OneByteReader(strings.NewReader(header+"}\n"+start+end)))
	if err != nil {
		t.Fatal(err)
	}
	_, first := r.Next()
	e, second := r.Next()
	if first == nil || first != second || e.Kind != "" {
		t.Errorf("errors %v and %v, event %v", first, second, e)
	}
}

// TestReader_noNewlineAtTheEnd: whole is what says that it is the end, whatever an
// editor did to the last byte.
func TestReader_noNewlineAtTheEnd(t *testing.T) {
	if _, events, err := readAll(strings.NewReader(header + strings.TrimSpace(end))); err != io.EOF || len(events) != 1 || events[0].At != 9*time.Nanosecond {
		t.Errorf("%v, %v", events, err)
	}
}
