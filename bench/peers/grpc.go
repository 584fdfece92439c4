package peers

import (
	"context"
	"fmt"
	"net"

	"google.golang.org/grpc"
	"google.golang.org/grpc/connectivity"
	"google.golang.org/grpc/credentials/insecure"
)

// grpcService is the name of the service, whose description each of the two
// grpc peers writes by hand: one method, with google.protobuf.BytesValue both
// ways, is not worth a generator.
const grpcService = "wavetank.peers.Carrier"

// serveGRPC starts a grpc server of one service.
func serveGRPC(service *grpc.ServiceDesc) (string, error) {
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	server := grpc.NewServer()
	server.RegisterService(service, nil)
	go server.Serve(ln)
	return ln.Addr().String(), nil
}

// dialGRPC returns when the connection is open.
func dialGRPC(addr string) (*grpc.ClientConn, error) {
	conn, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy())
	if err != nil {
		return nil, err
	}
	conn.Connect()
	for state := conn.GetState(); state != connectivity.Ready; state = conn.GetState() {
		if state == connectivity.TransientFailure {
			conn.Close()
			return nil, fmt.Errorf("grpc connection to %s: %v", addr, state)
		}
		conn.WaitForStateChange(context.Background(), state)
	}
	return conn, nil
}
