package cephconf_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/cluster/cephconf"
)

// accepted are files and what the option mon_host is in them; ceph-conf of Ceph 16.2.15
// says the same, see the interop test.
var accepted = map[string]string{
	"[global]\nmon_host=1\n":                                         "1",
	"# c\n\n[global]\n mon host = a b  \n":                           "a b",
	"[global] # c\n\tmon  \thost=x\n":                                "x",
	"[global]\nmon host = a ; b\n":                                   "a",
	"[global]\nmon host = a#b\n":                                     "a",
	"[global]\nmon host = a\\#b\n":                                   "a#b",
	"[global]\nmon host = a\\\n,b\n":                                 "a,b",
	"[global]\nmon host = a\\\\b\n":                                  `a\b`,
	"[global]\nmon host = \"a b\"\n":                                 "a b",
	"[global]\nmon host = 'a \" b' # c\n":                            `a " b`,
	"[global]\nmon host = \"a \\\" b\"\n":                            `a " b`,
	"[global]\nmon host = a=b\n":                                     "a=b",
	"[global]\nmon host =\n":                                         "",
	"[global]\nmon host = a\n[mgr]\nmon_host = b\n":                  "b",
	"[mgr.x]\nmon host = c\n[mgr]\nmon_host = b\n":                   "c",
	"[mgr.y]\nmon host = c\n[global]\nmon_host = b\n":                "b",
	"[global]\nmon host = a\nmon_host = b\n":                         "b",
	"[global]\nmon host = a\n[mon]\nx = 1\n[global]\nmon_host = b\n": "b",
	"[global]\nmon-host = dash\nmon host = blank\n":                  "blank",
	"[global]\r\nmon_host=crlf\r\n":                                  "crlf",
	"[global]\nMon Host = up\nmon host = low\n":                      "low",
}

// refused are files that are none, and what the error says. ceph-conf refuses them too.
var refused = map[string]string{
	"[global":                                   "f:1: ",
	"[global]\nx\n":                             `f:2: not a configuration file: no = after "x"`,
	"[global]\nx = \"abc\n":                     "f:2: ",
	"[global]\nx = \"a # b\"\n":                 "f:2: ",
	"[global]\n= 3\n":                           `f:2: not a configuration file: "" is no name`,
	"[]\nx=1\n":                                 "f:1: not a configuration file: the section has no name",
	"[global]x=1\n":                             `f:1: not a configuration file: "x=1" after a section's name`,
	"[global]\nx = \"a\" b\n":                   `f:2: not a configuration file: " b" after a value in quotes`,
	"junk\n[global]\nx=1\n":                     `f:1: not a configuration file: "junk" is in no section`,
	" [global]\nx=1\n":                          `f:1: not a configuration file: "[global]" is in no section`,
	"[global]\nx=1\n\tcontinued\n":              `f:3: not a configuration file: no = after "continued"`,
	"[global]\n\n# c\nx = a\\\nb\ny \xff = 1\n": "f:6: not a configuration file: not UTF-8",
	"[global]\na[b = 1\n":                       `f:2: not a configuration file: "a[b" is no name`,
}

func TestParse(t *testing.T) {
	for text, want := range accepted {
		f, err := cephconf.Parse("f", text)
		if err != nil {
			t.Errorf("%q: %v", text, err)
			continue
		}
		if got, ok := f.Lookup("mon host", cephconf.Sections("mgr", "x")...); !ok || got.Value != want {
			t.Errorf("%q: %q, %v; want %q", text, got.Value, ok, want)
		}
	}
	for text, want := range refused {
		if _, err := cephconf.Parse("f", text); !errors.Is(err, cephconf.ErrSyntax) || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
	if f, err := cephconf.Parse("f", "[global]\nmon_host=end"); err != nil {
		t.Errorf("a last line without an end: %v", err)
	} else if _, ok := f.Lookup("mon host", "mgr"); ok {
		t.Error("an option of another section is found")
	}
}

func TestFile_options(t *testing.T) {
	f, err := cephconf.Parse("c", "[global]\na = 1\nb c = 1\n[mgr]\nb_c = 2\n[mgr.x]\nd = 3\n\n[mon]\na = 9\n")
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]cephconf.Option{"a": {"1", "c:2"}, "b_c": {"2", "c:5"}, "d": {"3", "c:7"}}
	if diff := cmp.Diff(want, f.Options(cephconf.Sections("mgr", "x")...)); diff != "" {
		t.Errorf("options of mgr.x (-want +got):\n%s", diff)
	}
}

func TestRead(t *testing.T) {
	dir := t.TempDir()
	if _, err := cephconf.Read(filepath.Join(dir, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
	if _, err := cephconf.Read(dir); err == nil {
		t.Error("a folder is no error")
	}
	big := filepath.Join(dir, "big")
	if err := os.WriteFile(big, []byte("[global]\n"+strings.Repeat("# x\n", 300_000)), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := cephconf.Read(big); !errors.Is(err, cephconf.ErrSyntax) {
		t.Errorf("a huge file: %v", err)
	}
}

func TestExpand(t *testing.T) {
	known := map[string]string{
		"cluster": "ceph", "name": "mgr.x", "id": "x", "data": "/d/$cluster-$id", "empty": "",
		"a": "$b", "b": "x${a}", "wide": strings.Repeat("x", 1<<15),
		"l0": "", "l1": "$l0$l0", "l2": strings.Repeat("$l1", 100), "l3": strings.Repeat("$l2", 100),
	}
	lookup := func(name string) (string, bool) { v, ok := known[name]; return v, ok }
	for _, tt := range []struct {
		value, want string
		err         error
	}{
		{"plain", "plain", nil}, {"", "", nil}, {"/x/$cluster-$name.log", "/x/ceph-mgr.x.log", nil}, {"${name}y", "mgr.xy", nil},
		{"$data/keyring", "/d/ceph-x/keyring", nil}, {"$nope.$", "$nope.$", nil}, {"/x$$y", "/x$$y", nil}, {"$$name", "$mgr.x", nil},
		{"${name", "${name", nil}, {"${}", "${}", nil}, {"a$empty", "a", nil}, {"$name$name", "mgr.xmgr.x", nil},
		{"$a", "", cephconf.ErrLoop}, {"$wide$wide$wide", "", cephconf.ErrTooLong}, {"$l3", "", cephconf.ErrTooLong},
	} {
		got, err := cephconf.Expand(tt.value, lookup)
		if got != tt.want || !errors.Is(err, tt.err) {
			t.Errorf("%.40q: %.40q, %v; want %q, %v", tt.value, got, err, tt.want, tt.err)
		}
	}
}

// Whatever a file holds, it is read or refused with a place; what was read reads the
// same when it is written plainly.
func FuzzParse(f *testing.F) {
	for text := range accepted {
		f.Add(text)
	}
	for text := range refused {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		file, err := cephconf.Parse("f", text)
		if err != nil {
			if !errors.Is(err, cephconf.ErrSyntax) || !strings.HasPrefix(err.Error(), "f:") {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		options := file.Options("global")
		var plain strings.Builder
		plain.WriteString("[global]\n")
		escape := strings.NewReplacer(`\`, `\\`, "#", `\#`, ";", `\;`, `"`, `\"`, "'", `\'`)
		for name, o := range options {
			if strings.ContainsAny(name, `\`) || strings.ContainsAny(o.Value, "\r\n") {
				return
			}
			plain.WriteString(name + " = " + escape.Replace(o.Value) + "\n")
		}
		again, err := cephconf.Parse("f", plain.String())
		if err != nil {
			t.Fatalf("%q, from %q: %v", plain.String(), text, err)
		}
		for name, o := range again.Options("global") {
			if o.Value != options[name].Value {
				t.Errorf("%q: %s is %q, and again %q", text, name, options[name].Value, o.Value)
			}
		}
		_, _ = cephconf.Expand(text, func(name string) (string, bool) { o, ok := options[name]; return o.Value, ok })
	})
}
