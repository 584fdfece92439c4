package mon

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/daemons/msg"
)

func mgrCommands() []command {
	const who, module = "name=who,type=CephString,req=false", "name=module,type=CephString"
	return []command{
		{"mgr stat", "", "dump basic info about the mgr cluster state", "mgr", "r", (*Mon).mgrStat},
		{"mgr dump", "name=epoch,type=CephInt,range=0,req=false", "dump the latest MgrMap", "mgr", "r", (*Mon).mgrDump},
		{"mgr fail", who, "treat the named manager daemon as failed", "mgr", "rw", (*Mon).mgrFail},
		{"mgr module ls", "", "list active mgr modules", "mgr", "r", (*Mon).moduleList},
		{"mgr services", "", "list service endpoints provided by mgr modules", "mgr", "r", (*Mon).mgrServices},
		{"mgr module enable", module + " name=force,type=CephChoices,strings=--force,req=false", "enable mgr module", "mgr", "rw", (*Mon).moduleEnable},
		{"mgr module disable", module, "disable mgr module", "mgr", "rw", (*Mon).moduleDisable},
		{"mgr metadata", who, "dump metadata for all daemons or a specific daemon", "mgr", "r", (*Mon).mgrMetadata},
		{"mgr count-metadata", "name=property,type=CephString", "count ceph-mgr daemons by metadata field property", "mgr", "r", (*Mon).mgrCount},
		{"mgr versions", "", "check running versions of ceph-mgr daemons", "mgr", "r", (*Mon).mgrVersions},
	}
}

// mgrFail takes a mgr out of the map (MM-19).
func (m *Mon) mgrFail(o *op, c *msg.MonCommand, args commandArgs) {
	before := m.mgr.pending.edits
	text := m.mgr.fail(args.text("who"), m.wall())
	m.ackMgrMap(o, c, result{prefix: args.prefix(), status: text}, before)
}

// ackMgrMap answers once the next mgrmap is committed, or at once if it has no more
// changes than before.
func (m *Mon) ackMgrMap(o *op, c *msg.MonCommand, r result, before int) {
	if m.mgr.pending.edits == before {
		m.ack(o, c, r)
		return
	}
	r.epoch = uint64(m.mgr.pending.next.Epoch)
	m.ackCommitted(o, c, r)
}

// moduleEnable and moduleDisable change which modules the managers load (MM-20).
func (m *Mon) moduleEnable(o *op, c *msg.MonCommand, args commandArgs) {
	before := m.mgr.pending.edits
	code, text := m.mgr.enable(args.text("module"), args.text("force") == "--force")
	m.ackMgrMap(o, c, result{prefix: args.prefix(), code: code, status: text}, before)
}

func (m *Mon) moduleDisable(o *op, c *msg.MonCommand, args commandArgs) {
	before := m.mgr.pending.edits
	code, text := m.mgr.disable(args.text("module"))
	m.ackMgrMap(o, c, result{prefix: args.prefix(), code: code, status: text}, before)
}

// alwaysOn are the modules that every manager of the release loads, ascending.
func alwaysOn(mm *msg.MgrMap) []string { return mm.AlwaysOn[uint32(releasePacific)] }

const releasePacific = 16

// enable adds a module to those that managers load, if every one of them has it or
// the operator insists. The text is for the operator.
func (mm *mgrMonitor) enable(module string, force bool) (code int32, text string) {
	next := mm.pending.next
	switch {
	case module == "":
		return eInval, ""
	case slices.Contains(alwaysOn(next), module):
		return 0, fmt.Sprintf("module '%s' is already enabled (always-on)", module)
	case slices.Contains(next.EnabledModules, module):
		return 0, fmt.Sprintf("module '%s' is already enabled", module)
	case !force && !everyoneHas(next, module):
		return eNoEnt, fmt.Sprintf("all mgr daemons do not support module '%s', pass --force to force enablement", module)
	}
	at, _ := slices.BinarySearch(next.EnabledModules, module)
	next.EnabledModules = slices.Insert(slices.Clone(next.EnabledModules), at, module)
	mm.pending.edits++
	return 0, ""
}

func (mm *mgrMonitor) disable(module string) (code int32, text string) {
	next := mm.pending.next
	switch {
	case module == "":
		return eInval, ""
	case slices.Contains(alwaysOn(next), module):
		return eInval, fmt.Sprintf("module '%s' cannot be disabled (always-on)", module)
	}
	at, found := slices.BinarySearch(next.EnabledModules, module)
	if !found {
		return 0, fmt.Sprintf("module '%s' is already disabled", module)
	}
	next.EnabledModules = slices.Delete(slices.Clone(next.EnabledModules), at, at+1)
	mm.pending.edits++
	return 0, ""
}

// everyoneHas reports whether the active manager and all standbys have a module.
func everyoneHas(mm *msg.MgrMap, module string) bool {
	has := func(list []msg.ModuleInfo) bool {
		return slices.ContainsFunc(list, func(i msg.ModuleInfo) bool { return i.Name == module })
	}
	for _, s := range mm.Standbys {
		if !has(s.Modules) {
			return false
		}
	}
	return has(mm.AvailableModules)
}

// moduleList shows what managers load and what they could.
func (m *Mon) moduleList(o *op, c *msg.MonCommand, args commandArgs) {
	mm := m.mgr.committed
	disabled := slices.DeleteFunc(modulesOf(mm.AvailableModules), func(i moduleJSON) bool {
		return slices.Contains(mm.EnabledModules, i.Name) || slices.Contains(alwaysOn(mm), i.Name)
	})
	m.ackReadable(o, c, args, struct {
		AlwaysOn []string     `json:"always_on_modules"`
		Enabled  []string     `json:"enabled_modules"`
		Disabled []moduleJSON `json:"disabled_modules"`
	}{orEmpty(alwaysOn(mm)), orEmpty(mm.EnabledModules), disabled})
}

func (m *Mon) mgrServices(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, mgrDumpOf(m.mgr.committed).Services)
}

func (m *Mon) mgrVersions(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, count(map[string]int{}, m.allMgrMetadata(), versionProperty))
}

func (m *Mon) mgrCount(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, count(map[string]int{}, m.allMgrMetadata(), args.text("property")))
}

// mgrMetadata shows what managers have said about themselves.
func (m *Mon) mgrMetadata(o *op, c *msg.MonCommand, args commandArgs) {
	if who := args.text("who"); who != "" {
		meta := m.mgr.metadata(who)
		if meta == nil {
			m.ack(o, c, result{prefix: args.prefix(), code: eNoEnt, status: fmt.Sprintf("mgr.%s does not exist", who)})
			return
		}
		m.ackReadable(o, c, args, namedJSON{who, meta})
		return
	}
	all := []namedJSON{}
	for _, name := range m.mgr.described() {
		all = append(all, namedJSON{name, m.mgr.metadata(name)})
	}
	m.ackReadable(o, c, args, all)
}

// namedJSON is a daemon's metadata after its name.
type namedJSON struct {
	name string
	meta map[string]string
}

// MarshalJSON implements json.Marshaler.
func (n namedJSON) MarshalJSON() ([]byte, error) {
	name, err := json.Marshal(n.name)
	if err != nil {
		return nil, err
	}
	meta, err := json.Marshal(orNone(n.meta))
	if err != nil {
		return nil, err
	}
	out := append([]byte(`{"name":`), name...)
	if rest := bytes.TrimPrefix(meta, []byte("{")); len(rest) > 1 {
		out = append(append(out, ','), rest...)
	} else {
		out = append(out, '}')
	}
	return out, nil
}
