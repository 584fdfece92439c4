package admin

import (
	"fmt"
	"strings"
)

// Option is an option as a daemon has it: its default and, where somebody has set it,
// by whom. "" is a value like any other, nil is none.
type Option struct {
	Name     string
	Default  string
	Mon      *string // from the monitors' configuration
	File     *string // from the configuration file or the command line of the process
	Override *string // by the operator, with "config set"
}

// final is what holds.
func (o *Option) final() string {
	switch {
	case o.Override != nil:
		return *o.Override
	case o.File != nil:
		return *o.File
	case o.Mon != nil:
		return *o.Mon
	}
	return o.Default
}

// ConfigHooks are the commands that tell a daemon's options, which are asked for each
// time: "config show", "config get" and "config diff". daemon is its name, "mon.a".
func ConfigHooks(daemon string, options func() []Option) []Hook {
	c := config{daemon, options}
	const name = "name=var,type=CephString"
	return []Hook{
		{"config diff", "", "dump diff of current config and default config", c.diff},
		{"config diff get", name, "dump diff get <field>: dump diff of current and default config setting <field>", c.diffOne},
		{"config get", name, "config get <field>: get the config value", c.get},
		{"config show", "", "dump current config settings", c.show},
	}
}

type config struct {
	daemon  string
	options func() []Option
}

// OptionName is an option's name however the operator spells it.
func OptionName(text string) string { return strings.ReplaceAll(text, " ", "_") }

func (c config) show(Args) (any, error) {
	all := map[string]string{"name": c.daemon}
	for _, o := range c.options() {
		all[o.Name] = o.final()
	}
	return all, nil
}

func (c config) get(args Args) (any, error) {
	name := args.Text("var")
	for _, o := range c.options() {
		if o.Name == OptionName(name) {
			return map[string]string{name: o.final()}, nil
		}
	}
	return nil, &Error{ENOENT, fmt.Sprintf("error getting '%s': %v", name, ENOENT)}
}

// layers are who says what of an option.
type layers struct {
	Default  string  `json:"default"`
	Mon      *string `json:"mon,omitempty"`
	File     *string `json:"file,omitempty"`
	Override *string `json:"override,omitempty"`
	Final    string  `json:"final"`
}

func (c config) diff(Args) (any, error) {
	return c.diffOf(func(o *Option) bool { return o.Mon != nil || o.File != nil || o.Override != nil })
}

func (c config) diffOne(args Args) (any, error) {
	name := OptionName(args.Text("var"))
	return c.diffOf(func(o *Option) bool { return o.Name == name })
}

func (c config) diffOf(wanted func(*Option) bool) (any, error) {
	found := map[string]layers{}
	for _, o := range c.options() {
		if wanted(&o) {
			found[o.Name] = layers{o.Default, o.Mon, o.File, o.Override, o.final()}
		}
	}
	return map[string]any{"diff": found}, nil
}
