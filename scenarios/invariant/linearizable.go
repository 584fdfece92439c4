package invariant

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"sort"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/mon"
	"github.com/wavetank/wavetank/daemons/monc"
)

// linearizable is I-PX-3 and I-PX-5 as clients see them: the history of each key is
// one of a register, so that each command takes effect at one moment between its
// invocation and its answer, no acknowledged write is lost and no read is of the past.
//
// It is judged at the end of a run. A command without an answer may have taken effect
// at any time since, or not at all. A command that had to be sent again, because its
// session or the leader has changed meanwhile, may have taken effect more than once,
// also after its answer (I-MC-4: monitors do not know a repetition). So may one whose
// monitor had lost sight of the leader and finds it again: it passes on once more what
// it has no answer to. That goes on when the client has given up: a deposed leader that
// has its command still, and had it replicated before, passes it on to the next one.
type linearizable struct {
	commands []*keyCommand // in the order in which they were given
	open     map[string]*keyCommand
	givenUp  []*keyCommand
	sessions map[string]string // monitors that clients have sessions with
	leaders  map[string]sight  // what monitors see, by their names
}

// sight is what a monitor knows of a leader.
type sight struct {
	leader string // the last it knew
	lost   bool   // it does not know whether it leads still
}

// keyCommand is a command with its outcome.
type keyCommand struct {
	cluster.KeyAsked
	client   string
	mons     []string // that have been asked
	asked    time.Duration
	answered time.Duration // never if there is no answer
	found    string        // by a get, "" for nothing
	again    int           // how often it may have been sent again
}

const never = time.Duration(math.MaxInt64)

func newLinearizable() *linearizable {
	return &linearizable{open: make(map[string]*keyCommand), sessions: make(map[string]string), leaders: make(map[string]sight)}
}

func (*linearizable) Name() string { return "I-PX-3 keys are linearizable" }

func (c *linearizable) Observe(o cluster.Observation) string {
	switch f := o.Fact.(type) {
	case cluster.KeyAsked:
		k := &keyCommand{KeyAsked: f, client: o.Host, mons: []string{c.sessions[o.Host]}, asked: o.At, answered: never}
		c.commands = append(c.commands, k)
		c.open[o.Host] = k
	case cluster.KeyAnswered:
		k := c.open[o.Host]
		delete(c.open, o.Host)
		if f.Error != "" {
			c.givenUp = append(c.givenUp, k)
			return ""
		}
		k.answered, k.found = o.At, f.Value
		if f.Code != 0 && (k.Op != cluster.KeyGet || f.Code != noSuchKey) {
			return violation("%s is answered with code %d", k, f.Code)
		}
	case monc.SessionOpened:
		c.sessions[o.Host] = f.Mon
		if k := c.open[o.Host]; k != nil {
			k.again++
			k.mons = append(k.mons, f.Mon)
		}
	case mon.Role:
		before := c.leaders[f.Mon]
		found := before.lost && f.Leader == before.leader
		c.leaders[f.Mon] = sight{cmp.Or(f.Leader, before.leader), f.Leader == ""}
		if f.Role == cluster.Leader {
			c.passedOn(func(*keyCommand) bool { return true })
		} else if found {
			c.passedOn(func(k *keyCommand) bool { return slices.Contains(k.mons, f.Mon) })
		}
	}
	return ""
}

// passedOn notes that those without an answer may have been sent again.
func (c *linearizable) passedOn(which func(*keyCommand) bool) {
	for _, k := range c.open {
		if which(k) {
			k.again++
		}
	}
	for _, k := range c.givenUp {
		if which(k) {
			k.again++
		}
	}
}

// noSuchKey is -ENOENT.
const noSuchKey = -2

// Conclude implements Concluder.
func (c *linearizable) Conclude() string {
	for i := range cluster.Keys {
		key := fmt.Sprintf("tank/%d", i)
		if v := judgeKey(key, c.of(key)); v != "" {
			return v
		}
	}
	return ""
}

func (c *linearizable) of(key string) (out []*keyCommand) {
	for _, k := range c.commands {
		if k.Key == key {
			out = append(out, k)
		}
	}
	return out
}

// stride is how many more answers are looked at each time: a history that is none of
// a register is cheap to refute soon after it went wrong, and later may not be.
const stride = 10

// maxSteps bounds the orders that are tried for one history. One that needs more
// counts as good.
const maxSteps = 1_000_000

// judgeKey finds the first answer at which the history of a key is none of a register.
func judgeKey(key string, commands []*keyCommand) string {
	answered := slices.DeleteFunc(slices.Clone(commands), func(k *keyCommand) bool { return k.answered == never })
	slices.SortStableFunc(answered, func(a, b *keyCommand) int { return int(a.answered - b.answered) })
	for i := 0; i < len(answered); i += stride {
		last := min(i+stride, len(answered)) - 1
		if isRegister(commands, answered[last].answered) {
			continue
		}
		i += sort.Search(last-i, func(n int) bool { return !isRegister(commands, answered[i+n].answered) })
		return violation("no order of the commands on %s explains the answer of %s", key, answered[i])
	}
	return ""
}

func (k *keyCommand) String() string {
	what := k.Op + " " + k.Key
	switch {
	case k.Op == cluster.KeySet:
		what += " " + k.Value
	case k.Op == cluster.KeyGet && k.found == "":
		what += " (found nothing)"
	case k.Op == cluster.KeyGet:
		what += fmt.Sprintf(" (found %s)", k.found)
	}
	return fmt.Sprintf("%s's %s, asked at %v and answered at %v", k.client, what, k.asked, k.answered)
}

// register is the model: its state is the value, "" for none, a command's input the
// command itself. It counts its steps.
func register(steps *int) porcupine.Model {
	return porcupine.Model{
		Init: func() any { return "" },
		Step: func(state, input, _ any) (bool, any) {
			if *steps++; *steps > maxSteps {
				return false, state
			}
			switch k := input.(*keyCommand); k.Op {
			case cluster.KeyGet:
				return state == k.found, state
			default:
				return true, k.Value
			}
		},
	}
}

// isRegister judges what was known by a time.
func isRegister(commands []*keyCommand, by time.Duration) bool {
	steps := 0
	return porcupine.CheckOperations(register(&steps), history(commands, by)) || steps > maxSteps
}

// history is what was known by a time, as operations. What may take effect or not,
// later or never, is left out where nobody has read it: then it explains nothing. And
// it ends with the last answer that has it.
func history(commands []*keyCommand, by time.Duration) (ops []porcupine.Operation) {
	add := func(k *keyCommand, until time.Duration) {
		ops = append(ops, porcupine.Operation{ClientId: len(ops), Input: k, Call: int64(k.asked), Return: int64(until)})
	}
	seen := make(map[string]time.Duration) // value, its last read
	for _, k := range commands {
		if k.Op == cluster.KeyGet && k.answered <= by && k.answered != never {
			seen[k.found] = max(seen[k.found], k.answered)
		}
	}
	for _, k := range commands {
		answered := k.answered <= by && k.answered != never
		if answered {
			add(k, k.answered)
		}
		if k.asked > by || k.Op == cluster.KeyGet {
			continue
		}
		maybe := k.again
		if !answered {
			maybe++
		}
		if last := seen[k.Value]; last > k.asked {
			for range maybe {
				add(k, last)
			}
		}
	}
	return ops
}
