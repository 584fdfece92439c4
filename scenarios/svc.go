package scenarios

import (
	"strings"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/daemons/cinder"
)

// What the scenarios about Cinder's services share: clouds, and who is up.

// cloud deploys no monitors, and some services of Cinder with a database and a broker.
func cloud(d *Draw, t *cluster.Topology) {
	t.Mons, t.Mgrs = 0, 0
	t.Cinder.Volumes, t.Cinder.Schedulers, t.Cinder.Backups = d.Int("volumes", 1, 3), d.Int("schedulers", 1, 2), 1
	t.Cinder.APIs = d.Int("apis", 1, 2)
	t.Cinder.Service.DBRetryInterval = time.Second
}

// beatBound is how long a service may take, that runs and whose database is there, until
// a list has it as up: a beat under way ends, the next one comes, and somebody looks.
func beatBound(t cluster.Topology) time.Duration {
	return 3*t.Cinder.Service.ReportInterval + lookBound(t)
}

// lookBound is how long it takes until the next list, however its request goes.
func lookBound(t cluster.Topology) time.Duration {
	return t.Cinder.ListInterval + 10*time.Second
}

// downBound is how long a service that sends no heartbeats any more may be up.
func downBound(t cluster.Topology) time.Duration {
	return t.Cinder.API.ServiceDownTime + lookBound(t)
}

// afterRestart is beatBound for a process that begins its life first, with a database
// that does so too.
func afterRestart(t cluster.Topology) time.Duration {
	return beatBound(t) + 2*t.Cinder.Service.DBRetryInterval + 20*time.Second
}

// afterOutage is beatBound after a time in which nothing was heard of the database: TCP
// may take a minute until it sends again, and requests that hang another one.
func afterOutage(t cluster.Topology) time.Duration { return beatBound(t) + 2*time.Minute }

// listed says that after the given step all services are up, or those of the machines
// that are named, by lists and heartbeats that came since.
func listed(step int, within func(cluster.Topology) time.Duration, who ...string) Goal {
	return Goal{
		Property: "I-SVC-5 who beats is up", Step: step, Fault: step,
		Words:  strings.Join(append([]string{"cinder-up"}, who...), " "),
		Doc:    "every service has sent a heartbeat since, and is listed as up",
		Within: within,
		Reached: func(p *Progress) bool {
			for _, name := range those(who, p.Topology().Cinder.ServiceNames()) {
				if !aliveSince(p, p.Topology().Cinder.ServiceOf(name)) {
					return false
				}
			}
			return true
		},
	}
}

func aliveSince(p *Progress, who cinder.Who) bool {
	up, at := p.View().Cinder().Listed(who)
	beat, _ := p.View().Cinder().Beat(who)
	return up && beat > p.Struck && at > beat
}

// goesDown says that the services of those machines are listed as down some time after the
// given step.
func goesDown(step int, names ...string) Goal {
	return Goal{
		Property: "I-SVC-5 who does not beat is down", Step: step, Fault: step,
		Words:  "cinder-down " + strings.Join(names, " "),
		Doc:    "a service that does not beat is listed as down",
		Within: downBound,
		Reached: func(p *Progress) bool {
			for _, name := range names {
				if up, at := p.View().Cinder().Listed(p.Topology().Cinder.ServiceOf(name)); up || at <= p.Struck {
					return false
				}
			}
			return true
		},
	}
}

// stayUp says that the services of those machines are listed as up when the given time
// has passed since a step.
func stayUp(step int, within time.Duration, names ...string) Goal {
	return Goal{
		Property: "I-SVC-5 who beats is up", Step: step, Fault: step, Lasts: true,
		Words:  "cinder-stays-up " + strings.Join(names, " "),
		Doc:    "the services are up",
		Within: func(cluster.Topology) time.Duration { return within },
		Reached: func(p *Progress) bool {
			for _, name := range names {
				if up, _ := p.View().Cinder().Listed(p.Topology().Cinder.ServiceOf(name)); !up {
					return false
				}
			}
			return true
		},
	}
}

// clusterUp says that some time after the given step the cluster of a machine's service is
// listed as up, by a look that was taken since.
func clusterUp(step int, within func(cluster.Topology) time.Duration, name string) Goal {
	return Goal{
		Property: "I-SVC-16 a cluster is its freshest member", Step: step, Fault: step,
		Words:  "cinder-cluster-up " + name,
		Doc:    "the cluster is listed as up",
		Within: within,
		Reached: func(p *Progress) bool {
			up, at := p.View().Cinder().ClusterListed(p.Topology().Cinder.ClusterOf(name))
			return up && at > p.Struck
		},
	}
}

// clusterDown says that some time after the given step that cluster is listed as down.
func clusterDown(step int, name string) Goal {
	return Goal{
		Property: "I-SVC-16 a cluster is its freshest member", Step: step, Fault: step,
		Words:  "cinder-cluster-down " + name,
		Doc:    "a cluster of which no member beats is listed as down",
		Within: downBound,
		Reached: func(p *Progress) bool {
			up, at := p.View().Cinder().ClusterListed(p.Topology().Cinder.ClusterOf(name))
			return !up && at > p.Struck
		},
	}
}

// clusterStaysUp says that the cluster is listed as up when the given time has passed since
// a step.
func clusterStaysUp(step int, within time.Duration, name string) Goal {
	return Goal{
		Property: "I-SVC-16 a cluster is its freshest member", Step: step, Fault: step, Lasts: true,
		Words:  "cinder-cluster-stays-up " + name,
		Doc:    "the cluster is up as long as one member is",
		Within: func(cluster.Topology) time.Duration { return within },
		Reached: func(p *Progress) bool {
			up, _ := p.View().Cinder().ClusterListed(p.Topology().Cinder.ClusterOf(name))
			return up
		},
	}
}
