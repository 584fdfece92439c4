// Package modules lists the modules that our managers have.
package modules

import (
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/modules/dashboard"
	"github.com/wavetank/wavetank/daemons/mgr/modules/prometheus"
	"github.com/wavetank/wavetank/daemons/mgr/modules/status"
)

// All are all of them, ascending by name.
func All() []module.Class {
	return []module.Class{dashboard.Class(), prometheus.Class(), status.Class()}
}
