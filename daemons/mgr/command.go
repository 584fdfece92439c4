package mgr

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/sysinfo"
)

// codeInvalid is EINVAL.
const codeInvalid = -22

// flagMgr marks a command that goes to the manager (Ceph: MonCommand::FLAG_MGR in
// src/mon/MonCommand.h).
const flagMgr = 8

// command is one that a manager answers. None of them takes arguments.
type command struct {
	prefix string
	help   string
	tell   bool // for "ceph tell" only: the monitors have one of that name
	run    func(srv *server) any
}

func commandTable() []command {
	return []command{
		{"get_command_descriptions", "list available commands", true, (*server).describe},
		{"service dump", "dump service map", false, (*server).serviceDump},
		{"service status", "dump service state", false, (*server).serviceStatus},
		{"status", "state of this manager", true, (*server).status},
		{"version", "version of this manager", true, (*server).version},
	}
}

// descriptionsOf are what the beacons carry: the commands that the monitors are
// to offer in their own list.
func descriptionsOf(table []command) []msg.CommandDescription {
	var list []msg.CommandDescription
	for _, c := range table {
		if !c.tell {
			list = append(list, msg.CommandDescription{
				Command: c.prefix, Help: c.help, Module: "service",
				Permission: "r", Availability: "cli,rest", Flags: flagMgr,
			})
		}
	}
	return list
}

// run answers a command: the parts of one JSON object with a "prefix".
func (srv *server) run(parts []string) (code int32, status string, output []byte) {
	var request struct {
		Prefix string `json:"prefix"`
	}
	err := json.Unmarshal([]byte(strings.Join(parts, "")), &request)
	i := slices.IndexFunc(srv.commands, func(c command) bool { return c.prefix == request.Prefix })
	switch {
	case err != nil:
		code, status = codeInvalid, "the command is not a JSON object with a prefix"
	case i < 0:
		code, status = codeInvalid, fmt.Sprintf("unknown command %.100q", request.Prefix)
	default:
		code, status, output = srv.execute(srv.commands[i])
	}
	srv.served(i, code)
	return code, status, output
}

func (srv *server) execute(c command) (code int32, status string, output []byte) {
	text, err := json.MarshalIndent(c.run(srv), "", "    ")
	if err != nil {
		return codeInvalid, err.Error(), nil
	}
	return 0, "", append(text, '\n')
}

// served states an answer. What is no command of ours is not repeated: it can be
// as long as its sender likes.
func (srv *server) served(i int, code int32) {
	s := srv.g.s
	f := Served{Name: s.cfg.Name, GID: s.gid(), Code: code}
	if i >= 0 {
		f.Command = srv.commands[i].prefix
	}
	s.h.Probe(f)
}

// describe is the list that the command line checks what is typed against.
func (srv *server) describe() any {
	type description struct {
		Sig    []string `json:"sig"`
		Help   string   `json:"help"`
		Module string   `json:"module"`
		Perm   string   `json:"perm"`
		Flags  int      `json:"flags"`
	}
	list := make(map[string]description, len(srv.commands))
	for i, c := range srv.commands {
		list[fmt.Sprintf("cmd%03d", i)] = description{
			Sig: strings.Fields(c.prefix), Help: c.help, Module: "mgr", Perm: "r", Flags: flagMgr,
		}
	}
	return list
}

func (srv *server) status() any { return srv.g.s.status() }

// status is the state of this manager, active or not.
func (s *Standby) status() any {
	daemons := 0
	if srv := s.serving(); srv != nil {
		daemons = srv.daemons
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

func (srv *server) version() any { return version() }

func version() any {
	return struct {
		Version     string `json:"version"`
		Release     string `json:"release"`
		ReleaseType string `json:"release_type"`
	}{sysinfo.VersionShort, sysinfo.Release, "stable"}
}

// serviceDump is a service map without services: nothing here registers any.
func (srv *server) serviceDump() any {
	return struct {
		Epoch    uint32         `json:"epoch"`
		Services map[string]any `json:"services"`
	}{0, map[string]any{}}
}

func (srv *server) serviceStatus() any { return map[string]any{} }
