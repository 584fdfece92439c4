package process

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestParseMonHost(t *testing.T) {
	for text, want := range map[string]string{
		"10.0.0.1":                                         "10.0.0.1:6789",
		"10.0.0.1, 10.0.0.2;10.0.0.3":                      "10.0.0.1:6789 10.0.0.2:6789 10.0.0.3:6789",
		"10.0.0.1:7000 10.0.0.2:6789/0":                    "10.0.0.1:7000 10.0.0.2:6789",
		"v1:10.0.0.1:6789/0":                               "10.0.0.1:6789",
		"v1:10.0.0.1":                                      "10.0.0.1:6789",
		"[v2:10.0.0.1:3300/0,v1:10.0.0.1:6789/0]":          "10.0.0.1:6789",
		"[v1:10.0.0.1:6789],[v1:10.0.0.2:6790]":            "10.0.0.1:6789 10.0.0.2:6790",
		"[v1:10.0.0.1:6789/0,v2:10.0.0.1:3300/0] 10.0.0.2": "10.0.0.1:6789 10.0.0.2:6789",
		"10.0.0.1:3300,10.0.0.2":                           "10.0.0.2:6789",
		"::1":                                              "[::1]:6789",
		"[::1]":                                            "[::1]:6789",
		"[::1]:7000":                                       "[::1]:7000",
		"[v2:[::1]:3300,v1:[::1]:6789]":                    "[::1]:6789",
		"any:10.0.0.1:6789":                                "10.0.0.1:6789",
	} {
		got, err := parseMonHost(text)
		if err != nil || strings.Trim(fmt.Sprint(got), "[]") != strings.Trim(want, "[]") && fmt.Sprint(got) != "["+want+"]" {
			t.Errorf("%q: %v, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"", ",", "host", "10.0.0.1:99999", "10.0.0", "v2:10.0.0.1:3300", "[v1:", "v3:10.0.0.1", "10.0.0.1:x", "10.0.0.1,,[", "]]]"} {
		if got, err := parseMonHost(text); !errors.Is(err, errMonHost) {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

func FuzzParseMonHost(f *testing.F) {
	for _, text := range []string{"10.0.0.1", "[v2:10.0.0.1:3300/0,v1:[::1]:6789/0]", "a,b;c", "[[[]]]", "v1:v1:"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		addrs, err := parseMonHost(text)
		if err != nil {
			return
		}
		for _, a := range addrs {
			if !a.IsValid() {
				t.Errorf("%q: %v", text, addrs)
			}
			again, err := parseMonHost("v1:" + a.String())
			if err != nil || len(again) != 1 || again[0] != a {
				t.Errorf("%q: %v is read as %v, %v", text, a, again, err)
			}
		}
	})
}
