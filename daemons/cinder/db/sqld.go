package db

import (
	"database/sql/driver"
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/sqld"
)

// openSQLD is servers of package sqld: "sqld://ADDR:PORT,ADDR:PORT", with "?replicas" if
// one that takes no writes will do. The SQL is that of SQLite.
func openSQLD(h host.Host, loop host.Loop, text string) (engine, driver.Connector, error) {
	_, rest, _ := strings.Cut(text, "://")
	addrs, query, _ := strings.Cut(strings.TrimSuffix(rest, "/"), "?")
	c := &sqld.Connector{Host: h, Loop: loop, Replicas: query == "replicas"}
	if query != "" && !c.Replicas {
		return engine{}, nil, fmt.Errorf("unknown %q: want replicas or nothing", query)
	}
	for _, a := range strings.Split(addrs, ",") {
		addr, err := netip.ParseAddrPort(a)
		if err != nil {
			return engine{}, nil, fmt.Errorf("want sqld://ADDRESS:PORT,...: %w", err)
		}
		c.Addrs = append(c.Addrs, addr)
	}
	e := sqlite()
	e.name, e.kind = "sqld", sqldKind
	return e, c, nil
}

func sqldKind(err error) error {
	if errors.Is(err, sqld.ErrUnsent) {
		return ErrTimeout
	}
	var e *sqld.Error
	if !errors.As(err, &e) {
		return nil
	}
	switch e.Code {
	case sqld.Duplicate:
		return ErrDuplicate
	case sqld.Busy:
		return ErrBusy
	case sqld.ReadOnly:
		return ErrReadOnly
	case sqld.IO:
		return nil // of a commit nobody knows
	}
	return errRefused
}
