package netconn

import (
	"net"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// narrow is a stream with room for as much as it is told.
type narrow struct {
	host.Conn
	room  int
	taken []byte
}

func (s *narrow) Write(p []byte) (int, error) {
	n := min(s.room, len(p))
	s.room -= n
	s.taken = append(s.taken, p[:n]...)
	return n, nil
}

// Room that comes up between the pieces of one Write is not for another, though
// that asks first.
func TestConn_writesDoNotMix(t *testing.T) {
	h := oshost.New(oshost.Options{Name: "a"})
	defer h.Kill()
	loop := h.NewLoop("main")
	stream := &narrow{}
	c := newConn(New(h, loop), &net.TCPAddr{})
	c.stream = stream

	done := make(chan error, 2)
	write := func(s string) {
		loop.Go(s, func(host.Task) {
			_, err := c.Write([]byte(s))
			done <- err
		})
	}
	loop.Post(func() {
		loop.Go("director", func(t host.Task) {
			for _, scene := range []func(){
				func() { stream.room = 2; write("aaaa") },
				func() { stream.room = 2; write("bb") },
				(*events)(c).Writable,
				func() { stream.room = 2; (*events)(c).Writable() },
			} {
				scene()
				for range 5 {
					t.Sleep(0) // let the others play
				}
			}
		})
	})
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	if string(stream.taken) != "aaaabb" {
		t.Errorf("the stream got %q", stream.taken)
	}
}
