package osdmap

import (
	"encoding/binary"
	"slices"

	"github.com/wavetank/wavetank/daemons/wire"
)

// crushMaxDevicesAt is where a CRUSH map has its number of devices: behind magic
// number, buckets and rules.
const crushMaxDevicesAt = 3 * 4

// crushContent is what follows for the OSD map from the content of a CRUSH map.
type crushContent struct {
	devices int32            // one more than the highest device in a bucket or with a name
	classes map[int32]string // of devices, by id
}

// readCrush walks through a CRUSH map as Luminous and later write it. It reports
// false for what is none.
func readCrush(b []byte) (c crushContent, ok bool) {
	d := wire.NewDecoder(b)
	if d.U32() != crushMagic {
		return c, false
	}
	buckets, rules := d.S32(), d.U32()
	d.S32() // devices, as it was
	for i := int32(0); i < buckets && d.Err() == nil; i++ {
		c.devices = max(c.devices, readBucket(d))
	}
	for i := uint32(0); i < rules && d.Err() == nil; i++ {
		skipRule(d)
	}
	readNames(d) // of types
	for _, item := range wire.SortedKeys(readNames(d)) {
		c.devices = max(c.devices, item+1)
	}
	readNames(d) // of rules
	d.Raw(tunablesBytes)
	wire.Map(d, 8, "crush classes", d.S32, d.S32)
	c.classes = readNames(d)
	return c, d.Err() == nil
}

// readBucket is one more than the highest device in a bucket, 0 if it has none.
func readBucket(d *wire.Decoder) (devices int32) {
	if d.U32() == 0 { // an empty slot
		return 0
	}
	d.Raw(4 + 2) // id, type
	kind := d.U8()
	d.Raw(1 + 4) // hash, weight
	items := wire.List(d, 4, "crush items", d.S32)
	if len(items) > 0 {
		devices = max(0, slices.Max(items)+1)
	}
	switch kind {
	case bucketUniform:
		d.Raw(4)
	case bucketList, bucketStraw:
		d.Raw(8 * len(items))
	case bucketTree:
		d.Raw(4 * int(d.U8()))
	case bucketStraw2:
		d.Raw(4 * len(items))
	default:
		d.Fail("crush bucket", wire.ErrInvalid)
	}
	return devices
}

func readNames(d *wire.Decoder) map[int32]string {
	return wire.Map(d, 8, "crush names", d.S32, d.String)
}

func skipRule(d *wire.Decoder) {
	if d.U32() == 0 { // an empty slot
		return
	}
	steps := d.Count(12, "crush steps")
	d.Raw(4 + 12*steps)
}

// setCrush takes a new CRUSH map as Ceph does: with the number of devices that it
// really has (Ceph: CrushWrapper::finalize in src/crush/CrushWrapper.h), and without flags for classes of devices that it lacks. What cannot be
// read is taken as it is.
func (m *Map) setCrush(b []byte) {
	m.Crush = b
	c, ok := readCrush(b)
	if !ok {
		return
	}
	if uint32(c.devices) != binary.LittleEndian.Uint32(b[crushMaxDevicesAt:]) {
		m.Crush = slices.Clone(b)
		binary.LittleEndian.PutUint32(m.Crush[crushMaxDevicesAt:], uint32(c.devices))
	}
	for _, id := range wire.SortedKeys(m.DeviceClasses) {
		if _, there := c.classes[id]; !there {
			delete(m.DeviceClasses, id)
		}
	}
}
