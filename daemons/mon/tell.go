package mon

import (
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// tellCommand is one that is for this monitor alone: "ceph tell mon.a ...". It is
// answered in or out of the quorum, in JSON. Ceph: the admin socket's commands.
type tellCommand struct {
	prefix string
	args   string
	help   string
	run    func(m *Mon, args commandArgs) (any, error)
}

func tellCommands() []tellCommand {
	const name = "name=var,type=CephString"
	return []tellCommand{
		{"config get", name, "config get <field>: get the config value", (*Mon).tellConfigGet},
		{"config show", "", "dump current config settings", (*Mon).tellConfigShow},
		{"get_command_descriptions", "", "list available commands", (*Mon).tellDescribe},
		{"mon_status", "", "report status of monitors", (*Mon).tellStatus},
		{"version", "", "get ceph version", func(*Mon, commandArgs) (any, error) { return versionJSON(), nil }},
	}
}

// handleTell answers a command that is for this monitor alone.
func (m *Mon) handleTell(o *op, t *msg.Command) {
	code, status, output := m.tell(t)
	m.reply(o, msg.NewCommandReply(code, status), output)
}

func (m *Mon) tell(t *msg.Command) (code int32, status string, output []byte) {
	if t.FSID != m.cfg.FSID {
		return ePerm, "wrong fsid", nil
	}
	args, err := parseCommand(t.Cmd)
	if err != nil {
		return eInval, err.Error(), nil
	}
	for _, known := range tellCommands() {
		if known.prefix != args.prefix() {
			continue
		}
		if err := (&command{args: known.args}).check(args); err != nil {
			return eInval, err.Error(), nil
		}
		answer, err := known.run(m, args)
		if refused, ok := err.(*commandError); ok {
			return refused.code, refused.text, nil
		}
		return 0, "", toJSON(answer, args.plain() || args.indent())
	}
	return eInval, "unknown command prefix " + args.prefix(), nil
}

func (m *Mon) tellDescribe(commandArgs) (any, error) {
	var list []command
	for _, t := range tellCommands() {
		list = append(list, command{prefix: t.prefix, args: t.args, help: t.help, module: "mon", perm: "r"})
	}
	return describe(list), nil
}

// ownOptions are what holds for this monitor: the defaults, the configuration above
// them, and what the operator has set at the admin socket above that.
func (m *Mon) ownOptions() map[string]string {
	out := map[string]string{}
	for _, o := range configOptions() {
		out[o.name] = o.def
	}
	set := m.setOptions()
	for _, name := range wire.SortedKeys(set) {
		out[name] = set[name]
	}
	return out
}

func (m *Mon) tellConfigGet(args commandArgs) (any, error) {
	name := optionName(args.text("var"))
	if !args.has("var") {
		return nil, &commandError{eInval, "invalid command json"}
	}
	value, ok := m.ownOptions()[name]
	if !ok {
		return nil, &commandError{eNoEnt, fmt.Sprintf("error getting '%s': (2) No such file or directory", name)}
	}
	return map[string]string{name: value}, nil
}

func (m *Mon) tellConfigShow(commandArgs) (any, error) {
	all := m.ownOptions()
	all["name"] = "mon." + m.cfg.Name
	return all, nil
}

// tellStatus tells what statusOfThis is: what this monitor thinks of the quorum.
func (m *Mon) tellStatus(commandArgs) (any, error) { return m.statusOfThis(), nil }

func (m *Mon) statusOfThis() any {
	outside := []string{}
	in := " " + strings.Join(m.quorumNames(), " ") + " "
	for _, name := range m.cfg.MonMap.Ranks {
		if !strings.Contains(in, " "+name+" ") {
			outside = append(outside, name)
		}
	}
	features := monFeatures(m.cfg.MonMap.PersistentFeatures)
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
		Name: m.cfg.Name, Rank: m.rank, State: m.status().Role.String(), ElectionEpoch: m.status().Term,
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
