package db

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// engine is what differs between databases.
type engine struct {
	name string
	// blocks: its driver keeps the goroutine waiting, so it gets one of its own.
	blocks bool
	// begin begins a transaction that is going to write.
	begin string
	// returning: the id of a new row comes with "returning", not from the driver.
	returning bool
	// numbered: arguments are "$1", "$2", not "?".
	numbered bool
	// quote is what names are put in; 0 is '"'.
	quote byte
	// times: the driver takes a time.Time and keeps microseconds; else it gets text.
	times bool
	// kind says which of our errors one of the driver is: errRefused if it is the
	// database's answer and none of ours, nil if it is none of the database's.
	kind func(error) error
	// lock has other migrations wait while this one goes on, until the transaction ends
	// or unlock.
	lock, unlock string
	// id, boolean, stamp and number are the types of columns, and suffix what follows a
	// table's columns.
	id, boolean, stamp, number, suffix string
}

// text is a statement as the engine wants it.
func (e *engine) text(statement string) string {
	if !e.numbered && e.quote == 0 {
		return statement
	}
	var b strings.Builder
	n := 0
	for i := range len(statement) {
		switch c := statement[i]; {
		case c == '?' && e.numbered:
			n++
			b.WriteByte('$')
			b.WriteString(strconv.Itoa(n))
		case c == '"' && e.quote != 0:
			b.WriteByte(e.quote)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// bind is a statement's arguments as the engine's driver takes them.
func (e *engine) bind(args []any) []any {
	bound := make([]any, len(args))
	for i, a := range args {
		bound[i] = a
		at, ok := a.(time.Time)
		switch {
		case !ok:
		case at.IsZero():
			bound[i] = nil
		case e.times:
			bound[i] = cut(at)
		default:
			bound[i] = cut(at).Format(stampLayout)
		}
	}
	return bound
}

// dial finds the engine of a URL.
func dial(h host.Host, loop host.Loop, text string) (engine, driver.Connector, error) {
	scheme, _, _ := strings.Cut(text, ":")
	scheme, _, _ = strings.Cut(scheme, "+") // the name of a driver for Python
	open, ok := map[string]func(host.Host, host.Loop, string) (engine, driver.Connector, error){
		"sqlite":     openSQLite,
		"sqld":       openSQLD,
		"postgresql": openPostgres,
		"postgres":   openPostgres,
		"mysql":      openMySQL,
		"mariadb":    openMySQL,
	}[scheme]
	if !ok {
		return engine{}, nil, fmt.Errorf("unknown kind %q: want sqlite, postgresql, mysql or sqld", scheme)
	}
	e, connector, err := open(h, loop, text)
	if err != nil {
		return engine{}, nil, err
	}
	if _, can := loop.(host.BlockingLoop); e.blocks && !can {
		return engine{}, nil, errors.New("only the real machine can wait for it; in the simulator use sqld")
	}
	return e, connector, nil
}

// redacted is a URL without its password.
func redacted(text string) string {
	u, err := url.Parse(text)
	if err != nil {
		return strconv.Quote(text[:strings.IndexByte(text+":", ':')] + ":...")
	}
	return u.Redacted()
}

// connecting marks the errors of a driver that cannot connect.
type connecting struct{ driver.Connector }

// Connect implements driver.Connector.
func (c connecting) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := c.Connector.Connect(ctx)
	if err != nil {
		return nil, connectError{err}
	}
	return conn, nil
}
