package msgr_test

import (
	"bytes"
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// mark is a unit that a Follower has found.
type mark struct {
	at     int64
	unit   string
	number uint64
}

// vectorsToFollow are the captured connections.
func vectorsToFollow() []string {
	return []string{
		"handshake-client-mds", "handshake-client-mgr", "handshake-client-mon", "handshake-client-mon-command",
		"handshake-mgr-mon", "handshake-mon-mon-peer-restart", "handshake-mon-mon-race-loser",
		"handshake-mon-mon-race-winner", "handshake-mon-mon-reconnect",
	}
}

// A follower finds in what real daemons said to each other what the description of
// the capture says, however it is cut up.
func TestFollower_realConnections(t *testing.T) {
	for _, name := range vectorsToFollow() {
		t.Run(name, func(t *testing.T) {
			v := readVector(t, name)
			wantC, wantS := described(v.C2SUnits), described(v.S2CUnits)
			rapid.Check(t, func(t *rapid.T) {
				c, s := follow(t, v)
				compareMarks(t, "connector", c, wantC)
				compareMarks(t, "acceptor", s, wantS)
			})
		})
	}
}

// described are the units that the description of a capture tells of.
func described(infos []unitInfo) (marks []mark) {
	for _, i := range infos {
		unit := i.What
		switch {
		case strings.Contains(unit, "address"), strings.HasPrefix(unit, "authorizer"): // part of another
			continue
		case strings.HasPrefix(unit, "last received seq"):
			unit = "seq"
		case unit == "ACK", strings.HasPrefix(unit, "KEEPALIVE"):
			unit = strings.ToLower(unit)
		}
		marks = append(marks, mark{at: int64(i.Off), unit: unit})
	}
	return marks
}

func compareMarks(t *rapid.T, who string, got, want []mark) {
	same := slices.EqualFunc(got, want, func(g, w mark) bool {
		switch w.unit {
		case "message":
			return g.at == w.at && strings.HasPrefix(g.unit, "M")
		case "connect_reply":
			return g.at == w.at && strings.HasPrefix(g.unit, "connect_reply.")
		}
		return g.at == w.at && g.unit == w.unit
	})
	if !same {
		t.Fatalf("%s: got %v, want %v", who, got, want)
	}
}

// follow plays a capture, handshakes turn by turn, and returns what was found.
func follow(t *rapid.T, v *vector) (connector, acceptor []mark) {
	var f msgr.Follower
	feed := func(isConnector bool, b []byte, marks *[]mark) {
		for len(b) > 0 {
			n := rapid.IntRange(1, len(b)).Draw(t, "piece")
			known := f.Wrote(isConnector, b[:n], func(at int64, unit string, number uint64) {
				*marks = append(*marks, mark{at, unit, number})
			})
			if known == math.MaxInt64 {
				t.Fatalf("lost track after %v", *marks)
			}
			b = b[n:]
		}
	}
	c, s := turns(v.c2s, v.C2SUnits, "connect"), turns(v.s2c, v.S2CUnits, "connect_reply")
	for i := range max(len(c), len(s)) {
		if i < len(c) {
			feed(true, c[i], &connector)
		}
		if i < len(s) {
			feed(false, s[i], &acceptor)
		}
	}
	return connector, acceptor
}

// turns cuts a stream after each connect or reply, with what belongs to it.
func turns(stream []byte, infos []unitInfo, what string) (out [][]byte) {
	from, pending := 0, false
	for _, i := range infos {
		if pending && !strings.HasPrefix(i.What, "authorizer") {
			out = append(out, stream[from:i.Off])
			from, pending = i.Off, false
		}
		pending = pending || i.What == what
	}
	return append(out, stream[from:])
}

// A reconnect of two monitors, as Ceph ran it.
func TestFollower_repliesByTheirTag(t *testing.T) {
	v := readVector(t, "handshake-mon-mon-reconnect")
	var got []string
	rapid.Check(t, func(t *rapid.T) {
		got = nil
		_, acceptor := follow(t, v)
		for _, m := range acceptor {
			if verdict, ok := strings.CutPrefix(m.unit, "connect_reply."); ok {
				got = append(got, verdict)
			}
		}
	})
	if want := []string{"RETRY_SESSION", "RETRY_GLOBAL", "SEQ"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// The numbers of maps are their epochs, as the messages say when they are decoded.
func TestFollower_mapsByTheirEpoch(t *testing.T) {
	seen := make(map[string]bool)
	for _, name := range vectorsToFollow() {
		v := readVector(t, name)
		var f msgr.Follower
		c := turns(v.c2s, v.C2SUnits, "connect")
		f.Wrote(true, c[0], func(int64, string, uint64) {})
		f.Wrote(false, v.s2c, func(at int64, unit string, number uint64) {
			if epoch := epochOf(t, v.s2c[at:]); epoch != number {
				t.Errorf("%s: %s at %d has number %d, want %d", name, unit, at, number, epoch)
			}
			seen[unit] = true
		})
	}
	if !seen["MMonMap"] || !seen["MMgrMap"] {
		t.Errorf("seen only %v", seen)
	}
}

// epochOf decodes a map from the beginning of an open stream; it is 0 for whatever
// is none.
func epochOf(t *testing.T, b []byte) uint64 {
	h, err := msg.ParseHeader(b[1:])
	if err != nil {
		return 0
	}
	front := b[1+msg.HeaderLen:]
	whole, err := msg.Decode(h, front[:h.FrontLen], nil, nil, msg.FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	switch body := whole.Body.(type) {
	case *msg.MgrMapMsg:
		return uint64(body.Map.Epoch)
	case *msg.MonMapMsg:
		return uint64(body.Map.Epoch)
	}
	return 0
}

// What is no stream of the protocol is given up, and stays given up.
func TestFollower_losesTrack(t *testing.T) {
	for _, tt := range []struct {
		name      string
		connector bool
		bytes     string
	}{
		{"another banner", true, "ceph v2\n\x10\x00"},
		{"a connect before any reply", true, "ceph v027" + strings.Repeat("\x00", 136+33+33)},
		{"an unknown reply", false, "ceph v027" + strings.Repeat("\x00", 272) + "\x63" + strings.Repeat("\x00", 25)},
		{"an unknown tag", false, "ceph v027" + strings.Repeat("\x00", 272) + "\x01" + strings.Repeat("\x00", 25) + "\x63"},
		{"a damaged header", false, "ceph v027" + strings.Repeat("\x00", 272) + "\x01" + strings.Repeat("\x00", 25) + "\x07" + strings.Repeat("x", 53)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var f msgr.Follower
			marks := 0
			mark := func(int64, string, uint64) { marks++ }
			if known := f.Wrote(tt.connector, []byte(tt.bytes), mark); known != math.MaxInt64 {
				t.Errorf("knows everything up to %d", known)
			}
			marks = 0
			if known := f.Wrote(tt.connector, bytes.Repeat([]byte{9}, 100), mark); known != math.MaxInt64 || marks > 0 {
				t.Errorf("goes on, knows everything up to %d, %d marks", known, marks)
			}
		})
	}
}

// FuzzFollower: whatever two ends say, marks come in order and what is known never
// shrinks.
func FuzzFollower(f *testing.F) {
	v := readVector(f, "handshake-mon-mon-reconnect")
	f.Add(v.c2s, v.s2c, uint16(100))
	f.Add(v.c2s[:400], v.s2c, uint16(7))
	f.Fuzz(func(t *testing.T, c, s []byte, step uint16) {
		var follower msgr.Follower
		var sides [2]struct{ fed, known, mark int64 }
		for i := 0; len(c)+len(s) > 0; i++ {
			from, side := &c, &sides[0]
			if i%2 == 1 {
				from, side = &s, &sides[1]
			}
			n := min(len(*from), int(step)+1)
			known := follower.Wrote(i%2 == 0, (*from)[:n], func(at int64, unit string, _ uint64) {
				if at < side.mark || at > side.fed+int64(n) || unit == "" {
					t.Fatalf("mark %q at %d after one at %d, of %d bytes", unit, at, side.mark, side.fed+int64(n))
				}
				side.mark = at + 1
			})
			if n > 0 && known < side.known {
				t.Fatalf("known fell from %d to %d", side.known, known)
			}
			side.known = max(known, side.known)
			side.fed += int64(n)
			*from = (*from)[n:]
		}
	})
}

// Following costs no memory.
func BenchmarkFollower(b *testing.B) {
	v := readVector(b, "handshake-mgr-mon")
	handshake := len(turns(v.c2s, v.C2SUnits, "connect")[0])
	mark := func(int64, string, uint64) {}
	b.ReportAllocs()
	b.SetBytes(int64(len(v.c2s) + len(v.s2c)))
	for b.Loop() {
		var f msgr.Follower
		f.Wrote(true, v.c2s[:handshake], mark)
		f.Wrote(false, v.s2c, mark)
		f.Wrote(true, v.c2s[handshake:], mark)
	}
}
