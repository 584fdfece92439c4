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

// target is where Scan puts the column's value.
func (f field) target() any {
	if v, ok := f.variable.(**string); ok {
		return v
	}
	return scanner{f}
}

// reference is the id of another row; 0 is NULL.
type reference int64

// scanner takes whatever a driver makes of a column's value. NULL is the zero value.
type scanner struct{ field }

// Scan implements sql.Scanner.
func (s scanner) Scan(src any) (err error) {
	switch v := s.variable.(type) {
	case *string:
		*v, err = scanned[string](src)
	case *int:
		*v, err = scanned[int](src)
	case *int64:
		*v, err = scanned[int64](src)
	case *reference:
		*v, err = scanned[reference](src)
	case *bool:
		*v, err = scanned[bool](src)
	case *time.Time:
		*v, err = scannedTime(src)
	default:
		err = fmt.Errorf("no value of type %T", v)
	}
	if err != nil {
		return fmt.Errorf("column %s: %w", s.column, err)
	}
	return nil
}

func scanned[T any](src any) (T, error) {
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
