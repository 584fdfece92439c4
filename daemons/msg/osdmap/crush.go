package osdmap

import "github.com/wavetank/wavetank/daemons/wire"

// Numbers in CRUSH maps. (Ceph: src/crush/crush.h, src/crush/CrushWrapper.cc.)
const (
	crushMagic = 0x00010000

	bucketUniform = 1
	bucketList    = 2
	bucketTree    = 3
	bucketStraw   = 4
	bucketStraw2  = 5

	typeHost = 1
	typeRoot = 11
	rootID   = -1

	stepTake           = 1
	stepEmit           = 4
	stepChooseLeaf     = 6 // chooseleaf_firstn
	ruleReplicated     = 1
	ruleMinSize        = 1
	ruleMaxSize        = 10
	bucketSlots        = 8 // room is made in powers of two
	allowedBucketTypes = 1<<bucketUniform | 1<<bucketList | 1<<bucketStraw | 1<<bucketStraw2
	tunablesBytes      = 4*4 + 1 + 1 + 4 + 1
)

// crushTypes are the kinds of places that data can be spread over, smallest first.
func crushTypes() []string {
	return []string{"osd", "host", "chassis", "rack", "row", "pdu", "pod", "room", "datacenter", "zone", "region", "root"}
}

// newCrush is the CRUSH map of a new cluster: a root without items, the rule
// "replicated_rule" that spreads over hosts, and the tunables of Jewel.
func newCrush() []byte {
	var e wire.Encoder
	e.U32(crushMagic)
	e.S32(bucketSlots)
	e.U32(1) // rules
	e.S32(0) // devices
	encodeEmptyRoot(&e)
	e.Raw(make([]byte, 4*(bucketSlots-1)))
	encodeReplicatedRule(&e)
	e.U32(uint32(len(crushTypes())))
	for i, name := range crushTypes() {
		e.S32(int32(i))
		e.String(name)
	}
	encodeNames(&e, rootID, "default")
	encodeNames(&e, 0, "replicated_rule")
	encodeTunables(&e)
	e.U32(0) // classes of devices
	e.U32(0) // their names
	e.U32(0) // their buckets
	e.U32(0) // weight sets
	return e.Bytes()
}

func encodeEmptyRoot(e *wire.Encoder) {
	e.U32(bucketStraw2)
	e.S32(rootID)
	e.U16(typeRoot)
	e.U8(bucketStraw2)
	e.U8(0)  // hash: rjenkins1
	e.U32(0) // weight
	e.U32(0) // items
}

func encodeReplicatedRule(e *wire.Encoder) {
	e.U32(1) // there is one
	e.U32(3) // steps
	for _, v := range [...]uint8{0, ruleReplicated, ruleMinSize, ruleMaxSize} {
		e.U8(v)
	}
	for _, step := range [...][3]int32{{stepTake, rootID, 0}, {stepChooseLeaf, 0, typeHost}, {stepEmit, 0, 0}} {
		for _, v := range step {
			e.S32(v)
		}
	}
}

func encodeNames(e *wire.Encoder, id int32, name string) {
	e.U32(1)
	e.S32(id)
	e.String(name)
}

func encodeTunables(e *wire.Encoder) {
	e.U32(0)  // choose_local_tries
	e.U32(0)  // choose_local_fallback_tries
	e.U32(50) // choose_total_tries
	e.U32(1)  // chooseleaf_descend_once
	e.U8(1)   // chooseleaf_vary_r
	e.U8(1)   // straw_calc_version
	e.U32(allowedBucketTypes)
	e.U8(1) // chooseleaf_stable
}
