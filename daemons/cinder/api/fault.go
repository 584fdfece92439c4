package api

import (
	"errors"
	"fmt"
	"net/http" //wavetank:allow requests and responses only: it starts nothing
)

// fault is an error that its asker is told, as Cinder words it.
type fault struct {
	status  int
	message string
}

func (f *fault) Error() string { return f.message }

// Messages that do not depend on the request.
const (
	serverErred  = "The server has either erred or is incapable of performing the requested operation."
	noResource   = "The resource could not be found."
	malformed    = "The server could not comply with the request since it is either malformed or otherwise incorrect."
	malformedURL = "Malformed request url"
	badBody      = "Malformed request body"
)

// invalidInput is status 400 for what was asked.
func invalidInput(format string, args ...any) *fault {
	return &fault{http.StatusBadRequest, "Invalid input received: " + fmt.Sprintf(format, args...)}
}

func invalid(format string, args ...any) *fault {
	return &fault{http.StatusBadRequest, fmt.Sprintf(format, args...)}
}

func notFound(format string, args ...any) *fault {
	return &fault{http.StatusNotFound, fmt.Sprintf(format, args...)}
}

// faultName is the one member of the body, by the status.
func faultName(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "badRequest"
	case http.StatusNotFound:
		return "itemNotFound"
	case http.StatusUnsupportedMediaType:
		return "badMediaType"
	}
	return "computeFault"
}

// asFault is what an asker sees of an error. What no handler has made a fault is
// nobody's business outside: the log has it.
func asFault(err error) *fault {
	if f := (*fault)(nil); errors.As(err, &f) {
		return f
	}
	return &fault{http.StatusInternalServerError, serverErred}
}
