// Package dashboard is the manager module "dashboard": one page to read, with the state
// of the cluster and its recent failovers. "/" is for people, "/api/state" the same as
// JSON. Nothing can be changed there.
//
// The failovers are kept among the monitors' keys ("mgr/dashboard/failovers"), so that
// each manager that becomes active goes on with the list. A manager that stands by
// redirects to the active one, so that an open page follows it.
package dashboard

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http" //wavetank:allow requests and responses only: it starts nothing

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/web"
)

// port is Ceph's, without TLS.
const port = 8080

// Class is the module.
func Class() module.Class {
	return module.Class{
		Name:    "dashboard",
		Options: web.Options(port),
		Active:  func(m *module.Manager) (module.Module, error) { return newDashboard(m) },
		Standby: func(m *module.Manager) (module.Module, error) { return web.NewRedirect(m), nil },
	}
}

//go:embed page.html
var pageText string

//go:embed style.css
var style []byte

//go:embed page.js
var script []byte

// dashboard is the module on an active manager.
type dashboard struct {
	*web.Site
	m    *module.Manager
	page *template.Template
}

func newDashboard(m *module.Manager) (*dashboard, error) {
	page, err := template.New("page").Parse(pageText)
	if err != nil {
		return nil, err
	}
	d := &dashboard{m: m, page: page}
	d.Site = web.NewSite(m, d)
	return d, nil
}

// Serve implements module.Module.
func (d *dashboard) Serve(t host.Task) error {
	d.record()
	return d.Site.Serve(t)
}

// ServeHTTP implements http.Handler.
func (d *dashboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/":
		var b bytes.Buffer
		if err := d.page.Execute(&b, d.look()); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w, "text/html; charset=utf-8", b.Bytes())
	case "/api/state":
		text, err := json.MarshalIndent(d.look(), "", "  ")
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		answer(w, "application/json", append(text, '\n'))
	case "/style.css":
		answer(w, "text/css; charset=utf-8", style)
	case "/page.js":
		answer(w, "text/javascript; charset=utf-8", script)
	default:
		http.NotFound(w, r)
	}
}

// answer sends what no page of others may frame, and nobody is to keep.
func answer(w http.ResponseWriter, kind string, body []byte) {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Cache-Control", "no-store")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; frame-ancestors 'none'")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, _ = w.Write(body) // into memory
}
