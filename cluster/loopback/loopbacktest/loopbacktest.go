// Package loopbacktest claims networks of loopback for tests.
package loopbacktest

import (
	"testing"

	"github.com/wavetank/wavetank/cluster/loopback"
)

// Net is a network of the test's own until it ends, after what it cleans up later on. The
// test is skipped where loopback is one address.
func Net(t testing.TB) *loopback.Net {
	t.Helper()
	n, err := loopback.Claim()
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(n.Close)
	return n
}
