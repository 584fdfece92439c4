package peers

import (
	"context"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// grpcUnary is one call of grpc-go per message.
type grpcUnary struct{}

func (grpcUnary) Serve(job Job, tally *Tally) (string, error) {
	take := func(_ any, _ context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) {
		m := new(wrapperspb.BytesValue)
		if err := decode(m); err != nil {
			return nil, err
		}
		tally.Add(m.Value)
		if !job.Echo() {
			m = new(wrapperspb.BytesValue)
		}
		return m, nil
	}
	return serveGRPC(&grpc.ServiceDesc{
		ServiceName: grpcService,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Call", Handler: take}},
	})
}

func (grpcUnary) Dial(job Job, addr string, replies *Tally) (Client, error) {
	conn, err := dialGRPC(addr)
	if err != nil {
		return nil, err
	}
	return &unaryClient{conn, job, NewContent(job.Size), replies}, nil
}

type unaryClient struct {
	*grpc.ClientConn
	job     Job
	content Content
	replies *Tally
}

// Send has a goroutine for each call that may be under way.
func (c *unaryClient) Send() error {
	var group errgroup.Group
	var next atomic.Int64
	for range c.job.Calls() {
		group.Go(func() error {
			for i := next.Add(1) - 1; i < int64(c.job.Count); i = next.Add(1) - 1 {
				if err := c.call(int(i)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return group.Wait()
}

func (c *unaryClient) call(i int) error {
	question, answer := &wrapperspb.BytesValue{Value: c.content.Message(i)}, new(wrapperspb.BytesValue)
	if err := c.Invoke(context.Background(), "/"+grpcService+"/Call", question, answer); err != nil {
		return err
	}
	if c.job.Echo() {
		c.replies.Add(answer.Value)
	}
	return nil
}
