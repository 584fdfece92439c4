package web

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
)

// stream is a connection on which everything has arrived, in pieces of a few bytes.
type stream struct {
	in   *strings.Reader
	out  bytes.Buffer
	read int
}

func (s *stream) Read(p []byte) (int, error) {
	n, err := s.in.Read(p[:min(len(p), 7)])
	s.read += n
	return n, err
}

func (s *stream) Write(p []byte) (int, error) { return s.out.Write(p) }

// FuzzReader: whatever a client sends, requests are within their bounds, no more is read
// than they may have, and the end is a refusal or that of the stream.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		"", "GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.0\r\n\r\n",
		"PUT / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPUT / HTTP/1.1\r\nContent-Length: 33\r\n\r\nabc",
		"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nTrailer: x\r\n\r\n2\r\nab\r\n0\r\nx: y\r\n\r\n",
		"PUT / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
		"PUT / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, sent string) {
		const maxBody = 32
		conn := &stream{in: strings.NewReader(sent)}
		r := newReader(conn, Config{MaxBody: maxBody})
		for requests := 1; ; requests++ {
			request, err := r.next()
			if conn.read > requests*(maxHeader+maxBody) {
				t.Fatalf("%d bytes were read for %d requests", conn.read, requests)
			}
			var refused *refusal
			switch {
			case errors.As(err, &refused):
				if refused.status < 400 || refused.status > 431 {
					t.Errorf("refused with %d", refused.status)
				}
				return
			case errors.Is(err, io.EOF):
				return
			case err != nil:
				t.Fatal(err)
			}
			if body, err := io.ReadAll(request.Body); err != nil || len(body) > maxBody {
				t.Fatalf("body of %d bytes, %v", len(body), err)
			}
		}
	})
}
