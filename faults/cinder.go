package faults

import "fmt"

// CinderTarget is a Target with Cinder's services in it. Its methods report whether there
// was somebody to ask.
type CinderTarget interface {
	Target
	// OSService has the operator put an action of os-services to the API, for the service
	// of a machine: "disable", "enable", "freeze", "thaw", "failover_host", "failover". The
	// target is where a failover goes to, empty for anywhere.
	OSService(action, name, target string) bool
	// OSCluster does so for its cluster.
	OSCluster(action, name, target string) bool
	// WorkCleanup has him ask for what the service has left unfinished to be cleaned up,
	// if it is down.
	WorkCleanup(name string) bool
	// RemoveService has him remove the service's row.
	RemoveService(name string) bool
	// CreateVolume has the service make a volume.
	CreateVolume(name string) bool
}

// OSService is an operator's request about the services of everybody that Who stands
// for. It is no damage, but what others do meanwhile. To is where a failover goes to, empty
// for anywhere.
type OSService struct{ Action, Who, To string }

// Kind is "os-service".
func (OSService) Kind() string { return "os-service" }
func (f OSService) String() string {
	return fmt.Sprintf("os-service %s %s", f.Action, f.Who) + to(f.To)
}

// to says where a failover goes.
func to(target string) string {
	if target == "" {
		return ""
	}
	return " to " + quoteWord(target)
}

// Aim is who is meant.
func (f OSService) Aim() []string { return []string{f.Who} }

// Strike counts the requests.
func (f OSService) Strike(t Target) (int, error) {
	return eachService(t, f, f.Who, func(c CinderTarget, name string) bool { return c.OSService(f.Action, name, f.To) })
}

// OSCluster is OSService for the cluster of each of them.
type OSCluster struct{ Action, Who, To string }

// Kind is "os-cluster".
func (OSCluster) Kind() string { return "os-cluster" }
func (f OSCluster) String() string {
	return fmt.Sprintf("os-cluster %s %s", f.Action, f.Who) + to(f.To)
}

// Aim is who is meant.
func (f OSCluster) Aim() []string { return []string{f.Who} }

// Strike counts the requests.
func (f OSCluster) Strike(t Target) (int, error) {
	return eachService(t, f, f.Who, func(c CinderTarget, name string) bool { return c.OSCluster(f.Action, name, f.To) })
}

// WorkCleanup is an operator's request that somebody cleans up what the services of
// everybody that Who stands for have left unfinished, if they are down.
type WorkCleanup struct{ Who string }

// Kind is "work-cleanup".
func (WorkCleanup) Kind() string     { return "work-cleanup" }
func (f WorkCleanup) String() string { return fmt.Sprintf("work-cleanup %s", f.Who) }

// Aim is who is meant.
func (f WorkCleanup) Aim() []string { return []string{f.Who} }

// Strike counts the requests.
func (f WorkCleanup) Strike(t Target) (int, error) {
	return eachService(t, f, f.Who, CinderTarget.WorkCleanup)
}

// ServiceRemove removes the rows of the services of everybody that Who stands for, as
// "cinder-manage service remove" does, which is meant for services that are no more.
type ServiceRemove struct{ Who string }

// Kind is "service-remove".
func (ServiceRemove) Kind() string     { return "service-remove" }
func (f ServiceRemove) String() string { return fmt.Sprintf("service-remove %s", f.Who) }

// Aim is who is meant.
func (f ServiceRemove) Aim() []string { return []string{f.Who} }

// Strike counts the services.
func (f ServiceRemove) Strike(t Target) (int, error) {
	return eachService(t, f, f.Who, CinderTarget.RemoveService)
}

// CreateVolume has the volume services of everybody that Who stands for make a volume
// each, so that there is work that can be broken off.
type CreateVolume struct{ Who string }

// Kind is "create-volume".
func (CreateVolume) Kind() string     { return "create-volume" }
func (f CreateVolume) String() string { return fmt.Sprintf("create-volume %s", f.Who) }

// Aim is who is meant.
func (f CreateVolume) Aim() []string { return []string{f.Who} }

// Strike counts the volumes.
func (f CreateVolume) Strike(t Target) (int, error) {
	return eachService(t, f, f.Who, CinderTarget.CreateVolume)
}

func eachService(t Target, f Fault, who string, do func(CinderTarget, string) bool) (int, error) {
	c, ok := t.(CinderTarget)
	if !ok {
		return 0, unsupported(f, "the target has no services of Cinder")
	}
	return count(t, f, who, func(name string) bool { return do(c, name) })
}

func osServiceWord() Word {
	return Word{
		Usage: "os-service ACTION WHO [to BACKEND]", Doc: "an operator disables, enables, freezes, thaws or fails over services of Cinder",
		Harm: Requested,
		read: func(p *Phrase) Fault {
			return OSService{Action: p.OneOf("disable", "enable", "freeze", "thaw", "failover_host", "failover"), Who: p.Who(), To: readTo(p)}
		},
	}
}

func osClusterWord() Word {
	return Word{
		Usage: "os-cluster ACTION WHO [to BACKEND]", Doc: "an operator does so with the clusters of services of Cinder",
		Harm: Requested,
		read: func(p *Phrase) Fault {
			return OSCluster{Action: p.OneOf("disable", "enable", "freeze", "thaw", "failover"), Who: p.Who(), To: readTo(p)}
		},
	}
}

func readTo(p *Phrase) string {
	if !p.Accept("to") {
		return ""
	}
	return p.Word("the backend to go to")
}

func workCleanupWord() Word {
	return Word{
		Usage: "work-cleanup WHO", Doc: "an operator has unfinished work of services of Cinder cleaned up that are down",
		Harm: Requested,
		read: func(p *Phrase) Fault { return WorkCleanup{Who: p.Who()} },
	}
}

func serviceRemoveWord() Word {
	return Word{
		Usage: "service-remove WHO", Doc: "an operator removes the rows of services of Cinder",
		Harm: Requested,
		read: func(p *Phrase) Fault { return ServiceRemove{Who: p.Who()} },
	}
}

func createVolumeWord() Word {
	return Word{
		Usage: "create-volume WHO", Doc: "volume services of Cinder make a volume each",
		Harm: Requested,
		read: func(p *Phrase) Fault { return CreateVolume{Who: p.Who()} },
	}
}
