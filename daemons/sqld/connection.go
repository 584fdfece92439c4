package sqld

import (
	"fmt"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/sqlitevfs"
)

const (
	// maxPrepared is how many statements a connection keeps prepared.
	maxPrepared = 64
	// maxAnswer is how many bytes an answer may have.
	maxAnswer = 64 << 20
	// ownTables begins the names of the server's own tables.
	ownTables = "sqld_"
)

// pragmas are the settings of each SQLite connection. In these modes a commit that
// returned survives a loss of power, see package sqlitevfs.
var pragmas = []string{"journal_mode=truncate", "synchronous=full", "foreign_keys=on"}

// connection is a connection to SQLite, which one session at a time uses.
type connection struct {
	db       *sqlitevfs.DB
	clock    host.Clock
	rand     host.Rand
	prepared map[string]*prepared
	order    []*prepared // the oldest first
	lastID   int64       // of the last row that was inserted

	own     bool   // what is being prepared is the server's own
	control string // BEGIN, COMMIT or ROLLBACK, if that is being prepared
	impure  impure
}

// prepared is a statement that has been compiled.
type prepared struct {
	key     string // among those of its connection
	stmt    *sqlite3.Stmt
	control string
	writes  bool
	places  int // for arguments
	columns []string
	// recompiled is how often SQLite had compiled stmt again, because tables are others,
	// when columns were its.
	recompiled int
}

// names are the columns of an answer. Each call of SQLite is dear, and these would be one
// for each column.
func (p *prepared) names() []string {
	n := p.stmt.Status(sqlite3.STMTSTATUS_REPREPARE, false)
	if p.columns == nil || n != p.recompiled {
		p.columns, p.recompiled = make([]string, p.stmt.ColumnCount()), n
		for i := range p.columns {
			p.columns[i] = p.stmt.ColumnName(i)
		}
	}
	return p.columns
}

// impure are the values, in the order they were asked for, that a statement got from
// the clock and the random stream. A replica uses them again.
type impure struct {
	values []any
	again  bool // use values, do not add to them
}

// next is a value, drawn or used again.
func (i *impure) next(draw func() any) any {
	if !i.again {
		v := draw()
		i.values = append(i.values, v)
		return v
	}
	if len(i.values) == 0 {
		return nil // the statement did otherwise than on the primary
	}
	v := i.values[0]
	i.values = i.values[1:]
	return v
}

// answer is what a statement gave.
type answer struct {
	columns  []string
	rows     [][]any
	affected int64
	lastID   int64
	open     bool // a transaction is
	// before are the columns of another answer, whose strings decode uses again.
	before []string
}

// openConnection opens a connection that is not set yet.
func openConnection(t host.Task, h host.Host, store *sqlitevfs.Store, name string) (*connection, error) {
	db, err := store.Open(t, name)
	if err != nil {
		return nil, err
	}
	c := &connection{db: db, clock: h.Clock(), rand: h.Rand("sqld"), prepared: make(map[string]*prepared)}
	if err := db.Do(t, c.govern); err != nil {
		db.Close(t)
		return nil, err
	}
	return c, nil
}

// set makes the settings, for which SQLite looks at the database: it may be locked.
func (c *connection) set(t host.Task) error {
	c.own = true
	defer func() { c.own = false }()
	for _, p := range pragmas {
		if err := c.db.Do(t, func(conn *sqlite3.Conn) error { return conn.Exec("pragma " + p) }); err != nil {
			return fmt.Errorf("pragma %s: %w", p, err)
		}
	}
	return nil
}

// govern replaces SQLite's clock and random numbers, and sees what statements are about.
func (c *connection) govern(conn *sqlite3.Conn) error {
	for name, layout := range map[string]string{ //wavetank:ordered each entry registers a function of its own
		"current_timestamp": "2006-01-02 15:04:05", "current_date": "2006-01-02", "current_time": "15:04:05",
	} {
		if err := conn.CreateFunction(name, 0, sqlite3.INNOCUOUS, func(ctx sqlite3.Context, _ ...sqlite3.Value) {
			c.result(ctx, func() any { return c.clock.Now().UTC().Format(layout) })
		}); err != nil {
			return err
		}
	}
	if err := conn.CreateFunction("random", 0, sqlite3.INNOCUOUS, func(ctx sqlite3.Context, _ ...sqlite3.Value) {
		c.result(ctx, func() any { return int64(c.rand.Uint64()) })
	}); err != nil {
		return err
	}
	return conn.SetAuthorizer(c.authorize)
}

func (c *connection) result(ctx sqlite3.Context, draw func() any) {
	switch v := c.impure.next(draw).(type) {
	case string:
		ctx.ResultText(v)
	case int64:
		ctx.ResultInt64(v)
	default:
		ctx.ResultNull()
	}
}

// timeFunctions would tell the time of the machine that the harness runs on.
var timeFunctions = []string{"date", "time", "datetime", "julianday", "unixepoch", "strftime", "timediff", "randomblob", "load_extension"}

// authorize implements SQLite's authorizer: sessions stay with the tables.
func (c *connection) authorize(action sqlite3.AuthorizerActionCode, third, fourth, _, _ string) sqlite3.AuthorizerReturnCode {
	if c.own {
		return sqlite3.AUTH_OK
	}
	switch action {
	case sqlite3.AUTH_TRANSACTION:
		c.control = third
	case sqlite3.AUTH_ATTACH, sqlite3.AUTH_DETACH, sqlite3.AUTH_PRAGMA, sqlite3.AUTH_SAVEPOINT,
		sqlite3.AUTH_CREATE_VTABLE, sqlite3.AUTH_DROP_VTABLE:
		return sqlite3.AUTH_DENY
	case sqlite3.AUTH_FUNCTION:
		for _, name := range timeFunctions {
			if strings.EqualFold(name, fourth) {
				return sqlite3.AUTH_DENY
			}
		}
	case sqlite3.AUTH_INSERT, sqlite3.AUTH_UPDATE, sqlite3.AUTH_DELETE, sqlite3.AUTH_DROP_TABLE, sqlite3.AUTH_CREATE_TABLE:
		if strings.HasPrefix(third, ownTables) {
			return sqlite3.AUTH_DENY
		}
	}
	return sqlite3.AUTH_OK
}

// prepare compiles a statement, or finds it.
func (c *connection) prepare(conn *sqlite3.Conn, text string) (*prepared, error) {
	key := text
	if c.own { // and not for sessions, which may say the same
		key = "own " + text
	}
	if p := c.prepared[key]; p != nil {
		return p, nil
	}
	c.control = ""
	stmt, tail, err := conn.Prepare(text)
	switch {
	case err != nil:
		return nil, err
	case stmt == nil:
		return nil, refuse(Refused, "no statement")
	case strings.TrimSpace(tail) != "":
		stmt.Close()
		return nil, refuse(Refused, "more than one statement")
	}
	p := &prepared{key: key, stmt: stmt, control: c.control, places: stmt.BindCount()}
	p.writes = p.control == "" && !stmt.ReadOnly()
	c.keep(p)
	return p, nil
}

// keep adds a statement to those that stay prepared.
func (c *connection) keep(p *prepared) {
	if len(c.order) == maxPrepared {
		oldest := c.order[0]
		c.order = append(c.order[:0], c.order[1:]...)
		delete(c.prepared, oldest.key)
		oldest.stmt.Close()
	}
	c.prepared[p.key] = p
	c.order = append(c.order, p)
}

// look says what a statement is.
func (c *connection) look(t host.Task, text string) (p *prepared, err error) {
	err = c.db.Do(t, func(conn *sqlite3.Conn) (err error) {
		p, err = c.prepare(conn, text)
		return err
	})
	return p, err
}

// run runs a statement of a session.
func (c *connection) run(t host.Task, st statement) (a answer, err error) {
	err = c.db.Do(t, func(conn *sqlite3.Conn) error {
		p, err := c.prepare(conn, st.text)
		if err != nil {
			return err
		}
		if p.writes {
			err = c.write(conn, p, st.args, &a)
		} else {
			err = a.collect(p, st.args)
		}
		a.lastID, a.open = c.lastID, !conn.GetAutocommit()
		return err
	})
	return a, err
}

// write runs a statement that writes.
func (c *connection) write(conn *sqlite3.Conn, p *prepared, args []any, a *answer) error {
	before := conn.TotalChanges()
	err := a.collect(p, args)
	if conn.TotalChanges() != before {
		a.affected = conn.Changes()
	}
	c.lastID = conn.LastInsertRowID()
	return err
}

// runOwn runs a statement of the server, which may be about its own tables.
func (c *connection) runOwn(t host.Task, text string, args ...any) (answer, error) {
	c.own = true
	defer func() { c.own = false }()
	return c.run(t, statement{text, args})
}

// collect runs a statement and keeps its rows.
func (a *answer) collect(p *prepared, args []any) (err error) {
	stmt := p.stmt
	defer stmt.Reset() // says again what is said already
	if err := p.bind(args); err != nil {
		return err
	}
	a.columns = p.names()
	for size := 0; stmt.Step(); {
		row := make([]any, len(a.columns))
		if err := stmt.Columns(row...); err != nil {
			return err
		}
		for _, v := range row {
			size += sizeOf(v)
		}
		if size > maxAnswer {
			return refuse(TooBig, "an answer of more than %d bytes", maxAnswer)
		}
		a.rows = append(a.rows, row)
	}
	return stmt.Err()
}

func sizeOf(v any) int {
	switch v := v.(type) {
	case string:
		return len(v) + 16
	case []byte:
		return len(v) + 16
	}
	return 16
}

// bind sets all arguments, so that none is left of the last time.
func (p *prepared) bind(args []any) error {
	if p.places != len(args) {
		return refuse(Refused, "%d arguments for %d places", len(args), p.places)
	}
	for i, a := range args {
		if err := bindOne(p.stmt, i+1, a); err != nil {
			return err
		}
	}
	return nil
}

func bindOne(stmt *sqlite3.Stmt, i int, arg any) error {
	switch v := arg.(type) {
	case nil:
		return stmt.BindNull(i)
	case int64:
		return stmt.BindInt64(i, v)
	case float64:
		return stmt.BindFloat(i, v)
	case string:
		return stmt.BindText(i, v)
	case []byte:
		return stmt.BindBlob(i, v)
	}
	return fmt.Errorf("a %T is no value", arg)
}
