package msg

import "testing"

// A digest of nothing is what a manager of Ceph's sends that knows of nothing.
func TestEmptyPGDigest(t *testing.T) {
	same(t, "digest", EmptyPGDigest(), readVector(t, "testdata/MMonMgrReport.hex").data)
}
