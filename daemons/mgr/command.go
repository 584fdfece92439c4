package mgr

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/mgr/module"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/sysinfo"
	"github.com/wavetank/wavetank/daemons/wire"
)

// flagMgr marks a command that goes to the manager (Ceph: MonCommand::FLAG_MGR in
// src/mon/MonCommand.h).
const flagMgr = 8

// accessDenied is what is told to who may not do what it asks for
// (DaemonServer::log_access_denied).
const accessDenied = "access denied: does your client key have mgr caps? " +
	"See http://docs.ceph.com/en/latest/mgr/administrator/#client-authentication"

// command is one that the manager itself answers; there are those of its modules
// besides. (Ceph: src/mgr/MgrCommands.h.)
type command struct {
	module.Command
	group string // Ceph's grouping
	run   func(srv *server, args admin.Args) (any, error)
}

func commandTable() []command {
	return append(pgCommands(), []command{
		{module.Command{Prefix: "service dump", Help: "dump service map", Perm: "r"}, "service", (*server).serviceDump},
		{module.Command{Prefix: "service status", Help: "dump service state", Perm: "r"}, "service", (*server).serviceStatus},
		{module.Command{Prefix: "config show", Params: configShowParams, Help: "Show running configuration", Perm: "r"}, "mgr", (*server).configShow},
		{module.Command{Prefix: "config show-with-defaults", Params: "name=who,type=CephString",
			Help: "Show running configuration (including compiled-in defaults)", Perm: "r"}, "mgr", (*server).configShowAll},
	}...)
}

// descriptions are what the beacons carry: the commands that the monitors are to offer
// in their own list.
func (s *Standby) descriptions() []msg.CommandDescription {
	var list []msg.CommandDescription
	describe := func(c module.Command, group string) {
		list = append(list, msg.CommandDescription{
			Command: strings.TrimSpace(c.Prefix + " " + c.Params), Help: c.Help, Module: group,
			Permission: c.Perm, Availability: "cli,rest", Flags: flagMgr,
		})
	}
	for _, c := range commandTable() {
		describe(c.Command, c.group)
	}
	for _, c := range s.modules.Commands() {
		describe(c.Command, "mgr")
	}
	return list
}

// command answers what came by "ceph tell mgr.x": the questions of the admin socket,
// unless the sender leaves out the cluster's id, as old ones do for the rest.
func (srv *server) command(c *msgr.Connection, m *msg.Message, b *msg.Command) {
	reply := func(r module.Reply) { answer(c, m, &msg.CommandReply{Code: r.Code, Status: r.Status}, r.Output) }
	if b.FSID == (wire.UUID{}) {
		srv.run(c, m, b.Cmd, reply)
		return
	}
	text := strings.Join(b.Cmd, "")
	if !c.PeerIdentity().AllowAll {
		srv.served("", module.Denied)
		reply(module.Reply{Code: module.Denied, Status: accessDenied})
		return
	}
	code, status, output := srv.tell.Tell([]byte(text))
	prefix := ""
	if args, err := parseCommand(text); err == nil && code == 0 {
		prefix = args.Text("prefix")
	}
	srv.served(prefix, code)
	reply(module.Reply{Code: code, Status: clip(status), Output: output})
}

// clip bounds a text that repeats what a client has sent.
func clip(text string) string { return text[:min(len(text), 1000)] }

// mgrCommand answers the commands of managers, which the command line sends here
// because their flags say so.
func (srv *server) mgrCommand(c *msgr.Connection, m *msg.Message, b *msg.MgrCommand) {
	srv.run(c, m, b.Cmd, func(r module.Reply) {
		answer(c, m, &msg.MgrCommandReply{Code: r.Code, Status: r.Status}, r.Output)
	})
}

// parseCommand reads the JSON text of a command. The errors are what Ceph tells the
// client (cmdmap_from_json in src/common/cmdparse.cc).
func parseCommand(text string) (admin.Args, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var parsed any
	if d.Decode(&parsed) != nil {
		return nil, errors.New("unparseable JSON " + text)
	}
	args, ok := parsed.(map[string]any)
	if !ok {
		return nil, errors.New("not JSON object " + text)
	}
	if _, isText := args["prefix"].(string); !isText {
		return nil, errors.New("bad or missing field 'prefix'")
	}
	return args, nil
}

// run carries out a command and states its outcome. (Ceph:
// DaemonServer::_handle_command.)
func (srv *server) run(c *msgr.Connection, m *msg.Message, cmd []string, reply func(module.Reply)) {
	args, err := parseCommand(strings.Join(cmd, ""))
	prefix := args.Text("prefix")
	own := slices.IndexFunc(srv.commands, func(k command) bool { return k.Prefix == prefix })
	known := srv.find(prefix)
	done := func(r module.Reply) {
		if known == nil {
			prefix = "" // what is no command is not repeated: it can be as long as its sender likes
		}
		srv.served(prefix, r.Code)
		r.Status = clip(r.Status)
		reply(r)
	}
	refuse := func(code int32, status string) { done(module.Reply{Code: code, Status: status}) }
	switch {
	case err != nil:
		refuse(module.Invalid, err.Error())
	case prefix == describePrefix:
		known = &module.Command{}
		done(render(srv.describe(), nil, true))
	case known != nil && !c.PeerIdentity().AllowAll:
		refuse(module.Denied, accessDenied)
	case known != nil && admin.Misfit(known.Params, args) != "":
		refuse(module.Invalid, fmt.Sprintf("bad or missing field '%s'", admin.Misfit(known.Params, args)))
	case own >= 0:
		v, err := srv.commands[own].run(srv, args)
		done(render(v, err, args.Text("format") == "json"))
	default:
		srv.g.s.modules.Run(module.Request{Prefix: prefix, Args: args, Input: m.Data}, done)
	}
}

// describePrefix asks for the list of commands.
const describePrefix = "get_command_descriptions"

// find is the command of a prefix, nil if there is none.
func (srv *server) find(prefix string) *module.Command {
	for _, c := range srv.commands {
		if c.Prefix == prefix {
			return &c.Command
		}
	}
	for _, c := range srv.g.s.modules.Commands() {
		if c.Prefix == prefix {
			return &c.Command
		}
	}
	return nil
}

// text is an answer that is not JSON.
type text string

// render makes a reply of what a command has returned, as JSON unless it is text.
func render(v any, err error, compact bool) module.Reply {
	var output []byte
	if t, plain := v.(text); err == nil && plain {
		return module.Reply{Output: []byte(t)}
	}
	if err == nil && compact {
		output, err = json.Marshal(v)
	} else if err == nil {
		output, err = json.MarshalIndent(v, "", "    ")
	}
	if err != nil {
		return module.Reply{Code: codeOf(err), Status: err.Error()}
	}
	return module.Reply{Output: append(output, '\n')}
}

// served states an answer.
func (srv *server) served(prefix string, code int32) {
	s := srv.g.s
	s.h.Probe(Served{Name: s.cfg.Name, GID: s.gid(), Command: prefix, Code: code})
}

// describe is the list that the command line checks what is typed against.
func (srv *server) describe() any {
	type description struct {
		Sig    []any  `json:"sig"`
		Help   string `json:"help"`
		Module string `json:"module"`
		Perm   string `json:"perm"`
		Flags  int    `json:"flags"`
	}
	list := map[string]description{}
	add := func(c module.Command, group string) {
		list[fmt.Sprintf("cmd%03d", len(list))] = description{
			Sig: admin.Signature(c.Prefix, c.Params), Help: c.Help, Module: group, Perm: c.Perm,
		}
	}
	for _, c := range srv.g.s.modules.Commands() {
		add(c.Command, "mgr")
	}
	for _, c := range srv.commands {
		add(c.Command, c.group)
	}
	return list
}

// status is the state of this manager, active or not.
func (s *Standby) status() any {
	daemons := 0
	if srv := s.serving(); srv != nil {
		daemons = len(srv.reporting)
	}
	return struct {
		Name    string `json:"name"`
		GID     uint64 `json:"gid"`
		State   string `json:"state"`
		Epoch   uint32 `json:"mgrmap_epoch"`
		Mon     string `json:"mon"`
		Daemons int    `json:"daemons"`
	}{s.cfg.Name, s.gid(), s.State(), s.epoch, s.monc.Mon(), daemons}
}

func version() any {
	return struct {
		Version     string `json:"version"`
		Release     string `json:"release"`
		ReleaseType string `json:"release_type"`
	}{sysinfo.VersionShort, sysinfo.Release, "stable"}
}
