package peers

import (
	"net"
	"net/rpc"
)

// netRPC is net/rpc with its own encoding, gob. It has calls only.
type netRPC struct{}

// rpcTake is the one method that there is.
const rpcTake = "Carrier.Take"

func (netRPC) Serve(job Job, tally *Tally) (string, error) {
	server := rpc.NewServer()
	if err := server.RegisterName("Carrier", &rpcCarrier{job, tally}); err != nil {
		return "", err
	}
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	go server.Accept(ln)
	return ln.Addr().String(), nil
}

type rpcCarrier struct {
	job   Job
	tally *Tally
}

// Take is called by net/rpc, on a goroutine for each call.
func (c *rpcCarrier) Take(content []byte, answer *[]byte) error {
	c.tally.Add(content)
	if c.job.Echo() {
		*answer = content
	}
	return nil
}

func (netRPC) Dial(job Job, addr string, replies *Tally) (Client, error) {
	client, err := rpc.Dial("tcp4", addr)
	if err != nil {
		return nil, err
	}
	return &rpcClient{client, job, NewContent(job.Size), replies}, nil
}

type rpcClient struct {
	*rpc.Client
	job     Job
	content Content
	replies *Tally
}

func (c *rpcClient) Send() error {
	calls := min(c.job.Calls(), c.job.Count)
	done := make(chan *rpc.Call, calls)
	for sent := range c.job.Count {
		if sent >= calls {
			if err := c.finish(<-done); err != nil {
				return err
			}
		}
		c.Go(rpcTake, c.content.Message(sent), new([]byte), done)
	}
	for range calls {
		if err := c.finish(<-done); err != nil {
			return err
		}
	}
	return nil
}

func (c *rpcClient) finish(call *rpc.Call) error {
	if call.Error == nil && c.job.Echo() {
		c.replies.Add(*call.Reply.(*[]byte))
	}
	return call.Error
}
