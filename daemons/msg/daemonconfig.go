package msg

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// ConfigLevel is who has set an option; the highest one counts (CONF_DEFAULT and its
// like in Ceph's src/common/config.h).
type ConfigLevel int32

// The levels.
const (
	ConfigDefault  ConfigLevel = 0 // the default of this kind of daemon
	ConfigMon      ConfigLevel = 1 // the monitors' configuration
	ConfigFile     ConfigLevel = 2
	ConfigEnv      ConfigLevel = 3
	ConfigCommand  ConfigLevel = 4 // the command line
	ConfigOverride ConfigLevel = 5 // the operator, in the running daemon
	ConfigFinal    ConfigLevel = 6
)

// String is Ceph's name of the level.
func (l ConfigLevel) String() string {
	if l < 0 || l > ConfigFinal {
		return "???"
	}
	return [...]string{"default", "mon", "file", "env", "cmdline", "override", "final"}[l]
}

// DaemonConfig is what a daemon's options are, as MgrOpen and MgrReport have it in
// Config: those that somebody has set, by who has set them.
type DaemonConfig struct {
	Values map[string]map[ConfigLevel]string
	// Ignored are values of the monitors' configuration that the daemon does not take.
	Ignored map[string]string
}

// Encode appends c.
func (c *DaemonConfig) Encode(e *wire.Encoder) {
	e.U32(uint32(len(c.Values)))
	for _, name := range wire.SortedKeys(c.Values) {
		e.String(name)
		e.U32(uint32(len(c.Values[name])))
		for _, level := range wire.SortedKeys(c.Values[name]) {
			e.S32(int32(level))
			e.String(c.Values[name][level])
		}
	}
	e.StringMap(c.Ignored)
}

// DecodeDaemonConfig reads what Encode writes. Errors: the decoder's.
func DecodeDaemonConfig(data []byte) (c DaemonConfig, err error) {
	d := wire.NewDecoder(data)
	c.Values = map[string]map[ConfigLevel]string{}
	for range d.Count(8, "options") {
		values := map[ConfigLevel]string{}
		name := d.String()
		for range d.Count(8, "values of an option") {
			level := ConfigLevel(d.S32())
			values[level] = d.String()
		}
		c.Values[name] = values
	}
	c.Ignored = d.StringMap()
	if err := d.Err(); err != nil {
		return DaemonConfig{}, fmt.Errorf("a daemon's options: %w", err)
	}
	return c, nil
}
