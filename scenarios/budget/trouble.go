package budget

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/faults"
)

// disturb notes what a fault does to the peace in which a monitor recovers: it ends
// trouble, is over at once, or is trouble until something ends it. Of what is not known
// here nothing does.
func (a *account) disturb(f faults.Fault) {
	if !strikesMons(f) {
		return
	}
	switch f := f.(type) {
	case faults.RemoveMon, faults.DiskRot: // what is accounted for; who rots works on
		return
	case faults.FailMgr, faults.Command, faults.OSService, faults.OSCluster, faults.WorkCleanup, faults.ServiceRemove, faults.CreateVolume, faults.DBBackup, faults.DBFailover, faults.DBRestore, faults.DBSlow, faults.DBFast:
		return // not of monitors
	case *faults.DiskLie, faults.ClockStep, faults.ClockOffset, faults.ClockDrift:
		return // nobody notices; timers follow another clock
	case faults.AddMon: // which starts it
		a.over(func(t faults.Fault) bool { return aim(t) == f.Who && down(t) })
		return
	case faults.Restart:
		a.over(func(t faults.Fault) bool { return down(t) && (f.Who == cluster.RoleDead || aim(t) == f.Who) })
	case faults.Resume:
		a.over(func(t faults.Fault) bool {
			_, pause := t.(faults.Pause)
			return pause && (f.Who == cluster.RolePaused || aim(t) == f.Who)
		})
	case faults.Disarm: // it may have struck
		a.over(func(t faults.Fault) bool { return t == f.Of })
		a.trouble = append(a.trouble, faults.Kill{Who: f.Of.Who})
	case faults.Undoing:
		if _, lie := f.Undoes().(*faults.DiskLie); lie {
			return
		}
		a.over(func(t faults.Fault) bool { return t == f.Undoes() })
	case faults.Reset, *faults.Mend: // over at once
	default:
		a.trouble = append(a.trouble, f)
	}
	a.struck = a.now
	a.doubt()
}

// doubt is about those who are being replaced when something disturbs that. What the operator
// has asked for may have been given up or still be under way: whether they are members, and
// could be added or removed once more, nobody knows from here on.
func (a *account) doubt() {
	for name, c := range a.of {
		if _, waits := a.removed[name]; waits || c == joining {
			a.unclear(name)
		}
	}
}

// unclear takes a monitor for spent for good.
func (a *account) unclear(name string) {
	delete(a.removed, name)
	a.doubtful[name] = true
	if a.of[name] == joining {
		a.of[name] = removed
	}
}

// over ends trouble.
func (a *account) over(which func(faults.Fault) bool) {
	a.trouble = slices.DeleteFunc(a.trouble, which)
}

// down reports whether a fault takes processes down that a restart brings back.
func down(f faults.Fault) bool {
	switch f.(type) {
	case faults.Kill, *faults.PowerOff:
		return true
	}
	return false
}

// aim is whom a fault strikes that strikes one name or role, "" for others.
func aim(f faults.Fault) string {
	if aimed, ok := f.(faults.Aimed); ok && len(aimed.Aim()) == 1 {
		return aimed.Aim()[0]
	}
	return ""
}

// strikesMons reports whether a fault may strike a monitor, or something between it and
// others: all but what names somebody else alone.
func strikesMons(f faults.Fault) bool {
	who := aim(f)
	return who == "" || !strings.Contains(who, ".") || strings.HasPrefix(who, "mon.")
}
