package sim

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"net/netip"
	"strings"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
)

// records is a Decoder of a protocol of records: a letter, which is the unit's
// name, a number, and as many bytes as the number says.
type records struct{ sides [2]recordSide }

type recordSide struct {
	at, skip int64
	letter   string
}

func (r *records) Wrote(dialler bool, p []byte, mark func(int64, string, uint64)) int64 {
	s := &r.sides[0]
	if dialler {
		s = &r.sides[1]
	}
	for _, b := range p {
		switch {
		case s.skip > 0:
			s.skip--
		case s.letter == "":
			s.letter = string(b)
		default:
			mark(s.at-1, s.letter, uint64(b))
			s.letter, s.skip = "", int64(b)
		}
		s.at++
	}
	if s.letter != "" {
		return s.at - 1
	}
	return s.at + s.skip
}

// record is one of n bytes besides its first two.
func record(letter byte, n int) string {
	return string(letter) + string(rune(n)) + strings.Repeat(strings.ToLower(string(letter)), n)
}

// got is what has arrived by some time.
type got struct {
	at    time.Duration
	bytes string
}

// wire is two machines, of which a sends what it is told to b.
type wire struct {
	t    *testing.T
	sim  *Sim
	a, b *Host
	// What b has received, the end of that if it came, and what a's last write
	// said.
	got         []got
	end, sender error
	hangUp      bool // a closes after the last write
	answer      func(c io.ReadWriter)
}

// newWire sends each of the texts after a pause of a second, the first at second 1.
func newWire(t *testing.T, config Config, texts ...string) *wire {
	w := &wire{t: t, hangUp: true}
	config.Seed = max(config.Seed, 1)
	w.sim = New(config)
	w.b = w.sim.dialogue("b", func(h host.Host, task host.Task, stack *netconn.Stack) {
		l, err := stack.Listen("tcp", "0.0.0.0:80")
		if err != nil {
			t.Error(err)
			return
		}
		for {
			c, err := l.Accept()
			if err != nil {
				t.Error(err)
				return
			}
			if w.answer != nil {
				w.answer(c)
			}
			buf := make([]byte, 1<<16)
			for w.end = nil; w.end == nil; {
				var n int
				n, w.end = c.Read(buf)
				if n > 0 {
					w.got = append(w.got, got{h.Clock().Monotonic(), string(buf[:n])})
				}
			}
			c.Close()
		}
	})
	w.a = w.sim.dialogue("a", func(_ host.Host, task host.Task, stack *netconn.Stack) {
		task.Sleep(time.Second / 2)
		c, err := stack.Dial("tcp", netip.AddrPortFrom(w.b.Addr(), 80).String())
		if err != nil {
			t.Error(err)
			return
		}
		task.Sleep(time.Second / 2)
		for _, text := range texts {
			if _, w.sender = io.WriteString(c, text); w.sender != nil {
				break
			}
			task.Sleep(time.Second)
		}
		if w.hangUp {
			c.Close()
		} else {
			_, w.sender = c.Read(make([]byte, 1))
		}
	})
	return w
}

func decoded() Config { return Config{Decoder: func() Decoder { return new(records) }} }

// rule adds a rule.
func (w *wire) rule(r *Rule) *Rule {
	w.t.Helper()
	if r.Name == "" {
		r.Name = fmt.Sprint("rule ", len(w.sim.rules))
	}
	if err := w.sim.AddRule(r); err != nil {
		w.t.Fatal(err)
	}
	return r
}

// run lets a minute pass and compares what arrived, in which second.
func (w *wire) run(want ...string) {
	w.t.Helper()
	w.sim.Run(time.Minute)
	var all []string
	for _, g := range w.got {
		second := fmt.Sprintf("%d ", int(g.at.Seconds()))
		if n := len(all); n > 0 && strings.HasPrefix(all[n-1], second) {
			all[n-1] += g.bytes
		} else {
			all = append(all, second+g.bytes)
		}
	}
	if strings.Join(all, "|") != strings.Join(want, "|") {
		w.t.Errorf("got %q, want %q", all, want)
	}
	w.sim.Close()
	if n := w.sim.Counts().Buffers; n != 0 {
		w.t.Errorf("%d buffers are lost", n)
	}
}

func (w *wire) ended(end, sender error) {
	w.t.Helper()
	if !errors.Is(w.end, end) || !errors.Is(w.sender, sender) {
		w.t.Errorf("ended with %v and %v, want %v and %v", w.end, w.sender, end, sender)
	}
}

var a3, b3, c3 = record('A', 3), record('B', 3), record('C', 3)

func TestRule_delay(t *testing.T) {
	w := newWire(t, decoded(), a3+b3+c3, a3)
	r := w.rule(&Rule{Guard: Guard{Unit: "B"}, Verdict: DelayBy(5 * time.Second)})
	w.run("1 "+a3, "6 "+b3+c3+a3)
	w.ended(io.EOF, nil)
	if r.Struck() != 1 {
		t.Errorf("struck %d times", r.Struck())
	}
}

func TestRule_holdAndRelease(t *testing.T) {
	w := newWire(t, decoded(), a3+b3+c3, a3, b3)
	r := w.rule(&Rule{Guard: Guard{Unit: "B"}, Verdict: HoldBack()})
	for _, at := range []time.Duration{10, 20} {
		w.sim.At(at*time.Second, func() {
			if r.Holding() != 1 {
				t.Errorf("holds %d streams", r.Holding())
			}
			r.Release()
		})
	}
	w.run("1 "+a3, "10 "+b3+c3+a3, "20 "+b3)
	w.ended(io.EOF, nil)
}

func TestRule_removeReleases(t *testing.T) {
	w := newWire(t, decoded(), a3+b3, b3)
	r := w.rule(&Rule{Guard: Guard{Unit: "B"}, Verdict: HoldBack()})
	w.sim.At(10*time.Second, r.Remove)
	w.run("1 "+a3, "10 "+b3+b3)
	w.ended(io.EOF, nil)
}

func TestRule_heldConnectionMayBreak(t *testing.T) {
	w := newWire(t, decoded(), a3+b3)
	w.hangUp = false
	r := w.rule(&Rule{Guard: Guard{Unit: "B"}, Verdict: HoldBack()})
	w.sim.At(10*time.Second, func() { w.sim.Reset(w.a, w.b) })
	w.sim.At(20*time.Second, r.Release)
	w.run("1 " + a3)
	w.ended(syscall.ECONNRESET, syscall.ECONNRESET)
}

func TestRule_reset(t *testing.T) {
	w := newWire(t, decoded(), a3, b3+c3)
	w.hangUp = false
	w.rule(&Rule{Guard: Guard{Unit: "C"}, Verdict: BreakOff()})
	w.run("1 " + a3) // who is reset loses what it has not read
	w.ended(syscall.ECONNRESET, syscall.ECONNRESET)
	if n := w.sim.Counts().BytesReceived; n != uint64(len(a3+b3)) {
		t.Errorf("%d bytes were delivered before the reset", n)
	}
}

func TestRule_cut(t *testing.T) {
	w := newWire(t, decoded(), a3+b3, c3)
	w.rule(&Rule{Guard: Guard{Unit: "B"}, Verdict: CutAfter(2)})
	w.run("1 " + a3 + b3[:2])
	w.ended(nil, nil) // no FIN came
}

// What is cut off acknowledges nothing either: who sends the other way comes to a
// stop when its window is full.
func TestRule_cutHoldsAcknowledgements(t *testing.T) {
	for _, cut := range []bool{false, true} {
		w := newWire(t, Config{}, "x")
		w.hangUp = false
		sent := 0
		w.answer = func(c io.ReadWriter) {
			io.ReadFull(c, make([]byte, 1))
			for range 100 {
				n, err := c.Write(make([]byte, 64<<10))
				if sent += n; err != nil {
					return
				}
			}
		}
		w.sim.Host("a").Kill()
		w.sim.AddHost("c").Start(func(h host.Host) {
			loop := h.NewLoop("main")
			loop.Go("reader", func(task host.Task) {
				task.Sleep(time.Second)
				c, err := netconn.New(h, loop).Dial("tcp", netip.AddrPortFrom(w.b.Addr(), 80).String())
				if err != nil {
					t.Error(err)
					return
				}
				io.WriteString(c, "x")
				io.Copy(io.Discard, c)
			})
		})
		if cut {
			w.rule(&Rule{Guard: Guard{To: w.b}, Verdict: CutAfter(1)})
		}
		w.sim.Run(time.Minute)
		if whole := sent == 100*64<<10; whole == cut {
			t.Errorf("cut: %v, and %d bytes were taken", cut, sent)
		}
		w.sim.Close()
	}
}

// Both ends give a connection up of which one direction was cut: one is not
// acknowledged, the other's acknowledgements do not come.
func TestRule_cutIsGivenUp(t *testing.T) {
	for _, tt := range []struct {
		name, from, to, answer string
		end, sender            error
	}{
		{"bytes", "a", "b", "", nil, syscall.ETIMEDOUT},
		{"acknowledgements", "b", "a", "0", syscall.ETIMEDOUT, syscall.ETIMEDOUT},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWire(t, Config{UserTimeout: time.Minute}, "xyz", "uvw")
			w.hangUp = false
			w.answer = func(c io.ReadWriter) { io.WriteString(c, tt.answer) }
			w.rule(&Rule{Guard: Guard{From: w.sim.Host(tt.from), To: w.sim.Host(tt.to)}, Verdict: CutAfter(0)})
			w.sim.Run(60 * time.Second)
			w.ended(nil, nil)
			w.sim.Run(1500 * time.Millisecond) // a minute after the first write
			w.ended(tt.end, tt.sender)
			w.sim.Close()
		})
	}
}

func TestRule_flip(t *testing.T) {
	w := newWire(t, decoded(), a3+b3, c3)
	w.rule(&Rule{Guard: Guard{Unit: "B"}, Verdict: FlipBit(2, 5)})
	w.rule(&Rule{Guard: Guard{Unit: "A"}, Verdict: FlipBit(int64(len(a3+b3)), 1)}) // in what comes later
	w.run("1 "+a3+b3[:2]+"B"+b3[3:], "2 A"+c3[1:])
}

// A unit that is written bit by bit is judged at its first byte, once it has a name.
func TestRule_unitsThatAreWrittenInPieces(t *testing.T) {
	pieces := []string{a3 + "B", b3[1:] + "C", c3[1:4], c3[4:]}
	t.Run("hold", func(t *testing.T) {
		w := newWire(t, decoded(), pieces...)
		r := w.rule(&Rule{Guard: Guard{Unit: "B"}, Verdict: HoldBack()})
		w.sim.At(20*time.Second, r.Release)
		w.run("1 "+a3, "20 "+b3+c3)
		w.ended(io.EOF, nil)
	})
	t.Run("nothing is asked", func(t *testing.T) {
		w := newWire(t, decoded(), pieces...)
		w.run("1 "+a3+"B", "2 "+b3[1:]+"C", "3 "+c3[1:4], "4 "+c3[4:])
	})
	t.Run("nothing matches", func(t *testing.T) {
		w := newWire(t, decoded(), pieces...)
		w.rule(&Rule{Guard: Guard{Unit: "X"}, Verdict: HoldBack()})
		w.run("1 "+a3, "2 "+b3, "3 "+c3[:4], "4 "+c3[4:])
	})
	t.Run("it is about other machines", func(t *testing.T) {
		w := newWire(t, decoded(), pieces...)
		w.rule(&Rule{Guard: Guard{From: w.b, To: w.a, Unit: "X"}, Verdict: HoldBack()})
		w.run("1 "+a3+"B", "2 "+b3[1:]+"C", "3 "+c3[1:4], "4 "+c3[4:])
	})
	t.Run("the end comes before the name", func(t *testing.T) {
		w := newWire(t, decoded(), a3+"B")
		w.rule(&Rule{Guard: Guard{Unit: "B"}, Verdict: HoldBack()})
		w.run("1 "+a3, "2 B")
		w.ended(io.EOF, nil)
	})
}

func TestRule_guards(t *testing.T) {
	five := DelayBy(5 * time.Second)
	long := strings.Repeat("x", 10)
	for _, tt := range []struct {
		name    string
		plain   bool // no decoder
		texts   []string
		rules   func(w *wire) []*Rule
		want    []string
		matches int // of the first rule
	}{
		{
			name: "the first rule that matches decides", texts: []string{a3, b3, c3},
			rules: func(*wire) []*Rule {
				return []*Rule{{Guard: Guard{Unit: "B"}, Verdict: PassOn()}, {Verdict: five, Skip: 1}}
			},
			want: []string{"1 " + a3, "2 " + b3, "8 " + c3}, matches: 1,
		},
		{
			name: "skip and times", texts: []string{a3, b3 + b3, b3},
			rules: func(*wire) []*Rule { return []*Rule{{Guard: Guard{Unit: "B"}, Skip: 1, Times: 1, Verdict: five}} },
			want:  []string{"1 " + a3, "2 " + b3, "7 " + b3 + b3}, matches: 1,
		},
		{
			name: "numbers", texts: []string{record('A', 1), record('A', 2), record('A', 3)},
			rules: func(*wire) []*Rule { return []*Rule{{Guard: Guard{Unit: "A", Least: 2, Most: 2}, Verdict: five}} },
			want:  []string{"1 " + record('A', 1), "7 " + record('A', 2) + record('A', 3)}, matches: 1,
		},
		{
			name: "another direction", texts: []string{a3},
			rules: func(w *wire) []*Rule { return []*Rule{{Guard: Guard{From: w.b, To: w.a}, Verdict: five}} },
			want:  []string{"1 " + a3},
		},
		{
			name: "this direction", texts: []string{a3},
			rules: func(w *wire) []*Rule { return []*Rule{{Guard: Guard{From: w.a, To: w.b}, Verdict: five}} },
			want:  []string{"6 " + a3}, matches: 1,
		},
		{
			name: "young", texts: []string{a3, b3, c3},
			rules: func(*wire) []*Rule { return []*Rule{{Guard: Guard{MaxAge: time.Second}, Verdict: five}} },
			want:  []string{"6 " + a3 + b3 + c3}, matches: 1,
		},
		{
			name: "old", texts: []string{a3, b3, c3},
			rules: func(*wire) []*Rule { return []*Rule{{Guard: Guard{MinAge: 2 * time.Second}, Verdict: five}} },
			want:  []string{"1 " + a3, "2 " + b3, "8 " + c3}, matches: 1,
		},
		{
			name: "another connection", texts: []string{a3},
			rules: func(*wire) []*Rule { return []*Rule{{Guard: Guard{Nth: 2}, Verdict: five}} },
			want:  []string{"1 " + a3},
		},
		{
			name: "a byte within a unit", texts: []string{a3 + b3, c3},
			rules: func(*wire) []*Rule { return []*Rule{{Guard: Guard{Byte: 8}, Verdict: five}} },
			want:  []string{"1 " + a3 + b3[:2], "6 " + b3[2:] + c3}, matches: 1,
		},
		{
			name: "the first byte", texts: []string{a3, b3},
			rules: func(*wire) []*Rule { return []*Rule{{Guard: Guard{Byte: 1}, Verdict: five}} },
			want:  []string{"6 " + a3 + b3}, matches: 1,
		},
		{
			name: "a byte within a segment", plain: true, texts: []string{long, long},
			rules: func(*wire) []*Rule { return []*Rule{{Guard: Guard{Byte: 14}, Verdict: five}} },
			want:  []string{"1 " + long, "2 " + long[:3], "7 " + long[3:]}, matches: 1,
		},
		{
			name: "several bytes within a segment", plain: true, texts: []string{long},
			rules: func(*wire) []*Rule {
				return []*Rule{{Guard: Guard{Byte: 8}, Verdict: five}, {Guard: Guard{Byte: 3}, Verdict: five}}
			},
			want: []string{"1 " + long[:2], "6 " + long[2:7], "11 " + long[7:]}, matches: 1,
		},
		{
			name: "segments", plain: true, texts: []string{long, long, long},
			rules: func(*wire) []*Rule { return []*Rule{{Skip: 1, Verdict: five, Times: 1}} },
			want:  []string{"1 " + long, "7 " + long + long}, matches: 1,
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			config := decoded()
			if tt.plain {
				config = Config{}
			}
			w := newWire(t, config, tt.texts...)
			rules := tt.rules(w)
			for _, r := range rules {
				w.rule(r)
			}
			w.run(tt.want...)
			if rules[0].Struck() != tt.matches {
				t.Errorf("struck %d times, want %d", rules[0].Struck(), tt.matches)
			}
		})
	}
}

func TestRule_oneIn(t *testing.T) {
	texts := make([]string, 50)
	for i := range texts {
		texts[i] = a3
	}
	struck := func(name string) int {
		w := newWire(t, decoded(), texts...)
		r := w.rule(&Rule{Name: name, OneIn: 2, Verdict: DelayBy(time.Millisecond)})
		w.sim.Run(2 * time.Minute)
		w.sim.Close()
		return r.Struck()
	}
	if n := struck("x"); n < 10 || n > 40 || n != struck("x") {
		t.Errorf("one in two struck %d times of 50, and then %d", n, struck("x"))
	}
}

// The n-th connection between two machines, whoever dials.
func TestRule_nthConnection(t *testing.T) {
	w := newWire(t, Config{}, "first")
	w.rule(&Rule{Guard: Guard{Nth: 2}, Verdict: DelayBy(5 * time.Second)})
	w.sim.At(10*time.Second, func() {
		w.a.Kill()
		w.a.Start(func(h host.Host) {
			loop := h.NewLoop("main")
			loop.Go("again", func(host.Task) {
				c, err := netconn.New(h, loop).Dial("tcp", netip.AddrPortFrom(w.b.Addr(), 80).String())
				if err != nil {
					t.Error(err)
					return
				}
				io.WriteString(c, "second")
			})
		})
	})
	w.run("1 first", "15 second")
}

// A rule that is added while connections are open is about what is to come on them.
func TestRule_addedLater(t *testing.T) {
	w := newWire(t, Config{}, "0123456789", "abcdef", "xyz")
	w.rule(&Rule{Guard: Guard{Nth: 9}, Verdict: HoldBack()})
	w.sim.At(1500*time.Millisecond, func() {
		w.rule(&Rule{Guard: Guard{Byte: 5}, Verdict: HoldBack()})
		w.rule(&Rule{Guard: Guard{Byte: 14}, Verdict: DelayBy(5 * time.Second)})
	})
	w.run("1 0123456789", "2 abc", "7 defxyz")
}

func TestRule_errors(t *testing.T) {
	s := New(decoded())
	other := New(Config{}).AddHost("x")
	added := &Rule{Name: "added"}
	if err := s.AddRule(added); err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		rule *Rule
		want string
	}{
		{added, "added before"},
		{&Rule{}, "no name"},
		{&Rule{Name: "added"}, "another one"},
		{&Rule{Name: "r", Guard: Guard{From: other}}, "another simulation"},
		{&Rule{Name: "r", Guard: Guard{To: other}}, "another simulation"},
		{&Rule{Name: "r", Skip: -1}, "below zero"},
		{&Rule{Name: "r", Guard: Guard{Byte: -1}}, "below zero"},
		{&Rule{Name: "r", Guard: Guard{MinAge: 2, MaxAge: 1}}, "matches nothing"},
		{&Rule{Name: "r", Guard: Guard{Least: 2, Most: 1}}, "matches nothing"},
		{&Rule{Name: "r", Verdict: FlipBit(0, 8)}, "bit 8"},
		{&Rule{Name: "r", Verdict: CutAfter(-1)}, "before where"},
		{&Rule{Name: "r", Verdict: DelayBy(-1)}, "less than nothing"},
	} {
		if err := s.AddRule(tt.rule); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%+v: %v, want %q", tt.rule, err, tt.want)
		}
	}
	plain := &Rule{Name: "r", Guard: Guard{Unit: "A"}}
	if err := New(Config{}).AddRule(plain); err == nil || !strings.Contains(err.Error(), "Config.Decoder") {
		t.Errorf("a unit without a decoder: %v", err)
	}
}

// A decoder, and rules that never match, do not change a run; nor does a trace.
func TestRule_offChangesNothing(t *testing.T) {
	run := func(config Config, rules ...*Rule) uint64 {
		w := newWire(t, config, a3+b3, c3+a3[:1], a3[1:])
		for _, r := range rules {
			w.rule(r)
		}
		w.sim.Run(time.Minute)
		defer w.sim.Close()
		return w.sim.Hash()
	}
	want := run(Config{})
	traced := decoded()
	traced.Trace = io.Discard
	for name, got := range map[string]uint64{
		"decoder":           run(decoded()),
		"decoder and trace": run(traced),
		"rules":             run(Config{}, &Rule{Guard: Guard{Nth: 9}, Verdict: HoldBack()}, &Rule{Guard: Guard{Byte: 999}, Verdict: BreakOff()}),
	} {
		if got != want {
			t.Errorf("%s: hash %x, want %x", name, got, want)
		}
	}
}

// A decoder that has lost track leaves segments to judge.
func TestRule_decoderThatIsLost(t *testing.T) {
	w := newWire(t, Config{Decoder: func() Decoder { return lost{} }}, "one", "two")
	w.rule(&Rule{Guard: Guard{Unit: "A"}, Verdict: HoldBack()})
	w.rule(&Rule{Skip: 1, Verdict: DelayBy(5 * time.Second)})
	w.run("1 one", "7 two")
}

type lost struct{}

func (lost) Wrote(bool, []byte, func(int64, string, uint64)) int64 { return math.MaxInt64 }

func TestRule_trace(t *testing.T) {
	var out bytes.Buffer
	config := decoded()
	config.Trace = &out
	w := newWire(t, config, a3+b3+c3)
	w.rule(&Rule{Name: "late", Guard: Guard{Unit: "B"}, Verdict: DelayBy(5 * time.Second)})
	w.run("1 "+a3, "6 "+b3+c3)
	for _, want := range []string{
		`"from":"a","bytes":5,"msg":"A:3"}`,
		`"from":"a","rule":"late","verdict":"delay 5s","at":5,"msg":"B:3"}`,
		`"from":"a","bytes":10,"msg":"B:3 C:3"}`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %s in the trace", want)
		}
	}
}

// Whatever passes, waits and is let go arrives whole and in order.
func TestRule_property(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var texts []string
		for range rapid.IntRange(1, 5).Draw(rt, "writes") {
			text := ""
			for range rapid.IntRange(0, 4).Draw(rt, "records") {
				text += record("ABC"[rapid.IntRange(0, 2).Draw(rt, "letter")], rapid.IntRange(0, 9).Draw(rt, "length"))
			}
			texts = append(texts, text)
		}
		whole := strings.Join(texts, "")
		for i := range texts { // cut differently than into records
			n := rapid.IntRange(0, len(whole)).Draw(rt, "cut")
			texts[i] = whole[:n]
			if whole = whole[n:]; i == len(texts)-1 {
				texts[i] += whole
			}
		}
		whole = strings.Join(texts, "")
		w := newWire(t, decoded(), texts...)
		for i := range rapid.IntRange(0, 4).Draw(rt, "rules") {
			verdict := rapid.SampledFrom([]Verdict{PassOn(), DelayBy(time.Second), DelayBy(0), HoldBack()}).Draw(rt, "verdict")
			r := w.rule(&Rule{
				Name: fmt.Sprint(i), Verdict: verdict,
				Skip: rapid.IntRange(0, 2).Draw(rt, "skip"), Times: rapid.IntRange(0, 2).Draw(rt, "times"),
				OneIn: rapid.IntRange(0, 3).Draw(rt, "one in"),
				Guard: Guard{
					Unit: rapid.SampledFrom([]string{"", "A", "B"}).Draw(rt, "unit"),
					Byte: rapid.Int64Range(0, 20).Draw(rt, "byte"),
				},
			})
			w.sim.At(30*time.Second, r.Remove)
		}
		w.sim.Run(2 * time.Minute)
		var all string
		for _, g := range w.got {
			all += g.bytes
		}
		w.sim.Close()
		if all != whole || w.end != io.EOF || w.sim.Counts().Buffers != 0 {
			rt.Fatalf("sent %q, got %q and %v, %d buffers lost", whole, all, w.end, w.sim.Counts().Buffers)
		}
	})
}
