package msgr_test

import (
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
)

// vector is one captured connection between unmodified Ceph 16.2.15 processes.
type vector struct {
	c2s, s2c           []byte
	C2SUnits, S2CUnits []unitInfo
}

type unitInfo struct {
	Off  int
	Len  int
	What string
}

func readVector(t testing.TB, name string) *vector {
	t.Helper()
	v := &vector{}
	text, err := os.ReadFile("testdata/" + name + ".hex")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		key, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		b, err := hex.DecodeString(value)
		switch {
		case strings.HasPrefix(key, "#"):
		case err != nil:
			t.Fatal(err)
		case key == "c2s":
			v.c2s = b
		case key == "s2c":
			v.s2c = b
		}
	}
	text, err = os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var units struct{ C2S, S2C []unitInfo }
	if err := json.Unmarshal(text, &units); err != nil {
		t.Fatal(err)
	}
	v.C2SUnits, v.S2CUnits = units.C2S, units.S2C
	return v
}

// unit is one element of a stream.
type unit struct {
	what  string
	bytes []byte
}

func (u unit) String() string { return fmt.Sprintf("%s %x", u.what, u.bytes) }

// split cuts a captured stream as its description says.
func split(stream []byte, infos []unitInfo) []unit {
	var units []unit
	for _, i := range infos {
		units = append(units, unit{i.What, stream[i.Off : i.Off+i.Len]})
	}
	return units
}

// parseUnits cuts a stream that we made: a handshake (a connector's with one
// connect), then tagged units.
func parseUnits(t failer, b []byte, acceptor bool) []unit {
	t.Helper()
	var units []unit
	next := func(what string, n int) []byte {
		if len(b) < n {
			t.Fatalf("%s: %d bytes left of %d", what, len(b), n)
		}
		u := b[:n]
		units, b = append(units, unit{what, u}), b[n:]
		return u
	}
	next("banner", 9)
	if acceptor {
		next("acceptor address (legacy form)", 136)
		next("connector address as seen by the acceptor", 136)
		reply := next("connect_reply", 26)
		for reply[0] != tagReady && reply[0] != tagSeq && reply[0] != tagWait {
			reply = next("connect_reply", 26)
		}
		if reply[0] == tagSeq {
			next("last received seq of the acceptor", 8)
		}
	} else {
		next("connector address (legacy form)", 136)
		n := binary.LittleEndian.Uint32(b[28:])
		next("connect", 33)
		if n > 0 {
			next("authorizer", int(n))
		}
		next("last received seq of the connector", 8)
	}
	for len(b) > 0 {
		switch b[0] {
		case 7:
			n := 1 + msg.HeaderLen + msg.FooterLen
			for _, off := range []int{22, 26, 30} {
				n += int(binary.LittleEndian.Uint32(b[1+off:]))
			}
			next("message", n)
		case 8:
			next("ACK", 9)
		case 14:
			next("KEEPALIVE2", 9)
		case 15:
			next("KEEPALIVE2_ACK", 9)
		default:
			t.Fatalf("tag %d", b[0])
		}
	}
	return units
}

// messageIn decodes a unit that is a message.
func messageIn(t failer, u unit) *msg.Message {
	t.Helper()
	b := u.bytes[1:]
	h, err := msg.ParseHeader(b[:msg.HeaderLen])
	if err != nil {
		t.Fatal(err)
	}
	b = b[msg.HeaderLen:]
	front, b := b[:h.FrontLen], b[h.FrontLen:]
	middle, b := b[:h.MiddleLen], b[h.MiddleLen:]
	m, err := msg.Decode(h, front, middle, append([]byte(nil), b[:h.DataLen]...), msg.FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// addrIn reads an address in the legacy form.
func addrIn(b []byte) msg.EntityAddr {
	return msg.EntityAddr{
		Type:  msg.AddrLegacy,
		Nonce: binary.LittleEndian.Uint32(b[4:]),
		IP:    netip.AddrPortFrom(netip.AddrFrom4([4]byte(b[12:16])), binary.BigEndian.Uint16(b[10:])),
	}
}
