package faults

import "fmt"

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
