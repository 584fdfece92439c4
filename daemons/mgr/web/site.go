package web

import (
	"fmt"
	"net/http" //wavetank:allow requests and responses only: it starts nothing
	"net/netip"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/web"
)

// Options are those that say where a site is, by Ceph's names: "server_addr", which is
// the machine's first address if it is empty, and "server_port".
func Options(port int) []module.Option {
	return []module.Option{
		{Name: "server_addr", Type: module.String, Runtime: true,
			Description: "the IP address at which the module listens; empty is the machine's first one"},
		{Name: "server_port", Type: module.Uint, Default: strconv.Itoa(port), Max: "65535", Runtime: true,
			Description: "the port on which the module listens for HTTP requests; 0 takes a free one"},
	}
}

// Site is a module that serves pages where its Options say. It is a [module.Module], and
// one to build others on.
type Site struct {
	m       *module.Manager
	handler http.Handler
	standby bool
	server  *web.Server
	at      string
}

// NewSite is the site of an active manager, which tells the monitors where it is.
func NewSite(m *module.Manager, handler http.Handler) *Site { return &Site{m: m, handler: handler} }

// NewRedirect is that of a manager that stands by: it sends whoever comes to the site of
// the active one.
func NewRedirect(m *module.Manager) *Site {
	return &Site{m: m, standby: true, handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		active := strings.TrimSuffix(m.ActiveURL(), "/")
		if active == "" {
			http.Error(w, "this manager stands by, and no active one serves the page", http.StatusServiceUnavailable)
			return
		}
		http.Redirect(w, r, active+r.URL.RequestURI(), http.StatusSeeOther)
	})}
}

// Serve implements module.Module.
func (s *Site) Serve(host.Task) error {
	s.m.OnStop(s.close)
	return s.open()
}

// ConfigNotify implements module.Configured: the site moves.
func (s *Site) ConfigNotify() {
	if s.server != nil && s.wanted() == s.at {
		return
	}
	s.close()
	if err := s.open(); err != nil {
		s.m.Log().Error("the site cannot move", "error", err)
	}
}

// wanted is where the options put the site.
func (s *Site) wanted() string {
	return s.m.Option("server_addr") + "|" + s.m.Option("server_port")
}

func (s *Site) open() error {
	addr := s.m.Host().Network().Addrs()[0]
	if text := s.m.Option("server_addr"); text != "" {
		parsed, err := netip.ParseAddr(text)
		if err != nil {
			return fmt.Errorf("option server_addr: %w", err)
		}
		addr = parsed
	}
	server, err := web.Listen(netip.AddrPortFrom(addr, uint16(s.m.OptionInt("server_port"))), web.Config{
		Host: s.m.Host(), Loop: s.m.Loop(), Handler: s.handler, Go: s.m.Go,
		Methods: []string{http.MethodGet, http.MethodHead},
	})
	if err != nil {
		return err
	}
	s.server, s.at = server, s.wanted()
	s.m.Log().Info("serving", "addr", server.Addr())
	if !s.standby {
		s.m.SetURL("http://" + server.Addr().String() + "/")
	}
	return nil
}

func (s *Site) close() {
	if s.server != nil {
		s.server.Close()
		s.server = nil
	}
	if !s.standby {
		s.m.SetURL("")
	}
}
