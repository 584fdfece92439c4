package peers

import (
	"errors"
	"io"
	"net"
)

// rawBuffer is how much is read or written in one call where there is so much.
const rawBuffer = 256 << 10

// raw is what the machine allows: contents one behind the other on a socket,
// without frames, as many per call as there are.
type raw struct{}

func (raw) Serve(job Job, tally *Tally) (string, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go func() {
		conn, err := ln.Accept()
		if err != nil {
			return
		}
		eachBatch(conn, job.Size, func(batch []byte, _ int) error {
			tallyBatch(tally, batch, job.Size)
			if !job.Echo() {
				return nil
			}
			_, err := conn.Write(batch)
			return err
		})
	}()
	return ln.Addr().String(), nil
}

func (raw) Dial(job Job, addr string, replies *Tally) (Client, error) {
	conn, err := net.Dial("tcp4", addr)
	if err != nil {
		return nil, err
	}
	return &rawClient{Conn: conn, job: job, content: NewContent(job.Size), replies: replies}, nil
}

type rawClient struct {
	net.Conn
	job     Job
	content Content
	replies *Tally
}

func (c *rawClient) Send() error {
	if c.job.Echo() {
		return c.roundTrips()
	}
	return c.write(0, c.job.Count)
}

// write writes messages from to to.
func (c *rawClient) write(from, to int) error {
	for from < to {
		n := min(to-from, max(1, rawBuffer/c.job.Size))
		n, err := c.Write(c.content.Messages(from, n))
		if err != nil {
			return err
		}
		from += n / c.job.Size
	}
	return nil
}

// roundTrips reads answers on a goroutine of its own, which tells how many there
// were. As many messages follow, in one call if they gathered meanwhile.
func (c *rawClient) roundTrips() error {
	answered, failed := make(chan int, c.job.Inflight), make(chan error, 1)
	go func() {
		failed <- eachBatch(c.Conn, c.job.Size, func(batch []byte, n int) error {
			tallyBatch(c.replies, batch, c.job.Size)
			answered <- n
			return nil
		})
	}()
	sent := min(c.job.Inflight, c.job.Count)
	if err := c.write(0, sent); err != nil {
		return err
	}
	for back := 0; back < c.job.Count; {
		select {
		case n := <-answered:
			back += n
		case err := <-failed:
			return err
		}
		next := min(back+c.job.Inflight, c.job.Count)
		if err := c.write(sent, next); err != nil {
			return err
		}
		sent = next
	}
	return nil
}

// eachBatch reads messages of size bytes and calls take with as many whole ones
// as there are, until reading or take fails. The peer's leaving is no failure.
func eachBatch(r io.Reader, size int, take func(batch []byte, n int) error) error {
	buf := make([]byte, max(rawBuffer, size))
	for have := 0; ; {
		n, err := r.Read(buf[have:])
		if errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) {
			return nil
		}
		if err != nil {
			return err
		}
		have += n
		whole := have - have%size
		if whole == 0 {
			continue
		}
		if err := take(buf[:whole], whole/size); err != nil {
			return err
		}
		have = copy(buf, buf[whole:have])
	}
}

func tallyBatch(tally *Tally, batch []byte, size int) {
	for ; len(batch) > 0; batch = batch[size:] {
		tally.Add(batch[:size])
	}
}
