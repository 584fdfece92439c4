package module

import (
	"fmt"
	"maps"
	"slices"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Codes of what can be wrong with modules.
const (
	codeDependency = "MGR_MODULE_DEPENDENCY"
	codeError      = "MGR_MODULE_ERROR"
)

// notOurs is why a module does not run that the monitors want and no Class is of.
const notOurs = "this manager has no such module"

// HealthChecks are what active modules find wrong with the cluster, and what is wrong
// with modules. (Ceph: PyModuleRegistry::get_health_checks.)
//
// Which modules are always on the monitors' release decides, and which are enabled the
// operator; neither asks what a manager has. A manager of Ceph's that lacks one is badly
// installed, which is an error. One of ours is made without most of them: as with one that
// cannot run on the machine, a warning says so.
func (r *Registry) HealthChecks() map[string]msg.HealthCheck {
	checks := map[string]msg.HealthCheck{}
	if !r.active {
		return checks
	}
	unable, failed := map[string]string{}, map[string]string{}
	for _, e := range r.entries {
		maps.Copy(checks, e.checks)
		switch {
		case !r.runs(e.class.Name):
		case e.refusal != "":
			unable[e.class.Name] = e.refusal
		case e.failure != "":
			failed[e.class.Name] = e.failure
		}
	}
	for _, name := range slices.Concat(r.alwaysOn, r.enabled) {
		if r.find(name) == nil {
			unable[name] = notOurs
		}
	}
	if len(unable) > 0 {
		checks[codeDependency] = wrong(msg.HealthWarn, unable, "has failed dependency", "have failed dependencies")
	}
	if len(failed) > 0 {
		checks[codeError] = wrong(msg.HealthErr, failed, "has failed", "have failed")
	}
	return checks
}

// wrong is a check of modules that have the same kind of trouble, in Ceph's words.
func wrong(severity uint8, modules map[string]string, one, many string) msg.HealthCheck {
	c := msg.HealthCheck{Severity: severity, Count: int64(len(modules)), Summary: fmt.Sprintf("%d mgr modules %s", len(modules), many)}
	for _, name := range wire.SortedKeys(modules) {
		c.Detail = append(c.Detail, fmt.Sprintf("Module '%s' %s: %s", name, one, modules[name]))
	}
	if len(modules) == 1 {
		c.Summary = c.Detail[0]
	}
	return c
}
