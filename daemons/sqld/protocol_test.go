package sqld

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// frame is a frame of these bytes.
func frame(kind byte, body ...byte) []byte {
	b := binary.BigEndian.AppendUint32(nil, uint32(len(body)+1))
	return append(append(b, kind), body...)
}

func TestReadFrame(t *testing.T) {
	for _, tt := range []struct {
		name string
		in   []byte
		err  error
	}{
		{"a frame", frame('x', 1, 2), nil},
		{"no body", frame('x'), nil},
		{"nothing", nil, io.EOF},
		{"half a length", []byte{0, 0}, io.ErrUnexpectedEOF},
		{"half a body", frame('x', 1, 2)[:6], io.ErrUnexpectedEOF},
		{"no kind", []byte{0, 0, 0, 0}, errMalformed},
		{"too long", []byte{0xff, 0xff, 0xff, 0xff, 'x'}, errMalformed},
	} {
		t.Run(tt.name, func(t *testing.T) {
			kind, body, _, err := readFrame(bytes.NewReader(tt.in), nil)
			if !errors.Is(err, tt.err) || err == nil && (kind != 'x' || !bytes.Equal(body, tt.in[5:])) {
				t.Errorf("%q %v, %v", kind, body, err)
			}
		})
	}
}

// A length is not believed before its bytes have come.
func TestReadFrame_allocatesWhatComes(t *testing.T) {
	in := append(binary.BigEndian.AppendUint32(nil, maxFrame), make([]byte, 10000)...)
	_, _, buf, err := readFrame(bytes.NewReader(in), nil)
	if !errors.Is(err, io.ErrUnexpectedEOF) || cap(buf) > 64<<10 {
		t.Errorf("%v, %d bytes", err, cap(buf))
	}
	grown, err := readGrowing(bytes.NewReader(make([]byte, 10000)), nil, maxFrame)
	if !errors.Is(err, io.ErrUnexpectedEOF) || cap(grown) > 64<<10 {
		t.Errorf("%v, %d bytes", err, cap(grown))
	}
}

func values() *rapid.Generator[any] {
	return rapid.OneOf(
		rapid.Just[any](nil), rapid.Int64().AsAny(), rapid.String().AsAny(),
		rapid.Map(rapid.Float64(), func(f float64) any { return f }),
		rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) any { return append([]byte{}, b...) }),
	)
}

func TestEntries_comeBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		list := rapid.SliceOfN(values(), 0, 5)
		var all []entry
		for range rapid.IntRange(0, 5).Draw(t, "n") {
			all = append(all, entry{statement{rapid.String().Draw(t, "text"), filled(list.Draw(t, "args"))}, filled(list.Draw(t, "impure"))})
		}
		body, err := encodeEntries(all)
		if err != nil {
			t.Fatal(err)
		}
		got, err := decodeEntries(body)
		if err != nil || len(got) != len(all) || len(all) > 0 && !reflect.DeepEqual(got, all) {
			t.Errorf("%v, %v", got, err)
		}
		if len(body) > 1 {
			if _, err := decodeEntries(body[:len(body)-1]); !errors.Is(err, errMalformed) {
				t.Errorf("cut: %v", err)
			}
		}
		if _, err := decodeEntries(append(body, 0)); !errors.Is(err, errMalformed) {
			t.Errorf("a byte more: %v", err)
		}
	})
}

// Texts that share their memory are what texts are that do not, also where the bytes are
// used again.
func TestDecoder_share(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		rows := filled(rapid.SliceOf(values()).Draw(t, "values"))
		var e encoder
		for _, v := range rows {
			if err := e.value(v); err != nil {
				t.Fatal(err)
			}
		}
		d := &decoder{body: e.buf}
		d.share()
		got := make([]any, len(rows))
		for i := range got {
			got[i] = d.value()
		}
		clear(e.buf)
		if err := d.end(); err != nil || !reflect.DeepEqual(got, rows) {
			t.Errorf("%v, %v", got, err)
		}
	})
}

// Statements that are known are as they are sent, and only so many are known.
func TestTexts(t *testing.T) {
	known := texts{}
	for i := range 3 * maxTexts {
		want := statement{fmt.Sprint("select ", i/2), []any{int64(i)}}
		if i%50 == 0 {
			want.text = strings.Repeat("x", maxText+1)
		}
		var e encoder
		if err := want.encode(&e); err != nil {
			t.Fatal(err)
		}
		if got := known.decode(&decoder{body: e.buf}); !reflect.DeepEqual(got, want) {
			t.Fatalf("%v", got)
		}
		clear(e.buf)
		if len(known) > maxTexts || known[want.text] != "" && len(want.text) > maxText {
			t.Fatalf("%d texts are known", len(known))
		}
	}
}

// filled is all, and not nil.
func filled(all []any) []any { return append([]any{}, all...) }

// FuzzRequest feeds bytes to what reads a client's frames and the log.
func FuzzRequest(f *testing.F) {
	var e encoder
	e.begin(frameExecute)
	statement{"select ?, ?", []any{int64(1), "x", nil, 2.5, []byte{1}}}.encode(&e)
	e.end()
	f.Add(e.buf)
	f.Add(frame(framePull, 2, 3))
	f.Add(frame(frameExecute, 0, 0xff, 0xff, 0xff, 0x0f))
	f.Fuzz(func(t *testing.T, in []byte) {
		r, known := bytes.NewReader(in), texts{}
		for {
			kind, body, _, err := readFrame(r, nil)
			if err != nil {
				return
			}
			d := &decoder{body: body}
			if kind != frameExecute {
				decodeEntries(body)
				continue
			}
			st := known.decode(d)
			if d.end() != nil {
				continue
			}
			var again encoder
			if err := st.encode(&again); err != nil {
				t.Fatal(err)
			}
			d = &decoder{body: again.buf}
			if back := decodeStatement(d); d.end() != nil || !same(back, st) {
				t.Errorf("%v became %v, %v", st, back, d.err)
			}
		}
	})
}

// same compares statements; a number that is none equals itself here.
func same(a, b statement) bool {
	for i, v := range a.args {
		f, ok := v.(float64)
		if g, too := b.args[i].(float64); ok && too && math.IsNaN(f) && math.IsNaN(g) {
			a.args[i], b.args[i] = nil, nil
		}
	}
	return reflect.DeepEqual(a, b)
}

// FuzzAnswer feeds bytes to what reads a server's frames.
func FuzzAnswer(f *testing.F) {
	f.Add(append(frame(frameColumns, 1, 1, 'a'), append(frame(frameRows, valueInt, 4), frame(frameDone, 2, 4)...)...))
	f.Add(frame(frameError, 3, 4, 'b', 'u', 's', 'y'))
	f.Add(append(frame(frameColumns, 0), frame(frameRows, 0)...))
	f.Add(slices.Concat(frame(frameColumns, 1, 1, 'a'), frame(frameRows, 0), frame(frameColumns, 2, 1, 'a', 1, 'b'), frame(frameRows, 0, 0)))
	f.Fuzz(func(t *testing.T, in []byte) {
		r := bytes.NewReader(in)
		var a answer
		for {
			kind, body, _, err := readFrame(r, nil)
			if err != nil {
				return
			}
			done, err := a.decode(kind, body)
			if err != nil || done {
				return
			}
			for _, row := range a.rows {
				if len(row) != len(a.columns) {
					t.Fatalf("%d values in %d columns", len(row), len(a.columns))
				}
			}
		}
	})
}
