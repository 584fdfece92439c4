package msg

import "github.com/wavetank/wavetank/daemons/wire"

// CommandDescription is what a manager tells the monitors of one of its
// commands.
type CommandDescription struct {
	Command, Help, Module, Permission string
	Availability                      string // "cli,rest"
	Flags                             uint64
}

func (c *CommandDescription) encode(e *wire.Encoder) {
	e.Envelope(1, 1, func() {
		e.String(c.Command)
		e.String(c.Help)
		e.String(c.Module)
		e.String(c.Permission)
		e.String(c.Availability)
		e.U64(c.Flags)
	})
}

func decodeCommandDescription(d *wire.Decoder) (c CommandDescription) {
	d.Envelope(1, "command description", func(uint8) {
		c.Command, c.Help, c.Module = d.String(), d.String(), d.String()
		c.Permission, c.Availability, c.Flags = d.String(), d.String(), d.U64()
	})
	return c
}

// EncodeCommandDescriptions writes a list of descriptions, as beacons have it.
func EncodeCommandDescriptions(e *wire.Encoder, list []CommandDescription) {
	e.U32(uint32(len(list)))
	for i := range list {
		list[i].encode(e)
	}
}

// DecodeCommandDescriptions reads what EncodeCommandDescriptions wrote.
func DecodeCommandDescriptions(d *wire.Decoder) []CommandDescription {
	return wire.List(d, 6, "commands", func() CommandDescription { return decodeCommandDescription(d) })
}

// MgrBeacon is a manager's sign of life. It is never answered. (Ceph:
// src/messages/MMgrBeacon.h.)
type MgrBeacon struct {
	Paxos
	ServerAddrs AddrVec // empty until available
	GID         uint64
	Available   bool
	Name        string
	FSID        wire.UUID
	ModuleNames []string             // ascending
	Commands    []CommandDescription // once, when it has become available
	Metadata    map[string]string
	Services    map[string]string
	Modules     []ModuleInfo
	Features    uint64
	ClientAddrs []AddrVec
	ClientNames []string
}

// Type is TypeMgrBeacon.
func (*MgrBeacon) Type() Type { return TypeMgrBeacon }

// Version is Pacific's.
func (*MgrBeacon) Version() (head, compat uint16) { return 11, 8 }

// EncodePayload implements Body.
func (m *MgrBeacon) EncodePayload(e *wire.Encoder, features uint64) {
	m.Paxos.encode(e)
	m.ServerAddrs.Encode(e, features)
	e.U64(m.GID)
	e.Bool(m.Available)
	e.String(m.Name)
	e.UUID(m.FSID)
	e.Strings(m.ModuleNames)
	EncodeCommandDescriptions(e, m.Commands)
	e.StringMap(m.Metadata)
	e.StringMap(m.Services)
	encodeModules(e, m.Modules)
	e.U64(m.Features)
	encodeAddrVecs(e, m.ClientAddrs, features)
	e.Strings(m.ClientNames)
}

// DecodePayload implements Body.
func (m *MgrBeacon) DecodePayload(d *wire.Decoder, version uint16, _ uint64) error {
	if version < 8 {
		d.Fail("beacon version", ErrUnsupportedVersion)
		return d.Err()
	}
	m.Paxos.decode(d)
	m.ServerAddrs, m.GID, m.Available, m.Name = DecodeAddrVec(d), d.U64(), d.Bool(), d.String()
	m.FSID, m.ModuleNames = d.UUID(), d.Strings()
	m.Commands = DecodeCommandDescriptions(d)
	m.Metadata, m.Services, m.Modules = d.StringMap(), d.StringMap(), decodeModules(d)
	if version >= 9 {
		m.Features = d.U64()
	}
	if version >= 10 {
		m.ClientAddrs = decodeAddrVecs(d)
	}
	if version >= 11 {
		m.ClientNames = d.Strings()
	}
	return d.Err()
}
