package msg_test

import (
	"bytes"
	"fmt"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// decode makes a message of the body, as a socket would, with data of n bytes.
func decode(t testing.TB, p *msg.Pool, body msg.Body, n int) *msg.Message {
	t.Helper()
	var e wire.Encoder
	body.EncodePayload(&e, msg.FeaturesAll)
	head, compat := body.Version()
	h := msg.Header{Type: body.Type(), Version: head, CompatVersion: compat}
	data := append(p.Section(n), bytes.Repeat([]byte{'x'}, n)...)
	m, err := p.Decode(wire.NewDecoder(e.Bytes()), h, nil, data, msg.FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestPool_usesAgain(t *testing.T) {
	var p msg.Pool
	first := decode(t, &p, &msg.Log{Entries: []msg.LogEntry{{}}}, 128)
	body, data := first.Body, &first.Data[0]
	first.Release()
	second := decode(t, &p, &msg.Log{}, 120)
	if second != first || second.Body != body || &second.Data[0] != data {
		t.Error("the message, its body and its data were not used again")
	}
	if other := decode(t, &p, &msg.Ping{}, 0); other == first {
		t.Error("a message is of another type")
	}
}

// DecodePayload may count on a body that is zero.
func TestPool_wipes(t *testing.T) {
	var p msg.Pool
	m := decode(t, &p, &msg.Log{FSID: wire.UUID{1}}, 128)
	body := m.Body.(*msg.Log)
	m.Release()
	decode(t, &p, &msg.Ping{}, 0) // takes over what was released
	if body.FSID != (wire.UUID{}) || m.Data != nil || m.Header != (msg.Header{}) {
		t.Errorf("the message still has %+v, %+v and %d bytes of data", m.Header, body, len(m.Data))
	}
}

func TestPool_keepsWhatIsNotReleased(t *testing.T) {
	var p msg.Pool
	kept := decode(t, &p, &msg.Ping{}, 100)
	decode(t, &p, &msg.Ping{}, 100).Release()
	for range 10 {
		if m := decode(t, &p, &msg.Ping{}, 100); m == kept || &m.Data[0] == &kept.Data[0] {
			t.Fatal("a message that somebody holds was used again")
		}
	}
}

// A dispatcher that releases twice, or what it made itself, harms nobody.
func TestMessage_Release_twice(t *testing.T) {
	var p msg.Pool
	m := decode(t, &p, &msg.Ping{}, 100)
	m.Release()
	m.Release()
	msg.New(&msg.Ping{}).Release()
	if a, b := decode(t, &p, &msg.Ping{}, 100), decode(t, &p, &msg.Ping{}, 100); a == b {
		t.Error("one message was given out twice")
	}
}

// Whose body somebody has replaced is not taken for what it was made as.
func TestMessage_Release_otherBody(t *testing.T) {
	var p msg.Pool
	m := decode(t, &p, &msg.Ping{}, 0)
	m.Body = &msg.Log{}
	m.Release()
	if _, isPing := decode(t, &p, &msg.Ping{}, 0).Body.(*msg.Ping); !isPing {
		t.Error("a ping has another body")
	}
}

// A pool hands out memory with the room that was asked for, and nothing twice,
// whatever is released in whatever order.
func TestPool_sections(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var p msg.Pool
		held := map[*byte]*msg.Message{}
		for _, n := range rapid.SliceOf(rapid.IntRange(0, 200_000)).Draw(t, "sizes") {
			section := p.Section(n)
			if len(section) != 0 || cap(section) < n {
				t.Fatalf("Section(%d) has length %d and room for %d", n, len(section), cap(section))
			}
			m, err := p.Decode(wire.NewDecoder(nil), msg.Header{Type: msg.TypePing}, nil, section[:n], 0)
			if err != nil {
				t.Fatal(err)
			}
			if n > 0 {
				if held[&m.Data[0]] != nil {
					t.Fatalf("memory of %d bytes was given out twice", n)
				}
				held[&m.Data[0]] = m
			}
			if rapid.Bool().Draw(t, "release") {
				if n > 0 {
					delete(held, &m.Data[0])
				}
				m.Release()
			}
		}
	})
}

// Messages are released on one goroutine while the owner decodes on another.
func TestPool_concurrently(t *testing.T) {
	const count = 20_000
	var p msg.Pool
	work := make(chan *msg.Message, 64)
	var done sync.WaitGroup
	for range 2 {
		done.Go(func() {
			for m := range work {
				if want := fmt.Sprint(m.Header.Tid); string(m.Data) != want {
					t.Errorf("data is %q, want %q", m.Data, want)
				}
				m.Release()
			}
		})
	}
	for i := range count {
		text := fmt.Sprint(i)
		data := append(p.Section(len(text)), text...)
		m, err := p.Decode(wire.NewDecoder(nil), msg.Header{Type: msg.TypePing, Tid: uint64(i)}, nil, data, 0)
		if err != nil {
			t.Fatal(err)
		}
		work <- m
	}
	close(work)
	done.Wait()
}

// What is sent comes back empty, with its version and the default priority, and the
// caller's data does not become memory for others.
func TestPool_New(t *testing.T) {
	var p msg.Pool
	m := p.New(msg.TypePing)
	if want := msg.New(&msg.Ping{}).Header; m.Header != want {
		t.Errorf("the header is %+v, want %+v", m.Header, want)
	}
	mine := make([]byte, 128)
	m.Data, m.Header.Tid = mine, 7
	m.Sent()
	again := p.New(msg.TypePing)
	if again != m {
		t.Error("the message was not used again")
	}
	if again.Data != nil || again.Header.Tid != 0 {
		t.Errorf("it still has %+v and %d bytes of data", again.Header, len(again.Data))
	}
	if b := p.Section(128); &b[:1][0] == &mine[0] {
		t.Error("the caller's data was given out")
	}
}

// A received message that is passed on is released with its data when it is sent,
// any other one is not.
func TestMessage_Sent(t *testing.T) {
	var p msg.Pool
	m := decode(t, &p, &msg.Ping{}, 128)
	m.Sent()
	if decode(t, &p, &msg.Ping{}, 128) == m {
		t.Fatal("a message that somebody may hold was released")
	}
	data := &m.Data[0]
	m.ReleaseWhenSent()
	m.Sent()
	if again := decode(t, &p, &msg.Ping{}, 128); again != m || &again.Data[0] != data {
		t.Error("the message or its data was not used again")
	}
}
