package faults

import (
	"fmt"
	"strings"
)

// FailMgr is the operator's "ceph mgr fail": the monitors drop the mgr and
// promote another. Who may be empty, which means the active one.
type FailMgr struct{ Who string }

// Kind is "mgr-fail".
func (FailMgr) Kind() string { return "mgr-fail" }

func (f FailMgr) String() string {
	if f.Who == "" {
		return "mgr-fail"
	}
	return fmt.Sprintf("mgr-fail %s", f.Who)
}

// Strike sends the command, once for everybody Who stands for.
func (f FailMgr) Strike(t Target) (int, error) {
	if f.Who == "" {
		t.Command("mgr fail")
		return 1, nil
	}
	return count(t, f, f.Who, func(name string) bool {
		t.Command("mgr fail", "who", trimType(name))
		return true
	})
}

// trimType makes "x" of "mgr.x".
func trimType(name string) string {
	for i := range len(name) {
		if name[i] == '.' {
			return name[i+1:]
		}
	}
	return name
}

// Command is any command that an operator gives the monitors: {"osd blocklist",
// "blocklistop", "add", ...}, the prefix, then names and values in turn. It does no
// damage; it is what the cluster has to do besides.
type Command []string

// Kind is "command".
func (Command) Kind() string { return "command" }

func (c Command) String() string {
	words := []string{"command"}
	for _, w := range c {
		words = append(words, quoteWord(w))
	}
	return strings.Join(words, " ")
}

// Strike sends the command.
func (c Command) Strike(t Target) (int, error) {
	if len(c)%2 == 0 {
		return 0, fmt.Errorf("%v: %d words, want a prefix, names and values", c, len(c))
	}
	t.Command(c[0], c[1:]...)
	return 1, nil
}

func failMgrWord() Word {
	return Word{
		Usage: "mgr-fail [WHO]", Doc: "the operator fails a manager, the active one if nobody is named",
		Harm: Requested,
		read: func(p *Phrase) Fault {
			if p.More() {
				return FailMgr{Who: p.Who()}
			}
			return FailMgr{}
		},
	}
}

func commandWord() Word {
	return Word{
		Usage: "command PREFIX [NAME VALUE] ...", Doc: "what an operator tells the monitors",
		Harm: Remaining,
		read: func(p *Phrase) Fault {
			c := Command{p.Word("the prefix of a command")}
			for p.More() {
				c = append(c, p.Word("the name of an argument"), p.Word("the value of an argument"))
			}
			return c
		},
	}
}
