package mgr

import (
	"fmt"
	"slices"

	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// takeOSDMap takes over the epochs of a message that lead on from the newest that
// is here. If one cannot be read, all is asked for anew.
func (s *Standby) takeOSDMap(b *msg.OSDMap) {
	for _, epoch := range epochs(b) {
		next, incremental, err := s.nextOSDMap(b, epoch)
		if err != nil {
			s.log.Error("osdmap refused", "epoch", epoch, "error", err, "mon", s.monc.Mon())
			s.askAnew("osdmap")
			return
		}
		if next == nil {
			continue
		}
		s.cluster.OSD = next
		s.monc.Got("osdmap", uint64(next.Epoch))
		s.h.Probe(MapApplied{Name: s.cfg.Name, GID: s.gid(), Map: "osdmap", Epoch: next.Epoch, Incremental: incremental})
	}
}

// handleOSDMap goes on with what the objecter has taken.
func (s *Standby) handleOSDMap() {
	if s.mgr != nil {
		s.mgr.osdMapHere()
	}
	s.checkBlocked()
}

// checkBlocked respawns a manager that OSDs do not listen to any more: it was fenced, by
// the monitors or by an operator, and the map that says why may come later or never.
func (s *Standby) checkBlocked() {
	srv := s.serving()
	if srv == nil || s.gone || s.cfg.Defects.StayActive || !s.cluster.OSD.Blocked(srv.addrs...) {
		return
	}
	s.respawn(s.epoch, fmt.Sprintf("osdmap epoch %d blocks %v", s.cluster.OSD.Epoch, srv.addrs[0]))
}

// askAnew asks for the newest epoch of a map. A monitor that was asked for just that
// already would not hear of it again, so the next session has to.
func (s *Standby) askAnew(what string) {
	if !s.monc.Want(what, 0, false) {
		s.monc.Reopen()
		return
	}
	s.monc.Renew()
}

// epochs are those of which a message has anything, ascending.
func epochs(b *msg.OSDMap) []uint32 {
	all := slices.Concat(wire.SortedKeys(b.Full), wire.SortedKeys(b.Incremental))
	slices.Sort(all)
	return slices.Compact(all)
}

// nextOSDMap is the map of an epoch, nil if it is not newer than ours, or only its
// difference from a map that is not here; incremental is whether it was made from such
// a difference.
func (s *Standby) nextOSDMap(b *msg.OSDMap, epoch uint32) (next *osdmap.Map, incremental bool, err error) {
	if epoch <= s.cluster.OSD.Epoch {
		return nil, false, nil
	}
	if inc := b.Incremental[epoch]; inc != nil && epoch == s.cluster.OSD.Epoch+1 {
		change, err := osdmap.DecodeIncremental(inc)
		if err != nil {
			return nil, false, err
		}
		next, err = s.cluster.OSD.Apply(change)
		return next, true, err
	}
	if full := b.Full[epoch]; full != nil {
		next, err = osdmap.Decode(full)
		if err == nil && next.Epoch != epoch {
			err = fmt.Errorf("it is of epoch %d", next.Epoch)
		}
		return next, false, err
	}
	return nil, false, nil
}

// awaitFence asks for the OSD map and waits for the epoch that fences the predecessor
// (MS-18): what comes after can rely on the predecessor not to write any more.
func (g *Mgr) awaitFence(done func()) {
	g.s.monc.Want("osdmap", 0, false)
	g.s.monc.Renew()
	g.await(func() bool { return g.s.cluster.OSD.Epoch >= g.fence })(done)
}

// osdMapHere is told of every message with OSD maps.
func (g *Mgr) osdMapHere() {
	if g.described {
		g.followOSDMap()
	}
	g.s.notify(module.OSDMap)
	g.resume()
}
