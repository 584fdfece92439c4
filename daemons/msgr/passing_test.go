package msgr_test

import (
	"bytes"
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// numbered is a message of the pool's with its number in all of its data.
func numbered(p *msg.Pool, n int) *msg.Message {
	m := p.New(msg.TypePing)
	m.Header.Tid = uint64(n)
	m.Data = bytes.Repeat([]byte{byte(n)}, 100)
	return m
}

func wantNumbered(t *testing.T, j *journal, count int) {
	t.Helper()
	wantTids(t, j, upTo(uint64(count))...)
	for _, m := range j.messages {
		if !bytes.Equal(m.Data, bytes.Repeat([]byte{byte(m.Header.Tid)}, 100)) {
			t.Errorf("message %d has data %x", m.Header.Tid, m.Data)
		}
	}
}

// A lossy session sends a message once, so it comes back when that is done, and not
// before.
func TestSend_givesBackWhatIsSent(t *testing.T) {
	p := newPair(t, msgr.Options{})
	c := p.connect()
	var pool msg.Pool
	made := map[*msg.Message]bool{}
	for n := 1; n <= 200; n++ {
		m := numbered(&pool, n)
		made[m] = true
		c.Send(m)
		if n%10 == 0 {
			p.w.settle()
		}
	}
	p.w.settle()
	wantNumbered(t, p.mon.journal, 200)
	if len(made) != 10 {
		t.Errorf("%d messages were made, ten were under way at a time", len(made))
	}
}

// A receiver may pass a message on, or back, as it is.
func TestSend_passesOn(t *testing.T) {
	p := newPair(t, msgr.Options{})
	p.mon.onMsg = func(c *msgr.Connection, m *msg.Message) {
		m.ReleaseWhenSent()
		c.Send(m)
	}
	c := p.connect()
	var pool msg.Pool
	for n := 1; n <= 200; n++ {
		c.Send(numbered(&pool, n))
		if n%7 == 0 {
			p.w.settle()
		}
	}
	p.w.settle()
	wantNumbered(t, p.mgr.journal, 200)
}

// What may have to be sent again is not given back: not while it waits for its
// acknowledgement, nor after that, for an older socket may still be encoding it.
func TestSend_losslessKeepsWhatIsSent(t *testing.T) {
	p := newMons(t, msgr.LosslessPeer())
	c := p.dial(p.a, p.b)
	p.w.settle()
	var pool msg.Pool
	made := map[*msg.Message]bool{}
	for n := 1; n <= 100; n++ {
		m := numbered(&pool, n)
		if made[m] {
			t.Fatalf("message %d is one that was sent before", n)
		}
		made[m] = true
		c.Send(m)
		if n%10 == 0 {
			p.w.settle()
		}
		if n%25 == 0 {
			p.conns[len(p.conns)-1].cut()
		}
	}
	p.w.settle()
	wantNumbered(t, p.b.journal, 100)
}

// Over a connection to oneself it is the dispatcher's to release.
func TestSend_toOneself(t *testing.T) {
	p := newPair(t, msgr.Options{})
	var pool msg.Pool
	c := p.mon.m.ConnectTo(msg.EntityMon, p.mon.m.Addr())
	for n := 1; n <= 3; n++ {
		c.Send(numbered(&pool, n))
	}
	p.w.settle()
	wantNumbered(t, p.mon.journal, 3)
}
