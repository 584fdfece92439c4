// Package prometheus is the manager module "prometheus": an exporter of what the manager
// knows, at "/metrics". Metrics have the names and labels of Ceph's module where that
// has them (src/pybind/mgr/prometheus/module.py). What Ceph learns from placement groups
// is not known here, so metrics of pools and capacity are missing.
//
// A manager that stands by redirects to the active one.
package prometheus

import (
	"net/http" //wavetank:allow requests and responses only: it starts nothing

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	dto "github.com/prometheus/client_model/go"

	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/web"
)

// port is Ceph's (DEFAULT_PORT).
const port = 9283

// Class is the module.
func Class() module.Class {
	return module.Class{
		Name:    "prometheus",
		Options: web.Options(port),
		Active:  func(m *module.Manager) (module.Module, error) { return web.NewSite(m, pages(m)), nil },
		Standby: func(m *module.Manager) (module.Module, error) { return web.NewRedirect(m), nil },
	}
}

// index is the page at "/".
const index = `<!DOCTYPE html>
<html>
<head><title>Ceph Exporter</title></head>
<body>
<h1>Ceph Exporter</h1>
<p><a href='/metrics'>Metrics</a></p>
</body>
</html>
`

func pages(m *module.Manager) http.Handler {
	// promhttp with a registry of its own would gather on goroutines.
	gather := prometheus.GathererFunc(func() ([]*dto.MetricFamily, error) { return collect(m) })
	metrics := promhttp.HandlerFor(gather, promhttp.HandlerOpts{})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/metrics":
			metrics.ServeHTTP(w, r)
		case "/":
			w.Header().Set("Content-Type", "text/html; charset=utf-8")
			_, _ = w.Write([]byte(index)) // into memory
		default:
			http.NotFound(w, r)
		}
	})
}
