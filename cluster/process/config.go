package process

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/cluster/cephconf"
	"github.com/wavetank/wavetank/daemons/mgr"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/wire"
)

// ErrConfig: the configuration cannot be used. The error says where it is wrong.
var ErrConfig = errors.New("unusable configuration")

// defaults are the options of the process itself, with what holds if nobody says
// anything (src/common/options.cc).
func defaults() map[string]string {
	return map[string]string{
		"fsid": "", "mon_host": "", "monmap": "", "public_addr": "", "auth_client_required": "",
		"run_dir": "/var/run/ceph", "admin_socket": "$run_dir/$cluster-$name.asok", "pid_file": "",
		"log_file": "/var/log/ceph/$cluster-$name.log", "log_to_stderr": "false",
		"mon_data": "/var/lib/ceph/mon/$cluster-$id", "mgr_data": "/var/lib/ceph/mgr/$cluster-$id",
	}
}

// daemonOptions are those that the daemon takes, besides those of the process.
func daemonOptions(kind string) []string {
	if kind == "mon" {
		return mon.OptionNames()
	}
	return slices.Concat(mgr.OptionNames(), monc.OptionNames(), msgr.OptionNames())
}

// optionNames are all that a command line may have.
func optionNames(kind string) []string {
	return append(wire.SortedKeys(defaults()), daemonOptions(kind)...)
}

// config is what a process was told, by command line and file.
type config struct {
	*command
	file string // that was read, "" if none
	set  map[string]cephconf.Option
	vars map[string]string // what values may name besides options
}

// newConfig reads the configuration that goes with a command line. Errors: ErrConfig,
// and cephconf.ErrSyntax with the place.
func newConfig(c *command, environment func(string) string) (*config, error) {
	g := &config{command: c, set: map[string]cephconf.Option{}}
	file, err := g.find(environment)
	if err != nil {
		return nil, err
	}
	if c.cluster == "" {
		c.cluster = clusterOf(g.file)
	}
	if file != nil {
		g.set = file.Options(cephconf.Sections(c.kind, c.id)...)
	}
	for name, value := range c.options {
		g.set[name] = cephconf.Option{Value: value, Place: "command line"}
	}
	host, err := os.Hostname()
	if err != nil {
		host = "localhost"
	}
	host, _, _ = strings.Cut(host, ".")
	g.vars = map[string]string{
		"cluster": c.cluster, "type": c.kind, "id": c.id, "name": c.name(), "host": host, "pid": strconv.Itoa(os.Getpid()),
	}
	return g, g.check()
}

// find is the configuration file that was named, else the first of the usual ones, else
// none.
func (g *config) find(environment func(string) string) (*cephconf.File, error) {
	if named := orElse(g.conf, environment("CEPH_CONF")); named != "" {
		g.file = named
		return readConf(named)
	}
	cluster := orElse(g.cluster, "ceph") + ".conf"
	for _, usual := range []string{"/etc/ceph/" + cluster, filepath.Join(environment("HOME"), ".ceph", cluster), cluster} {
		file, err := readConf(usual)
		if !errors.Is(err, fs.ErrNotExist) {
			g.file = usual
			return file, err
		}
	}
	return nil, nil
}

func readConf(name string) (*cephconf.File, error) {
	file, err := cephconf.Read(name)
	if err != nil && !errors.Is(err, cephconf.ErrSyntax) {
		err = fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return file, err
}

func orElse(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// clusterOf is the cluster's name by that of its file: "ceph" for /etc/ceph/ceph.conf.
func clusterOf(file string) string {
	if name, ok := strings.CutSuffix(filepath.Base(file), ".conf"); ok && name != "" {
		return name
	}
	return "ceph"
}

// check refuses what can be refused before anything is started.
func (g *config) check() error {
	for _, name := range wire.SortedKeys(defaults()) {
		if _, err := g.expanded(name); err != nil {
			return err
		}
	}
	if methods := g.value("auth_client_required"); methods != "" && !slices.Contains(strings.FieldsFunc(methods, isSeparator), "none") {
		return g.wrong("auth_client_required", fmt.Errorf("%q: only none is spoken here", methods))
	}
	if _, err := strconv.ParseBool(g.value("log_to_stderr")); err != nil {
		return g.wrong("log_to_stderr", fmt.Errorf("%q is neither true nor false", g.value("log_to_stderr")))
	}
	return nil
}

// isSeparator tells what is between the items of a list.
func isSeparator(r rune) bool { return strings.ContainsRune(",; \t", r) }

// wrong is an error in an option, with its place.
func (g *config) wrong(name string, err error) error {
	place := orElse(g.set[name].Place, orElse(g.file, "no configuration file"))
	return fmt.Errorf("%s: %w: %s: %w", place, ErrConfig, name, err)
}

// raw is an option as it was written.
func (g *config) raw(name string) (string, bool) {
	if o, ok := g.set[name]; ok {
		return o.Value, true
	}
	value, ok := defaults()[name]
	return value, ok
}

// expanded is an option with what it names in its place. Error: ErrConfig.
func (g *config) expanded(name string) (string, error) {
	raw, _ := g.raw(name)
	value, err := cephconf.Expand(raw, func(other string) (string, bool) {
		if v, ok := g.vars[other]; ok {
			return v, true
		}
		return g.raw(other)
	})
	if err != nil {
		return "", g.wrong(name, err)
	}
	return value, nil
}

// value is expanded, of an option that check has seen.
func (g *config) value(name string) string {
	value, _ := g.expanded(name)
	return value
}

// dataDir is where the daemon keeps its data.
func (g *config) dataDir() string { return g.value(g.kind + "_data") }

// each hands the options that somebody has set and that one of the names is to set.
func (g *config) each(names []string, set func(name, value string) error) error {
	for _, name := range names {
		if _, ok := g.set[name]; !ok {
			continue
		}
		value, err := g.expanded(name)
		if err != nil {
			return err
		}
		if err := set(name, value); err != nil { // which says the name
			return fmt.Errorf("%s: %w: %w", g.set[name].Place, ErrConfig, err)
		}
	}
	return nil
}

// setup is what the process needs to know.
func (g *config) setup() setup {
	s := setup{
		name: g.name(), conf: g.file, pidFile: g.value("pid_file"), dataDir: g.dataDir(), adminSocket: g.value("admin_socket"),
		prepare: func() (daemon, []netip.Addr, error) { return newMgr(g) },
	}
	if g.kind == "mon" {
		s.prepare = func() (daemon, []netip.Addr, error) { return newMon(g) }
	}
	if toStderr, _ := strconv.ParseBool(g.value("log_to_stderr")); !toStderr && !g.toStderr {
		s.logFile = g.value("log_file")
	}
	return s
}
