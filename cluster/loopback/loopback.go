// Package loopback gives out networks of 127.0.0.0/8, each to one owner at a time, so that
// clusters that run beside each other on a machine, in one process or in several, cannot
// take each other's ports:
//
//	n, err := loopback.Claim()
//	if err != nil { ... }
//	defer n.Close()
//	mon := netip.AddrPortFrom(n.Addr(1), 6789)
//
// A port that is looked for and then bound is not like that: somebody else may bind it
// between the two, or dial from it, or while its owner is being started again.
package loopback

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
)

// Net is 127.A.B.0/24, of which the owner may use Addr(1) to Addr(254). Its methods may be
// called from several goroutines.
type Net struct {
	part  [2]byte
	claim net.Listener // which nobody else can have
}

// claimPort of the address claimHost is bound by the owner of a network. It is below the
// ports that systems dial from.
const (
	claimHost = 255
	claimPort = 6788
)

// Networks are drawn from 127.firstPart.0.0 to 127.lastPart.255.0: what is written down
// as an address of loopback somewhere is below.
const (
	firstPart = 128
	lastPart  = 254
)

// tries bounds how many networks in a row may be somebody else's.
const tries = 1000

// Claim takes a network that nobody has, until Close or the end of the process. Error:
// loopback is one address here, as on other systems than Linux, or nothing is free.
func Claim() (*Net, error) {
	var err error
	for range tries {
		part := [2]byte{byte(firstPart + rand.IntN(lastPart-firstPart+1)), byte(rand.IntN(256))}
		n := &Net{part: part}
		if n.claim, err = claim(part); err == nil {
			return n, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			break
		}
	}
	return nil, fmt.Errorf("loopback: no network: %w", err)
}

// claim binds what the owner of a network has bound.
func claim(part [2]byte) (net.Listener, error) {
	addr := netip.AddrPortFrom(addrOf(part, claimHost), claimPort)
	return net.Listen("tcp4", addr.String())
}

func addrOf(part [2]byte, host byte) netip.Addr {
	return netip.AddrFrom4([4]byte{127, part[0], part[1], host})
}

// Addr is an address of the network.
func (n *Net) Addr(host byte) netip.Addr { return addrOf(n.part, host) }

// Close gives the network back. Nobody may use it any more.
func (n *Net) Close() { n.claim.Close() }
