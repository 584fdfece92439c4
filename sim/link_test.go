package sim

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/host"
)

func TestSetDelay_drawsFromTheDistribution(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	forth := k.Link(client.host(), k.server)
	if err := forth.SetDelay(&Delay{Min: 70 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	forth.AddDelay(5 * time.Millisecond)
	began := k.Now()
	client.send(t, 10)
	k.Run(time.Second)
	if took := server.when(10) - began; took != 75*time.Millisecond {
		t.Errorf("a byte took %v", took)
	}
	began = k.Now()
	server.send(t, 10)
	k.Run(time.Second)
	wantBetween(t, "the other way", client.when(10)-began, 50*time.Microsecond, 150*time.Microsecond)
	if got := forth.Counts().Shaped; got == 0 {
		t.Error("no segment counted")
	}
	forth.AddDelay(0)
	if err := forth.SetDelay(nil); err != nil {
		t.Fatal(err)
	}
	began = k.Now()
	client.send(t, 10)
	k.Run(time.Second)
	wantBetween(t, "taken back", server.when(20)-began, 50*time.Microsecond, 150*time.Microsecond)
}

// host is the machine of a client.
func (s *sink) host() *Host { return s.conn.(*conn).proc.host }

func TestSetBandwidth_spreadsBytesOverTime(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	k.Link(client.host(), k.server).SetBandwidth(1_000_000)
	began := k.Now()
	client.send(t, 200_000)
	k.Run(time.Second)
	for _, n := range []int{50_000, 100_000, 200_000} {
		due := time.Duration(n) * time.Microsecond
		wantBetween(t, "bytes arrive", server.when(n)-began, due, due+2*time.Millisecond)
	}
	if len(server.arrivals) < 200_000/ethernetMSS {
		t.Errorf("came in %d pieces", len(server.arrivals))
	}
	began = k.Now()
	server.send(t, 200_000)
	k.Run(time.Second)
	wantBetween(t, "the other way", client.when(200_000)-began, 0, time.Millisecond)
	k.Link(client.host(), k.server).SetBandwidth(0)
	began = k.Now()
	client.send(t, 200_000)
	k.Run(time.Second)
	wantBetween(t, "taken back", server.when(400_000)-began, 0, time.Millisecond)
}

func TestSetBandwidth_isSharedInOrder(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	one, far := k.open("client")
	two, other := k.open("client")
	k.Link(one.host(), k.server).SetBandwidth(1_000_000)
	began := k.Now()
	one.send(t, 50_000)
	two.send(t, 50_000)
	two.conn.Close()
	k.Run(time.Second)
	wantBetween(t, "the first one", far.when(50_000)-began, 50*time.Millisecond, 51*time.Millisecond)
	wantBetween(t, "behind it", other.when(1)-began, 51*time.Millisecond, 53*time.Millisecond)
	wantBetween(t, "the second one", other.when(50_000)-began, 100*time.Millisecond, 101*time.Millisecond)
	if !other.eof {
		t.Error("FIN did not come behind the bytes")
	}
}

func TestSetBandwidth_changesForWhatFollows(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	one, far := k.open("client")
	two, other := k.open("client")
	l := k.Link(one.host(), k.server)
	l.SetBandwidth(1000)
	began := k.Now()
	one.send(t, 10_000)
	l.SetBandwidth(1_000_000)
	two.send(t, 100_000)
	k.Run(time.Minute)
	wantBetween(t, "what was queued", far.when(10_000)-began, 10*time.Second, 10*time.Second+time.Millisecond)
	wantBetween(t, "another connection", other.when(100_000)-began, 100*time.Millisecond, 101*time.Millisecond)
}

func TestSetBandwidth_holdsAfterACut(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	l := k.Link(client.host(), k.server)
	l.SetBandwidth(1_000_000)
	l.Cut()
	client.send(t, 100_000)
	k.Run(10 * time.Second)
	l.Heal()
	k.Run(time.Minute)
	wantBetween(t, "the bytes take", server.when(100_000)-server.when(1), 98*time.Millisecond, 101*time.Millisecond)
}

// TestSetBandwidth_isNeverExceeded: no burst, whatever is written and whatever is
// cut meanwhile, gets more over the link than it carries in the time.
func TestSetBandwidth_isNeverExceeded(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		rate := rapid.SampledFrom([]int64{10_000, 1_000_000}).Draw(rt, "rate")
		k := newTank(t, Config{Seed: rapid.Uint64().Draw(rt, "seed")})
		client, server := k.open("client")
		l := k.Link(client.host(), k.server)
		l.SetBandwidth(rate)
		began, sent := k.Now(), 0
		for range rapid.IntRange(1, 20).Draw(rt, "steps") {
			switch rapid.IntRange(0, 5).Draw(rt, "step") {
			case 0:
				l.Cut()
			case 1:
				l.Heal()
			case 2:
				l.Stall()
			case 3:
				l.Unstall()
			default:
				n, _ := client.conn.Write(make([]byte, rapid.IntRange(1, 30_000).Draw(rt, "bytes")))
				sent += n
			}
			k.Run(time.Duration(rapid.IntRange(0, 2000).Draw(rt, "ms")) * time.Millisecond)
		}
		l.Heal()
		l.Unstall()
		k.Run(10 * time.Minute)
		if server.total != sent {
			rt.Fatalf("%d of %d bytes arrived", server.total, sent)
		}
		total := 0
		for _, a := range server.arrivals {
			total += a.bytes
			if room := int64(a.at-began) * rate / int64(time.Second); int64(total) > room {
				rt.Fatalf("%d bytes had arrived %v after the beginning", total, a.at-began)
			}
		}
	})
}

func TestStall_goesOnWithoutPenalty(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	l := k.Link(client.host(), k.server)
	l.Stall()
	client.send(t, 10)
	k.Run(7 * time.Second)
	if server.total != 0 || l.Counts().Stalled != 1 || l.Held() != 0 {
		t.Errorf("%d bytes arrived, counts %+v", server.total, l.Counts())
	}
	released := k.Now()
	l.Unstall()
	k.Run(time.Second)
	if got := server.when(10); got != released {
		t.Errorf("arrived at %v, unstalled at %v", got, released)
	}
}

func TestStall_thenCutIsLost(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	l := k.Link(client.host(), k.server)
	l.Stall()
	client.send(t, 10)
	k.Run(time.Second)
	l.Cut()
	k.Run(6 * time.Second)
	l.Unstall()
	k.Run(time.Second) // the cut goes on
	if server.total != 0 {
		t.Fatal("went through a cut")
	}
	healed := k.Now()
	l.Heal()
	k.Run(time.Minute) // sent at 0; again at 0.2, 0.6, 1.4, 3.0, 6.2, 12.6 s
	wantBetween(t, "after the heal", server.when(10)-healed, 4*time.Second, 5*time.Second)
}

func TestStall_delaysConnecting(t *testing.T) {
	for _, tt := range []struct {
		what  string
		stall func(k *tank, client *Host) *Link
		port  uint16
	}{
		{"the SYN", func(k *tank, c *Host) *Link { return k.Link(c, k.server) }, 6789},
		{"the SYN-ACK", func(k *tank, c *Host) *Link { return k.Link(k.server, c) }, 6789},
	} {
		t.Run(tt.what, func(t *testing.T) {
			k := newTank(t, Config{Seed: 1})
			l := tt.stall(k, k.AddHost("client"))
			l.Stall()
			client := k.dial("client")
			k.Run(20 * time.Second)
			if client.opened {
				t.Fatal("opened")
			}
			released := k.Now()
			l.Unstall()
			k.Run(time.Minute)
			wantBetween(t, "opened", client.openedAt-released, 0, time.Millisecond)
			if len(k.sinks) != 1 {
				t.Errorf("%d connections were accepted", len(k.sinks))
			}
			k.Run(3 * time.Minute)
			k.wantPending(0)
		})
		t.Run(tt.what+" for too long", func(t *testing.T) {
			k := newTank(t, Config{Seed: 1})
			l := tt.stall(k, k.AddHost("client"))
			l.Stall()
			client := k.dial("client")
			k.Run(5 * time.Minute)
			if !errors.Is(client.err, host.ErrTimeout) {
				t.Errorf("closed with %v", client.err)
			}
			wantBetween(t, "gave up after", client.closedAt-client.began, 127*time.Second, 127*time.Second+time.Millisecond)
			l.Unstall()
			k.Run(time.Minute)
			k.wantPending(0)
		})
	}
}

// TestStall_sendsASYNAgainOnce: those that waited in line are not sent again by
// themselves.
func TestStall_sendsASYNAgainOnce(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	l := k.Link(k.AddHost("client"), k.server)
	l.Stall()
	k.dial("client")
	k.Run(2 * time.Second) // SYNs after 0, 1, 3, 7, 15, 31, 63 s
	k.server.PowerOff()
	l.Unstall()
	k.Run(time.Hour)
	if n := k.Counts().AttemptsHeld; n != 7 {
		t.Errorf("%d SYNs reached a dark machine, want 7", n)
	}
}

func TestStall_delaysARefusal(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	k.server.Kill()
	l := k.Link(k.server, k.AddHost("client"))
	l.Stall()
	client := k.dial("client")
	k.Run(20 * time.Second)
	if client.err != nil {
		t.Fatalf("closed with %v", client.err)
	}
	l.Unstall()
	k.Run(time.Second)
	if !errors.Is(client.err, host.ErrRefused) {
		t.Errorf("closed with %v", client.err)
	}
}

func TestClog_stallsAMachine(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	a, atA := k.open("a")
	b, atB := k.open("b")
	k.server.Clog()
	a.host().Clog()
	late := k.AddHost("late") // its links are clogged from the beginning
	a.send(t, 1)
	b.send(t, 1)
	c := k.dial("late")
	k.Run(time.Second)
	if atA.total+atB.total != 0 || c.opened {
		t.Fatal("went to a clogged machine")
	}
	k.server.Unclog()
	k.Run(time.Second)
	if atA.total != 0 || atB.total != 1 || !c.opened {
		t.Errorf("after one of two machines was unclogged %d and %d bytes, opened %t", atA.total, atB.total, c.opened)
	}
	if !a.host().Clogged() || k.server.Clogged() || late.Clogged() {
		t.Error("the wrong machines say that they are clogged")
	}
	a.host().Unclog()
	k.Run(time.Second)
	if atA.total != 1 {
		t.Error("nothing came from a machine that was unclogged")
	}
}

func TestSetMTU_swallowsLargeSegments(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	l := k.Link(client.host(), k.server)
	l.SetMTU(1000)
	client.send(t, 1000)
	k.Run(time.Second)
	if server.total != 1000 {
		t.Fatalf("%d of 1000 bytes passed", server.total)
	}
	client.send(t, 1001)
	k.Run(time.Second)
	client.send(t, 10) // behind it, so it must wait
	other, _ := k.open("client")
	other.send(t, 10)
	k.Run(6 * time.Second)
	if server.total != 1000 || k.sinks[1].total != 10 {
		t.Errorf("%d bytes passed, and %d on another connection", server.total, k.sinks[1].total)
	}
	if got := l.Counts(); got.Swallowed != 1 || got.Held != 0 {
		t.Errorf("counts %+v", got)
	}
	healed := k.Now()
	l.SetMTU(0)
	k.Run(time.Minute) // sent again after 0.2, 0.6, 1.4, 3.0, 6.2, 12.6 s
	wantBetween(t, "after the path was mended", server.when(2011)-healed, 5*time.Second, 6*time.Second)
}

func TestSetMTU_lower(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	l := k.Link(client.host(), k.server)
	l.SetMTU(1000)
	sent := k.Now()
	client.send(t, 1400)
	k.Run(time.Second)
	l.SetMTU(1200)
	k.Run(59 * time.Second)
	if server.total != 0 {
		t.Error("a segment passed that is still too large")
	}
	l.SetMTU(1400)
	k.Run(5 * time.Minute)
	if server.total != 1400 {
		t.Error("a segment did not pass that is small enough now")
	}
	wantBetween(t, "sent again", server.when(1400)-sent, 102200*time.Millisecond, 102201*time.Millisecond)
}

func TestSetMTU_letsAbortsPass(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	k.Link(client.host(), k.server).SetMTU(100)
	client.send(t, 2000)
	k.Run(time.Second)
	client.conn.Abort()
	k.Run(time.Second)
	if !errors.Is(server.err, host.ErrReset) {
		t.Errorf("the peer of an aborted connection saw %v", server.err)
	}
	k.wantPending(0)
}

func TestSetMTU_looksAtEverySegment(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	l := k.Link(client.host(), k.server)
	l.SetMTU(1000)
	if err := l.SetDelay(&Delay{Min: 10 * time.Millisecond}); err != nil {
		t.Fatal(err)
	}
	client.send(t, 10)
	if err := l.SetDelay(nil); err != nil {
		t.Fatal(err)
	}
	k.Run(5 * time.Millisecond)
	client.send(t, 2000) // due at the same instant: it cannot overtake
	k.Run(time.Second)
	if server.total != 10 {
		t.Errorf("%d bytes arrived", server.total)
	}
}

func TestAbort_doesNotWaitForARetransmission(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	l := k.Link(client.host(), k.server)
	l.SetMTU(1000)
	client.send(t, 2000)
	k.Run(time.Minute)
	l.SetMTU(0)
	client.conn.Abort()
	k.Run(time.Millisecond)
	if !errors.Is(server.err, host.ErrReset) || server.total != 0 {
		t.Errorf("the peer got %d bytes and saw %v", server.total, server.err)
	}
	k.wantPending(0)
}

func TestAbort_doesNotWaitForWhatItDrops(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	l := k.Link(client.host(), k.server)
	if err := l.SetDelay(&Delay{Min: time.Hour}); err != nil {
		t.Fatal(err)
	}
	client.send(t, 10)
	if err := l.SetDelay(nil); err != nil {
		t.Fatal(err)
	}
	client.conn.Abort()
	k.Run(time.Second)
	if !errors.Is(server.err, host.ErrReset) {
		t.Errorf("the peer saw %v", server.err)
	}
}

func TestSplit_showsAnyPieces(t *testing.T) {
	k := newTank(t, Config{Seed: 1, Split: 100})
	client, server := k.open("client")
	client.send(t, 20_000)
	k.Run(time.Second)
	seen := map[int]bool{}
	for _, a := range server.arrivals {
		seen[a.bytes] = true
	}
	if server.total != 20_000 || len(server.arrivals) < 20 || len(seen) < 15 {
		t.Errorf("%d bytes in %d pieces of %d sizes", server.total, len(server.arrivals), len(seen))
	}
	direct := client.conn.(host.DirectConn)
	lent := append(direct.AvailableBuffer(50_000), pattern(20_000, 50_000)...)
	if n, err := direct.Write(lent); n != 50_000 || err != nil {
		t.Fatalf("Write: %d, %v", n, err)
	}
	before := len(server.arrivals)
	k.Run(time.Second)
	if server.total != 70_000 || len(server.arrivals)-before < 50 {
		t.Errorf("%d bytes in %d more pieces", server.total, len(server.arrivals)-before)
	}
}

// TestAvailableBuffer_isLentUntilTheWrite: what was written from is free for the next
// connection at once, if all of it went out as a copy.
func TestAvailableBuffer_isLentUntilTheWrite(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	for _, name := range []string{"a", "b", "c"} {
		client, server := k.open(name)
		direct := client.conn.(host.DirectConn)
		for at := 0; at < 300; at += 100 {
			if n, err := direct.Write(append(direct.AvailableBuffer(100), pattern(at, 100)...)); n != 100 || err != nil {
				t.Fatalf("Write: %d, %v", n, err)
			}
		}
		k.Run(time.Second)
		if server.total != 300 {
			t.Errorf("%s: %d bytes came", name, server.total)
		}
		if n := k.Counts().Buffers; n != 0 {
			t.Errorf("%s: %d buffers are held", name, n)
		}
	}
}

func TestReset_breaksOneNetworkOnly(t *testing.T) {
	k := newTwoNetworks(t)
	if n := k.LinkOn("cluster", k.osd, k.server).Reset(); n != 1 {
		t.Errorf("broke %d connections", n)
	}
	k.Run(time.Second)
	if k.public.err != nil || !errors.Is(k.cluster.err, host.ErrReset) {
		t.Errorf("public saw %v, cluster %v", k.public.err, k.cluster.err)
	}
}
