package module

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
)

// Type is the type of an option's value, numbered as Ceph does it (Option::type_t in
// src/common/options.h).
type Type uint8

// The types that modules use.
const (
	Uint   Type = 0
	Int    Type = 1
	String Type = 2
	Float  Type = 3
	Bool   Type = 4
)

// Option is an option of a module.
type Option struct {
	Name    string
	Type    Type
	Default string
	// Min and Max bound a number, "" for no bound.
	Min, Max string
	// Allowed are all the values there are; none means any.
	Allowed     []string
	Description string
	// Runtime says that a running module takes a new value (see [Configured]).
	Runtime bool
}

// What options are, for the beacon.
const (
	levelAdvanced = 1 // Option::level_t in src/common/options.h
	flagRuntime   = 1 // Option::flag_t there
)

func (o *Option) encoded() msg.ModuleOption {
	e := msg.ModuleOption{
		Name: o.Name, Type: uint8(o.Type), Level: levelAdvanced, Default: o.Default, Min: o.Min, Max: o.Max,
		Allowed: slices.Sorted(slices.Values(o.Allowed)), Description: o.Description,
	}
	if o.Runtime {
		e.Flags = flagRuntime
	}
	return e
}

// check reports whether a value can be the option's.
func (o *Option) check(value string) error {
	if len(o.Allowed) > 0 && !slices.Contains(o.Allowed, value) {
		return fmt.Errorf("option %s: %.100q is none of %s", o.Name, value, strings.Join(o.Allowed, ", "))
	}
	var err error
	switch o.Type {
	case Uint:
		_, err = strconv.ParseUint(value, 10, 63)
	case Int:
		_, err = strconv.ParseInt(value, 10, 64)
	case Float:
		_, err = strconv.ParseFloat(value, 64)
	case Bool:
		_, err = parseBool(value)
	default:
		return nil
	}
	if err == nil {
		err = o.checkBounds(value)
	}
	if err != nil {
		return fmt.Errorf("option %s: %w", o.Name, err)
	}
	return nil
}

func (o *Option) checkBounds(value string) error {
	v, err := strconv.ParseFloat(value, 64)
	if err != nil { // no number
		return nil
	}
	if low, err := strconv.ParseFloat(o.Min, 64); err == nil && v < low {
		return fmt.Errorf("%.100q is below %s", value, o.Min)
	}
	if high, err := strconv.ParseFloat(o.Max, 64); err == nil && v > high {
		return fmt.Errorf("%.100q is above %s", value, o.Max)
	}
	return nil
}

// parseBool also reads what Ceph's tools write: "True", "yes".
func parseBool(value string) (bool, error) {
	switch strings.ToLower(value) {
	case "true", "yes", "on", "1":
		return true, nil
	case "false", "no", "off", "0":
		return false, nil
	}
	return false, fmt.Errorf("%.100q is neither true nor false", value)
}
