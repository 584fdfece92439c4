package main_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// modulePath is the import path of the module these tests watch over.
const modulePath = "github.com/wavetank/wavetank"

// root is the folder of the module, seen from this package.
const root = "../.."

// sourceFile is one file of the repository.
type sourceFile struct {
	name string // from the root, with slashes
	text string
}

func (f sourceFile) isGo() bool   { return strings.HasSuffix(f.name, ".go") }
func (f sourceFile) isTest() bool { return strings.HasSuffix(f.name, "_test.go") }

// readTree reads every text file that people write, testdata excepted: what is
// in there may be wrong on purpose.
func readTree(t *testing.T) []sourceFile {
	t.Helper()
	var files []sourceFile
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		if d.IsDir() {
			if isForeign(name) {
				return filepath.SkipDir
			}
			return nil
		}
		if !isText(name) {
			return nil
		}
		text, err := os.ReadFile(path)
		files = append(files, sourceFile{name, string(text)})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// isForeign reports whether a folder holds what nobody wrote here.
func isForeign(name string) bool {
	switch filepath.Base(name) {
	case "testdata", "vendor", "bin", "out":
		return true
	case ".", ".ci", ".github":
		return false
	}
	return strings.HasPrefix(filepath.Base(name), ".")
}

func isText(name string) bool {
	switch filepath.Ext(name) {
	case ".go", ".md", ".mod", ".sh", ".yml", ".yaml", ".txt":
		return true
	}
	return filepath.Base(name) == "Makefile" || strings.HasPrefix(name, ".ci/")
}

// complain reports each complaint as a failure of its own.
func complain(t *testing.T, complaints []string) {
	t.Helper()
	for _, c := range complaints {
		t.Error(c)
	}
}
