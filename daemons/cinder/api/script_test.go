package api_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/cinder/api"
)

var update = flag.Bool("update", false, "write the answers into the scripts")

// TestScripts asks what the scripts in testdata ask and compares the answers. A script
// is blocks with blank lines between them:
//
//	# why
//	PUT /v3/os-services/enable 3.7
//	{"host": "ctl"}
//	----
//	200 {"status": "enabled", ...}
//	call cinder-volume.ctl freeze_host {}
//
// The first line is the request with its microversion, if any; then follows its body, if
// any; below the line are the answer and what services were asked. The rows of a script
// are those of populate, changed by the requests before.
func TestScripts(t *testing.T) {
	for _, name := range []string{"versions", "services", "replication", "clusters", "workers", "loglevels"} {
		t.Run(name, func(t *testing.T) {
			file := "testdata/" + name + ".txt"
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			r := newRig(t, api.Defects{})
			r.populate()
			var out []string
			for _, block := range strings.Split(strings.TrimSpace(string(text)), "\n\n") {
				got := perform(r, block)
				if got != block && !*update {
					t.Errorf("want\n%s\n\ngot\n%s", block, got)
				}
				out = append(out, got)
			}
			if *update {
				if err := os.WriteFile(file, []byte(strings.Join(out, "\n\n")+"\n"), 0o644); err != nil {
					t.Fatal(err)
				}
			}
		})
	}
}

// perform is a block with its answer as it is.
func perform(r *rig, block string) string {
	request, _, _ := strings.Cut(block, "\n----")
	var head, body []string
	for _, line := range strings.Split(request, "\n") {
		switch {
		case strings.HasPrefix(line, "#"):
		case head == nil:
			head = strings.Fields(line)
		default:
			body = append(body, line)
		}
	}
	if head == nil {
		return block // it only explains
	}
	version := ""
	if len(head) > 2 {
		version = head[2]
	}
	a := r.ask(head[0], head[1], version, strings.Join(body, "\n"))
	text := strings.ReplaceAll(compact(a.body), r.addr.String(), "ADDR")
	text = strings.ReplaceAll(text, `},{`, "},\n    {")
	if strings.HasPrefix(text, "404 Not Found") { // of no route
		text, _, _ = strings.Cut(text, "\n")
	}
	out := append([]string{request, "----", strings.TrimSpace(fmt.Sprint(a.status, " ", text))}, r.rpc.taken()...)
	return strings.Join(out, "\n")
}
