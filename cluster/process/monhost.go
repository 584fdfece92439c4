package process

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
)

// monPort is where monitors serve version 1 of the protocol if nobody says otherwise.
const monPort = 6789

// msgr2Port is where they serve version 2, which is not spoken here.
const msgr2Port = 3300

var errMonHost = errors.New("not a list of monitors' addresses")

// parseMonHost reads mon_host: addresses, or vectors of addresses in brackets, between
// commas, semicolons or blanks. It keeps those of version 1: "10.0.0.1",
// "v1:10.0.0.1:6789/0", "[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0]", "[::1]:6789".
// (Ceph: MonMap::build_initial in src/mon/MonMap.cc.)
func parseMonHost(text string) ([]netip.AddrPort, error) {
	var all []netip.AddrPort
	for _, item := range strings.FieldsFunc(flatten(text), isSeparator) {
		addr, spoken, err := parseAddr(item)
		if err != nil {
			return nil, fmt.Errorf("%w: %q: %w", errMonHost, item, err)
		}
		if spoken {
			all = append(all, addr)
		}
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("%w: %q has none of version 1", errMonHost, text)
	}
	return all, nil
}

// flatten takes the brackets of vectors away, and leaves those of IPv6 addresses: only
// a vector's has a type after it, or a comma before the end.
func flatten(text string) string {
	for _, kind := range []string{"v1:", "v2:", "any:"} {
		text = strings.ReplaceAll(text, "["+kind, " "+kind)
	}
	var b strings.Builder
	depth := 0
	for _, r := range text {
		switch {
		case r == '[':
			depth++
		case r == ']' && depth == 0:
			r = ' '
		case r == ']':
			depth--
		}
		b.WriteRune(r)
	}
	return b.String()
}

// parseAddr reads one address; spoken is false for one of version 2.
func parseAddr(item string) (addr netip.AddrPort, spoken bool, err error) {
	kind, rest := "", item
	for _, k := range []string{"v1:", "v2:", "any:"} {
		if after, ok := strings.CutPrefix(item, k); ok {
			kind, rest = k, after
		}
	}
	rest, _, _ = strings.Cut(rest, "/") // the nonce of a monitor is 0
	if ip, err := netip.ParseAddr(strings.Trim(rest, "[]")); err == nil {
		return netip.AddrPortFrom(ip, monPort), kind != "v2:", nil
	}
	addr, err = netip.ParseAddrPort(rest)
	if err != nil {
		return netip.AddrPort{}, false, errors.New("not an IP address with or without a port")
	}
	return addr, kind != "v2:" && (kind != "" || addr.Port() != msgr2Port), nil
}
