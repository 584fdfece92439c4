//go:build !linux

package oshost

// newDriver is the best driver there is here.
func newDriver(bool) (driver, error) { return newPollDriver() }
