package mgr

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/option"
)

// Named are the options that change while the manager runs, by Ceph's names.
func (o *Options) Named() option.Set {
	return option.Set{
		"mgr_standby_modules": option.Bool(&o.StandbyModules),
		"mgr_stats_period":    option.SecondsFrom(1, &o.StatsPeriod),
		"mgr_stats_threshold": option.Count(&o.StatsThreshold),
		"mgr_tick_period":     option.SecondsFrom(0.001, &o.TickPeriod),
	}
}

// OptionNames are the names that [Options.Set] knows, in ascending order.
func OptionNames() []string { return new(Options).Named().Names() }

// Set changes the option that Ceph calls name, given as Ceph's configuration writes it.
// Errors: those of [option.Set.Put].
func (o *Options) Set(name, value string) error { return o.Named().Put(name, value) }

// layers are values of settings by who has set them, weakest first.
type layers struct {
	mon      map[string]string // the monitors' configuration, as last sent
	given    map[string]string // Config.Given: file and command line
	override map[string]string // the operator, at the admin socket
}

// onto is the options with all that anybody has set. A value that an option cannot have
// leaves it as it is: monitors do not let one in.
func (l *layers) onto(o Options) Options {
	for _, layer := range []map[string]string{l.mon, l.given, l.override} {
		for _, name := range OptionNames() {
			if value, ok := layer[name]; ok {
				_ = o.Set(name, value)
			}
		}
	}
	return o
}

// handleConfig takes what the monitors hold for this manager, all of it each time. What
// is of modules ("mgr/MODULE/OPTION") is the modules' (MS-5).
func (s *Standby) handleConfig(options map[string]string) {
	own, modules := map[string]string{}, map[string]string{}
	for name, value := range options {
		if strings.HasPrefix(name, modulePrefix) {
			modules[name] = value
		} else {
			own[name] = value
		}
	}
	s.layers.mon = own
	s.modules.HandleConfig(modules)
	s.applySettings()
}

// applySettings makes what is set hold from now on; the next tick is as far away as the
// last one has said. A standby whose modules run although they should not, or the other
// way round, comes back without or with them.
func (s *Standby) applySettings() {
	s.mgrc.OptionsChanged()
	was := s.opt
	s.opt = s.layers.onto(s.base)
	if srv := s.serving(); srv != nil && (s.opt.StatsPeriod != was.StatsPeriod || s.opt.StatsThreshold != was.StatsThreshold) {
		srv.configureAll()
	}
	wanted := s.opt.StandbyModules && s.shadowing
	if s.mode == ModeStandby && s.standbyModules != wanted {
		s.respawn(s.epoch, fmt.Sprintf("mgr_standby_modules is %v now", s.opt.StandbyModules))
	}
}

// options are those of this manager that Ceph's has too, with who has set them.
func (s *Standby) options() []admin.Option {
	defaults := DefaultOptions()
	byDefault, atStart := defaults.Named(), s.base.Named()
	var all []admin.Option
	for _, name := range OptionNames() {
		o := admin.Option{Name: name, Default: byDefault.Text(name)}
		if base := atStart.Text(name); base != o.Default {
			o.File = &base
		}
		o.Mon = said(s.layers.mon, name, nil)
		o.File = said(s.layers.given, name, o.File)
		o.Override = said(s.layers.override, name, nil)
		all = append(all, o)
	}
	return all
}

// said is what a layer says of an option, or what is to be taken if it says nothing.
func said(layer map[string]string, name string, otherwise *string) *string {
	if value, ok := layer[name]; ok {
		return &value
	}
	return otherwise
}

// adminConfigSet sets an option for this process, above what anybody else says.
func (s *Standby) adminConfigSet(args admin.Args) (any, error) {
	name, text := admin.OptionName(args.Text("var")), strings.Join(args.Texts("val"), " ")
	tried := s.opt
	if err := tried.Set(name, text); err != nil {
		errno := admin.EINVAL
		if errors.Is(err, option.ErrNoSuchOption) {
			errno = admin.ENOENT
		}
		return nil, &admin.Error{Errno: errno, Text: fmt.Sprintf("error setting '%s' to '%s': %v", args.Text("var"), text, errno)}
	}
	s.layers.override[name] = text
	s.loop.Post(s.applySettings) // the answer first; a respawn may be faster than its way out
	return map[string]string{"success": fmt.Sprintf("%s = '%s' ", name, text)}, nil
}

func (s *Standby) adminConfigUnset(args admin.Args) (any, error) {
	name := admin.OptionName(args.Text("var"))
	if !slices.Contains(OptionNames(), name) {
		return nil, &admin.Error{Errno: admin.EINVAL, Text: fmt.Sprintf("error unsetting '%s': %v", args.Text("var"), admin.EINVAL)}
	}
	delete(s.layers.override, name)
	s.loop.Post(s.applySettings)
	return struct{}{}, nil
}
