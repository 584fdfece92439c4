package local

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// identity is what a cluster is for good. It is kept in cluster.json.
type identity struct {
	FSID    string    `json:"fsid"`
	Created time.Time `json:"created"`
	Mons    []place   `json:"mons"` // the founders, by rank
	// Epoch and Members are the monmap as it was last seen, once it was changed.
	Epoch   uint32  `json:"monmap_epoch,omitempty"`
	Members []place `json:"members,omitempty"`
}

// place is where a monitor serves.
type place struct {
	Name string         `json:"name"` // without its type, "a"
	Addr netip.AddrPort `json:"addr"`
	// Since is the epoch of the monmap in which it was added, 0 for a founder.
	Since uint32 `json:"since,omitempty"`
}

// Files of the folder that come before anything else of a cluster.
const (
	identityFile = "cluster.json" // of Ceph
	cloudFile    = "cinder.json"  // of Cinder
	lockFile     = "lock"
)

// readIdentity is what the folder says. Errors: fs.ErrNotExist, ErrFolder.
func readIdentity(dir string) (*identity, error) {
	name := filepath.Join(dir, identityFile)
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	var id identity
	if err := json.Unmarshal(text, &id); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrFolder, err)
	}
	if err := id.validate(); err != nil {
		return nil, fmt.Errorf("%s: %w: %w", name, ErrFolder, err)
	}
	return &id, nil
}

func (id *identity) validate() error {
	if _, err := wire.ParseUUID(id.FSID); err != nil {
		return err
	}
	if len(id.Mons) == 0 {
		return errors.New("no monitors")
	}
	for _, m := range slices.Concat(id.Mons, id.Members) {
		if m.Name == "" || !m.Addr.IsValid() || m.Addr.Port() == 0 {
			return fmt.Errorf("monitor %q at %v", m.Name, m.Addr)
		}
	}
	return nil
}

// newIdentity is a cluster that never was, with ports that are free now.
func newIdentity(at netip.Addr, mons []string) (*identity, error) {
	var fsid wire.UUID
	rand.Read(fsid[:])
	fsid[6], fsid[8] = fsid[6]&0x0f|0x40, fsid[8]&0x3f|0x80 // a random one, RFC 9562
	id := &identity{FSID: fsid.String(), Created: time.Now().UTC().Truncate(time.Second)}
	port := uint16(monPort)
	for _, name := range mons {
		addr, err := freePort(at, port)
		if err != nil {
			return nil, err
		}
		port = addr.Port() + 1
		id.Mons = append(id.Mons, place{Name: strings.TrimPrefix(name, "mon."), Addr: addr})
	}
	return id, nil
}

// monPort is the port of Ceph's monitors for msgr v1.
const monPort = 6789

// defaultAddr is where a cluster serves that is not told.
func defaultAddr() netip.Addr { return netip.AddrFrom4([4]byte{127, 0, 0, 1}) }

// validAddr is nil for an address on which a cluster can serve, and for none.
func validAddr(addr netip.Addr) error {
	if addr.IsValid() && !(addr.Is4() && addr.IsLoopback()) {
		return fmt.Errorf("%w: %v is not an IPv4 address of loopback", ErrConfig, addr)
	}
	return nil
}

// freePort is the first port of an address from a number on at which nobody listens.
func freePort(at netip.Addr, from uint16) (netip.AddrPort, error) {
	const tries = 1000
	var err error
	for port := int(from); port < int(from)+tries && port <= math.MaxUint16; port++ {
		addr := netip.AddrPortFrom(at, uint16(port))
		var l net.Listener
		if l, err = net.Listen("tcp", addr.String()); err == nil {
			return addr, l.Close()
		}
	}
	return netip.AddrPort{}, fmt.Errorf("no free port of %v from %d on: %w", at, from, err)
}

// write keeps the identity, whole or not at all.
func (id *identity) write(dir string) error {
	text, err := json.MarshalIndent(id, "", "  ")
	if err != nil {
		return err
	}
	return replaceFile(filepath.Join(dir, identityFile), append(text, '\n'))
}

// addr is where the cluster serves.
func (id *identity) addr() netip.Addr { return id.Mons[0].Addr.Addr() }

func (id *identity) fsid() wire.UUID {
	fsid, _ := wire.ParseUUID(id.FSID) // validated, or ours
	return fsid
}

// members are the monitors of now, by rank.
func (id *identity) members() []place {
	if id.Epoch == 0 {
		return id.Mons
	}
	return id.Members
}

// follow takes over another epoch of the monmap, and reports whether it is newer.
func (id *identity) follow(f mon.Members) bool {
	if uint64(id.Epoch) >= f.Epoch {
		return false
	}
	was, names, addrs := id.members(), strings.Split(f.Members, ","), strings.Split(f.Addrs, ",")
	id.Epoch, id.Members = uint32(f.Epoch), nil
	for i, item := range names {
		_, name, _ := strings.Cut(item, ":")
		addr, _ := netip.ParseAddrPort(addrs[i]) // the monitors' own
		place := place{Name: name, Addr: addr, Since: id.Epoch}
		for _, old := range was {
			if old.Name == name {
				place.Since = old.Since
			}
		}
		id.Members = append(id.Members, place)
	}
	return true
}

// config is what a monitor is made with.
func (id *identity) config(name string) mon.Config {
	c := mon.Config{Name: name, FSID: id.fsid(), MonMap: id.monMap()}
	for _, m := range id.members() {
		if m.Name == name && m.Since > 0 {
			c.MonMap, c.Dir = id.currentMonMap(), fmt.Sprintf("mon.%d", m.Since)
			c.Addr = msg.EntityAddr{Type: msg.AddrLegacy, IP: m.Addr}
		}
	}
	return c
}

func (id *identity) currentMonMap() msg.MonMap {
	m := id.monMap()
	if id.Epoch == 0 {
		return m
	}
	m = msg.NewMonMap(id.fsid(), wire.UTimeOf(id.Created))
	m.Epoch = id.Epoch
	for _, p := range id.Members {
		m.Join(p.Name, msg.AddrVec{{Type: msg.AddrLegacy, IP: p.Addr}})
	}
	return m
}

// monMap is the first one.
func (id *identity) monMap() msg.MonMap {
	m := msg.NewMonMap(id.fsid(), wire.UTimeOf(id.Created))
	for _, mon := range id.Mons {
		m.Add(mon.Name, msg.AddrVec{{Type: msg.AddrLegacy, IP: mon.Addr}})
	}
	return m
}

// conf is a configuration for Ceph's own programs.
func (id *identity) conf(dir string) []byte {
	var addrs []string
	for _, mon := range id.members() {
		addrs = append(addrs, fmt.Sprintf("[v1:%v]", mon.Addr))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "# Written by wavetank for the cluster in this folder; changes are overwritten.\n[global]\n")
	for _, option := range [][2]string{
		{"fsid", id.FSID},
		{"mon host", strings.Join(addrs, ",")},
		{"auth cluster required", "none"},
		{"auth service required", "none"},
		{"auth client required", "none"},
		{"ms bind msgr2", "false"},
		{"run dir", dir},
		{"admin socket", filepath.Join(dir, "$cluster-$name.$pid.asok")},
	} {
		fmt.Fprintf(&b, "%s = %s\n", option[0], option[1])
	}
	for _, kind := range []string{"mon", "mgr"} { // so that "ceph daemon mon.a" finds it
		fmt.Fprintf(&b, "[%s]\nadmin socket = %s\n", kind, filepath.Join(dir, "$name.asok"))
	}
	return []byte(b.String())
}

// replaceFile writes a file so that it is there whole or as before.
func replaceFile(name string, text []byte) error {
	next := name + nextSuffix
	if err := os.WriteFile(next, text, 0o644); err != nil {
		return err
	}
	return os.Rename(next, name)
}

// nextSuffix ends the name of a file that is to replace another.
const nextSuffix = ".new"

// isNew reports an error that says that there is no identity.
func isNew(err error) bool { return errors.Is(err, fs.ErrNotExist) }
