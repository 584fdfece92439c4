package db

import (
	"database/sql" //wavetank:allow its interface, on drivers and pools that the store chooses
	"fmt"
	"strconv"
	"time"
)

// stampLayout is how SQLite and MariaDB are told times: as SQLAlchemy writes them, so
// that they sort.
const stampLayout = "2006-01-02 15:04:05.000000"

// field is a column and the Go variable, of a row, that holds its value: a *string,
// **string, *int, *int64, *bool or *time.Time.
type field struct {
	column   string
	variable any
}

// value is the field's content as drivers take it, but for times: nil is NULL.
func (f field) value() any {
	switch v := f.variable.(type) {
	case *string:
		return *v
	case **string:
		if *v == nil {
			return nil
		}
		return **v
	case *int:
		return int64(*v)
	case *int64:
		return *v
	case *bool:
		return *v
	case *time.Time:
		return *v
	case *reference:
		if *v == 0 {
			return nil
		}
		return int64(*v)
	}
	panic(fmt.Sprintf("column %s: no value of type %T", f.column, f.variable))
}

// reference is the id of another row; 0 is NULL.
type reference int64

// Scan implements sql.Scanner: it takes whatever a driver makes of the column's value.
// NULL is the zero value.
func (f *field) Scan(src any) (err error) {
	switch v := f.variable.(type) {
	case *string:
		*v, err = scanned[string](src)
	case **string:
		if *v = nil; src != nil {
			var s string
			s, err = scanned[string](src)
			*v = &s
		}
	case *int:
		var n int64
		n, err = scanned[int64](src)
		*v = int(n)
	case *int64:
		*v, err = scanned[int64](src)
	case *reference:
		var n int64
		n, err = scanned[int64](src)
		*v = reference(n)
	case *bool:
		*v, err = scanned[bool](src)
	case *time.Time:
		*v, err = scannedTime(src)
	default:
		err = fmt.Errorf("no value of type %T", v)
	}
	if err != nil {
		return fmt.Errorf("column %s: %w", f.column, err)
	}
	return nil
}

// scanned is a value as a T. Most are.
func scanned[T any](src any) (T, error) {
	if v, ok := src.(T); ok {
		return v, nil
	}
	var v sql.Null[T]
	err := v.Scan(src)
	return v.V, err
}

func scannedTime(src any) (time.Time, error) {
	switch v := src.(type) {
	case nil:
		return time.Time{}, nil
	case time.Time:
		return v.UTC(), nil
	case string:
		return parseStamp(v)
	case []byte:
		return parseStamp(string(v))
	}
	return time.Time{}, fmt.Errorf("%T is no time", src)
}

func parseStamp(s string) (time.Time, error) {
	at, err := time.Parse("2006-01-02 15:04:05.999999999", s)
	if err != nil {
		return at, fmt.Errorf("%s is no time: %w", strconv.Quote(s), err)
	}
	return at, nil
}

// cut is a time as it can be kept.
func cut(t time.Time) time.Time { return t.UTC().Truncate(time.Microsecond) }
