package web

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"      //wavetank:allow its types only
	"net/http" //wavetank:allow requests and responses only: it starts nothing
	"slices"
	"strings"
)

// maxHeader is how many bytes a request may have before its body.
const maxHeader = 64 << 10

// reader reads requests from a connection.
type reader struct {
	conn    io.ReadWriter
	in      *bufio.Reader
	bounded io.LimitedReader // of what one request may have
	methods []string
	maxBody int64
}

func newReader(conn io.ReadWriter, config Config) *reader {
	r := &reader{methods: config.Methods, maxBody: config.MaxBody}
	r.in = bufio.NewReader(&r.bounded)
	r.reset(conn)
	return r
}

// reset has it read from another connection.
func (r *reader) reset(conn io.ReadWriter) {
	r.conn, r.bounded = conn, io.LimitedReader{R: conn}
	r.in.Reset(&r.bounded)
}

// refusal is a request that is answered here.
type refusal struct {
	status int
	header http.Header
}

func (r *refusal) Error() string { return http.StatusText(r.status) }

// next reads a request with its body. Errors: a refusal, or that of the connection, on
// which there is nobody to answer any more.
func (r *reader) next() (*http.Request, error) {
	r.bounded.N = maxHeader + r.maxBody
	request, err := http.ReadRequest(r.in)
	if err != nil {
		return nil, r.judge(err, http.StatusRequestHeaderFieldsTooLarge)
	}
	if len(r.methods) > 0 && !slices.Contains(r.methods, request.Method) {
		return nil, &refusal{http.StatusMethodNotAllowed, http.Header{"Allow": {strings.Join(r.methods, ", ")}}}
	}
	if request.ContentLength > r.maxBody || request.ContentLength < 0 && r.maxBody == 0 {
		return nil, &refusal{status: http.StatusRequestEntityTooLarge}
	}
	if err := r.encourage(request); err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(request.Body, r.maxBody+1))
	switch {
	case err != nil:
		return nil, r.judge(err, http.StatusRequestEntityTooLarge)
	case int64(len(body)) > r.maxBody:
		return nil, &refusal{status: http.StatusRequestEntityTooLarge}
	}
	request.Body = io.NopCloser(bytes.NewReader(body))
	if !request.ProtoAtLeast(1, 1) { // whose clients want to be told that a connection stays
		request.Close = true
	}
	return request, nil
}

// encourage tells a client to go on that asks before it sends a body.
func (r *reader) encourage(request *http.Request) error {
	switch expected := request.Header.Get("Expect"); {
	case expected == "":
		return nil
	case !strings.EqualFold(expected, "100-continue"):
		return &refusal{status: http.StatusExpectationFailed}
	case request.ContentLength == 0 || !request.ProtoAtLeast(1, 1):
		return nil
	}
	_, err := io.WriteString(r.conn, "HTTP/1.1 100 Continue\r\n\r\n")
	return err
}

// judge is what becomes of an error in reading. tooLong is the status if there was more
// than there may be.
func (r *reader) judge(err error, tooLong int) error {
	var failed *net.OpError // a net.Error is also a mistake in a URL
	switch {
	case r.bounded.N <= 0:
		return &refusal{status: tooLong}
	case errors.Is(err, io.EOF), errors.As(err, &failed):
		return err
	}
	return &refusal{status: http.StatusBadRequest}
}
