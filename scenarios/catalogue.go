package scenarios

import (
	"fmt"
	"slices"
	"strings"
)

// Catalogue is every scenario, in the order of their names.
func Catalogue() []Scenario {
	return []Scenario{
		clockSteps(),
		mapLag(),
		messengerMatrix(),
		mgrClog(),
		mgrEdge(),
		mgrFailCommand(),
		mgrFailCrash(),
		mgrFailover(),
		mgrInFlight(),
		mgrLateMap(),
		mgrModules(),
		mgrOneWay(),
		mgrPartition(),
		mgrPause(),
		mgrPoints(),
		mgrReports(),
		mgrReset(),
		mgrRestart(),
		mgrStorm(),
		mgrSwizzle(),
		monCatchUp(),
		monCrash(),
		monDisk(),
		monLateForward(),
		monMembers(),
		monMinority(),
		monPause(),
		monPower(),
		monPromise(),
		monReplace(),
		monRolling(),
		monRot(),
		monSplit(),
		moncOutage(),
		moncQuorum(),
		moncReset(),
		moncSilence(),
		svcBroken(),
		svcCluster(),
		svcDead(),
		svcDelete(),
		svcFailover(),
		svcFlap(),
		svcIntervals(),
		svcOutage(),
		svcRestore(),
		svcSkew(),
		svcSlow(),
		svcTwins(),
		swarm(),
	}
}

// Find finds a scenario by name. Its error names what there is.
func Find(name string) (Scenario, error) {
	all := Catalogue()
	i := slices.IndexFunc(all, func(s Scenario) bool { return s.Name == name })
	if i < 0 {
		names := make([]string, len(all))
		for j, s := range all {
			names[j] = s.Name
		}
		return Scenario{}, fmt.Errorf("no scenario %q; there are %s", name, strings.Join(names, ", "))
	}
	return all[i], nil
}
