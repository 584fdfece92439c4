package mon

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// mdsMetadataSpace is the space of the store that holds what mdss have said about
// themselves when they booted: a map of strings, by gid.
const mdsMetadataSpace = "mds_metadata"

// mdsService is the mdsMonitor as a service: it carries the committed map of file
// systems and the changes from and to the store.
type mdsService struct {
	*mdsMonitor
	state *store.State
	body  msg.Body // the committed map as it is sent
	// took is told about every map taken over, with its encoding.
	took func(encoded []byte)
}

func newMDSService(o Options) *mdsService {
	return &mdsService{mdsMonitor: newMDSMonitor(o), took: func([]byte) {}}
}

// load implements service.
func (s *mdsService) load(state *store.State) error {
	s.state = state
	_, epoch := state.Epochs(fsMapName)
	if epoch == uint64(s.committed.Epoch) {
		return nil
	}
	encoded, _ := state.Map(fsMapName, epoch)
	committed, err := decodeFSMap(encoded)
	if err != nil {
		return fmt.Errorf("fsmap %d: %w", epoch, err)
	}
	s.refresh(committed)
	s.body = &msg.FSMapMsg{Epoch: committed.Epoch, Map: *committed}
	s.took(encoded)
	return nil
}

// changes implements service.
func (s *mdsService) changes() []store.Op {
	c := s.pending
	if c == nil || c.next == nil {
		return nil
	}
	ops := []store.Op{store.SetMap{Name: fsMapName, Epoch: uint64(c.next.Epoch), Map: encodeFSMap(c.next)}}
	if len(c.setMeta)+len(c.dropMeta) == 0 {
		return ops
	}
	edit := store.Edit{Space: mdsMetadataSpace, From: s.state.Version(mdsMetadataSpace), Set: map[string][]byte{}}
	for _, gid := range wire.SortedKeys(c.setMeta) {
		var e wire.Encoder
		e.StringMap(c.setMeta[gid])
		edit.Set[mdsMetadataKey(gid)] = e.Bytes()
	}
	for _, gid := range wire.SortedKeys(c.dropMeta) {
		edit.Drop = append(edit.Drop, mdsMetadataKey(gid))
	}
	slices.Sort(edit.Drop)
	return append(ops, edit)
}

func mdsMetadataKey(gid uint64) string { return strconv.FormatUint(gid, 10) }

// urgent implements service.
func (s *mdsService) urgent() bool { return false }

// metadata is what an mds has said about itself, nil if nothing is known of it.
func (s *mdsService) metadata(gid uint64) map[string]string {
	encoded, ok := s.state.Value(mdsMetadataSpace, mdsMetadataKey(gid))
	if !ok {
		return nil
	}
	return wire.NewDecoder(encoded).StringMap()
}

// standbyAt is the standby of these addresses, nil if there is none. Of several the
// latest counts.
func (s *mdsService) standbyAt(addrs msg.AddrVec) *msg.MDSInfo {
	all := standbysOf(s.committed)
	for i := len(all) - 1; i >= 0; i-- {
		if all[i].Addrs.Equal(addrs) {
			return &all[i]
		}
	}
	return nil
}

// serveMDSMap sends a subscriber the map that is for it alone (FS-25): of itself, if
// it stands by, with the epoch that made it a standby; else an empty one.
func (m *Mon) serveMDSMap(s *session, sub *subscription) {
	info := m.fs.standbyAt(msg.AddrVec{s.con.PeerAddr()})
	epoch := m.fs.committed.Epoch
	if info != nil {
		epoch = m.fs.committed.StandbyEpochs[info.GID]
	}
	if sub.next <= uint64(epoch) {
		m.serveMap(s, sub, m.mdsMapOf(info), uint64(epoch))
	}
}

// mdsMapOf is the map for an mds that is in no file system: of itself, or empty if
// info is nil. What else it says is what Ceph 16.2 sends.
func (m *Mon) mdsMapOf(info *msg.MDSInfo) msg.Body {
	mm := msg.MDSMap{
		Epoch: m.fs.committed.Epoch, Flags: 0x12, SessionTimeout: 60, SessionAutoclose: 300, MaxFileSize: 1 << 40,
		MaxMDS: 1, MetadataPool: -1, Name: defaultFileSystem, StandbyCountWanted: -1,
	}
	if info != nil {
		mm.Epoch = m.fs.committed.StandbyEpochs[info.GID]
		mm.Info = map[uint64]msg.MDSInfo{info.GID: *info}
	}
	return &msg.MDSMapMsg{FSID: m.cfg.FSID, Epoch: mm.Epoch, Map: mm, FileSystemName: mm.Name}
}

// defaultFileSystem is the name of a map that is of no file system.
const defaultFileSystem = "cephfs"
