package realceph

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Mon is a monitor's place in the cluster.
type Mon struct {
	Name string         // without its type, "a"
	Addr netip.AddrPort // where it serves messenger protocol version 1
}

// Config says what cluster it is. New reads it once.
type Config struct {
	// Dir is the folder for configuration, data and logs, which is created.
	// Empty means a temporary one that Close removes.
	Dir string
	// Bin is the folder of Ceph's programs. Empty means to look in PATH.
	Bin string
	// FSID identifies the cluster. Zero means that Mkfs draws one; without Mkfs
	// the monitors tell.
	FSID wire.UUID
	// Mons are all monitors; at least one.
	Mons []Mon
	// Public is the address that managers and metadata servers serve at; ports
	// are theirs to choose. The zero address leaves that to them too.
	Public netip.Addr
	// Options are further options of all programs: "mon_lease = 2".
	Options []string
}

// Validate reports everything that cannot work, as one error.
func (c Config) Validate() error {
	var bad []error
	if len(c.Mons) == 0 {
		bad = append(bad, errors.New("there is no monitor"))
	}
	for _, m := range c.Mons {
		if m.Name == "" || !m.Addr.IsValid() || m.Addr.Port() == 0 {
			bad = append(bad, fmt.Errorf("monitor %q at %v: name, address and port must be given", m.Name, m.Addr))
		}
	}
	if err := errors.Join(bad...); err != nil {
		return fmt.Errorf("ceph cluster: %w", err)
	}
	return nil
}

// vector is the monitor's address as Ceph's options and tools take it.
func (m Mon) vector() string { return fmt.Sprintf("[v1:%v]", m.Addr) }

// monMap is the map as far as it is known before any monitor was asked.
func (c Config) monMap() msg.MonMap {
	m := msg.MonMap{FSID: c.FSID}
	for _, mon := range c.Mons {
		m.Add(mon.Name, msg.AddrVec{{Type: msg.AddrLegacy, IP: mon.Addr}})
	}
	return m
}

// text is ceph.conf. A new admin socket for each process avoids a clash between
// two calls of the command line.
func (c Config) text() string {
	var b strings.Builder
	set := func(option string, value any) { fmt.Fprintf(&b, "%s = %v\n", option, value) }
	b.WriteString("[global]\n")
	if !c.FSID.IsZero() {
		set("fsid", c.FSID)
	}
	set("mon host", c.monHost())
	for _, who := range []string{"cluster", "service", "client"} {
		set("auth "+who+" required", "none")
	}
	set("ms bind msgr1", true)
	set("ms bind msgr2", false)
	set("run dir", c.Dir+"/run")
	set("admin socket", c.Dir+"/run/$name.$pid.asok")
	set("pid file", c.Dir+"/run/$name.pid")
	set("log file", c.Dir+"/$name.log")
	if c.Public.IsValid() {
		set("public addr", c.Public)
	}
	for _, option := range c.Options {
		b.WriteString(option + "\n")
	}
	for _, kind := range []Kind{KindMon, KindMgr, KindMDS} {
		fmt.Fprintf(&b, "[%s]\n%s data = %s\n", kind, kind, c.dataDir(kind, "$id"))
	}
	return b.String()
}

func (c Config) monHost() string {
	all := make([]string, len(c.Mons))
	for i, m := range c.Mons {
		all[i] = m.vector()
	}
	return strings.Join(all, ",")
}

func (c Config) dataDir(kind Kind, name string) string {
	return fmt.Sprintf("%s/%s.%s", c.Dir, kind, name)
}
