package mon

import (
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

type fsMapJSON struct {
	Epoch   uint32     `json:"epoch"`
	Default int32      `json:"default_fscid"`
	Compat  compatJSON `json:"compat"`
	Flags   struct {
		Enable bool `json:"enable_multiple"`
		Ever   bool `json:"ever_enabled_multiple"`
	} `json:"feature_flags"`
	Standbys    []mdsInfoJSON `json:"standbys"`
	FileSystems []string      `json:"filesystems"`
}

type compatJSON struct {
	Compat   orderedFeatures `json:"compat"`
	ROCompat orderedFeatures `json:"ro_compat"`
	Incompat orderedFeatures `json:"incompat"`
}

func compatOf(c msg.CompatSet) compatJSON {
	return compatJSON{orderedFeatures(c.Compat), orderedFeatures(c.ROCompat), orderedFeatures(c.Incompat)}
}

type mdsInfoJSON struct {
	GID           uint64     `json:"gid"`
	Name          string     `json:"name"`
	Rank          int32      `json:"rank"`
	Incarnation   int32      `json:"incarnation"`
	State         string     `json:"state"`
	StateSeq      uint64     `json:"state_seq"`
	Addr          string     `json:"addr"`
	Addrs         addrsJSON  `json:"addrs"`
	JoinFS        int32      `json:"join_fscid"`
	LaggySince    string     `json:"laggy_since,omitempty"`
	ExportTargets []int32    `json:"export_targets"`
	Features      uint64     `json:"features"`
	Flags         uint64     `json:"flags"`
	Compat        compatJSON `json:"compat"`
	Epoch         uint32     `json:"epoch"`
}

// mdsInfoOf is a standby since the given epoch.
func mdsInfoOf(i msg.MDSInfo, epoch uint32) mdsInfoJSON {
	j := mdsInfoJSON{
		GID: i.GID, Name: i.Name, Rank: i.Rank, Incarnation: i.Incarnation, State: i.State.String(), StateSeq: i.StateSeq,
		Addr: shortAddr(i.Addrs), Addrs: addrsOf(i.Addrs), JoinFS: i.JoinFileSystem, ExportTargets: append([]int32{}, i.ExportTargets...),
		Features: i.Features, Flags: i.Flags, Compat: compatOf(i.Compat), Epoch: epoch,
	}
	if i.LaggySince != (wire.UTime{}) {
		j.LaggySince = stamp(i.LaggySince)
	}
	return j
}

// orderedFeatures are features by id, in the order of the ids.
type orderedFeatures msg.FeatureSet

// MarshalJSON implements json.Marshaler.
func (f orderedFeatures) MarshalJSON() ([]byte, error) {
	var b strings.Builder
	for i, id := range wire.SortedKeys(f.Names) {
		fmt.Fprintf(&b, "%s%q:%q", map[bool]string{true: "", false: ","}[i == 0], fmt.Sprint("feature_", id), f.Names[id])
	}
	return []byte("{" + b.String() + "}"), nil
}

func fsMapJSONOf(fm *msg.FSMap) (j fsMapJSON) {
	j.Epoch, j.Default = fm.Epoch, fm.LegacyFileSystem
	j.Compat = compatOf(fm.DefaultCompat)
	j.Flags.Enable, j.Flags.Ever = fm.EnableMultiple, fm.EverEnabledMultiple
	j.Standbys, j.FileSystems = []mdsInfoJSON{}, []string{}
	for _, info := range standbysOf(fm) {
		j.Standbys = append(j.Standbys, mdsInfoOf(info, fm.StandbyEpochs[info.GID]))
	}
	return j
}

func fsMapText(fm *msg.FSMap) string {
	var features []string
	for _, id := range wire.SortedKeys(fm.DefaultCompat.Incompat.Names) {
		features = append(features, fmt.Sprintf("%d=%s", id, fm.DefaultCompat.Incompat.Names[id]))
	}
	flag := map[bool]int{true: 1}
	text := fmt.Sprintf("e%d\nenable_multiple, ever_enabled_multiple: %d,%d\n"+
		"default compat: compat={},rocompat={},incompat={%s}\nlegacy client fscid: %d\n \nNo filesystems configured\n",
		fm.Epoch, flag[fm.EnableMultiple], flag[fm.EverEnabledMultiple], strings.Join(features, ","), fm.LegacyFileSystem)
	return text + standbysText(standbysOf(fm))
}

func standbysText(all []msg.MDSInfo) string {
	if len(all) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("Standby daemons:\n \n")
	for _, i := range all {
		laggy, a := "", i.Addrs.Legacy()
		if i.LaggySince != (wire.UTime{}) {
			laggy = " laggy since " + stamp(i.LaggySince)
		}
		fmt.Fprintf(&b, "[mds.%s{%d:%d} state %v seq %d%s addr %v:%s compat {c=[%x],r=[%x],i=[%x]}]\n", i.Name, i.Rank, i.GID,
			i.State, i.StateSeq, laggy, a.Type, plainAddr(a), featureMask(i.Compat.Compat), featureMask(i.Compat.ROCompat), featureMask(i.Compat.Incompat))
	}
	return b.String()
}

// featureMask is the mask as Ceph prints it: with bit 0, which it does not send.
func featureMask(s msg.FeatureSet) uint64 { return s.Mask | 1 }
