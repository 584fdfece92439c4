package db

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/wavetank/wavetank/daemons/host"
)

// openMySQL is a MariaDB or MySQL server: "mysql://user:password@address:port/name".
func openMySQL(_ host.Host, _ host.Loop, text string) (engine, driver.Connector, error) {
	u, err := url.Parse(text)
	if err != nil {
		return engine{}, nil, errors.New("malformed URL")
	}
	address := u.Host
	if u.Port() == "" {
		address += ":3306"
	}
	config := mysql.NewConfig()
	config.User = u.User.Username()
	config.Passwd, _ = u.User.Password()
	config.Net, config.Addr, config.DBName = "tcp", address, strings.TrimPrefix(u.Path, "/")
	if socket := u.Query().Get("unix_socket"); socket != "" {
		config.Net, config.Addr = "unix", socket
	}
	// One round trip a statement; found rows, not changed ones, so that an update that
	// changes nothing is told from one that finds nothing.
	config.InterpolateParams, config.ClientFoundRows = true, true
	config.ParseTime, config.Loc = true, time.UTC
	config.Timeout = 10 * time.Second // as PyMySQL's connect_timeout
	config.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return engine{}, nil, fmt.Errorf("configure: %w", err)
	}
	e := engine{
		name: "mysql", blocks: true, begin: "start transaction", quote: '`', kind: mysqlKind,
		lock: fmt.Sprintf("select get_lock('wavetank-%d', 60)", migrationLock), unlock: fmt.Sprintf("select release_lock('wavetank-%d')", migrationLock),
		id: "integer not null auto_increment primary key", boolean: "tinyint(1)", stamp: "datetime", number: "integer",
		// Equal means equal, as in the other databases, and not equal but for case.
		suffix: " engine=InnoDB default charset=utf8mb3 collate=utf8mb3_bin",
	}
	return e, connector, nil
}

// mysqlKind goes by the server's error numbers.
func mysqlKind(err error) error {
	var e *mysql.MySQLError
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Number {
	case 1062: // ER_DUP_ENTRY
		return ErrDuplicate
	case 1205, 1213: // ER_LOCK_WAIT_TIMEOUT, ER_LOCK_DEADLOCK
		return ErrBusy
	case 1290, 1836: // ER_OPTION_PREVENTS_STATEMENT (read_only), ER_READ_ONLY_MODE
		return ErrReadOnly
	case 1053, 1927: // ER_SERVER_SHUTDOWN, ER_CONNECTION_KILLED: of a commit nobody knows
		return nil
	case 1317, 3024: // ER_QUERY_INTERRUPTED, ER_QUERY_TIMEOUT
		return ErrTimeout
	}
	return errRefused
}
