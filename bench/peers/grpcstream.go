package peers

import (
	"context"
	"errors"
	"io"

	"google.golang.org/grpc"
	"google.golang.org/protobuf/types/known/wrapperspb"
)

// grpcStream is one stream of grpc-go, both ways.
type grpcStream struct{}

func (grpcStream) Serve(job Job, tally *Tally) (string, error) {
	return serveGRPC(&grpc.ServiceDesc{
		ServiceName: grpcService,
		HandlerType: (*any)(nil),
		Streams: []grpc.StreamDesc{{
			StreamName: "Stream", ClientStreams: true, ServerStreams: true,
			Handler: func(_ any, s grpc.ServerStream) error { return takeStream(s, job, tally) },
		}},
	})
}

func takeStream(s grpc.ServerStream, job Job, tally *Tally) error {
	for {
		m := new(wrapperspb.BytesValue)
		if err := s.RecvMsg(m); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		tally.Add(m.Value)
		if job.Echo() {
			if err := s.SendMsg(m); err != nil {
				return err
			}
		}
	}
}

func (grpcStream) Dial(job Job, addr string, replies *Tally) (Client, error) {
	conn, err := dialGRPC(addr)
	if err != nil {
		return nil, err
	}
	desc := &grpc.StreamDesc{StreamName: "Stream", ClientStreams: true, ServerStreams: true}
	stream, err := conn.NewStream(context.Background(), desc, "/"+grpcService+"/Stream")
	if err != nil {
		conn.Close()
		return nil, err
	}
	return &streamClient{conn, stream, job, NewContent(job.Size), replies}, nil
}

type streamClient struct {
	*grpc.ClientConn
	stream  grpc.ClientStream
	job     Job
	content Content
	replies *Tally
}

func (c *streamClient) Send() error {
	if c.job.Echo() {
		return c.roundTrips()
	}
	for i := range c.job.Count {
		if err := c.send(i); err != nil {
			return err
		}
	}
	return nil
}

func (c *streamClient) send(i int) error {
	return c.stream.SendMsg(&wrapperspb.BytesValue{Value: c.content.Message(i)})
}

// roundTrips sends on this goroutine and takes answers on another.
func (c *streamClient) roundTrips() error {
	room, failed := make(chan struct{}, c.job.Inflight), make(chan error, 1)
	go func() { failed <- c.takeAnswers(room) }()
	for i := range c.job.Count {
		select {
		case room <- struct{}{}:
		case err := <-failed:
			return err
		}
		if err := c.send(i); err != nil {
			return err
		}
	}
	return <-failed
}

// takeAnswers makes room for another message with each answer.
func (c *streamClient) takeAnswers(room <-chan struct{}) error {
	for range c.job.Count {
		m := new(wrapperspb.BytesValue)
		if err := c.stream.RecvMsg(m); err != nil {
			return err
		}
		c.replies.Add(m.Value)
		<-room
	}
	return nil
}
