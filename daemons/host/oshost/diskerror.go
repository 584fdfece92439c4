package oshost

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"

	"github.com/wavetank/wavetank/daemons/host"
)

// diskError puts the error of package host or io/fs in front that a caller may
// test for, if there is one; nil stays nil, and io.EOF itself.
func diskError(err error) error {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return err
	}
	kind := kindOfDiskErrno(errno)
	if kind == nil || errors.Is(err, kind) {
		return err
	}
	return fmt.Errorf("%w: %w", kind, err)
}

func kindOfDiskErrno(errno syscall.Errno) error {
	switch errno {
	case syscall.EIO:
		return host.ErrIO
	case syscall.ENOSPC, syscall.EDQUOT:
		return host.ErrNoSpace
	case syscall.EINVAL, syscall.ENAMETOOLONG:
		return fs.ErrInvalid
	}
	return nil
}

// blockedName is diskError for an operation that makes a file, where a folder or
// a file may be in the way.
func blockedName(err error) error {
	if errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w: %w", fs.ErrExist, err)
	}
	return diskError(err)
}

// missingName is diskError for an operation on a file that is there, which a
// folder is not, nor anything below a file.
func missingName(err error) error {
	if errors.Is(err, syscall.EISDIR) || errors.Is(err, syscall.ENOTDIR) {
		return fmt.Errorf("%w: %w", fs.ErrNotExist, err)
	}
	return diskError(err)
}
