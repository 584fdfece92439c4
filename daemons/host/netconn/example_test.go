package netconn_test

import (
	"bufio"
	"fmt"
	"io"
	"net/http"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/netconn"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// A server and a client exchange an HTTP request by hand, each in a task. In the
// simulator the same code runs in virtual time.
func Example() {
	h := oshost.New(oshost.Options{Name: "a"})
	defer h.Kill()
	loop := h.NewLoop("main")
	stack := netconn.New(h, loop)

	answers := make(chan string)
	loop.Post(func() {
		l, err := stack.Listen("tcp", ":0")
		if err != nil {
			answers <- err.Error()
			return
		}
		loop.Go("server", func(host.Task) {
			c, err := l.Accept()
			if err != nil {
				return
			}
			defer c.Close()
			if request, err := http.ReadRequest(bufio.NewReader(c)); err == nil {
				fmt.Fprintf(c, "HTTP/1.0 200 OK\r\n\r\nyou asked for %s", request.URL)
			}
		})
		loop.Go("client", func(host.Task) {
			answers <- ask(stack, l.Addr().String())
		})
	})
	fmt.Println(<-answers)
	// Output: you asked for /tide
}

func ask(stack *netconn.Stack, address string) string {
	c, err := stack.Dial("tcp", address)
	if err != nil {
		return err.Error()
	}
	defer c.Close()
	fmt.Fprintf(c, "GET /tide HTTP/1.0\r\n\r\n")
	response, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return err.Error()
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return err.Error()
	}
	return string(body)
}
