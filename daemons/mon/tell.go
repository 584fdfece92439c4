package mon

import (
	"errors"
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/msg"
)

// handleTell answers a command that is for this monitor alone, "ceph tell mon.a ...",
// in or out of the quorum. There are the same as at the admin socket.
func (m *Mon) handleTell(o *op, t *msg.Command) {
	code, status, output := m.tell(t)
	m.reply(o, msg.NewCommandReply(code, status), output)
}

func (m *Mon) tell(t *msg.Command) (code int32, status string, output []byte) {
	if t.FSID != m.cfg.FSID {
		return eAcces, "wrong fsid", nil
	}
	args, err := parseTell(t.Cmd)
	if err != nil {
		return eInval, err.Error(), nil
	}
	status, output, err = admin.New(m.adminHooks()).Run(admin.Args(args))
	var refused *admin.Error
	if errors.As(err, &refused) {
		return -int32(refused.Errno), refused.Text, nil
	}
	return 0, status, output
}

// parseTell is parseCommand with the words that Ceph has for this kind.
func parseTell(cmd []string) (commandArgs, error) {
	args, err := parseObject(cmd)
	if err != nil {
		return nil, err
	}
	for _, name := range []string{"prefix", "format"} {
		if v, given := args[name]; given && !(admin.Param{"type": "CephString"}).Fits(v) {
			return nil, badField(name)
		}
	}
	if _, given := args["prefix"]; !given {
		return nil, errors.New("no prefix")
	}
	return args, nil
}

// injectArgs sets options as a command line does: "--mon_tick_interval 7" or
// "--mon-tick-interval=7". The first that is wrong ends it.
func (m *Mon) injectArgs(args admin.Args) (any, error) {
	words := args.Texts("injected_args")
	var remarks strings.Builder
	for len(words) > 0 {
		word := words[0]
		words = words[1:]
		text, isOption := strings.CutPrefix(word, "--")
		name, value, given := strings.Cut(text, "=")
		name = strings.ReplaceAll(admin.OptionName(name), "-", "_")
		if !isOption || findOption(name, m.mgr.committed) == nil {
			return nil, &admin.Error{Errno: admin.EINVAL, Text: fmt.Sprintf(" failed to parse arguments: %s\n", word)}
		}
		if !given && len(words) > 0 {
			value, words, given = words[0], words[1:], true
		}
		if !given {
			return nil, injectError(name, "", fmt.Errorf("Option --%s requires an argument.\n", name)) //lint:ignore ST1005 Ceph's words
		}
		text, err := m.setOverride(name, value)
		if err != nil {
			return nil, injectError(name, value, err)
		}
		if !takesAtRuntime(name) {
			remarks.WriteString(text)
		}
	}
	return admin.Remark{Line: remarks.String(), Answer: struct{}{}}, nil
}

func injectError(name, value string, err error) error {
	why := strings.TrimPrefix(err.Error(), "error parsing value: ")
	return &admin.Error{Errno: admin.EINVAL, Text: fmt.Sprintf("Parse error setting %s to '%s' using injectargs (%s).\n", name, value, why)}
}

type sessionJSON struct {
	Name     string `json:"name"`
	Entity   string `json:"entity_name"`
	Addrs    any    `json:"addrs"`
	Type     string `json:"con_type"`
	Features uint64 `json:"con_features"`
	Release  string `json:"con_features_release"`
	Open     bool   `json:"open"`
	Caps     struct {
		Text string `json:"text"`
	} `json:"caps"`
	Authenticated bool   `json:"authenticated"`
	GlobalID      uint64 `json:"global_id"`
	OSDEpoch      uint64 `json:"osd_epoch"`
	Host          string `json:"remote_host"`
}

// sessionsJSON is who is connected to this monitor. Ceph also lists itself.
func (m *Mon) sessionsJSON() any {
	list := []sessionJSON{}
	for _, s := range m.sessions.list {
		who := s.caller()
		j := sessionJSON{
			Name: who.name.String(), Addrs: clientJSON{AddrVec: addrsOf(who.addrs).AddrVec}, Type: s.con.PeerType().String(),
			Features: msg.FeaturesAll, Release: "luminous", Open: !s.closed,
			Authenticated: s.gid != 0, GlobalID: s.gid, OSDEpoch: s.osdEpoch, Host: s.hostname,
		}
		if s.gid != 0 {
			j.Entity, j.Caps.Text = who.entity.String(), "allow *"
		}
		list = append(list, j)
	}
	return list
}

func (m *Mon) statusOfThis() any {
	outside := []string{}
	in := " " + strings.Join(m.quorumNames(), " ") + " "
	for _, name := range m.monMap().Ranks {
		if !strings.Contains(in, " "+name+" ") {
			outside = append(outside, name)
		}
	}
	features := monFeatures(m.monMap().PersistentFeatures)
	return struct {
		Name          string `json:"name"`
		Rank          int    `json:"rank"`
		State         string `json:"state"`
		ElectionEpoch uint64 `json:"election_epoch"`
		Quorum        []int  `json:"quorum"`
		QuorumAge     int64  `json:"quorum_age"`
		Features      struct {
			RequiredCon string   `json:"required_con"`
			RequiredMon []string `json:"required_mon"`
			quorumFeaturesJSON
		} `json:"features"`
		Outside []string   `json:"outside_quorum"`
		Extra   []string   `json:"extra_probe_peers"`
		Sync    []string   `json:"sync_provider"`
		MonMap  monMapJSON `json:"monmap"`
		Peers   any        `json:"feature_map"`
		Stretch bool       `json:"stretch_mode"`
	}{
		Name: m.cfg.Name, Rank: m.rank, State: m.stateName(), ElectionEpoch: m.status().Term,
		Quorum: m.quorumRanks(), QuorumAge: m.quorumAge(),
		Features: struct {
			RequiredCon string   `json:"required_con"`
			RequiredMon []string `json:"required_mon"`
			quorumFeaturesJSON
		}{requiredCon, features, quorumFeaturesJSON{quorumCon, features}},
		Outside: outside, Extra: []string{}, Sync: []string{}, MonMap: m.monMapJSON(), Peers: m.featuresJSON(),
	}
}

// requiredCon is what Ceph 16.2.15's monitors ask of each other, as they tell it.
const requiredCon = "2449958747317026820"
