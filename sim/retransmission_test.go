package sim

import (
	"errors"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// wantGivenUp fails the test unless the end gave up so long after it sent.
func (s *sink) wantGivenUp(t *testing.T, sent, after time.Duration) {
	t.Helper()
	if !errors.Is(s.err, host.ErrTimeout) || s.closedAt-sent != after {
		t.Errorf("closed with %v after %v, want a time-out after %v", s.err, s.closedAt-sent, after)
	}
}

func TestUserTimeout_endsAConnectionThatIsCut(t *testing.T) {
	for _, tt := range []struct {
		name   string
		config time.Duration
		want   time.Duration
	}{{"as on Linux", 0, linuxPatience}, {"as configured", 30 * time.Second, 30 * time.Second}} {
		t.Run(tt.name, func(t *testing.T) {
			k := newTank(t, Config{Seed: 1, UserTimeout: tt.config})
			client, server := k.open("client")
			k.Cut(client.host(), k.server)
			sent := k.Now()
			client.send(t, 10)
			k.Run(tt.want / 2)
			client.send(t, 10) // the time counts from the oldest byte
			k.Run(tt.want)
			client.wantGivenUp(t, sent, tt.want)
			if server.err != nil || server.eof || k.Counts().GivenUp != 1 {
				t.Errorf("the peer heard of it: %v, counts %+v", server.err, k.Counts())
			}
			k.Heal(client.host(), k.server)
			k.Run(time.Hour)
			if server.total != 0 || server.err != nil {
				t.Errorf("after the heal %d bytes arrived, and %v", server.total, server.err)
			}
			server.send(t, 1) // half open: the machine does not know the connection
			k.Run(time.Second)
			if !errors.Is(server.err, host.ErrReset) {
				t.Errorf("writing to the end that gave up: %v", server.err)
			}
			k.wantPending(0)
		})
	}
}

// TestUserTimeout_lostAcknowledgements: the bytes arrive, but the sender never
// learns.
func TestUserTimeout_lostAcknowledgements(t *testing.T) {
	k := newTank(t, Config{Seed: 1, UserTimeout: 30 * time.Second})
	client, server := k.open("client")
	k.Cut(k.server, client.host())
	sent := k.Now()
	client.send(t, 10)
	k.Run(time.Minute)
	if server.total != 10 {
		t.Errorf("%d bytes arrived", server.total)
	}
	client.wantGivenUp(t, sent, 30*time.Second)
}

// TestUserTimeout_anAcknowledgementThatComesBack: it comes with TCP's next
// retransmission, here after 0.2, 0.6, 1.4, 3.0, 6.2, 12.6, 25.4 s.
func TestUserTimeout_anAcknowledgementThatComesBack(t *testing.T) {
	for _, tt := range []struct {
		name string
		open [2]time.Duration // when the way back is open
		dies bool
	}{
		{"open from then on", [2]time.Duration{20 * time.Second, time.Hour}, false},
		{"open when the bytes are sent again", [2]time.Duration{20 * time.Second, 26 * time.Second}, false},
		{"cut again before that", [2]time.Duration{20 * time.Second, 25 * time.Second}, true},
		{"open too late", [2]time.Duration{29 * time.Second, time.Hour}, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := newTank(t, Config{Seed: 1, UserTimeout: 30 * time.Second})
			client, _ := k.open("client")
			back := k.Link(k.server, client.host())
			back.Cut()
			sent := k.Now()
			client.send(t, 10)
			k.Run(tt.open[0])
			back.Heal()
			k.Run(tt.open[1] - tt.open[0])
			back.Cut()
			k.Run(time.Hour)
			if tt.dies {
				client.wantGivenUp(t, sent, 30*time.Second)
			} else if client.err != nil {
				t.Errorf("closed with %v", client.err)
			}
			k.wantPending(0)
		})
	}
}

// TestUserTimeout_aPromiseThatIsBroken: whatever happens before the lost
// acknowledgement has come, the time counts from what it would have been for.
func TestUserTimeout_aPromiseThatIsBroken(t *testing.T) {
	for _, tt := range []struct {
		name   string
		damage func(k *tank, forth, back *Link, client *sink)
	}{
		{"by new bytes that are stuck", func(k *tank, forth, back *Link, client *sink) {
			forth.Cut() // after 20 s
			client.send(t, 10)
			k.Run(7 * time.Second) // when the acknowledgement would have come
			back.Cut()
		}},
		{"by new bytes that are not acknowledged", func(k *tank, forth, back *Link, client *sink) {
			back.Cut()
			k.Run(7 * time.Second)
			client.send(t, 10)
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			k := newTank(t, Config{Seed: 1, UserTimeout: 30 * time.Second})
			client, _ := k.open("client")
			forth, back := k.Link(client.host(), k.server), k.Link(k.server, client.host())
			back.Cut()
			sent := k.Now()
			client.send(t, 10)
			k.Run(20 * time.Second)
			back.Heal() // sent again after 25.4 s
			tt.damage(k, forth, back, client)
			k.Run(time.Hour)
			client.wantGivenUp(t, sent, 30*time.Second)
		})
	}
}

func TestUserTimeout_stopsWithTheConnection(t *testing.T) {
	for name, end := range map[string]func(host.Conn){"open": func(host.Conn) {}, "closed": host.Conn.Close} {
		t.Run(name, func(t *testing.T) {
			k := newTank(t, Config{Seed: 1})
			client, server := k.open("client")
			k.Cut(client.host(), k.server)
			client.send(t, 10)
			end(client.conn)
			k.Run(time.Second)
			k.wantPending(1)
			server.conn.Abort()
			k.Run(time.Second)
			k.wantPending(0)
		})
	}
}

func TestUserTimeout_startsAnewOnceAcknowledged(t *testing.T) {
	k := newTank(t, Config{Seed: 1, UserTimeout: 30 * time.Second})
	client, server := k.open("client")
	for range 4 { // in all longer than the patience
		k.Cut(client.host(), k.server)
		client.send(t, 10)
		k.Run(10 * time.Second)
		k.Heal(client.host(), k.server)
		k.Run(10 * time.Second)
	}
	if server.total != 40 || client.err != nil {
		t.Errorf("%d bytes arrived, closed with %v", server.total, client.err)
	}
	k.wantPending(0)
}

func TestUserTimeout_aStalledLink(t *testing.T) {
	k := newTank(t, Config{Seed: 1, UserTimeout: 30 * time.Second})
	client, _ := k.open("client")
	k.Link(k.server, client.host()).Stall()
	sent := k.Now()
	client.send(t, 10)
	k.Run(time.Minute)
	client.wantGivenUp(t, sent, 30*time.Second)
}

func TestUserTimeout_ofABlackHole(t *testing.T) {
	k := newTank(t, Config{Seed: 1, UserTimeout: 30 * time.Second})
	client, _ := k.open("client")
	k.Link(client.host(), k.server).SetMTU(100)
	client.send(t, 100)
	k.Run(time.Minute)
	sent := k.Now()
	client.send(t, 101)
	k.Run(time.Minute)
	client.wantGivenUp(t, sent, 30*time.Second)
}

func TestUserTimeout_ofADarkMachine(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, _ := k.open("client")
	k.server.PowerOff()
	k.Run(time.Hour)
	if client.err != nil {
		t.Fatalf("a silent connection ended with %v", client.err)
	}
	sent := k.Now()
	client.send(t, 10)
	k.Run(time.Hour)
	if !errors.Is(client.err, host.ErrTimeout) {
		t.Fatalf("closed with %v", client.err)
	}
	wantBetween(t, "gave up after", client.closedAt-sent, linuxPatience, linuxPatience+time.Millisecond)
	k.server.Start(func(host.Host) {})
	k.Run(time.Second)
	k.wantPending(0)
}

func TestUserTimeout_notOfAPausedPeer(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client, server := k.open("client")
	k.server.Pause()
	for n := 1; n > 0; n, _ = client.conn.Write(make([]byte, 1<<16)) {
	}
	k.Run(24 * time.Hour)
	if client.err != nil {
		t.Errorf("closed with %v although the machine acknowledges", client.err)
	}
	k.server.Resume()
	k.Run(time.Second)
	if server.total == 0 {
		t.Error("nothing arrived in the end")
	}
}

func TestUserTimeout_never(t *testing.T) {
	k := newTank(t, Config{Seed: 1, UserTimeout: -1})
	client, server := k.open("client")
	k.Cut(client.host(), k.server)
	client.send(t, 10)
	k.Run(24 * time.Hour)
	k.Heal(client.host(), k.server)
	k.Run(time.Hour)
	if client.err != nil || server.total != 10 {
		t.Errorf("closed with %v, %d bytes arrived", client.err, server.total)
	}
}

func TestUserTimeout_abandonsAClosedConnection(t *testing.T) {
	k := newTank(t, Config{Seed: 1, UserTimeout: 30 * time.Second})
	client, server := k.open("client")
	k.Cut(client.host(), k.server)
	client.send(t, 10)
	client.conn.Close()
	k.Run(time.Minute)
	k.Heal(client.host(), k.server)
	k.Run(time.Hour)
	if server.total != 0 || server.eof {
		t.Error("what a sender had given up arrived")
	}
	server.send(t, 1)
	k.Run(time.Second)
	if !errors.Is(server.err, host.ErrReset) {
		t.Errorf("the half-open end saw %v", server.err)
	}
	k.wantPending(0)
}

func TestDial_givesUpThoughItsSYNArrived(t *testing.T) {
	k := newTank(t, Config{Seed: 1})
	client := k.dial("client")
	for len(k.sinks) == 0 {
		k.Step(time.Second)
	}
	k.Cut(k.server, k.Host("client")) // the SYN-ACK is on its way
	k.Run(time.Hour)
	client.wantGivenUp(t, client.began, synPatience)
}

func TestBacklog_dropsSYNs(t *testing.T) {
	k := newTank(t, Config{Seed: 1, Backlog: 2})
	k.server.Pause()
	var clients []*sink
	for range 4 {
		clients = append(clients, k.dial("client"))
		k.Run(time.Millisecond)
	}
	k.Run(10 * time.Second) // SYNs after 0, 1, 3, 7, 15 s
	opened := 0
	for _, c := range clients {
		if c.opened {
			opened++
		}
	}
	if opened != 3 || k.Counts().SYNsDropped != 4 {
		t.Fatalf("%d of 4 opened with a backlog of 2, %d SYNs dropped", opened, k.Counts().SYNsDropped)
	}
	k.server.Resume()
	k.Run(time.Minute)
	wantBetween(t, "the fourth opened after", clients[3].openedAt-clients[3].began, 15*time.Second, 15*time.Second+time.Millisecond)
}

func TestBacklog_givesUp(t *testing.T) {
	k := newTank(t, Config{Seed: 1, Backlog: 1})
	k.server.Pause()
	for range 2 {
		k.dial("client")
		k.Run(time.Millisecond)
	}
	last := k.dial("client")
	k.Run(time.Hour)
	if !errors.Is(last.err, host.ErrTimeout) {
		t.Errorf("closed with %v", last.err)
	}
	wantBetween(t, "gave up after", last.closedAt-last.began, synPatience, synPatience+time.Millisecond)
}
