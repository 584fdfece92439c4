//go:build unix

package oshost

import (
	"golang.org/x/sys/unix"

	"github.com/wavetank/wavetank/daemons/host"
)

// uname is what uname(2) says. It cannot fail with memory of our own.
func uname() host.System {
	var u unix.Utsname
	_ = unix.Uname(&u)
	return host.System{
		OS: unix.ByteSliceToString(u.Sysname[:]), Arch: unix.ByteSliceToString(u.Machine[:]),
		KernelVersion:     unix.ByteSliceToString(u.Release[:]),
		KernelDescription: unix.ByteSliceToString(u.Version[:]),
	}
}
