package state

import (
	"strings"
	"sync/atomic"

	"state/other"
)

var counter int // want `package variable counter: all simulated machines share it, and it outlives their processes \(changed in bad\.go, line \d+\); keep it in a value that the program makes`

var (
	cache   = map[string]int{}                // want `package variable cache: `
	deleted = map[string]int{}                // want `package variable deleted: `
	cleared = []int{1}                        // want `package variable cleared: `
	filled  [4]int                            // want `package variable filled: `
	config  struct{ Level int }               // want `package variable config: `
	peers   = &registry{}                     // want `package variable peers: `
	nested  struct{ r registry }              // want `package variable nested: `
	names   = set{}                           // want `package variable names: `
	text    strings.Builder                   // want `package variable text: `
	atoms   atomic.Int64                      // want `package variable atoms: `
	taken   int                               // want `package variable taken: `
	hook    func()                = func() {} // want `package variable hook: `
	last    string                            // want `package variable last: `
	setter  = func() { next = 2 }             // a function that sets another
	next    int                               // want `package variable next: `
)

type registry struct {
	list []string
	log  journal
}

// add changes the registry by way of its journal.
func (r *registry) add(s string) { r.log.append(s) }

type journal struct{ lines []string }

func (j *journal) append(s string) { j.lines = append(j.lines, s) }

type set map[string]bool

func (s set) add(name string) { s[name] = true }

func change(list []string) {
	counter++
	cache["a"] = 1
	delete(deleted, "a")
	clear(cleared)
	copy(filled[:], []int{1})
	filled[0] = 1
	config.Level = 3
	peers.add("x")
	nested.r.add("x")
	names.add("x")
	text.WriteString("x")
	atoms.Add(1)
	_ = &taken
	hook = nil
	for _, last = range list {
	}
	other.Level = 3 // want `change of state/other\.Level: all simulated machines share it`
}
