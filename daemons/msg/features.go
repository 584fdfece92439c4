package msg

// Feature bits that change bytes or behaviour here. (Ceph:
// src/include/ceph_features.h.)
const (
	FeatureReconnectSeq     uint64 = 1 << 6
	FeatureMonEnc           uint64 = 1 << 15
	FeatureMsgAuth          uint64 = 1 << 23
	FeatureMsgrKeepalive2   uint64 = 1 << 42
	FeatureMonStatefulSub   uint64 = 1 << 57
	FeatureMsgAddr2         uint64 = 1 << 59
	FeatureServerLuminous   uint64 = 1<<21 | FeatureMonStatefulSub
	FeatureServerMimicOrNew uint64 = 1<<28 | FeatureMonStatefulSub

	// FeaturesAll is what every daemon of Ceph 16.2.15 announces.
	FeaturesAll uint64 = 0x3f01cfbdfffdffff
)
