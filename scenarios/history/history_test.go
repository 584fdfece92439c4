package history_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/scenarios/history"
	"github.com/wavetank/wavetank/sim/tracefile"
)

func header() history.Header {
	return history.Header{
		Line: "w1:x:seed=7", Scenario: "x", Seed: 7, World: "sim", Profile: "default", Script: "scenario x\n",
		Machines: []history.Address{{Machine: "mon.a", Addr: netip.MustParseAddr("10.0.0.1")}}, Properties: []string{"I-1 one"},
	}
}

// write is a history of records.
func write(t interface{ Fatal(...any) }, records ...history.Record) string {
	var out bytes.Buffer
	w := history.NewWriter(&out, header())
	for _, r := range records {
		w.Write(r)
	}
	if err := w.Err(); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

// read reads a history to its end.
func read(text string) (records []history.Record, err error) {
	r, err := history.NewReader("x.jsonl", strings.NewReader(text))
	for err == nil {
		var one history.Record
		if one, err = r.Next(); err == nil {
			records = append(records, one)
		}
	}
	return records, err
}

// TestFacts_all: every type in the daemons and the clusters that has a Kind, Attrs and
// fields of a fact is in the list, under a kind of its own.
func TestFacts_all(t *testing.T) {
	listed := make(map[string]bool)
	kinds := make(map[string]bool)
	for _, f := range history.Facts() {
		listed[reflect.TypeOf(f).PkgPath()+"."+reflect.TypeOf(f).Name()] = true
		if kinds[f.Kind()] {
			t.Errorf("two facts are of kind %s", f.Kind())
		}
		kinds[f.Kind()] = true
	}
	method := regexp.MustCompile(`(?m)^func \((?:\w+ )?(\w+)\) Attrs\(\) \[\]slog\.Attr`)
	found := 0
	for _, root := range []string{"daemons", "cluster"} {
		err := filepath.WalkDir(filepath.Join("../..", root), func(path string, _ fs.DirEntry, err error) error {
			if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
				return err
			}
			text, err := os.ReadFile(path)
			for _, m := range method.FindAllStringSubmatch(string(text), -1) {
				found++
				dir, _ := filepath.Rel("../..", filepath.Dir(path))
				if name := "github.com/wavetank/wavetank/" + filepath.ToSlash(dir) + "." + m[1]; !listed[name] {
					t.Errorf("%s is a fact, and a history cannot give it back: add it to Facts", name)
				}
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	if found != len(listed) {
		t.Errorf("%d facts in the source, %d in the list", found, len(listed))
	}
}

// drawFact draws a fact of any type with any fields.
func drawFact(t *rapid.T) host.Fact {
	f := rapid.SampledFrom(history.Facts()).Draw(t, "type")
	v := reflect.New(reflect.TypeOf(f)).Elem()
	fill(t, v, f.Kind())
	return v.Interface().(host.Fact)
}

func fill(t *rapid.T, v reflect.Value, label string) {
	if addr, ok := v.Addr().Interface().(*netip.AddrPort); ok {
		*addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 0, rapid.Byte().Draw(t, label)}), rapid.Uint16().Draw(t, label))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			fill(t, v.Field(i), label+"."+v.Type().Field(i).Name)
		}
	case reflect.String:
		v.SetString(strings.ToValidUTF8(rapid.String().Draw(t, label), "?"))
	case reflect.Bool:
		v.SetBool(rapid.Bool().Draw(t, label))
	case reflect.Int, reflect.Int32, reflect.Int64:
		n := rapid.Int64().Draw(t, label)
		if v.OverflowInt(n) {
			n = int64(int32(n))
		}
		v.SetInt(n)
	case reflect.Uint32, reflect.Uint64:
		n := rapid.Uint64().Draw(t, label)
		if v.OverflowUint(n) {
			n = uint64(uint32(n))
		}
		v.SetUint(n)
	default:
		t.Fatalf("%s is a %v, which a fact of a history cannot have", label, v.Type())
	}
}

// TestRoundTrip: every fact comes back as it was, with its type and its circumstances.
func TestRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var want []history.Record
		for i := range rapid.IntRange(0, 6).Draw(t, "facts") {
			o := cluster.Observation{
				At: time.Duration(i) * time.Second, Step: uint64(i), Host: rapid.SampledFrom([]string{"", "mon.a"}).Draw(t, "host"),
				PID: rapid.Uint32().Draw(t, "pid"), Wall: time.Duration(rapid.Int64().Draw(t, "wall")), Fact: drawFact(t),
			}
			want = append(want, history.Record{
				Line: i + 2, Kind: history.KindFact, At: o.At, Step: o.Step, Name: o.Host, Fact: o.Fact.Kind(), Observation: o,
			})
		}
		end := history.Record{Line: len(want) + 2, Kind: history.KindEnd, At: time.Hour, Step: 99, End: &history.End{
			Verdict: "fail", Failure: &history.Failure{Property: "I-1 one", Detail: "<&>", At: 7, Step: 3, Host: "mon.a"},
		}}
		want = append(want, end)
		got, err := read(write(t, want...))
		if err != io.EOF {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
			t.Fatalf("(-written +read):\n%s", diff)
		}
	})
}

// TestRoundTrip_acts: what is no fact comes back too.
func TestRoundTrip_acts(t *testing.T) {
	want := []history.Record{
		{Line: 2, Kind: history.KindMachine, Name: "mon.a", Machine: history.Machine{Running: true, PID: 3, Disk: "io,corrupt"}},
		{Line: 3, Kind: history.KindStrike, At: 5, Step: 1},
		{Line: 4, Kind: history.KindStruck, At: 5, Step: 1, Victims: []string{"mon.a"}, Landed: 1},
		{Line: 5, Kind: history.KindPoints, At: 6, Step: 2},
		{Line: 6, Kind: history.KindGoal, At: 6, Step: 2, Index: 1, Reached: true},
		{Line: 7, Kind: history.KindEnd, At: 9, Step: 4, End: &history.End{Verdict: "pass", Vain: "when x"}},
	}
	got, err := read(write(t, want...))
	if err != io.EOF {
		t.Fatal(err)
	}
	for i := range got {
		got[i].Observation = cluster.Observation{}
	}
	got[0].Observation, want[0].Observation = cluster.Observation{}, cluster.Observation{}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-written +read):\n%s", diff)
	}
}

// role is a fact that a history can have.
func role() history.Record {
	return history.Record{Kind: history.KindFact, At: 5, Step: 2, Observation: cluster.Observation{
		At: 5, Step: 2, Host: "mon.a", PID: 1, Fact: mon.Role{Mon: "a", Term: 3, Role: "leader"},
	}}
}

func end() history.Record {
	return history.Record{Kind: history.KindEnd, At: 9, Step: 3, End: &history.End{Verdict: "pass"}}
}

// TestReader_broken: what is wrong has its error, with the file and the line.
func TestReader_broken(t *testing.T) {
	whole := write(t, role(), end())
	lines := strings.SplitAfter(whole, "\n")
	first, fact, last := lines[0], lines[1], lines[2]
	swap := func(old, now string) string {
		if !strings.Contains(whole, old) {
			t.Fatalf("%q is not in the history", old)
		}
		return strings.Replace(whole, old, now, 1)
	}
	for name, tt := range map[string]struct {
		text string
		want error
		says string
	}{
		"empty":                    {"", history.ErrCut, "x.jsonl:1: "},
		"garbage":                  {"\x00\xff\n", history.ErrVersion, "x.jsonl:1: "},
		"a trace":                  {`{"t":0,"step":0,"kind":"trace","schema":1}` + "\n", history.ErrVersion, "x.jsonl:1: "},
		"another version":          {swap(`{"history":1`, `{"history":2`), history.ErrVersion, "its version is 2, this program reads 1"},
		"a header cut":             {first[:50], history.ErrCut, "x.jsonl:1: "},
		"no end":                   {first + fact, history.ErrCut, "x.jsonl:2: "},
		"a line cut":               {first + fact[:40], history.ErrCut, "x.jsonl:2: "},
		"behind the end":           {whole + last, history.ErrOrder, "x.jsonl:4: "},
		"time goes back":           {first + fact + swap(`"t":9`, `"t":4`)[len(first)+len(fact):], history.ErrOrder, "x.jsonl:3: "},
		"no number":                {swap(`"Term":3`, `"Term":"3"`), history.ErrSyntax, "x.jsonl:2: not a line of a history: mon.role: the fact's Term"},
		"too large":                {swap(`"Term":3`, `"Term":18446744073709551616`), history.ErrSyntax, "Term"},
		"null":                     {swap(`"Term":3`, `"Term":null`), history.ErrSyntax, "the fact has no Term"},
		"a field less":             {swap(`"Term":3,`, ``), history.ErrSyntax, "the fact has no Term"},
		"a field that is not said": {swap(`"Term":3`, `"Term":3,"More":1`), history.ErrSyntax, "a field More"},
		"an unknown kind":          {swap(`"kind":"fact"`, `"kind":"fate"`), history.ErrSyntax, `there is no kind "fate"`},
		"an unknown member":        {swap(`"kind":"fact"`, `"kind":"fact","more":1`), history.ErrSyntax, "more"},
		"a fact of nothing":        {swap(`"fact":"mon.role"`, `"fact":""`), history.ErrSyntax, "it has no fact"},
		"two objects":              {swap(`"pid":1`, `"pid":1}{"t":1`), history.ErrSyntax, "x.jsonl:2: "},
		"not UTF-8":                {swap(`"leader"`, "\"\xff\""), history.ErrSyntax, "it is not UTF-8"},
		"a gigantic line":          {first + strings.Repeat("x", tracefile.MaxLine+1), history.ErrSyntax, "it is longer than"},
		"no facts":                 {`{"history":1,"world":"sim"}` + "\n", history.ErrSyntax, "which facts there are"},
		"a machine twice":          {swap(`"machines":[`, `"machines":[{"machine":"mon.a","addr":"10.0.0.9"},`), history.ErrSyntax, `machine "mon.a"`},
		"no address":               {swap(`"10.0.0.1"`, `""`), history.ErrSyntax, `machine "mon.a"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := read(tt.text)
			if !errors.Is(err, tt.want) || !strings.Contains(fmt.Sprint(err), tt.says) {
				t.Errorf("%v; want %v that says %q", err, tt.want, tt.says)
			}
		})
	}
}

// TestReader_unknown: a fact or a field of another program is not lost without a word, and
// what this program knows of it comes through.
func TestReader_unknown(t *testing.T) {
	whole := write(t, role(), end())
	more := strings.Replace(whole, `"Term uint64",`, `"Term uint64","Mood string",`, 1)
	more = strings.Replace(more, `"Term":3`, `"Term":3,"Mood":"bad"`, 1)
	other := strings.Replace(whole, `"fact":"mon.role"`, `"fact":"mon.dream"`, 1)
	for name, tt := range map[string]struct {
		text    string
		unknown int
		fact    host.Fact
	}{
		"a field": {more, 0, mon.Role{Mon: "a", Term: 3, Role: "leader"}},
		"a fact":  {other, 1, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, err := history.NewReader("x", strings.NewReader(tt.text))
			if err != nil {
				t.Fatal(err)
			}
			record, err := r.Next()
			if err != nil || record.Observation.Fact != tt.fact || r.Unknown()["mon.dream"] != tt.unknown {
				t.Errorf("%v: %+v, unknown %v", err, record.Observation.Fact, r.Unknown())
			}
		})
	}
}

// TestCatalogue_Compare: what another program's facts have more or less, or of another
// type.
func TestCatalogue_Compare(t *testing.T) {
	c := history.KnownFacts()
	delete(c, "mon.map_sent")
	c["mon.dream"] = []string{"Of string"}
	for i, f := range c["mon.role"] {
		if f == "Term uint64" {
			c["mon.role"][i] = "Term string"
		}
	}
	lacks, unknown := c.Compare()
	if got := fmt.Sprint(lacks, unknown); got != "[mon.map_sent mon.role.Term] [mon.dream mon.role.Term]" {
		t.Error(got)
	}
}

// TestWorld: time goes on by what is read, machines stand as they are said to, and facts
// reach the observers.
func TestWorld(t *testing.T) {
	w := history.NewWorld(header())
	m := w.AddHost("mon.a")
	w.AddHost("mon.b")
	var seen []host.Fact
	w.Observe(func(o cluster.Observation) { seen = append(seen, o.Fact) })
	for _, r := range []history.Record{
		{Kind: history.KindMachine, At: 3, Name: "mon.a", Machine: history.Machine{Running: true, Paused: true, Disk: "forgot"}}, role(),
	} {
		if err := w.Pass(r); err != nil {
			t.Fatal(err)
		}
	}
	if w.Now() != 5 || w.Step() != 2 || len(seen) != 1 || !m.Running() || !m.Paused() || m.Addr().String() != "10.0.0.1" {
		t.Errorf("at %v step %d: %v, %+v", w.Now(), w.Step(), seen, w.Machine("mon.a"))
	}
	if got := fmt.Sprint(w.Strangers(), len(w.DiskFaults("mon.a")), w.Machine("nobody")); got != "[mon.b] 1 {false false 0 }" {
		t.Error(got)
	}
	if err := w.Pass(history.Record{Kind: history.KindMachine, Name: "nobody"}); !errors.Is(err, history.ErrSyntax) {
		t.Error(err)
	}
}
