package mon

import (
	"fmt"
	"hash/fnv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Where the OSD service keeps its things in the store: every epoch whole, and as what
// has changed from the one before.
const (
	osdMapName         = "osdmap"
	osdIncrementalName = "osdmap_incremental"
)

// osdService is the osdMonitor as a service: it carries the committed map and the
// changes from and to the store.
type osdService struct {
	*osdMonitor
	// took is told about every map taken over, with its encoding.
	took func(encoded []byte)
}

// firstOSDMaps are the map of a new cluster, the same on every monitor.
func firstOSDMaps(fsid wire.UUID, created wire.UTime) map[string][]byte {
	first := osdmap.New(fsid, created)
	full, _ := first.Encode()
	return map[string][]byte{osdMapName: full, osdIncrementalName: osdmap.First(first).Encode()}
}

// load implements service.
func (s *osdService) load(state *store.State) error {
	_, epoch := state.Epochs(osdMapName)
	if epoch == uint64(s.committed.Epoch) {
		return nil
	}
	encoded, _ := state.Map(osdMapName, epoch)
	committed, err := osdmap.Decode(encoded)
	if err != nil {
		return fmt.Errorf("osdmap %d: %w", epoch, err)
	}
	s.refresh(committed)
	s.took(encoded)
	return nil
}

// changes implements service.
func (s *osdService) changes() []store.Op {
	c := s.pending
	if c == nil || c.edits == 0 {
		return nil
	}
	next, err := s.committed.Apply(c.inc)
	if err != nil { // we have made it
		panic(fmt.Sprintf("mon: pending osdmap: %v", err))
	}
	full, crc := next.Encode()
	c.inc.FullCRC = crc
	epoch := uint64(next.Epoch)
	return []store.Op{
		store.SetMap{Name: osdMapName, Epoch: epoch, Map: full},
		store.SetMap{Name: osdIncrementalName, Epoch: epoch, Map: c.inc.Encode()},
	}
}

// urgent and restart implement service.
func (s *osdService) urgent() bool          { return false }
func (s *osdService) restart(time.Duration) {}

// osdCommittedFact is the fact of a committed OSD map.
func osdCommittedFact(mon string, om *osdmap.Map, data []byte) MapCommitted {
	h := fnv.New64a()
	_, _ = h.Write(data)
	return MapCommitted{Mon: mon, Map: osdMapName, Epoch: uint64(om.Epoch), Hash: h.Sum64(), Blocklist: addrList(om.Blocklist.Keys()...)}
}

// addrList is addresses as facts have them, "10.0.0.1:6800/7", joined by commas.
func addrList(addrs ...msg.EntityAddr) string {
	var b strings.Builder
	for i, a := range addrs {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(plainAddr(a))
	}
	return b.String()
}

// serveOSDMap sends a subscriber the epochs that it lacks (SV-9): the latest as a
// whole if it has none, else what has changed since, with the oldest whole first if
// the changes do not reach back that far.
func (m *Mon) serveOSDMap(s *session, sub *subscription) {
	oldest, newest := m.state.Epochs(osdMapName)
	if sub.next > newest {
		return
	}
	if sub.next == 0 {
		m.sendOSDMap(s, newest, newest, true)
		sub.sent(newest)
		return
	}
	first := sub.next
	if s.osdEpoch >= first {
		first = s.osdEpoch + 1 // it got these by an earlier wish
	}
	if first < oldest {
		m.sendOSDMap(s, oldest, oldest, true)
		first = oldest + 1
	}
	for ; first <= newest; first += osdMapMessageMax {
		m.sendOSDMap(s, first, min(first+osdMapMessageMax-1, newest), false)
		if sub.onetime {
			break
		}
	}
	sub.sent(newest)
}

// osdMapMessageMax is how many epochs go into a message (osd_map_message_max).
const osdMapMessageMax = 40

// sendOSDMap sends epochs first to last, which must be there.
func (m *Mon) sendOSDMap(s *session, first, last uint64, full bool) {
	oldest, newest := m.state.Epochs(osdMapName)
	body := &msg.OSDMap{FSID: m.cfg.FSID, Oldest: uint32(oldest), Newest: uint32(newest)}
	name, blobs := osdIncrementalName, map[uint32][]byte{}
	if full {
		name, body.Full = osdMapName, blobs
	} else {
		body.Incremental = blobs
	}
	for epoch := first; epoch <= last; epoch++ {
		blobs[uint32(epoch)], _ = m.state.Map(name, epoch)
	}
	s.con.Send(msg.NewFromMon(body))
	s.osdEpoch = last
	m.h.Probe(MapSent{Mon: m.cfg.Name, Map: osdMapName, Epoch: last, GID: s.gid, Session: s.number})
}
