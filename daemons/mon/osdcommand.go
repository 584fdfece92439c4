package mon

import (
	"fmt"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// osdCommands are the commands about the OSD map.
func osdCommands() []command {
	const (
		epoch = "name=epoch,type=CephInt,range=0,req=false"
		ids   = "name=ids,type=CephString,n=N"
	)
	return []command{
		{"osd dump", epoch, "print summary of OSD map", "osd", "r", (*Mon).osdDump},
		{"osd stat", "", "print summary of OSD map", "osd", "r", (*Mon).osdStat},
		{"osd metadata", "name=id,type=CephOsdName,req=false", "fetch metadata for osd {id} (default all)", "osd", "r", (*Mon).osdMetadata},
		{"osd getmap", epoch, "get OSD map", "osd", "r", (*Mon).osdGetMap},
		{"osd blocklist ls", "", "show blocklisted clients", "osd", "r", (*Mon).blocklistList},
		{"osd blocklist clear", "", "clear all blocklisted clients", "osd", "rw", (*Mon).blocklistClear},
		{"osd blocklist", "name=range,type=CephChoices,strings=range,req=false " +
			"name=blocklistop,type=CephChoices,strings=add|rm " +
			"name=addr,type=CephEntityAddr " +
			"name=expire,type=CephFloat,range=0.0,req=false",
			"add (optionally until <expire> seconds from now) or remove <addr> from blocklist", "osd", "rw", (*Mon).blocklistChange},
		{"osd new", "name=uuid,type=CephUUID", "Create a new OSD", "osd", "rw", (*Mon).osdNew},
		{"osd down", ids, "set osd(s) <id> [<id>...] down", "osd", "rw", (*Mon).osdDown},
		{"osd out", ids, "set osd(s) <id> [<id>...] out", "osd", "rw", (*Mon).osdOut},
		{"osd in", ids, "set osd(s) <id> [<id>...] in", "osd", "rw", (*Mon).osdIn},
	}
}

// ackOSD answers a command that may have changed the OSD map: once the change is
// committed if there were other edits than before.
func (m *Mon) ackOSD(o *op, c *msg.MonCommand, before int, r result) {
	if m.osd.pending.edits == before {
		m.ack(o, c, r)
		return
	}
	r.epoch = uint64(m.osd.pending.inc.Epoch)
	m.ackCommitted(o, c, r)
}

// blocklistChange adds an address or a network, or removes it.
func (m *Mon) blocklistChange(o *op, c *msg.MonCommand, args commandArgs) {
	r := result{prefix: "osd blocklist"}
	isRange := args.text("range") != ""
	key, err := parseBlocked(args.text("addr"), isRange)
	var until wire.UTime
	if err == nil {
		until, err = m.blockedUntil(args.text("expire"))
	}
	op := args.text("blocklistop")
	if err == nil && op != "add" && op != "rm" {
		err = fmt.Errorf("blocklistop %q is neither add nor rm", op)
	}
	if err != nil {
		r.code, r.status = eInval, err.Error()
		m.ack(o, c, r)
		return
	}
	list := m.osd.instances()
	if isRange {
		list = m.osd.networks()
	}
	before := m.osd.pending.edits
	switch {
	case op == "add":
		m.osd.block(list, key, m.wall(), until)
		left := until.Time().Sub(m.wall().Time()).Round(time.Second)
		r.status = fmt.Sprintf("blocklisting %s until %s (%d sec)", blockedText(key), stamp(until), int64(left/time.Second))
	case m.osd.unblock(list, key, m.wall()):
		r.status = "un-blocklisting " + blockedText(key)
	default:
		r.status = blockedText(key) + " isn't blocklisted"
	}
	m.ackOSD(o, c, before, r)
}

// blockedUntil is the end of a time in seconds, or of the default.
func (m *Mon) blockedUntil(expire string) (wire.UTime, error) {
	if expire == "" {
		return later(m.wall(), m.opts.BlocklistExpire), nil
	}
	seconds, err := strconv.ParseFloat(expire, 64)
	if err != nil || math.IsNaN(seconds) || seconds < 0 || seconds > math.MaxInt32 {
		return wire.UTime{}, fmt.Errorf("expire %q is no number of seconds", expire)
	}
	return later(m.wall(), time.Duration(seconds*float64(time.Second))), nil
}

// parseBlocked reads what an operator calls an address, "10.0.0.1:6800/7", with or
// without type, port and nonce, or a network, "10.1.0.0/16".
func parseBlocked(text string, isRange bool) (msg.EntityAddr, error) {
	if isRange {
		p, err := netip.ParsePrefix(text)
		if err != nil {
			return msg.EntityAddr{}, fmt.Errorf("unable to parse range %q", text)
		}
		return osdmap.Network(p.Masked()), nil
	}
	bad := fmt.Errorf("unable to parse address %q", text)
	for _, prefix := range []string{"v1:", "v2:", "any:"} {
		text = strings.TrimPrefix(text, prefix)
	}
	endpoint, digits, _ := strings.Cut(text, "/")
	var nonce uint64
	if digits != "" {
		var err error
		if nonce, err = strconv.ParseUint(digits, 10, 32); err != nil {
			return msg.EntityAddr{}, bad
		}
	}
	ip, err := netip.ParseAddrPort(endpoint)
	if err != nil {
		addr, err := netip.ParseAddr(strings.Trim(endpoint, "[]"))
		if err != nil {
			return msg.EntityAddr{}, bad
		}
		ip = netip.AddrPortFrom(addr, 0)
	}
	ip = netip.AddrPortFrom(ip.Addr().Unmap().WithZone(""), ip.Port())
	return osdmap.Instance(msg.EntityAddr{Nonce: uint32(nonce), IP: ip}), nil
}

// blockedText is a key of a blocklist as Ceph prints it.
func blockedText(key msg.EntityAddr) string {
	if key.Type == msg.AddrCIDR {
		return "cidr:" + plainAddr(key)
	}
	return plainAddr(key)
}

func (m *Mon) blocklistClear(o *op, c *msg.MonCommand, _ commandArgs) {
	before := m.osd.pending.edits
	m.osd.clear(m.wall())
	m.ackOSD(o, c, before, result{prefix: "osd blocklist clear", status: " removed all blocklist entries"})
}

// osdNew makes an OSD, or finds the one with the uuid, and answers with its id.
func (m *Mon) osdNew(o *op, c *msg.MonCommand, args commandArgs) {
	r := result{prefix: "osd new"}
	uuid, err := wire.ParseUUID(args.text("uuid"))
	if err != nil || uuid.IsZero() {
		r.code, r.status = eInval, "unable to parse uuid "+args.text("uuid")
		m.ack(o, c, r)
		return
	}
	before := m.osd.pending.edits
	id := m.osd.create(uuid, m.wall())
	r.data = fmt.Appendf(nil, "%d\n", id)
	m.ackOSD(o, c, before, r)
}

func (m *Mon) osdDown(o *op, c *msg.MonCommand, args commandArgs) {
	m.markOSDs(o, c, args, "osd down", "marked down osd.%d. ", "osd.%d is already down. ", m.osd.markDown)
}

func (m *Mon) osdOut(o *op, c *msg.MonCommand, args commandArgs) {
	m.markOSDs(o, c, args, "osd out", "marked out osd.%d. ", "osd.%d is already out. ", m.osd.markOut)
}

func (m *Mon) osdIn(o *op, c *msg.MonCommand, args commandArgs) {
	m.markOSDs(o, c, args, "osd in", "marked in osd.%d. ", "osd.%d is already in. ", m.osd.markIn)
}

// markOSDs does the same to each of the OSDs that a command names; one that does not
// exist is no error (Ceph: OSDMonitor::prepare_command_impl).
func (m *Mon) markOSDs(o *op, c *msg.MonCommand, args commandArgs, prefix, done, already string, mark func(int32, wire.UTime) bool) {
	r := result{prefix: prefix}
	before := m.osd.pending.edits
	ids, err := parseOSDs(args.list("ids"))
	if err != nil {
		r.code, r.status = eInval, err.Error()
	}
	var text strings.Builder
	for _, id := range ids {
		switch {
		case m.osd.committed.OSD(id) == nil:
			fmt.Fprintf(&text, "osd.%d does not exist. ", id)
		case mark(id, m.wall()):
			fmt.Fprintf(&text, done, id)
		default:
			fmt.Fprintf(&text, already, id)
		}
	}
	if err == nil {
		r.status = text.String()
	}
	m.ackOSD(o, c, before, r)
}

// parseOSDs reads ids, "3" or "osd.3"; none of them if one is not an id.
func parseOSDs(list []string) ([]int32, error) {
	var ids []int32
	for _, text := range list {
		id, err := strconv.ParseInt(strings.TrimPrefix(text, "osd."), 10, 32)
		if err != nil || id < 0 {
			return nil, fmt.Errorf("invalid osd id %q", text)
		}
		ids = append(ids, int32(id))
	}
	return ids, nil
}

// askedOSDMap is the map of the epoch that a command asks for, the current one if it
// names none. If there is no such epoch, the command is answered.
func (m *Mon) askedOSDMap(o *op, c *msg.MonCommand, args commandArgs) (*osdmap.Map, bool) {
	text := args.text("epoch")
	if text == "" {
		return m.osd.committed, true
	}
	r := result{prefix: args.text("prefix"), code: eNoEnt, status: "there is no map for epoch " + text}
	if epoch, err := strconv.ParseUint(text, 10, 64); err == nil {
		if data, ok := m.state.Map(osdMapName, epoch); ok {
			om, err := osdmap.Decode(data)
			if err == nil {
				return om, true
			}
			r.code, r.status = eInval, err.Error() // it was read once already
		}
	}
	m.ack(o, c, r)
	return nil, false
}

func (m *Mon) osdGetMap(o *op, c *msg.MonCommand, args commandArgs) {
	if om, ok := m.askedOSDMap(o, c, args); ok {
		data, _ := om.Encode()
		m.ack(o, c, result{prefix: "osd getmap", status: fmt.Sprintf("got osdmap epoch %d", om.Epoch), data: data})
	}
}
