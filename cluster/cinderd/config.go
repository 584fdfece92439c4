package cinderd

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/cinder"
	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/option"
)

// Config is what configuration files say.
type Config struct {
	// Files are their names, the last one counts most.
	Files []string
	// Host is the machine's name in rows (host).
	Host string
	// StatePath is where daemons keep what is theirs (state_path).
	StatePath string
	// LogFile is where a daemon logs, LogDir the folder for a file of its name; neither
	// is its standard error (log_file, log_dir).
	LogFile, LogDir string
	// Bind is where the API listens (osapi_volume_listen, osapi_volume_listen_port).
	Bind netip.AddrPort
	// Brokers are where messages go (transport_url).
	Brokers []netip.AddrPort
	// Backends are those of cinder-volume (enabled_backends).
	Backends []Backend

	Service  cinder.Options
	API      api.Options
	Database db.Options
}

// Backend is a backend of cinder-volume.
type Backend struct {
	// Name is that of its section, and what its service is called after: "ctl@lvm".
	Name string
	// Host is the machine's name for it (backend_host, host).
	Host   string
	Driver cinder.BackendConfig
}

// Service is the name of the backend's service.
func (b Backend) Service() string { return b.Host + "@" + b.Name }

// apiPort is the port of cinder-api.
const apiPort = 8776

// Read reads configuration files, one after the other. Errors: ErrSyntax, ErrConfig.
func Read(files ...string) (*Config, error) {
	f := file{}
	for _, name := range files {
		if err := f.readFile(name); err != nil {
			return nil, err
		}
	}
	return newConfig(f, files)
}

// newConfig is a configuration with Cinder's defaults for what is not said.
func newConfig(f file, files []string) (*Config, error) {
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	if f["DEFAULT"] == nil {
		f["DEFAULT"] = map[string][]setting{}
	}
	for name, value := range map[string]string{"host": host, "state_path": "/var/lib/cinder"} {
		if _, ok := f.get("DEFAULT", name); !ok {
			f["DEFAULT"][name] = []setting{{value, "default"}}
		}
	}
	c := &Config{Files: files, Service: cinder.DefaultOptions(), API: api.DefaultOptions()}
	w := written{listen: "0.0.0.0", port: apiPort, connection: "sqlite:///$state_path/cinder.sqlite", strategy: "noauth"}
	own := c.own(&w)
	for _, section := range []string{"DEFAULT", "database", "oslo_messaging_rabbit"} {
		for _, set := range []option.Set{own[section], c.Service.Named(), c.API.Named()} {
			if err := f.apply(section, set); err != nil {
				return nil, err
			}
		}
	}
	return c, c.resolve(f, w)
}

// written are options as they are written, before they are understood.
type written struct {
	listen, transport, connection, backends, strategy string

	port int
}

// own are the options that are neither the services' nor the API's, by section.
func (c *Config) own(w *written) map[string]option.Set {
	return map[string]option.Set{
		"DEFAULT": {
			"host": option.Text(&c.Host), "state_path": option.Text(&c.StatePath), "log_file": option.Text(&c.LogFile), "log_dir": option.Text(&c.LogDir),
			"osapi_volume_listen": option.Text(&w.listen), "osapi_volume_listen_port": option.Count(&w.port),
			"transport_url": option.Text(&w.transport), "enabled_backends": option.Text(&w.backends), "auth_strategy": option.Text(&w.strategy),
		},
		"database": {
			"connection": option.Text(&w.connection), "max_pool_size": option.Count(&c.Database.MaxPoolSize),
			"max_overflow": option.Count(&c.Database.MaxOverflow), "pool_timeout": option.Seconds(&c.Database.PoolTimeout),
		},
	}
}

// resolve makes of what is written what is meant.
func (c *Config) resolve(f file, w written) error {
	if w.strategy != "noauth" {
		return f.wrong("DEFAULT", "auth_strategy", fmt.Errorf("%q: there is only noauth", w.strategy))
	}
	if _, ok := f.get("database", "max_overflow"); ok && c.Database.MaxOverflow == 0 {
		c.Database.MaxOverflow = -1
	}
	c.API.Host, c.Database.URL = c.Host, f.expand(w.connection)
	addr, err := netip.ParseAddr(w.listen)
	if err != nil || w.port > 65535 {
		return f.wrong("DEFAULT", "osapi_volume_listen", fmt.Errorf("%s, port %d: not an address and a port", w.listen, w.port))
	}
	c.Bind = netip.AddrPortFrom(addr, uint16(w.port))
	if c.Brokers, err = parseTransport(w.transport); err != nil {
		return f.wrong("DEFAULT", "transport_url", err)
	}
	return c.readBackends(f, w.backends)
}

// apply sets the options of a set that a section has.
func (f file) apply(section string, set option.Set) error {
	for _, name := range set.Names() {
		if s, ok := f.get(section, name); ok {
			if err := set.Put(name, s.value); err != nil {
				return fmt.Errorf("%s: %w: %w", s.place, ErrConfig, err)
			}
		}
	}
	return nil
}

// wrong is an error in an option, with its place.
func (f file) wrong(section, name string, err error) error {
	if s, ok := f.get(section, name); ok {
		return fmt.Errorf("%s: %w: %s: %w", s.place, ErrConfig, name, err)
	}
	return fmt.Errorf("%w: %s is not set: %w", ErrConfig, name, err)
}

// transportScheme begins the transport_url of brokers of ours.
const transportScheme = "wavetank://"

// parseTransport reads where brokers are.
func parseTransport(url string) (brokers []netip.AddrPort, err error) {
	places, ok := strings.CutPrefix(url, transportScheme)
	if !ok {
		return nil, fmt.Errorf("%q is not of the form %s127.0.0.1:%d", url, transportScheme, rpc.Port)
	}
	for _, place := range strings.Split(strings.TrimSuffix(places, "/"), ",") {
		addr, err := netip.ParseAddrPort(place)
		if err != nil {
			return nil, fmt.Errorf("%q: %w", url, err)
		}
		brokers = append(brokers, addr)
	}
	return brokers, nil
}

// readBackends reads the sections of the backends that are enabled.
func (c *Config) readBackends(f file, enabled string) error {
	for _, name := range strings.FieldsFunc(enabled, func(r rune) bool { return r == ',' || r == ' ' }) {
		if f[name] == nil {
			return f.wrong("DEFAULT", "enabled_backends", fmt.Errorf("there is no section [%s]", name))
		}
		if slices.ContainsFunc(c.Backends, func(b Backend) bool { return b.Name == name }) {
			return f.wrong("DEFAULT", "enabled_backends", fmt.Errorf("%s is there twice", name))
		}
		b := Backend{Name: name, Host: c.Host, Driver: cinder.BackendConfig{Name: name}}
		if err := f.apply(name, option.Set{"backend_host": option.Text(&b.Host), "volume_backend_name": option.Text(&b.Driver.Name)}); err != nil {
			return err
		}
		for _, s := range f[name]["replication_device"] {
			target := backendID(s.value)
			if target == "" {
				return fmt.Errorf("%s: %w: replication_device: %q has no backend_id", s.place, ErrConfig, s.value)
			}
			b.Driver.Targets = append(b.Driver.Targets, target)
		}
		c.Backends = append(c.Backends, b)
	}
	return nil
}

// backendID is that of a replication_device, "backend_id:b1,key:value".
func backendID(device string) string {
	for _, pair := range strings.Split(device, ",") {
		if key, value, ok := strings.Cut(strings.TrimSpace(pair), ":"); ok && key == "backend_id" {
			return value
		}
	}
	return ""
}

// Log is the file that a daemon logs to, or "" for its standard error.
func (c *Config) Log(kind string) string {
	switch {
	case c.LogFile == "" && c.LogDir == "":
		return ""
	case c.LogFile == "":
		return filepath.Join(c.LogDir, kind+".log")
	case filepath.IsAbs(c.LogFile):
		return c.LogFile
	}
	return filepath.Join(c.LogDir, c.LogFile)
}
