package tracefile_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/wavetank/wavetank/sim/tracefile"
)

// FuzzReader reads anything. What comes out keeps the promises of a trace, and
// says the same as encoding/json does of each line.
func FuzzReader(f *testing.F) {
	f.Add([]byte(header + start + end))
	f.Add([]byte(header + `{"t":1,"step":1,"kind":"log","msg":"\u003c\"\\","a":[{}],"a":null}` + "\r\n" + end))
	f.Add([]byte(header + ` { "t" : 1 , "step" : 1 , "kind" : "x" , "o" : { "k" : [ "}" , 1e9 ] } } ` + "\n"))
	f.Add([]byte(header + start[:20]))
	f.Add([]byte(start))
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := tracefile.NewReader("fuzz", bytes.NewReader(data))
		if err != nil {
			return
		}
		var at time.Duration
		var step uint64
		for line := 2; ; line++ {
			e, err := r.Next()
			if err == io.EOF {
				return
			}
			if err != nil {
				if _, again := r.Next(); again != err {
					t.Fatalf("after %v came %v", err, again)
				}
				return
			}
			if e.Line != line || e.At < at || e.Step < step || e.Kind == "" {
				t.Fatalf("line %d is %+v after %v and %d", line, e, at, step)
			}
			at, step = e.At, e.Step
			agree(t, &e)
		}
	})
}

// agree compares the fields with what encoding/json reads. It keeps the last one
// of equal keys, a trace's reader the first: lines that have some are left out.
func agree(t *testing.T, e *tracefile.Event) {
	var want map[string]json.RawMessage
	if err := json.Unmarshal([]byte(e.Text), &want); err != nil {
		t.Fatalf("%s: %v", e.Text, err)
	}
	envelope := 3
	if _, ok := want["host"]; ok {
		envelope = 4
	}
	if len(e.Fields)+envelope != len(want) {
		return
	}
	for _, f := range e.Fields {
		if string(want[f.Key]) != f.JSON {
			t.Fatalf("%s: %q is %s, want %s", e.Text, f.Key, f.JSON, want[f.Key])
		}
	}
}
