package scenarios

import (
	"os"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// docs/scripts.md has every word of the language as the program knows it.
func TestDocs_haveTheLanguage(t *testing.T) {
	doc, err := os.ReadFile("../docs/scripts.md")
	if err != nil {
		t.Fatal(err)
	}
	has := func(usage, about string) {
		if !strings.Contains(string(doc), "    "+usage+"\n        "+about+"\n") {
			t.Errorf("docs/scripts.md lacks\n    %s\n        %s", usage, about)
		}
	}
	for _, w := range faults.Vocabulary() {
		has(w.Usage, w.Doc)
	}
	for _, w := range GoalWords() {
		has(w.Usage, w.Doc)
	}
	topology := cluster.DefaultTopology()
	for _, r := range topology.Roles() {
		has(r.Name, r.Doc)
	}
	for _, point := range topology.Points() {
		_, last, _ := strings.Cut(strings.TrimPrefix(point, "msgr."), ".")
		if !strings.Contains(string(doc), "`"+point+"`") && !strings.Contains(string(doc), "`."+last+"`") {
			t.Errorf("docs/scripts.md lacks the fault point %s", point)
		}
	}
	_, archive, _ := strings.Cut(string(doc), "    # A manager that is failed")
	archive, _, _ = strings.Cut(archive, "    wavetank run fail.txtar")
	a, err := ParseArchive(strings.TrimSpace(strings.ReplaceAll("#"+archive, "\n    ", "\n")) + "\n")
	if err == nil {
		err = a.Check()
	}
	if err != nil {
		t.Errorf("the archive of docs/scripts.md: %v", err)
	}
	script, err := os.ReadFile("scripts/crash-on-promotion.wt")
	if err != nil {
		t.Fatal(err)
	}
	if quoted := "    " + strings.ReplaceAll(strings.TrimSpace(string(script)), "\n", "\n    "); !strings.Contains(string(doc), strings.ReplaceAll(quoted, "\n    \n", "\n\n")) {
		t.Errorf("docs/scripts.md lacks\n%s", quoted)
	}
}
