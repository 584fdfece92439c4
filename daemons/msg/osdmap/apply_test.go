package osdmap_test

import (
	"cmp"
	"net/netip"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msg/osdmap"
	"github.com/wavetank/wavetank/daemons/wire"
)

// drawAddr is one of few addresses, so that they meet again.
func drawAddr(t *rapid.T) msg.EntityAddr {
	ip := netip.AddrFrom4([4]byte{10, 0, 0, byte(rapid.IntRange(1, 3).Draw(t, "ip"))})
	return osdmap.Instance(msg.EntityAddr{
		Nonce: rapid.SampledFrom([]uint32{0, 1, 255, 256, 70000, 1 << 24}).Draw(t, "nonce"),
		IP:    netip.AddrPortFrom(ip, uint16(rapid.IntRange(0, 2).Draw(t, "port"))),
	})
}

func drawTime(t *rapid.T) wire.UTime {
	return wire.UTime{Sec: rapid.Uint32Range(0, 9).Draw(t, "seconds"), Nsec: rapid.Uint32Range(0, 2).Draw(t, "nanoseconds")}
}

func drawBlocklist(t *rapid.T) osdmap.Blocklist {
	return rapid.MapOfN(rapid.Custom(drawAddr), rapid.Custom(drawTime), 0, 3).Draw(t, "blocklist")
}

func drawPGs[V any](value *rapid.Generator[V]) *rapid.Generator[map[osdmap.PG]V] {
	pg := rapid.Custom(func(t *rapid.T) osdmap.PG {
		return osdmap.PG{Pool: rapid.Int64Range(1, 2).Draw(t, "pool"), Seed: rapid.Uint32Range(0, 2).Draw(t, "seed")}
	})
	return rapid.MapOfN(pg, value, 0, 3)
}

func drawByOSD[V any](t *rapid.T, n int, what string, value *rapid.Generator[V]) map[int32]V {
	if n == 0 {
		return nil
	}
	return rapid.MapOfN(rapid.Int32Range(0, int32(n)-1), value, 0, n).Draw(t, what)
}

func drawSnaps(t *rapid.T) osdmap.Snaps {
	var s osdmap.Snaps
	at := uint64(0)
	for range rapid.IntRange(1, 3).Draw(t, "runs") {
		run := msg.SnapInterval{
			Start:  at + rapid.Uint64Range(1, 3).Draw(t, "gap"),
			Length: rapid.Uint64Range(1, 4).Draw(t, "length"),
		}
		at = run.Start + run.Length
		s = append(s, run)
	}
	return s
}

// drawIncremental is any incremental that leads on from m.
func drawIncremental(t *rapid.T, m *osdmap.Map) *osdmap.Incremental {
	inc := osdmap.NewIncremental(m)
	inc.Modified = drawTime(t)
	n := len(m.OSDs)
	if rapid.Bool().Draw(t, "resize") {
		n = rapid.IntRange(0, 4).Draw(t, "max osd")
		inc.NewMaxOSD = int32(n)
	}
	anyU32 := rapid.Uint32Range(0, 1<<17)
	addrs := rapid.Map(rapid.SliceOfN(rapid.Custom(drawAddr), 0, 2), func(v []msg.EntityAddr) msg.AddrVec { return v })
	inc.NewUp = drawByOSD(t, n, "up", addrs)
	inc.NewBack, inc.NewFront = drawByOSD(t, n, "back", addrs), drawByOSD(t, n, "front", addrs)
	inc.NewCluster = drawByOSD(t, n, "cluster", addrs)
	inc.NewState = drawByOSD(t, n, "state", rapid.Map(rapid.Uint32Range(0, 1<<13-1), func(s uint32) osdmap.OSDState { return osdmap.OSDState(s) }))
	inc.NewWeight = drawByOSD(t, n, "weight", anyU32)
	inc.NewAffinity = drawByOSD(t, n, "affinity", anyU32)
	inc.NewUpThru, inc.NewLost = drawByOSD(t, n, "up thru", anyU32), drawByOSD(t, n, "lost", anyU32)
	inc.NewLastClean = drawByOSD(t, n, "clean", rapid.Just(osdmap.Interval{Begin: 1, End: 2}))
	inc.NewXInfo = drawByOSD(t, n, "xinfo", rapid.Just(osdmap.OSDXInfo{LaggyInterval: 3, OldWeight: 4}))
	inc.NewUUID = drawByOSD(t, n, "uuid", rapid.Just(wire.UUID{9}))
	osds := rapid.SliceOfN(rapid.Int32Range(0, 3), 0, 2)
	inc.NewPGTemp = drawPGs(osds).Draw(t, "pg temp")
	inc.NewPrimaryTemp = drawPGs(rapid.Int32Range(-1, 3)).Draw(t, "primary temp")
	inc.NewPGUpmap = drawPGs(osds).Draw(t, "upmap")
	inc.OldPGUpmapItems = sortedPGs(drawPGs(rapid.Bool()).Draw(t, "old upmap items"))
	inc.NewPGUpmapItems = drawPGs(rapid.Just([]osdmap.Remap{{From: 1, To: 2}})).Draw(t, "upmap items")
	inc.OldPGUpmap = sortedPGs(drawPGs(rapid.Bool()).Draw(t, "old upmap"))
	inc.NewBlocklist, inc.NewRangeBlocklist = drawBlocklist(t), drawBlocklist(t)
	inc.OldBlocklist = drawBlocklist(t).Keys()
	inc.OldRangeBlocklist = drawBlocklist(t).Keys()
	drawPools(t, inc)
	return inc
}

func drawPools(t *rapid.T, inc *osdmap.Incremental) {
	id := rapid.Int64Range(1, 2)
	pool := rapid.Map(rapid.SliceOfN(rapid.Byte(), 0, 30), func(b []byte) osdmap.Pool { return osdmap.Pool{Version: 29, Compat: 5, Body: b} })
	inc.NewPools = rapid.MapOfN(id, pool, 0, 2).Draw(t, "pools")
	inc.NewPoolNames = rapid.MapOfN(id, rapid.StringN(0, 3, 9), 0, 2).Draw(t, "names")
	snaps := rapid.MapOfN(id, rapid.Custom(drawSnaps), 0, 2)
	inc.NewRemovedSnaps, inc.NewPurgedSnaps = snaps.Draw(t, "removed"), snaps.Draw(t, "purged")
	if rapid.Bool().Draw(t, "drop a pool") {
		inc.OldPools = []int64{id.Draw(t, "old pool")}
	}
	inc.NewFlags = rapid.Int32Range(-1, 1<<20).Draw(t, "flags")
	inc.NewRequireOSDRelease = rapid.SampledFrom([]uint8{osdmap.Unchanged, 0, 11, 12, 14, 16}).Draw(t, "release")
	inc.NewCrushFlags = rapid.MapOfN(rapid.Int32Range(-3, 0), rapid.Uint32Range(0, 2), 0, 2).Draw(t, "crush flags")
	inc.ChangeStretch = rapid.Bool().Draw(t, "stretch")
	inc.NewStretch.Enabled = inc.ChangeStretch && rapid.Bool().Draw(t, "stretched")
	inc.Snapshot = rapid.SampledFrom([]string{"", "s"}).Draw(t, "snapshot")
}

func sortedPGs(set map[osdmap.PG]bool) []osdmap.PG {
	var list []osdmap.PG
	for p := range set {
		list = append(list, p)
	}
	slices.SortFunc(list, osdmap.PG.Compare)
	return list
}

// TestApply_overTheWire: whoever gets the first map and all incrementals as bytes
// has the bytes of whoever made them, and applying leaves the old map as it was.
func TestApply_overTheWire(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		made := osdmap.New(wire.UUID{1}, wire.UTime{Sec: 1})
		blob, _ := made.Encode()
		received, err := osdmap.Decode(blob)
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 6).Draw(t, "epochs") {
			inc := drawIncremental(t, made)
			before, _ := made.Encode()
			next, err := made.Apply(inc)
			if err != nil {
				t.Fatal(err)
			}
			if after, _ := made.Encode(); string(after) != string(before) {
				t.Fatal("applying has changed the old map")
			}
			_, inc.FullCRC = next.Encode()
			got, err := osdmap.DecodeIncremental(inc.Encode())
			if err != nil {
				t.Fatal(err)
			}
			if received, err = received.Apply(got); err != nil {
				t.Fatal(err)
			}
			blob, crc := received.Encode()
			if crc != inc.FullCRC {
				t.Fatalf("checksum %#x, want %#x", crc, inc.FullCRC)
			}
			if received, err = osdmap.Decode(blob); err != nil {
				t.Fatal(err)
			}
			made = next
		}
	})
}

// TestSnaps_model: the queue of removed snapshots is what was removed and not yet
// purged.
func TestSnaps_model(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := osdmap.New(wire.UUID{1}, wire.UTime{})
		want := map[uint64]bool{}
		for range rapid.IntRange(1, 6).Draw(t, "epochs") {
			inc := osdmap.NewIncremental(m)
			removed, purged := drawSnaps(t), drawSnaps(t)
			inc.NewRemovedSnaps = map[int64]osdmap.Snaps{1: removed}
			inc.NewPurgedSnaps = map[int64]osdmap.Snaps{1: purged}
			each(removed, func(id uint64) { want[id] = true })
			each(purged, func(id uint64) { delete(want, id) })
			next, err := m.Apply(inc)
			if err != nil {
				t.Fatal(err)
			}
			m = next
		}
		var got, model []uint64
		each(m.RemovedSnapsQueue[1], func(id uint64) { got = append(got, id) })
		for id := range want {
			model = append(model, id)
		}
		slices.SortFunc(model, cmp.Compare[uint64])
		if !slices.Equal(got, model) {
			t.Fatalf("queue %v, want %v", got, model)
		}
	})
}

func each(s osdmap.Snaps, f func(id uint64)) {
	for _, run := range s {
		for id := run.Start; id < run.Start+run.Length; id++ {
			f(id)
		}
	}
}
