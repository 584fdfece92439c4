package osdmap

import (
	"cmp"
	"math/bits"
	"net/netip"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Blocklist says until when addresses are blocked, by the wall clock of the
// monitors' leader, which takes expired ones off.
type Blocklist map[msg.EntityAddr]wire.UTime

// Instance is the key under which the blocklist has the instance of a daemon or
// client with that address: it holds for each of the protocols.
func Instance(a msg.EntityAddr) msg.EntityAddr {
	a.Type = msg.AddrAny
	return a
}

// wholeIP is the key of every instance on the address's IP.
func wholeIP(a msg.EntityAddr) msg.EntityAddr {
	return msg.EntityAddr{Type: msg.AddrAny, IP: netip.AddrPortFrom(a.IP.Addr(), 0)}
}

// Network is the key under which the blocklist of ranges has a network: an address
// of its own type whose nonce is the length of the prefix.
func Network(p netip.Prefix) msg.EntityAddr {
	return msg.EntityAddr{Type: msg.AddrCIDR, Nonce: uint32(p.Bits()), IP: netip.AddrPortFrom(p.Addr(), 0)}
}

// prefix is the network of a key that Network made; not valid for others.
func prefix(key msg.EntityAddr) netip.Prefix {
	return netip.PrefixFrom(key.IP.Addr(), int(min(key.Nonce, 129)))
}

func (b Blocklist) has(key msg.EntityAddr) bool {
	_, found := b[key]
	return found
}

// covers reports whether one of the networks has the address.
func (b Blocklist) covers(a msg.EntityAddr) bool {
	//wavetank:ordered one network that has it is enough, whichever
	for key := range b {
		if p := prefix(key); p.IsValid() && p.Contains(a.IP.Addr()) {
			return true
		}
	}
	return false
}

// change is b with what is added and without what is old. An address that b has
// keeps its time, whatever the added one.
func (b Blocklist) change(added Blocklist, old []msg.EntityAddr) Blocklist {
	for key, until := range inOrder(added, compareAddrs) {
		if !b.has(key) {
			set((*map[msg.EntityAddr]wire.UTime)(&b), key, until)
		}
	}
	for _, key := range old {
		delete(b, key)
	}
	return b
}

// Expired are the keys whose time is over, in the order in which they are encoded.
func (b Blocklist) Expired(now wire.UTime) []msg.EntityAddr {
	var keys []msg.EntityAddr
	for _, key := range b.Keys() {
		if until := b[key]; cmp.Or(cmp.Compare(until.Sec, now.Sec), cmp.Compare(until.Nsec, now.Nsec)) < 0 {
			keys = append(keys, key)
		}
	}
	return keys
}

// Keys are the keys in the order in which they are encoded.
func (b Blocklist) Keys() []msg.EntityAddr { return sortedKeys(b, compareAddrs) }

// compareAddrs is the order of addresses in Ceph's maps: that of their bytes in
// memory, which are little-endian for type and nonce and big-endian for port and
// IP. (Ceph: src/msg/msg_types.h.)
func compareAddrs(a, b msg.EntityAddr) int {
	return cmp.Or(
		cmp.Compare(bits.ReverseBytes32(uint32(a.Type)), bits.ReverseBytes32(uint32(b.Type))),
		cmp.Compare(bits.ReverseBytes32(a.Nonce), bits.ReverseBytes32(b.Nonce)),
		cmp.Compare(a.IP.Addr().BitLen(), b.IP.Addr().BitLen()), // the address family
		cmp.Compare(a.IP.Port(), b.IP.Port()),
		a.IP.Addr().Compare(b.IP.Addr()),
	)
}

const blockedBytes = 11 + 8 // an address without IP, and a time

func encodeBlocklist(e *wire.Encoder, b Blocklist) {
	putMap(e, b, compareAddrs, func(a msg.EntityAddr) { a.Encode(e, msg.FeaturesAll) }, e.Time)
}

func decodeBlocklist(d *wire.Decoder) Blocklist {
	return readMap(d, blockedBytes, "blocklist", compareAddrs, func() msg.EntityAddr { return msg.DecodeEntityAddr(d) }, d.Time)
}

func encodeAddrs(e *wire.Encoder, list []msg.EntityAddr) {
	e.U32(uint32(len(list)))
	for _, a := range list {
		a.Encode(e, msg.FeaturesAll)
	}
}

func decodeAddrs(d *wire.Decoder) []msg.EntityAddr {
	return wire.List(d, 11, "addresses", func() msg.EntityAddr { return msg.DecodeEntityAddr(d) })
}
