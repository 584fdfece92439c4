package msg

import (
	"maps"
	"slices"

	"github.com/wavetank/wavetank/daemons/wire"
)

// ModuleOption is an option of a manager module. (Ceph: src/mon/MgrMap.h.)
type ModuleOption struct {
	Name                         string
	Type, Level                  uint8
	Flags                        uint32
	Default, Min, Max            string
	Allowed                      []string // ascending
	Description, LongDescription string
	Tags, SeeAlso                []string // ascending
}

func (o *ModuleOption) encode(e *wire.Encoder) {
	e.Envelope(1, 1, func() {
		e.String(o.Name)
		e.U8(o.Type)
		e.U8(o.Level)
		e.U32(o.Flags)
		e.String(o.Default)
		e.String(o.Min)
		e.String(o.Max)
		e.Strings(o.Allowed)
		e.String(o.Description)
		e.String(o.LongDescription)
		e.Strings(o.Tags)
		e.Strings(o.SeeAlso)
	})
}

func decodeModuleOption(d *wire.Decoder) (o ModuleOption) {
	d.Envelope(1, "module option", func(uint8) {
		o.Name, o.Type, o.Level, o.Flags = d.String(), d.U8(), d.U8(), d.U32()
		o.Default, o.Min, o.Max = d.String(), d.String(), d.String()
		o.Allowed = d.Strings()
		o.Description, o.LongDescription = d.String(), d.String()
		o.Tags, o.SeeAlso = d.Strings(), d.Strings()
	})
	return o
}

// ModuleInfo is what a manager says of one of its modules.
type ModuleInfo struct {
	Name    string
	CanRun  bool
	Error   string // why it cannot
	Options map[string]ModuleOption
}

func (i *ModuleInfo) encode(e *wire.Encoder) {
	e.Envelope(2, 1, func() {
		e.String(i.Name)
		e.Bool(i.CanRun)
		e.String(i.Error)
		wire.PutMap(e, i.Options, e.String, func(o ModuleOption) { o.encode(e) })
	})
}

func decodeModule(d *wire.Decoder) (i ModuleInfo) {
	d.Envelope(2, "module info", func(version uint8) {
		i.Name, i.CanRun, i.Error = d.String(), d.Bool(), d.String()
		if version >= 2 {
			i.Options = wire.Map(d, 10, "module options", d.String, func() ModuleOption { return decodeModuleOption(d) })
		}
	})
	return i
}

// Equal reports whether two infos say the same.
func (i ModuleInfo) Equal(j ModuleInfo) bool {
	return i.Name == j.Name && i.CanRun == j.CanRun && i.Error == j.Error &&
		maps.EqualFunc(i.Options, j.Options, ModuleOption.equal) //wavetank:ordered it only compares
}

func (o ModuleOption) equal(p ModuleOption) bool {
	return o.Name == p.Name && o.Type == p.Type && o.Level == p.Level && o.Flags == p.Flags &&
		o.Default == p.Default && o.Min == p.Min && o.Max == p.Max &&
		slices.Equal(o.Allowed, p.Allowed) && o.Description == p.Description &&
		o.LongDescription == p.LongDescription && slices.Equal(o.Tags, p.Tags) && slices.Equal(o.SeeAlso, p.SeeAlso)
}

// EqualModules reports whether two lists of modules say the same.
func EqualModules(a, b []ModuleInfo) bool { return slices.EqualFunc(a, b, ModuleInfo.Equal) }

func encodeModules(e *wire.Encoder, list []ModuleInfo) {
	e.U32(uint32(len(list)))
	for i := range list {
		list[i].encode(e)
	}
}

func decodeModules(d *wire.Decoder) []ModuleInfo {
	return wire.List(d, 6, "modules", func() ModuleInfo { return decodeModule(d) })
}
