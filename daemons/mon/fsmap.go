package mon

import (
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

const fsMapName = "fsmap"

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

// fsCommittedFact is the fact of a committed map of file systems.
func fsCommittedFact(mon string, fm *msg.FSMap, encoded []byte) MapCommitted {
	h := fnv.New64a()
	_, _ = h.Write(encoded)
	return MapCommitted{Mon: mon, Map: fsMapName, Epoch: uint64(fm.Epoch), Hash: h.Sum64(), Standbys: mdsList(fm)}
}

// mdsList is the standbys as "gid:name", ascending by gid, joined by commas.
func mdsList(fm *msg.FSMap) string {
	var b strings.Builder
	for i, info := range standbysOf(fm) {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d:%s", info.GID, info.Name)
	}
	return b.String()
}
