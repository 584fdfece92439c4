package oshost

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"syscall"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
)

func TestDiskError_namesWhatAProgramMayTestFor(t *testing.T) {
	for _, tt := range []struct {
		of      func(error) error
		errno   syscall.Errno
		is, not error
	}{
		{diskError, syscall.EIO, host.ErrIO, host.ErrNoSpace},
		{diskError, syscall.ENOSPC, host.ErrNoSpace, host.ErrIO},
		{diskError, syscall.EDQUOT, host.ErrNoSpace, host.ErrIO},
		{diskError, syscall.EINVAL, fs.ErrInvalid, fs.ErrExist},
		{diskError, syscall.ENOENT, fs.ErrNotExist, fs.ErrExist},
		{diskError, syscall.EACCES, fs.ErrPermission, host.ErrIO},
		{blockedName, syscall.EISDIR, fs.ErrExist, fs.ErrNotExist},
		{blockedName, syscall.ENOTDIR, fs.ErrExist, fs.ErrNotExist},
		{blockedName, syscall.ENOSPC, host.ErrNoSpace, fs.ErrExist},
		{missingName, syscall.EISDIR, fs.ErrNotExist, fs.ErrExist},
		{missingName, syscall.ENOTDIR, fs.ErrNotExist, fs.ErrExist},
		{missingName, syscall.EIO, host.ErrIO, fs.ErrNotExist},
	} {
		err := tt.of(&fs.PathError{Op: "write", Path: "file", Err: tt.errno})
		if !errors.Is(err, tt.is) || errors.Is(err, tt.not) || !errors.Is(err, tt.errno) {
			t.Errorf("%v became %v, want %v and no %v", tt.errno, err, tt.is, tt.not)
		}
	}
	for _, err := range []error{nil, io.EOF, fmt.Errorf("wrapped: %w", host.ErrClosed)} {
		if got := diskError(err); got != err {
			t.Errorf("%v became %v", err, got)
		}
	}
}
