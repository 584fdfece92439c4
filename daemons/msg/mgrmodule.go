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

func (o *ModuleOption) decode(d *wire.Decoder) {
	d.Envelope(1, "module option", func(uint8) {
		o.Name, o.Type, o.Level, o.Flags = d.String(), d.U8(), d.U8(), d.U32()
		o.Default, o.Min, o.Max = d.String(), d.String(), d.String()
		o.Allowed = d.Strings()
		o.Description, o.LongDescription = d.String(), d.String()
		o.Tags, o.SeeAlso = d.Strings(), d.Strings()
	})
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
		e.U32(uint32(len(i.Options)))
		for _, k := range wire.SortedKeys(i.Options) {
			e.String(k)
			o := i.Options[k]
			o.encode(e)
		}
	})
}

func (i *ModuleInfo) decode(d *wire.Decoder) {
	d.Envelope(2, "module info", func(version uint8) {
		i.Name, i.CanRun, i.Error = d.String(), d.Bool(), d.String()
		if version < 2 {
			return
		}
		n := d.Count(10, "module options")
		if n > 0 {
			i.Options = make(map[string]ModuleOption, n)
		}
		for range n {
			k := d.String()
			var o ModuleOption
			o.decode(d)
			if d.Err() != nil {
				return
			}
			i.Options[k] = o
		}
	})
}

// Equal reports whether two infos say the same.
func (i ModuleInfo) Equal(j ModuleInfo) bool {
	return i.Name == j.Name && i.CanRun == j.CanRun && i.Error == j.Error &&
		maps.EqualFunc(i.Options, j.Options, ModuleOption.equal)
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

func decodeModules(d *wire.Decoder) (list []ModuleInfo) {
	for range d.Count(6, "modules") {
		var i ModuleInfo
		i.decode(d)
		if d.Err() != nil {
			return list
		}
		list = append(list, i)
	}
	return list
}
