package osdmap

import "github.com/wavetank/wavetank/daemons/wire"

// New is the map of a new cluster: epoch 1, no OSDs, the settings of a 16.2 monitor
// that was made with --mkfs.
func New(fsid wire.UUID, created wire.UTime) *Map {
	return &Map{
		FSID: fsid, Epoch: 1, Created: created, Modified: created,
		Flags: FlagSortBitwise | FlagRecoveryDeletes | FlagPurgedSnapdirs | FlagPGLogHardLimit,
		ErasureCode: map[string]map[string]string{
			"default": {"k": "2", "m": "2", "plugin": "jerasure", "technique": "reed_sol_van"},
		},
		Crush: newCrush(), CrushVersion: 1,
		NearfullRatio: 0.85, FullRatio: 0.95, BackfillfullRatio: 0.9,
		RequireMinCompatClient: releaseLuminous, RequireOSDRelease: releasePacific,
	}
}

// First is the incremental that leads from nothing to m, a map of epoch 1: it holds
// it whole.
func First(m *Map) *Incremental {
	inc := NewIncremental(&Map{FSID: m.FSID})
	inc.Modified = m.Modified
	inc.FullMap, inc.FullCRC = m.Encode()
	return inc
}
