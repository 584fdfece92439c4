package module

import (
	"fmt"
	"maps"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Codes of what can be wrong with modules.
const (
	codeDependency = "MGR_MODULE_DEPENDENCY"
	codeError      = "MGR_MODULE_ERROR"
)

// HealthChecks are what active modules find wrong with the cluster, and what is wrong
// with modules. (Ceph: PyModuleRegistry::get_health_checks.)
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
	for _, name := range r.alwaysOn {
		if r.find(name) == nil {
			failed[name] = "Not found or unloadable"
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
