package mon

import (
	"fmt"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// encodeMgrMap is the map as it is stored and sent.
func encodeMgrMap(mm *msg.MgrMap) []byte {
	var e wire.Encoder
	mm.Encode(&e, msg.FeaturesAll)
	return e.Bytes()
}

func decodeMgrMap(data []byte) (*msg.MgrMap, error) {
	d := wire.NewDecoder(data)
	mm := &msg.MgrMap{}
	mm.Decode(d)
	return mm, d.Err()
}

// nullMgrMap names nobody: it tells a mgr that believes itself active that it is
// not (MM-7).
func nullMgrMap() msg.Body { return &msg.MgrMapMsg{} }

func committedFact(mon string, mm *msg.MgrMap, data []byte, described []string) MapCommitted {
	h := fnv.New64a()
	_, _ = h.Write(data)
	return MapCommitted{
		Mon: mon, Map: mgrMapName, Epoch: uint64(mm.Epoch), Hash: h.Sum64(),
		ActiveGID: mm.ActiveGID, ActiveName: mm.ActiveName, Available: mm.Available, Standbys: standbyList(mm),
		ActiveAddrs: addrList(activeAddrs(mm)...), FencedAt: uint64(mm.LastFailureOSDEpoch),
		Described: strings.Join(described, ","),
	}
}

// activeAddrs are all addresses at which the active mgr can do harm: its own, and
// those of its clients.
func activeAddrs(mm *msg.MgrMap) []msg.EntityAddr {
	return slices.Concat(append([]msg.AddrVec{mm.ActiveAddrs}, mm.ClientAddrs...)...)
}

func standbyList(mm *msg.MgrMap) string {
	var b strings.Builder
	for i, s := range mm.Standbys {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, "%d:%s", s.GID, s.Name)
	}
	return b.String()
}
