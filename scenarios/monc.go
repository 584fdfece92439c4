package scenarios

import (
	"fmt"
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
)

// What the scenarios about monitor clients share: clients of every kind, and that each
// of them finds a session again.

// manyClients deploys managers, a client that keeps its process and reads and writes
// keys, and clients that come and go.
func manyClients(d *Draw, t *cluster.Topology) {
	t.Mons, t.Mgrs, t.KeyClients, t.MonClients = 3, 2, 1, 3
	if d.Chance("five-mons", 5) {
		t.Mons = 5
	}
	t.Mon.MonMapFirst = d.Chance("monmap-first", 2)
	t.Client.CommandTimeout = d.Between("command-timeout", 4*time.Second, 20*time.Second)
}

// clientNames are the hosts of all that have a monitor client.
func clientNames(t cluster.Topology) []string {
	return append(append(t.MgrNames(), t.KeyClientNames()...), t.MonClientNames()...)
}

// those are the ones that a goal names, or if it names none all.
func those(named, all []string) []string {
	if len(named) > 0 {
		return named
	}
	return all
}

// sessions says that after the given step every client has a session, or has had one
// since; those that are named, if some are.
func sessions(step int, within func(cluster.Topology) time.Duration, who ...string) Goal {
	return Goal{
		Words:    strings.Join(append([]string{"sessions"}, who...), " "),
		Property: "I-MC-2 every client finds a session", Step: step, Fault: step,
		Doc:    "every monitor client has had a session since",
		Within: within,
		Reached: func(p *Progress) bool {
			for _, name := range those(who, clientNames(p.Topology())) {
				if opened, mon := p.View().Session(name); mon == "" && opened <= p.Struck {
					return false
				}
			}
			return true
		},
	}
}

// huntBound is I-MC-2 for a client whose session is known to be dead: the longest hunt,
// or two first ones of a process that has to begin its life before, and a lease, for
// which a monitor may keep it waiting.
func huntBound(t cluster.Topology) time.Duration {
	longest := time.Duration(float64(t.Client.HuntInterval) * t.Client.HuntMaxMultiple)
	return max(longest, 2*t.Client.HuntInterval+10*time.Second) + t.Mon.Lease
}

// deadSessionBound is I-MC-2 for a client that has to notice first that its session is
// dead.
func deadSessionBound(t cluster.Topology) time.Duration {
	return t.Client.PingTimeout + t.Client.PingInterval + huntBound(t)
}

// electionBound is how long monitors may take until they serve again, all of them back.
func electionBound(t cluster.Topology) time.Duration {
	return time.Duration(float64(t.Mon.Lease)*t.Mon.LeaseAckTimeoutFactor) + 4*t.Mon.ElectionTimeout
}

// afterElection is a bound with an election before it.
func afterElection(bound func(cluster.Topology) time.Duration) func(cluster.Topology) time.Duration {
	return func(t cluster.Topology) time.Duration { return electionBound(t) + bound(t) }
}

// silence is how old Ceph's clients let a session become that nothing is heard of:
// mon_client_ping_timeout and mon_client_ping_interval, and a second.
const silence = 41 * time.Second

// abandoned is the other half of I-MC-3: those whom the given step and the ones before
// it have cut off from a monitor have given up their sessions with it.
func abandoned(step int, mon string, who []string) Goal {
	return Goal{
		Words:    "abandoned " + mon + " " + strings.Join(who, " "),
		Property: "I-MC-3 a dead session is abandoned", Step: step, Fault: step,
		Doc:    "nobody of " + strings.Join(who, " and ") + " holds on to a session with " + mon,
		Within: func(cluster.Topology) time.Duration { return silence },
		Reached: func(p *Progress) bool {
			for _, role := range who {
				names, _ := p.Resolve(role) // the plan has named them already
				for _, name := range names {
					if _, with := p.View().Session(name); with == mon {
						return false
					}
				}
			}
			return true
		},
	}
}

// aClient draws who is struck: one kind of client, or one of the short-lived ones.
func aClient(d *Draw) string {
	return d.Pick("who", cluster.RoleMgrs, cluster.RoleMonClients, cluster.RoleMonClients, fmt.Sprintf("monc.%d", d.Int("which", 0, 2)))
}
