package msg

import (
	"maps"

	"github.com/wavetank/wavetank/daemons/wire"
)

// FeatureSet is named features of an on-disk format. (Ceph:
// src/include/CompatSet.h.)
type FeatureSet struct {
	Mask  uint64            // of 1 shifted by each id; kept as it was read
	Names map[uint64]string // by id, 1 to 63
}

// NewFeatureSet is the set of the named features with the mask that belongs to
// it. It keeps names. An id above 63 has no bit in the mask.
func NewFeatureSet(names map[uint64]string) FeatureSet {
	s := FeatureSet{Names: names}
	for id := range names {
		s.Mask |= 1 << id
	}
	return s
}

func (s *FeatureSet) encode(e *wire.Encoder) {
	e.U64(s.Mask)
	wire.PutMap(e, s.Names, e.U64, e.String)
}

func decodeFeatureSet(d *wire.Decoder) FeatureSet {
	return FeatureSet{Mask: d.U64(), Names: wire.Map(d, 12, "features", d.U64, d.String)}
}

// CompatSet says who may use something: whoever does not know a feature of
// Incompat must not touch it, and of ROCompat must not write it.
type CompatSet struct{ Compat, ROCompat, Incompat FeatureSet }

func (c *CompatSet) encode(e *wire.Encoder) {
	c.Compat.encode(e)
	c.ROCompat.encode(e)
	c.Incompat.encode(e)
}

func decodeCompatSet(d *wire.Decoder) CompatSet {
	return CompatSet{Compat: decodeFeatureSet(d), ROCompat: decodeFeatureSet(d), Incompat: decodeFeatureSet(d)}
}

// Equal reports whether both are the same features by id and name.
func (c *CompatSet) Equal(o *CompatSet) bool {
	return c.Compat.equal(&o.Compat) && c.ROCompat.equal(&o.ROCompat) && c.Incompat.equal(&o.Incompat)
}

func (s *FeatureSet) equal(o *FeatureSet) bool {
	return s.Mask == o.Mask && maps.Equal(s.Names, o.Names)
}
