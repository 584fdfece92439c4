package db

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/ncruces/go-sqlite3"
	sqlitedriver "github.com/ncruces/go-sqlite3/driver"
	_ "github.com/ncruces/go-sqlite3/embed" // SQLite itself

	"github.com/wavetank/wavetank/daemons/host"
)

// sqlite is SQLite's dialect.
func sqlite() engine {
	return engine{
		name: "sqlite", begin: "begin immediate", kind: sqliteKind,
		id: "integer primary key not null", boolean: "boolean", stamp: "datetime", number: "integer",
	}
}

// sqlitePragmas are the settings of each connection: others wait for a writer, as
// Cinder's do for 5 s, and do not keep readers out (WAL); a commit is on the disk.
var sqlitePragmas = []string{"busy_timeout(5000)", "journal_mode(wal)", "synchronous(full)", "foreign_keys(on)"}

// openSQLite is the database in a file: "sqlite:///name" or "sqlite:////absolute/name".
func openSQLite(_ host.Host, _ host.Loop, text string) (engine, driver.Connector, error) {
	name, ok := strings.CutPrefix(text[strings.IndexByte(text, ':'):], ":///")
	if !ok || name == "" {
		return engine{}, nil, errors.New("want sqlite:///name or sqlite:////absolute/name")
	}
	if name == ":memory:" {
		return engine{}, nil, errors.New("a database in memory would be another one for each connection")
	}
	where := url.URL{Scheme: "file", Opaque: (&url.URL{Path: name}).EscapedPath(), RawQuery: url.Values{"_pragma": sqlitePragmas}.Encode()}
	connector, err := (&sqlitedriver.SQLite{}).OpenConnector(where.String())
	if err != nil {
		return engine{}, nil, fmt.Errorf("%s: %w", name, err)
	}
	e := sqlite()
	e.blocks = true
	return e, connector, nil
}

func sqliteKind(err error) error {
	var e *sqlite3.Error
	var code sqlite3.ErrorCode
	var extended sqlite3.ExtendedErrorCode
	switch {
	case errors.As(err, &e):
		return sqliteCodeKind(e.Code(), e.ExtendedCode())
	case errors.As(err, &extended):
		return sqliteCodeKind(sqlite3.ErrorCode(uint8(extended)), extended)
	case errors.As(err, &code):
		return sqliteCodeKind(code, 0)
	}
	return nil
}

func sqliteCodeKind(code sqlite3.ErrorCode, extended sqlite3.ExtendedErrorCode) error {
	switch {
	case extended == sqlite3.CONSTRAINT_UNIQUE, extended == sqlite3.CONSTRAINT_PRIMARYKEY:
		return ErrDuplicate
	case code == sqlite3.BUSY, code == sqlite3.LOCKED:
		return ErrBusy
	case code == sqlite3.READONLY:
		return ErrReadOnly
	case code == sqlite3.INTERRUPT:
		return ErrTimeout
	case code == sqlite3.CANTOPEN, code == sqlite3.IOERR:
		return ErrUnavailable
	}
	return errRefused
}
