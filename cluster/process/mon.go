package process

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"slices"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// monMapFile is the monitor map in a monitor's folder, from mkfs on.
const monMapFile = "monmap"

// monDaemon is a monitor.
type monDaemon struct{ config mon.Config }

func newMon(g *config) (daemon, []netip.Addr, error) {
	monmap, err := storedMonMap(g)
	if err != nil {
		return nil, nil, err
	}
	d := &monDaemon{config: mon.Config{Name: g.id, FSID: monmap.FSID, MonMap: monmap, Options: mon.DefaultOptions(), Given: map[string]string{}}}
	tried := d.config.Options
	err = g.each(mon.OptionNames(), func(name, value string) error {
		d.config.Given[name] = value
		return tried.Set(name, value)
	})
	if err != nil {
		return nil, nil, err
	}
	if err := tried.Validate(); err != nil {
		return nil, nil, fmt.Errorf("%w: %w", ErrConfig, err)
	}
	if want, err := fsid(g); err != nil {
		return nil, nil, err
	} else if !want.IsZero() && want != monmap.FSID {
		return nil, nil, g.wrong("fsid", fmt.Errorf("the monitor's data in %s is of cluster %v", g.dataDir(), monmap.FSID))
	}
	own, ok := monmap.Get(g.id)
	if !ok {
		return nil, nil, fmt.Errorf("not in the monmap of %s, which has %v", g.dataDir(), monmap.Ranks)
	}
	return d, []netip.Addr{own.Addrs.Legacy().IP.Addr()}, nil
}

func (d *monDaemon) start(h host.Host) error {
	m, err := mon.New(h, d.config)
	if err != nil {
		return err
	}
	return m.Start()
}

// stop does nothing before: what a monitor has promised is on its disk, and others
// notice its connections' end.
func (d *monDaemon) stop(done func()) { done() }

// storedMonMap is the monitor map in the monitor's folder.
func storedMonMap(g *config) (msg.MonMap, error) {
	dir := g.dataDir()
	if _, err := os.Stat(dir); errors.Is(err, fs.ErrNotExist) {
		return msg.MonMap{}, fmt.Errorf("monitor data directory at '%s' does not exist: have you run 'mkfs'?", dir)
	}
	monmap, err := readMonMap(filepath.Join(dir, monMapFile))
	if errors.Is(err, fs.ErrNotExist) {
		return msg.MonMap{}, fmt.Errorf("monitor data directory at '%s' is empty: have you run 'mkfs'?", dir)
	}
	return monmap, err
}

// readMonMap reads a file as monmaptool writes it.
func readMonMap(name string) (m msg.MonMap, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return m, err
	}
	d := wire.NewDecoder(text)
	m.Decode(d)
	if err := d.Err(); err != nil {
		return m, fmt.Errorf("%s: %w", name, err)
	}
	return m, nil
}

// mkfs makes a monitor's folder: "ceph-mon --mkfs". It leaves one alone that has
// something in it, which is no error, as Ceph's.
func mkfs(g *config, out io.Writer) error {
	dir := g.dataDir()
	entries, err := os.ReadDir(dir)
	switch {
	case err == nil && len(entries) > 0:
		fmt.Fprintf(out, "'%s' already exists and is not empty: monitor may already exist\n", dir)
		return nil
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return err
	}
	monmap, err := seedMonMap(g)
	if err != nil {
		return err
	}
	var e wire.Encoder
	monmap.Encode(&e, msg.FeaturesAll)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	name := filepath.Join(dir, monMapFile)
	if err := os.WriteFile(name+".new", e.Bytes(), 0o644); err != nil {
		return err
	}
	return os.Rename(name+".new", name)
}

// seedMonMap is the map that --monmap names, of the cluster that fsid names.
func seedMonMap(g *config) (msg.MonMap, error) {
	name := g.value("monmap")
	if name == "" {
		return msg.MonMap{}, g.wrong("monmap", errors.New("it is not set: make one with monmaptool, and give it with --monmap FILE"))
	}
	monmap, err := readMonMap(name)
	if err != nil {
		return monmap, g.wrong("monmap", err)
	}
	id, err := fsid(g)
	if err != nil {
		return monmap, err
	}
	if !id.IsZero() {
		monmap.FSID = id
	}
	if monmap.FSID.IsZero() {
		return monmap, g.wrong("fsid", errors.New("neither it nor the monmap says which cluster this is"))
	}
	if !slices.Contains(monmap.Ranks, g.id) {
		return monmap, g.wrong("monmap", fmt.Errorf("%s has no mon.%s, but %v", name, g.id, monmap.Ranks))
	}
	monmap.Epoch = 1 // our monitors begin with the map that is theirs
	return monmap, nil
}
