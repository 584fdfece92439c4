package local

import (
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/mon"
)

// The folder follows the monmap: who founds, who joins and with what.
func TestIdentity_follow(t *testing.T) {
	at := func(port uint16) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), port)
	}
	id := &identity{
		FSID: "11111111-2222-4333-8444-555555555555", Created: time.Unix(1700000000, 0),
		Mons: []place{{Name: "a", Addr: at(1)}, {Name: "b", Addr: at(2)}},
	}
	if c := id.config("a"); c.MonMap.Epoch != 1 || c.Dir != "" || c.MonMap.Size() != 2 {
		t.Errorf("a founder: %+v", c)
	}
	if !id.follow(mon.Members{Epoch: 2, Members: "1:a,2:b,3:c", Addrs: "127.0.0.1:1,127.0.0.1:2,127.0.0.1:3"}) {
		t.Error("a newer epoch is not taken")
	}
	if id.follow(mon.Members{Epoch: 2, Members: "1:a", Addrs: "127.0.0.1:1"}) {
		t.Error("an epoch is taken twice")
	}
	if c := id.config("c"); c.MonMap.Epoch != 2 || c.Dir != "mon.2" || c.Addr.IP != at(3) || c.MonMap.Rank("c") != 2 {
		t.Errorf("who joins: %+v", c)
	}
	id.follow(mon.Members{Epoch: 3, Members: "1:a,3:c", Addrs: "127.0.0.1:1,127.0.0.1:3"})
	id.follow(mon.Members{Epoch: 4, Members: "1:a,3:c,4:b", Addrs: "127.0.0.1:1,127.0.0.1:3,127.0.0.1:2"})
	if c := id.config("b"); c.MonMap.Epoch != 4 || c.Dir != "mon.4" {
		t.Errorf("a founder that was removed and comes again: %+v", c)
	}
	if c := id.config("c"); c.Dir != "mon.2" {
		t.Errorf("who stays: %+v", c)
	}
	if c := id.config("a"); c.Dir != "" || c.MonMap.Epoch != 1 || c.MonMap.Size() != 2 {
		t.Errorf("a founder that stays: %+v", c)
	}
}
