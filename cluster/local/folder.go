package local

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/gofrs/flock"
)

// Errors of folders.
var (
	// ErrFolder: the folder holds something else than a cluster, or another one.
	ErrFolder = errors.New("not the folder of this cluster")
	// ErrInUse: another process has the folder open.
	ErrInUse = errors.New("another process runs this cluster")
)

// openFolder takes possession of a folder, and makes it if there is none. A file of that
// name says what cluster it is, once there is one. Errors: ErrFolder, ErrInUse, and those
// of the file system.
func openFolder(name, identity string) (dir string, lock *flock.Flock, err error) {
	if dir, err = filepath.Abs(name); err == nil {
		err = os.MkdirAll(dir, 0o755)
	}
	if err == nil {
		err = checkFolder(dir, identity)
	}
	if err != nil {
		return "", nil, fmt.Errorf("local cluster: %w", err)
	}
	lock = flock.New(filepath.Join(dir, lockFile))
	mine, err := lock.TryLock()
	switch {
	case err != nil:
		return "", nil, fmt.Errorf("local cluster: lock %s: %w", dir, err)
	case !mine:
		return "", nil, fmt.Errorf("%s: %w", dir, ErrInUse)
	}
	return dir, lock, nil
}

// checkFolder refuses a folder of something else, whose files a new cluster would
// write over. Errors: ErrFolder, with the file.
func checkFolder(dir, identity string) error {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return err
	}
	foreign := ""
	for _, e := range entries {
		switch e.Name() {
		case identity:
			return nil // what it says is looked at later
		case lockFile, identity + nextSuffix: // of a beginning that came no further
		default:
			foreign = e.Name()
		}
	}
	if foreign != "" {
		return fmt.Errorf("%s has %s and no %s: %w; name a new or an empty folder", dir, foreign, identity, ErrFolder)
	}
	return nil
}
