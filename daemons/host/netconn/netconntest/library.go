package netconntest

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
)

func libraryChecks() []check {
	return []check{
		{"net/textproto holds a dialogue", libraryTextproto},
		{"net/http's requests and responses are exchanged by hand", libraryHTTP},
	}
}

func libraryTextproto(r *rig) {
	var j journal
	r.serve(func(_ host.Task, c net.Conn) {
		server := textproto.NewConn(c)
		server.PrintfLine("220 ready")
		for {
			line, err := server.ReadLine()
			switch {
			case err != nil:
				r.Error(err)
				return
			case line == "QUIT":
				server.PrintfLine("221 bye")
				return
			default:
				server.PrintfLine("250-%s", strings.ToLower(line))
				server.PrintfLine("250 end")
			}
		}
	})
	r.dial(func(_ host.Task, c net.Conn) {
		client := textproto.NewConn(c)
		_, greeting, err := client.ReadCodeLine(220)
		j.note(fmt.Sprint(greeting, " ", err))
		client.PrintfLine("HELLO")
		_, reply, err := client.ReadResponse(250)
		j.note(fmt.Sprintf("%q %v", reply, err))
		client.PrintfLine("QUIT")
		_, bye, err := client.ReadCodeLine(221)
		j.note(fmt.Sprint(bye, " ", err))
	})
	r.finish()
	j.wants(r, "ready <nil>", `"hello\nend" <nil>`, "bye <nil>")
}

// libraryHTTP is two requests on one connection, the second with a large body each
// way.
func libraryHTTP(r *rig) {
	body := bytes.Repeat([]byte("wave"), 1<<19) // 2 MiB
	r.serve(func(_ host.Task, c net.Conn) {
		in := bufio.NewReader(c)
		for {
			request, err := http.ReadRequest(in)
			if err == io.EOF {
				return
			}
			if err != nil {
				r.Errorf("request: %v", err)
				return
			}
			if err := answer(request).Write(c); err != nil {
				r.Errorf("response: %v", err)
			}
		}
	})
	var j journal
	r.dial(func(_ host.Task, c net.Conn) {
		in := bufio.NewReader(c)
		for _, sent := range [][]byte{nil, body} {
			request, err := http.NewRequest("PUT", "http://"+c.RemoteAddr().String()+"/echo", bytes.NewReader(sent))
			if err != nil {
				r.Error(err)
				return
			}
			if err := request.Write(c); err != nil {
				r.Errorf("request: %v", err)
				return
			}
			response, err := http.ReadResponse(in, request)
			if err != nil {
				r.Errorf("response: %v", err)
				return
			}
			got, err := io.ReadAll(response.Body)
			j.note(fmt.Sprintf("%d %s %d bytes, the same: %v, %v",
				response.StatusCode, response.Header.Get("X-Path"), len(got), bytes.Equal(got, sent), err))
		}
	})
	r.finish()
	j.wants(r, "200 /echo 0 bytes, the same: true, <nil>", "200 /echo 2097152 bytes, the same: true, <nil>")
}

// answer sends a request's body back.
func answer(request *http.Request) *http.Response {
	body, err := io.ReadAll(request.Body)
	status := http.StatusOK
	if err != nil {
		status = http.StatusBadRequest
	}
	return &http.Response{
		StatusCode: status, ProtoMajor: 1, ProtoMinor: 1, Request: request,
		Header:        http.Header{"X-Path": {request.URL.Path}},
		ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}
}
