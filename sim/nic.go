package sim

import (
	"fmt"
	"net/netip"
)

// subnet is a network that machines are on. Nothing goes from one to another.
type subnet struct {
	name  string
	index int
}

// DefaultNetwork is the network of machines that are not said to be on another.
const DefaultNetwork = "public"

// The address of the n-th machine on the k-th network is 10.0.0.0 + k<<20 + n.
const (
	maxNetworks = 16
	maxHosts    = 1<<20 - 1
)

// nic is a machine's place on a network.
type nic struct {
	host   *Host
	subnet *subnet
	addr   netip.Addr
}

// subnet finds a network, and makes it if it is new.
func (s *Sim) subnet(name string) *subnet {
	for _, n := range s.subnets {
		if n.name == name {
			return n
		}
	}
	if len(s.subnets) == maxNetworks {
		panic(fmt.Sprintf("sim: network %s is one more than %d", name, maxNetworks))
	}
	n := &subnet{name: name, index: len(s.subnets)}
	s.subnets = append(s.subnets, n)
	return n
}

// join puts the n-th machine on a network.
func (h *Host) join(name string, n int) {
	net := h.sim.subnet(name)
	if h.on(net) != nil {
		panic(fmt.Sprintf("sim: host %s is twice on network %s", h.name, name))
	}
	if n > maxHosts {
		panic(fmt.Sprintf("sim: host %s is one more than %d", h.name, maxHosts))
	}
	at := net.index<<20 + n
	addr := netip.AddrFrom4([4]byte{10, byte(at >> 16), byte(at >> 8), byte(at)})
	p := &nic{host: h, subnet: net, addr: addr}
	h.nics = append(h.nics, p)
	h.sim.byAddr[addr] = p
}

// on is the machine's place on a network; nil if it is not there.
func (h *Host) on(n *subnet) *nic {
	for _, p := range h.nics {
		if p.subnet == n {
			return p
		}
	}
	return nil
}

// has reports whether the address is one of the machine's.
func (h *Host) has(addr netip.Addr) bool {
	for _, p := range h.nics {
		if p.addr == addr {
			return true
		}
	}
	return false
}

// Addr is the machine's address on the first of its networks.
func (h *Host) Addr() netip.Addr { return h.nics[0].addr }

// Addrs are the machine's addresses, in the order of its networks.
func (h *Host) Addrs() []netip.Addr {
	addrs := make([]netip.Addr, len(h.nics))
	for i, p := range h.nics {
		addrs[i] = p.addr
	}
	return addrs
}

// AddrOn is the machine's address on a network; the zero Addr if it is not there.
func (h *Host) AddrOn(network string) netip.Addr {
	for _, p := range h.nics {
		if p.subnet.name == network {
			return p.addr
		}
	}
	return netip.Addr{}
}

// source is where connections to target come from: as the routes of a machine
// with several networks have it, the address on the network that the target is
// on. Its own addresses are reached from themselves.
func (h *Host) source(target *nic) netip.Addr {
	if target != nil && target.host == h {
		return target.addr
	}
	if target != nil {
		if own := h.on(target.subnet); own != nil {
			return own.addr
		}
	}
	return h.Addr()
}

// listener is who listens at one of the machine's addresses; nil if nobody does.
func (h *Host) listener(at netip.AddrPort) *listener {
	for l := h.ports[at.Port()]; l != nil; l = l.next {
		if l.everywhere || l.addr.Addr() == at.Addr() {
			return l
		}
	}
	return nil
}
