package oshost_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

func TestDisk_isADirectory(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "not", "there", "yet")
	h := oshost.New(oshost.Options{Dir: dir})
	defer h.Kill()
	f, err := h.Disk().Open("store/1.log")
	if err != nil {
		t.Fatal(err)
	}
	f.WriteAt([]byte("content"), 0)
	if got, err := os.ReadFile(filepath.Join(dir, "store", "1.log")); string(got) != "content" {
		t.Errorf("the file holds %q, %v", got, err)
	}
}

func TestDisk_withoutADirectoryFails(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"none": "", "a file in its place": file} {
		t.Run(name, func(t *testing.T) {
			h := oshost.New(oshost.Options{Dir: dir})
			defer h.Kill()
			d := h.Disk()
			failed := make(chan error, 1)
			d.SyncDir(h.NewLoop("l"), "", func(err error) { failed <- err })
			errs := map[string]error{
				"Remove": d.Remove("x"), "Rename": d.Rename("x", "y"), "SyncDir": receive(t, failed),
			}
			_, errs["Open"] = d.Open("x")
			_, errs["ReadFile"] = d.ReadFile("x")
			_, errs["List"] = d.List("")
			for what, err := range errs {
				if err == nil || errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s: %v", what, err)
				}
			}
		})
	}
}

func TestDisk_symbolicLinksDoNotLeadOut(t *testing.T) {
	outside, dir := t.TempDir(), t.TempDir()
	secret := filepath.Join(outside, "secret")
	if err := os.WriteFile(secret, []byte("secret"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(os.Symlink(outside, filepath.Join(dir, "folder")), os.Symlink(secret, filepath.Join(dir, "file"))); err != nil {
		t.Fatal(err)
	}
	h := oshost.New(oshost.Options{Dir: dir})
	defer h.Kill()
	for _, name := range []string{"file", "folder/secret"} {
		if b, err := h.Disk().ReadFile(name); err == nil {
			t.Errorf("ReadFile(%q) = %q", name, b)
		}
		if _, err := h.Disk().Open(name); err == nil {
			t.Errorf("Open(%q) worked", name)
		}
	}
}

func TestDisk_endsWithTheProcess(t *testing.T) {
	dir := t.TempDir()
	h := oshost.New(oshost.Options{Dir: dir})
	f, err := h.Disk().Open("file")
	if err != nil {
		t.Fatal(err)
	}
	if !holds(t, filepath.Join(dir, "file")) || !holds(t, dir) {
		t.Skip("cannot see which files are open here")
	}
	h.Kill()
	if holds(t, filepath.Join(dir, "file")) || holds(t, dir) {
		t.Error("files are open after Kill")
	}
	_, err = f.WriteAt([]byte("x"), 0)
	_, opening := h.Disk().Open("another")
	for what, err := range map[string]error{"WriteAt": err, "Open": opening, "Close": f.Close(), "Remove": h.Disk().Remove("file")} {
		if !errors.Is(err, host.ErrStopped) {
			t.Errorf("%s after Kill: %v, want ErrStopped", what, err)
		}
	}
}

// holds reports whether this program has path open.
func holds(t *testing.T, path string) bool {
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip(err)
	}
	for _, fd := range fds {
		if target, err := os.Readlink("/proc/self/fd/" + fd.Name()); err == nil && target == path {
			return true
		}
	}
	return false
}
