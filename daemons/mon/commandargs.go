package mon

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/msg"
)

// commandArgs are the arguments of a command, as in its JSON text.
type commandArgs map[string]any

// parseCommand reads the JSON text of a command. The errors are what Ceph tells
// the client (cmdmap_from_json in src/common/cmdparse.cc).
func parseCommand(cmd []string) (commandArgs, error) {
	args, err := parseObject(cmd)
	if err != nil {
		return nil, err
	}
	prefix, given := args["prefix"]
	switch s, isText := prefix.(string); {
	case !given:
		return nil, errors.New("command prefix not found")
	case !isText:
		return nil, badField("prefix")
	case s == "":
		return nil, errors.New("command prefix must not be empty")
	}
	return args, nil
}

func parseObject(cmd []string) (commandArgs, error) {
	text := strings.Join(cmd, "")
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var parsed any
	if err := d.Decode(&parsed); err != nil {
		return nil, fmt.Errorf("unparseable JSON %s", text)
	}
	args, ok := parsed.(map[string]any)
	if !ok {
		return nil, fmt.Errorf("not JSON object %s", text)
	}
	return args, nil
}

func badField(name string) error { return fmt.Errorf("bad or missing field '%s'", name) }

// prefix is which command it is.
func (a commandArgs) prefix() string { return a.text("prefix") }

// has reports whether the argument is given.
func (a commandArgs) has(name string) bool { return a[name] != nil }

// text is an argument as text, "" if it is missing.
func (a commandArgs) text(name string) string {
	switch v := a[name].(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// number is an argument of type CephInt, or what it is if it is missing.
func (a commandArgs) number(name string, missing int64) int64 {
	if v, ok := a[name].(json.Number); ok {
		if n, err := v.Int64(); err == nil {
			return n
		}
	}
	return missing
}

// flag is an argument of type CephBool, false if it is missing.
func (a commandArgs) flag(name string) bool {
	v, _ := a[name].(bool)
	return v
}

// list is an argument of which there may be several.
func (a commandArgs) list(name string) []string {
	values, _ := a[name].([]any)
	out := []string{}
	for _, v := range values {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// indent reports whether the client wants readable JSON.
func (a commandArgs) indent() bool { return a.text("format") == "json-pretty" }

// plain reports whether the client wants no format that we have: Ceph, too,
// answers an unknown format in plain text.
func (a commandArgs) plain() bool {
	f := a.text("format")
	return f != "json" && f != "json-pretty"
}

// check reports the first argument that is not of its type. Ceph's client has
// checked more before; who sends commands by itself may send anything.
func (k *command) check(args commandArgs) error {
	for _, p := range append(admin.Params(k.args), admin.Param{"name": "format", "type": "CephString"}) {
		if v, given := args[p["name"]]; given && !p.Fits(v) {
			return badField(p["name"])
		}
	}
	return nil
}

// commandDescription is a command as get_command_descriptions tells it.
type commandDescription struct {
	Sig    []any  `json:"sig"`
	Help   string `json:"help"`
	Module string `json:"module"`
	Perm   string `json:"perm"`
	Flags  uint64 `json:"flags"`
}

// describe tells what a client may ask for, by names that only count: the commands of
// monitors, and then those that go to the manager.
func describe(commands []command, mgr []msg.CommandDescription) map[string]commandDescription {
	all := map[string]commandDescription{}
	add := func(d commandDescription, prefix, args string) {
		d.Sig = admin.Signature(prefix, args)
		all[fmt.Sprintf("cmd%03d", len(all))] = d
	}
	for _, k := range commands {
		add(commandDescription{Help: k.help, Module: k.module, Perm: k.perm}, k.prefix, k.args)
	}
	for _, k := range mgr {
		prefix, args := splitSignature(k.Command)
		if prefix == "" {
			continue
		}
		add(commandDescription{Help: k.Help, Module: k.Module, Perm: k.Permission, Flags: k.Flags | flagMgr}, prefix, args)
	}
	return all
}

// flagMgr marks a command that goes to the manager (Ceph: MonCommand::FLAG_MGR in
// src/mon/MonCommand.h).
const flagMgr = 8

// splitSignature parts a command from its arguments: "osd df name=x,type=CephString".
func splitSignature(text string) (prefix, args string) {
	words := strings.Fields(text)
	n := slices.IndexFunc(words, func(w string) bool { return strings.Contains(w, "=") })
	if n < 0 {
		n = len(words)
	}
	return strings.Join(words[:n], " "), strings.Join(words[n:], " ")
}
