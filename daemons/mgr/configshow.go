package mgr

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/mgr/state"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/texttable"
	"github.com/wavetank/wavetank/daemons/wire"
)

// codeOf is what a client is told of an error.
func codeOf(err error) int32 {
	var refused *admin.Error
	if errors.As(err, &refused) {
		return -int32(refused.Errno)
	}
	return module.Invalid
}

const configShowParams = "name=who,type=CephString name=key,type=CephString,req=false"

// configShow tells the options of a daemon as the daemon has told them: those that
// somebody has set, and who. (Ceph: "config show" in DaemonServer::_handle_command.)
func (srv *server) configShow(args admin.Args) (any, error) { return srv.showConfig(args, false) }

// configShowAll is configShow with those that have their defaults.
func (srv *server) configShowAll(args admin.Args) (any, error) { return srv.showConfig(args, true) }

func (srv *server) showConfig(args admin.Args, all bool) (any, error) {
	d, err := srv.daemonOf(args.Text("who"))
	if err != nil {
		return nil, err
	}
	if key := args.Text("key"); key != "" {
		return srv.oneOption(d, key)
	}
	list := configOf(d, all)
	if wantsJSON(args) {
		return list, nil
	}
	if d.Defaults == nil { // it has told nothing
		return text(""), nil
	}
	return text(configTable(list)), nil
}

// daemonOf finds a daemon by the name that an operator gives it.
func (srv *server) daemonOf(who string) (*state.Daemon, error) {
	kind, name, ok := strings.Cut(who, ".")
	if !ok {
		return nil, &admin.Error{Errno: admin.EINVAL, Text: "invalid daemon name: use <type>.<id>"}
	}
	d := srv.g.s.cluster.Daemons.Get(state.Key{Type: kind, Name: name})
	if d == nil {
		return nil, &admin.Error{Errno: admin.ENOENT, Text: "no config state for daemon " + who}
	}
	return d, nil
}

// oneOption is the value of one option, as text whatever the format.
func (srv *server) oneOption(d *state.Daemon, name string) (any, error) {
	if name == "fsid" {
		return text(srv.g.s.cluster.Mon.FSID.String() + "\n"), nil
	}
	if set := d.Config.Values[name]; len(set) > 0 {
		return text(set[highest(set)] + "\n"), nil
	}
	if value, known := d.Defaults[name]; known {
		return text(value + "\n"), nil
	}
	return nil, &admin.Error{Errno: admin.ENOENT}
}

// highest is the level that counts.
func highest(set map[msg.ConfigLevel]string) (top msg.ConfigLevel) {
	for level := range set {
		top = max(top, level)
	}
	return top
}

type shownOption struct {
	Name      string       `json:"name"`
	Value     string       `json:"value"`
	Source    string       `json:"source"`
	Overrides []overridden `json:"overrides,omitempty"`
	Ignores   string       `json:"ignores,omitempty"`
}

type overridden struct {
	Source string `json:"source"`
	Value  string `json:"value"`
}

// configOf are a daemon's options, ascending by name.
func configOf(d *state.Daemon, all bool) []shownOption {
	names := wire.SortedKeys(d.Config.Values)
	if all {
		names = append(names, wire.SortedKeys(d.Defaults)...)
		slices.Sort(names)
		names = slices.Compact(names)
	}
	list := []shownOption{}
	for _, name := range names {
		levels := wire.SortedKeys(d.Config.Values[name])
		if len(levels) == 0 {
			if value, known := d.Defaults[name]; all && known {
				list = append(list, shownOption{Name: name, Value: value, Source: msg.ConfigDefault.String()})
			}
			continue
		}
		top := len(levels) - 1
		o := shownOption{Name: name, Value: d.Config.Values[name][levels[top]], Source: levels[top].String()}
		for _, level := range levels[:top] {
			o.Overrides = append(o.Overrides, overridden{level.String(), d.Config.Values[name][level]})
		}
		if _, ignored := d.Config.Ignored[name]; ignored {
			o.Ignores = "mon"
		}
		list = append(list, o)
	}
	return list
}

// configTable lays options out for people.
func configTable(list []shownOption) string {
	rows := [][]string{{"NAME", "VALUE", "SOURCE", "OVERRIDES", "IGNORES"}}
	for _, o := range list {
		var overrides []string
		for _, v := range o.Overrides {
			overrides = append(overrides, fmt.Sprintf("%s[%s]", v.Source, v.Value))
		}
		rows = append(rows, []string{o.Name, o.Value, o.Source, strings.Join(overrides, ","), o.Ignores})
	}
	return texttable.Format(rows)
}
