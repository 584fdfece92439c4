package web

import (
	"bytes"
	"net/http" //wavetank:allow requests and responses only: it starts nothing
)

// recorder is the http.ResponseWriter that handlers write to.
type recorder struct {
	header http.Header
	code   int
	wrote  bool
	body   bytes.Buffer
}

func newRecorder() *recorder { return &recorder{header: http.Header{}, code: http.StatusOK} }

// Header implements http.ResponseWriter.
func (r *recorder) Header() http.Header { return r.header }

// WriteHeader implements http.ResponseWriter.
func (r *recorder) WriteHeader(code int) {
	if !r.wrote {
		r.code, r.wrote = code, true
	}
}

// Write implements http.ResponseWriter. Error: http.ErrBodyNotAllowed for a status that
// has no body.
func (r *recorder) Write(p []byte) (int, error) {
	r.wrote = true
	if r.code == http.StatusNoContent || r.code == http.StatusNotModified || r.code < http.StatusOK {
		return 0, http.ErrBodyNotAllowed
	}
	if r.header.Get("Content-Type") == "" {
		r.header.Set("Content-Type", http.DetectContentType(p))
	}
	return r.body.Write(p)
}
