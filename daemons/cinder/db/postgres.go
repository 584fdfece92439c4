package db

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"

	"github.com/wavetank/wavetank/daemons/host"
)

// migrationLock is what migrations of servers lock: any number that nobody else uses.
const migrationLock = 7_717_070

// openPostgres is a PostgreSQL server: "postgresql://user:password@address:port/name".
func openPostgres(_ host.Host, _ host.Loop, text string) (engine, driver.Connector, error) {
	u, err := url.Parse(text)
	if err != nil {
		return engine{}, nil, errors.New("malformed URL")
	}
	u.Scheme = "postgresql"
	config, err := pgx.ParseConfig(u.String())
	if err != nil {
		return engine{}, nil, fmt.Errorf("parse: %w", err)
	}
	if config.RuntimeParams == nil {
		config.RuntimeParams = make(map[string]string)
	}
	config.RuntimeParams["timezone"] = "UTC"
	e := engine{
		name: "postgresql", blocks: true, begin: "begin", returning: true, numbered: true, times: true, kind: postgresKind,
		lock: fmt.Sprintf("select pg_advisory_xact_lock(%d)", migrationLock),
		id:   "serial primary key", boolean: "boolean", stamp: "timestamp without time zone", number: "integer",
	}
	return e, stdlib.GetConnector(*config), nil
}

// postgresKind goes by the SQLSTATE (PostgreSQL's manual, appendix A).
func postgresKind(err error) error {
	var e *pgconn.PgError
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code {
	case "23505": // unique_violation
		return ErrDuplicate
	case "40001", "40P01", "55P03": // serialization_failure, deadlock_detected, lock_not_available
		return ErrBusy
	case "25006": // read_only_sql_transaction
		return ErrReadOnly
	case "57014": // query_canceled: the server took part in it
		return ErrTimeout
	}
	switch e.Code[:min(2, len(e.Code))] {
	case "08", "57": // connection exception, operator intervention: of a commit nobody knows
		return nil
	}
	return errRefused
}
