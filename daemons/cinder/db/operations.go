package db

import (
	"database/sql" //wavetank:allow its interface, on drivers and pools that the store chooses
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// Operations are what can be done with the tables, each by a connection of the pool of
// its own, or all within a transaction.
type Operations struct {
	store *Store
	tx    *transaction  // or nil
	limit time.Duration // for one operation, 0 is none
}

// statement is one statement with a "?" for each argument.
type statement struct {
	text string
	args []any
}

// chosen are the fields of the columns.
func chosen[C ~string](all []field, columns []C) []field {
	picked := make([]field, 0, len(columns))
	for _, c := range columns {
		i := slices.IndexFunc(all, func(f field) bool { return f.column == string(c) })
		if i < 0 {
			panic(fmt.Sprintf("no column %s", c))
		}
		picked = append(picked, all[i])
	}
	return picked
}

// table is where rows come from that are Ts.
type table[T any] struct {
	name    string
	from    string // what is selected from, if not the table itself
	columns string
	fields  func(*T) []field
}

func newTable[T any](name string, fields func(*T) []field) table[T] {
	return table[T]{name: name, from: name, columns: columnList(fields(new(T))), fields: fields}
}

// selectRows reads rows by ascending id, at most so many, if that is not 0.
func selectRows[T any](o Operations, t host.Task, from table[T], where *clause, most int) ([]T, error) {
	text := "select " + from.columns + " from " + from.from + where.String() + " order by id"
	if most > 0 {
		text += " limit " + strconv.Itoa(most)
	}
	var all []T
	row := new(T)
	targets := scanTargets(from.fields(row))
	err := o.query(t, statement{text, where.args}, func(rows *sql.Rows) error {
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		all = append(all, *row)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", from.name, err)
	}
	return all, nil
}

func selectRow[T any](o Operations, t host.Task, from table[T], where *clause) (T, error) {
	all, err := selectRows(o, t, from, where, 1)
	if err == nil && len(all) == 0 {
		err = fmt.Errorf("read %s: %w", from.name, ErrNotFound)
	}
	if err != nil {
		var none T
		return none, err
	}
	return all[0], nil
}

func columnList(fields []field) string {
	names := make([]string, len(fields))
	for i, f := range fields {
		names[i] = quoted(f.column)
	}
	return strings.Join(names, ", ")
}

// scanTargets are where Scan puts the values of the columns. It can be called for one row
// after the other: what it sets has nothing of the row before.
func scanTargets(fields []field) []any {
	targets := make([]any, len(fields))
	for i := range fields {
		targets[i] = &fields[i]
	}
	return targets
}

// insert inserts a row, without its id, and returns that.
func (o Operations) insert(t host.Task, table string, fields []field) (int64, error) {
	fields = slices.DeleteFunc(fields, func(f field) bool { return f.column == "id" })
	st := statement{text: "insert into " + table + " (" + columnList(fields) + ") values (?" + strings.Repeat(", ?", len(fields)-1) + ")"}
	for _, f := range fields {
		st.args = append(st.args, f.value())
	}
	id, err := o.insertStatement(t, st)
	if err != nil {
		return 0, fmt.Errorf("insert into %s: %w", table, err)
	}
	return id, nil
}

func (o Operations) update(t host.Task, table string, where *clause, set []field) (int, error) {
	var st statement
	var b strings.Builder
	b.WriteString("update " + table + " set ")
	for i, f := range set {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(quoted(f.column) + " = ?")
		st.args = append(st.args, f.value())
	}
	b.WriteString(where.String())
	st.text, st.args = b.String(), append(st.args, where.args...)
	n, err := o.exec(t, st)
	if err != nil {
		return 0, fmt.Errorf("update %s: %w", table, err)
	}
	return n, nil
}

func (o Operations) remove(t host.Task, table string, where *clause) (int, error) {
	n, err := o.exec(t, statement{"delete from " + table + where.String(), where.args})
	if err != nil {
		return 0, fmt.Errorf("delete from %s: %w", table, err)
	}
	return n, nil
}
