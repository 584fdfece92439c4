package monc

import (
	"maps"

	"github.com/wavetank/wavetank/daemons/wire"
)

// ConfigChange is how the options that the monitors hold for a client differ from
// what they held before. The receiver must not change it.
type ConfigChange struct {
	Set   map[string]string // new, or with another value
	Unset []string          // gone: what held without them holds again; ascending
}

// config is the options that the monitors have sent.
type config struct {
	known     map[string]string
	onMessage func(map[string]string)
	onChange  func(ConfigChange)
}

// OnConfig sets who is told the options that the monitors send, all of them, at each
// configuration message. It is set before Authenticate, so that the first one is
// seen (MS-5).
func (c *Client) OnConfig(fn func(options map[string]string)) { c.config.onMessage = fn }

// OnConfigChange sets who is told what a configuration message has changed, if it
// has; at first no option is set. A new session repeats the options, which changes
// nothing. It is set before Authenticate. Ceph: md_config_t::set_mon_vals.
func (c *Client) OnConfigChange(fn func(ConfigChange)) { c.config.onChange = fn }

// take is a configuration message: it has all options, not only those that changed.
func (f *config) take(options map[string]string) {
	change := f.compare(options)
	f.known = maps.Clone(options)
	if f.onMessage != nil {
		f.onMessage(options)
	}
	if f.onChange != nil && len(change.Set)+len(change.Unset) > 0 {
		f.onChange(change)
	}
}

func (f *config) compare(options map[string]string) (change ConfigChange) {
	for _, name := range wire.SortedKeys(options) {
		if was, known := f.known[name]; known && was == options[name] {
			continue
		}
		if change.Set == nil {
			change.Set = make(map[string]string)
		}
		change.Set[name] = options[name]
	}
	for _, name := range wire.SortedKeys(f.known) {
		if _, stays := options[name]; !stays {
			change.Unset = append(change.Unset, name)
		}
	}
	return change
}
