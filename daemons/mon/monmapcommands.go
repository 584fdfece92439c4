package mon

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
)

// eExist is the errno of a monitor that is there already.
const eExist = -17

func monmapCommands() []command {
	const epoch, name = "name=epoch,type=CephInt,range=0,req=false", "name=name,type=CephString"
	return []command{
		{"mon dump", epoch, "dump formatted monmap (optionally from epoch)", "mon", "r", (*Mon).monDump},
		{"mon getmap", epoch, "get monmap", "mon", "r", (*Mon).monGetMap},
		{"mon add", name + " name=addr,type=CephIPAddr name=location,type=CephString,n=N,goodchars=[A-Za-z0-9-_.=],req=false",
			"add new monitor named <name> at <addr>, possibly with CRUSH location <location>", "mon", "rw", (*Mon).monAdd},
		{"mon rm", name, "remove monitor named <name>", "mon", "rw", (*Mon).monRemove},
		{"mon remove", name, "remove monitor named <name>", "mon", "rw", (*Mon).monRemove},
	}
}

// askedMembership is the epoch that a command asks for, the newest if it does not say.
func (m *Mon) askedMembership(o *op, c *msg.MonCommand, args commandArgs) (s membership, ok bool) {
	epoch := args.number("epoch", 0)
	if epoch == 0 || epoch == int64(m.monMap().Epoch) {
		return m.mons.committed, true
	}
	if encoded, kept := m.state.Map(monMapName, uint64(max(epoch, 0))); kept {
		if s, err := decodeMembership(encoded); err == nil {
			return s, true
		}
	}
	m.ack(o, c, result{prefix: args.prefix(), code: eNoEnt, status: fmt.Sprint("there is no map for epoch ", epoch)})
	return membership{}, false
}

func (m *Mon) monDump(o *op, c *msg.MonCommand, args commandArgs) {
	s, ok := m.askedMembership(o, c, args)
	if !ok {
		return
	}
	r := result{prefix: args.prefix(), status: fmt.Sprint("dumped monmap epoch ", s.monMap.Epoch)}
	if args.plain() {
		r.data = []byte(monMapText(&s.monMap))
	} else {
		r.data = toJSON(struct {
			monMapJSON
			Quorum []int `json:"quorum"`
		}{monMapJSONOf(&s.monMap), m.quorumRanks()}, args.indent())
	}
	m.ack(o, c, r)
}

func (m *Mon) monGetMap(o *op, c *msg.MonCommand, args commandArgs) {
	if s, ok := m.askedMembership(o, c, args); ok {
		m.ack(o, c, result{
			prefix: args.prefix(), status: fmt.Sprint("got monmap epoch ", s.monMap.Epoch), data: encodeMonMap(&s.monMap),
		})
	}
}

// monAdd puts a monitor into the monmap, and with the same entry of the log into the
// quorum. It need not run yet: as in Ceph it counts from now on.
func (m *Mon) monAdd(o *op, c *msg.MonCommand, args commandArgs) {
	refuse := func(code int32, format string, v ...any) {
		m.ack(o, c, result{prefix: args.prefix(), code: code, status: fmt.Sprintf(format, v...)})
	}
	name := args.text("name")
	if name == "" || strings.ContainsFunc(name, func(r rune) bool { return r <= ' ' || r == 0x7f }) {
		refuse(eInval, "%q is no name for a monitor", name)
		return
	}
	addr, err := parseMonAddr(args.text("addr"))
	if err != nil {
		refuse(eInval, "addr %s does not parse: %v", args.text("addr"), err)
		return
	}
	mm := m.monMap()
	if info, there := mm.Get(name); there {
		refuse(eExist, "mon.%s already exists at address %s", name, addrText(info.Addrs.Legacy()))
		return
	}
	if rank := mm.RankOf(addr); rank >= 0 {
		refuse(eExist, "mon.%s already exists at address %s", m.nameOf(rank), addrText(addr))
		return
	}
	m.mons.add(name, msg.AddrVec{addr}, m.wall())
	m.ackCommitted(o, c, result{
		prefix: args.prefix(), status: fmt.Sprintf("adding mon.%s at %s", name, addrText(addr)), epoch: uint64(mm.Epoch) + 1,
	})
}

// monRemove takes a monitor out of the monmap and the quorum.
func (m *Mon) monRemove(o *op, c *msg.MonCommand, args commandArgs) {
	name := args.text("name")
	r := result{prefix: args.prefix()}
	switch {
	case m.monMap().Rank(name) < 0:
		r.status = fmt.Sprintf("mon.%s does not exist or has already been removed", name)
	case m.size() == 1:
		r.code, r.status = eInval, "error: refusing removal of last monitor "+name
	default:
		m.mons.remove(name, m.wall())
		m.monMeta.remove(name)
		m.health.report(healthOfMons+"."+name, nil)
		r.epoch = uint64(m.monMap().Epoch) + 1
		m.ackCommitted(o, c, r)
		return
	}
	m.ack(o, c, r)
}

// addrText is an address as Ceph prints it.
func addrText(a msg.EntityAddr) string { return "v1:" + plainAddr(a) }

// parseMonAddr reads "10.0.0.1", "10.0.0.1:6789" or "v1:10.0.0.1:6789/0". Ceph makes
// an address of its newer protocol of those without a type, which we do not speak.
func parseMonAddr(text string) (msg.EntityAddr, error) {
	text = strings.TrimSuffix(strings.TrimPrefix(text, "v1:"), "/0")
	addr := msg.EntityAddr{Type: msg.AddrLegacy}
	ip, err := netip.ParseAddr(text)
	if err == nil {
		addr.IP = netip.AddrPortFrom(ip, monPort)
		return addr, nil
	}
	if addr.IP, err = netip.ParseAddrPort(text); err != nil {
		return addr, err
	}
	if addr.IP.Port() == 0 {
		return addr, fmt.Errorf("port 0")
	}
	return addr, nil
}

// monPort is where monitors serve msgr v1.
const monPort = 6789
