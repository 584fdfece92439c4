package process

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// ErrUsage: the command line cannot be meant.
var ErrUsage = errors.New("mistake on the command line")

// command is what a command line says.
type command struct {
	kind    string            // "mon", "mgr"
	id      string            // the daemon's name without its type
	conf    string            // the configuration file, "" for the usual ones
	cluster string            // "" for that of the file's name
	options map[string]string // by name

	mkfs, toStderr, help, version bool
}

// flags are those of Ceph's daemons that are no options, with whether they take a value.
func flags() map[string]bool {
	return map[string]bool{
		"-c": true, "--conf": true, "-i": true, "--id": true, "-n": true, "--name": true, "--cluster": true,
		"-m": true, "-f": false, "--foreground": false, "-d": false, "--mkfs": false, "-h": false, "--help": false,
		"-v": false, "--version": false, "--no_mon_config": false,
	}
}

// parseArgs reads a command line of Ceph's daemons: flags and any option as
// "--mon-lease 3" or "--mon_lease=3". Error: ErrUsage.
func parseArgs(kind string, args []string) (*command, error) {
	c := &command{kind: kind, options: map[string]string{}}
	for len(args) > 0 {
		name, value, hasValue := strings.Cut(args[0], "=")
		name, args = flagName(name), args[1:]
		takes, isFlag := flags()[name]
		switch {
		case !strings.HasPrefix(name, "-"):
			return nil, fmt.Errorf("%w: unexpected %q", ErrUsage, name)
		case !isFlag && !slices.Contains(optionNames(kind), optionOf(name)):
			return nil, fmt.Errorf("%w: unknown option %s", ErrUsage, name)
		case isFlag && !takes && hasValue:
			return nil, fmt.Errorf("%w: %s takes no value", ErrUsage, name)
		case isFlag && !takes, hasValue:
		case len(args) == 0:
			return nil, fmt.Errorf("%w: option %s requires an argument", ErrUsage, name)
		default:
			value, args = args[0], args[1:]
		}
		if err := c.take(name, value); err != nil {
			return nil, err
		}
	}
	if c.id == "" && !c.help && !c.version {
		return nil, fmt.Errorf("%w: which %s? give -i NAME", ErrUsage, kind)
	}
	return c, nil
}

// flagName is a flag with underscores for its dashes, but for those that it begins with.
func flagName(text string) string {
	if rest, ok := strings.CutPrefix(text, "--"); ok {
		return "--" + strings.ReplaceAll(rest, "-", "_")
	}
	return text
}

func optionOf(flag string) string { return strings.TrimPrefix(flag, "--") }

func (c *command) take(name, value string) error {
	switch name {
	case "-c", "--conf":
		c.conf = value
	case "--cluster":
		c.cluster = value
	case "-i", "--id":
		c.id = value
	case "-n", "--name":
		return c.takeName(value)
	case "-m":
		c.options["mon_host"] = value
	case "--mkfs":
		c.mkfs = true
	case "-d":
		c.toStderr = true
	case "-h", "--help":
		c.help = true
	case "-v", "--version":
		c.version = true
	case "-f", "--foreground", "--no_mon_config": // it is so anyway
	default:
		c.options[optionOf(name)] = value
	}
	if c.mkfs && c.kind != "mon" {
		return fmt.Errorf("%w: --mkfs is for monitors", ErrUsage)
	}
	return nil
}

// takeName takes "mgr.x".
func (c *command) takeName(value string) error {
	kind, id, ok := strings.Cut(value, ".")
	if !ok || kind != c.kind || id == "" {
		return fmt.Errorf("%w: name %q is not of the form %s.ID", ErrUsage, value, c.kind)
	}
	c.id = id
	return nil
}

// name is "mgr.x".
func (c *command) name() string { return c.kind + "." + c.id }
