package sqlitevfs

import (
	"os"
	"path/filepath"
	"testing"
)

// What was compiled is found again; a folder or a file that is no good is no reason to
// fail.
func TestRemembering(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "cache")
	if remembering(folder) == nil {
		t.Fatal("nothing was kept")
	}
	kept, err := filepath.Glob(filepath.Join(folder, "*", "*"))
	if err != nil || len(kept) != 1 {
		t.Fatalf("kept %v, %v", kept, err)
	}
	before, err := os.Stat(kept[0])
	if err != nil {
		t.Fatal(err)
	}
	if remembering(folder) == nil {
		t.Error("what was kept is not found again")
	}
	if after, err := os.Stat(kept[0]); err != nil || !os.SameFile(before, after) {
		t.Errorf("it was compiled again, %v", err)
	}
	damage(t, kept[0])
	for _, bad := range []string{"", kept[0], folder} {
		if remembering(bad) != nil {
			t.Errorf("%q is used", bad)
		}
	}
	if err := Initialize(kept[0]); err != nil {
		t.Errorf("the library does not compile: %v", err)
	}
}

// damage changes a byte in the middle of a file.
func damage(t *testing.T, name string) {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	content[len(content)/2] ^= 1
	if err := os.WriteFile(name, content, 0o600); err != nil {
		t.Fatal(err)
	}
}
