package cinder

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/wavetank/wavetank/daemons/cinder/rpc"
)

// logger is the name of a service's only logger.
const logger = "cinder.service"

// logLevels lets operators set the least level of a service's records.
type logLevels struct{ least *slog.LevelVar }

// newLogger is a log that obeys. It begins with INFO.
func newLogger(to *slog.Logger) (*slog.Logger, logLevels) {
	l := logLevels{new(slog.LevelVar)}
	return slog.New(leveled{to.Handler(), l.least}), l
}

// logRequest is the argument of both methods.
type logRequest struct {
	Request logLevel `json:"log_request"`
}

// logLevel is a level by Python's name, of all loggers whose names begin with Prefix.
type logLevel struct {
	Prefix string `json:"prefix"`
	Level  string `json:"level"`
}

// handles are the requests that handle answers.
func (l logLevels) handles(r rpc.Request) bool {
	return r.Method == methodSetLogLevels || r.Method == methodGetLogLevels
}

func (l logLevels) handle(r rpc.Request) (any, error) {
	var args logRequest
	if err := r.Decode(&args); err != nil {
		return nil, err
	}
	meant := strings.HasPrefix(logger, args.Request.Prefix)
	switch {
	case r.Method == methodGetLogLevels && meant:
		return []logLevel{{logger, LevelName(l.least.Level())}}, nil
	case r.Method == methodGetLogLevels:
		return []logLevel{}, nil
	case !meant:
		return nil, nil
	}
	level, ok := LevelOf(args.Request.Level)
	if !ok {
		return nil, fmt.Errorf("%q is no log level", args.Request.Level)
	}
	l.least.Set(level)
	return nil, nil
}

// LevelOf is a level by the name that Python gives it, in any case.
func LevelOf(name string) (level slog.Level, ok bool) {
	for _, level := range []slog.Level{slog.LevelDebug, slog.LevelInfo, slog.LevelWarn, slog.LevelError} {
		if LevelName(level) == strings.ToUpper(name) {
			return level, true
		}
	}
	return 0, false
}

// LevelName is the name that Python gives a level.
func LevelName(level slog.Level) string {
	if level == slog.LevelWarn {
		return "WARNING"
	}
	return level.String()
}

// Leveled is a handler that leaves out what is below a level.
func Leveled(to slog.Handler, least *slog.LevelVar) slog.Handler { return leveled{to, least} }

type leveled struct {
	slog.Handler
	least *slog.LevelVar
}

// Enabled implements slog.Handler.
func (h leveled) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= h.least.Level() && h.Handler.Enabled(ctx, level)
}

// WithAttrs implements slog.Handler.
func (h leveled) WithAttrs(attrs []slog.Attr) slog.Handler {
	return leveled{h.Handler.WithAttrs(attrs), h.least}
}

// WithGroup implements slog.Handler.
func (h leveled) WithGroup(name string) slog.Handler {
	return leveled{h.Handler.WithGroup(name), h.least}
}
