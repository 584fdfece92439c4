package db

import (
	"strings"
	"time"
)

// clause is the condition of a statement: parts that must all hold, with a "?" for each
// argument.
type clause struct {
	buf  []byte // with its keyword
	args []any
}

// and adds a part.
func (c *clause) and(part string, args ...any) {
	if c.buf == nil {
		c.buf = append(make([]byte, 0, 128), " where "...)
	} else {
		c.buf = append(c.buf, " and "...)
	}
	c.buf = append(c.buf, part...)
	c.args = append(c.args, args...)
}

// column is and for a column, and what is asked of it.
func (c *clause) column(name, is string, args ...any) {
	c.and(`"`, args...)
	c.buf = append(append(append(c.buf, name...), '"'), is...)
}

// equal asks for a value, unless that is empty.
func (c *clause) equal(column, value string) {
	if value != "" {
		c.column(column, " = ?", value)
	}
}

// number asks for a value, unless that is zero.
func (c *clause) number(column string, value int64) {
	if value != 0 {
		c.column(column, " = ?", value)
	}
}

// is asks for a value, unless want is nil.
func (c *clause) is(column string, want *bool) {
	if want != nil {
		c.column(column, " = ?", *want)
	}
}

// text asks for a value, unless want is nil; the empty one stands for NULL too.
func (c *clause) text(column string, want *string) {
	switch {
	case want == nil:
	case *want == "":
		c.and("(" + quoted(column) + " is null or " + quoted(column) + " = '')")
	default:
		c.equal(column, *want)
	}
}

// oneOf asks for one of some values, unless there are none.
func (c *clause) oneOf(column string, values []string) {
	if len(values) == 0 {
		return
	}
	args := make([]any, len(values))
	for i, v := range values {
		args[i] = v
	}
	c.column(column, " in (?"+strings.Repeat(", ?", len(values)-1)+")", args...)
}

// undeleted leaves out rows that were deleted softly.
func (c *clause) undeleted(also bool) {
	if !also {
		c.and("deleted = ?", false)
	}
}

// seen asks for a sign of life not before since, unless that is zero.
func (c *clause) seen(since time.Time) {
	if !since.IsZero() {
		c.and("coalesce(updated_at, created_at) >= ?", since)
	}
}

// String is the clause with its keyword, or nothing.
func (c *clause) String() string { return string(c.buf) }

// quoted is a name that may be a word of SQL ("binary" is one of MySQL).
func quoted(name string) string { return `"` + name + `"` }
