package mon

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

const fsMapName = "fsmap"

// fsMonitor holds the map of file systems: that of a new cluster, which nothing
// changes yet. Ceph: src/mon/MDSMonitor.cc.
type fsMonitor struct {
	committed *msg.FSMap
	body      msg.Body // as it is sent
}

// firstFSMap is that of a new cluster, with what Ceph 16.2 needs of a metadata
// server.
func firstFSMap() *msg.FSMap {
	needed := map[uint64]string{
		1: "base v0.20", 2: "client writeable ranges", 3: "default file layouts on dirs", 4: "dir inode in separate object",
		5: "mds uses versioned encoding", 6: "dirfrag is stored in omap", 8: "no anchor table", 9: "file layout v2", 10: "snaprealm v2",
	}
	return &msg.FSMap{
		Epoch: 1, NextFileSystemID: 1, LegacyFileSystem: -1, EnableMultiple: true, EverEnabledMultiple: true,
		DefaultCompat: msg.CompatSet{
			Incompat: msg.NewFeatureSet(needed),
		},
	}
}

func encodeFSMap(fm *msg.FSMap) []byte {
	var e wire.Encoder
	fm.Encode(&e, msg.FeaturesAll)
	return e.Bytes()
}

func decodeFSMap(encoded []byte) (*msg.FSMap, error) {
	d := wire.NewDecoder(encoded)
	fm := &msg.FSMap{}
	fm.Decode(d)
	return fm, d.Err()
}

// load implements service.
func (f *fsMonitor) load(s *store.State) error {
	_, epoch := s.Epochs(fsMapName)
	if f.committed != nil && uint64(f.committed.Epoch) == epoch {
		return nil
	}
	encoded, _ := s.Map(fsMapName, epoch)
	fm, err := decodeFSMap(encoded)
	if err != nil {
		return fmt.Errorf("fsmap %d: %w", epoch, err)
	}
	f.committed, f.body = fm, &msg.FSMapMsg{Epoch: fm.Epoch, Map: *fm}
	return nil
}

// begin, discard, changes, urgent, restart and tick implement service: nothing
// changes.
func (f *fsMonitor) begin()                         {}
func (f *fsMonitor) discard()                       {}
func (f *fsMonitor) changes() []store.Op            { return nil }
func (f *fsMonitor) urgent() bool                   { return false }
func (f *fsMonitor) restart(time.Duration)          {}
func (f *fsMonitor) tick(time.Duration, wire.UTime) {}

// mdsMapFor is the map for who asks for "mdsmap" and is in no file system: an empty
// one, of the file systems' epoch.
func (f *fsMonitor) mdsMapFor() msg.Body {
	return &msg.MDSMapMsg{Epoch: f.committed.Epoch, Map: msg.MDSMap{
		Epoch: f.committed.Epoch, Compat: f.committed.DefaultCompat, MetadataPool: -1, StandbyCountWanted: -1,
	}}
}

func fsCommands() []command {
	const epoch = "name=epoch,type=CephInt,range=0,req=false"
	return []command{
		{"mds stat", "", "show MDS status", "mds", "r", (*Mon).mdsStat},
		{"fs dump", epoch, "dump all CephFS status, optionally from epoch", "mds", "r", (*Mon).fsDump},
		{"fs ls", "", "list filesystems", "fs", "r", (*Mon).fsList},
		{"mds metadata", "name=who,type=CephString,req=false", "fetch metadata for mds <role>", "mds", "r", (*Mon).mdsMetadata},
		{"mds versions", "", "check running versions of MDSs", "mds", "r", (*Mon).mdsNone},
		{"mds count-metadata", "name=property,type=CephString", "count MDSs by metadata field property", "mds", "r", (*Mon).mdsNone},
	}
}

type fsMapJSON struct {
	Epoch   uint32 `json:"epoch"`
	Default int32  `json:"default_fscid"`
	Compat  struct {
		Compat   map[string]string `json:"compat"`
		ROCompat map[string]string `json:"ro_compat"`
		Incompat orderedFeatures   `json:"incompat"`
	} `json:"compat"`
	Flags struct {
		Enable bool `json:"enable_multiple"`
		Ever   bool `json:"ever_enabled_multiple"`
	} `json:"feature_flags"`
	Standbys    []string `json:"standbys"`
	FileSystems []string `json:"filesystems"`
}

// orderedFeatures are features by id, in the order of the ids.
type orderedFeatures msg.FeatureSet

// MarshalJSON implements json.Marshaler.
func (f orderedFeatures) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	for i, id := range wire.SortedKeys(f.Names) {
		fmt.Fprintf(&b, "%s%q:%q", map[bool]string{true: "", false: ","}[i == 0], fmt.Sprint("feature_", id), f.Names[id])
	}
	return []byte("{" + b.String() + "}"), nil
}

func fsMapJSONOf(fm *msg.FSMap) (j fsMapJSON) {
	j.Epoch, j.Default = fm.Epoch, fm.LegacyFileSystem
	j.Compat.Compat, j.Compat.ROCompat = map[string]string{}, map[string]string{}
	j.Compat.Incompat = orderedFeatures(fm.DefaultCompat.Incompat)
	j.Flags.Enable, j.Flags.Ever = fm.EnableMultiple, fm.EverEnabledMultiple
	j.Standbys, j.FileSystems = []string{}, []string{}
	return j
}

func (m *Mon) mdsStat(o *op, c *msg.MonCommand, args commandArgs) {
	if args.plain() {
		m.ack(o, c, result{prefix: args.prefix()})
		return
	}
	first, last := m.state.Epochs(fsMapName)
	m.ackJSON(o, c, args, struct {
		Map   fsMapJSON `json:"fsmap"`
		First uint64    `json:"mdsmap_first_committed"`
		Last  uint64    `json:"mdsmap_last_committed"`
	}{fsMapJSONOf(m.fs.committed), first, last})
}

func (m *Mon) fsDump(o *op, c *msg.MonCommand, args commandArgs) {
	fm := m.fs.committed
	if epoch := args.number("epoch", 0); epoch != 0 {
		encoded, ok := m.state.Map(fsMapName, uint64(epoch))
		old, err := decodeFSMap(encoded)
		if !ok || err != nil {
			m.ack(o, c, result{prefix: args.prefix(), code: eNoEnt})
			return
		}
		fm = old
	}
	r := result{prefix: args.prefix(), status: fmt.Sprint("dumped fsmap epoch ", fm.Epoch)}
	if args.plain() {
		r.data = []byte(fsMapText(fm))
	} else {
		r.data = toJSON(fsMapJSONOf(fm), args.indent())
	}
	m.ack(o, c, r)
}

func fsMapText(fm *msg.FSMap) string {
	var features []string
	for _, id := range wire.SortedKeys(fm.DefaultCompat.Incompat.Names) {
		features = append(features, fmt.Sprintf("%d=%s", id, fm.DefaultCompat.Incompat.Names[id]))
	}
	flag := map[bool]int{true: 1}
	return fmt.Sprintf("e%d\nenable_multiple, ever_enabled_multiple: %d,%d\n"+
		"default compat: compat={},rocompat={},incompat={%s}\nlegacy client fscid: %d\n \nNo filesystems configured\n",
		fm.Epoch, flag[fm.EnableMultiple], flag[fm.EverEnabledMultiple], strings.Join(features, ","), fm.LegacyFileSystem)
}

func (m *Mon) fsList(o *op, c *msg.MonCommand, args commandArgs) {
	if args.plain() {
		m.ack(o, c, result{prefix: args.prefix(), data: []byte("No filesystems enabled\n")})
		return
	}
	m.ackJSON(o, c, args, []string{})
}

func (m *Mon) mdsMetadata(o *op, c *msg.MonCommand, args commandArgs) {
	if who := args.text("who"); who != "" {
		m.ack(o, c, result{
			prefix: args.prefix(), code: eInval, data: []byte("{}\n"),
			status: fmt.Sprintf("MDS named '%s' does not exist, or is not up", who),
		})
		return
	}
	m.ackReadable(o, c, args, []string{})
}

// mdsNone is what there is to count of metadata servers.
func (m *Mon) mdsNone(o *op, c *msg.MonCommand, args commandArgs) {
	m.ackReadable(o, c, args, struct{}{})
}

// monFeatures are the names of the features of src/mon/mon_types.h that a mask
// holds.
func monFeatures(mask uint64) []string {
	names := []string{"kraken", "luminous", "mimic", "osdmap-prune", "nautilus", "octopus", "pacific", "elector-pinging"}
	held := []string{}
	for i, name := range names {
		if mask&(1<<i) != 0 {
			held = append(held, name)
		}
	}
	return slices.Clip(held)
}
