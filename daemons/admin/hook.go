package admin

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Hook is a command of a daemon.
type Hook struct {
	// Prefix is what the operator types: "config get".
	Prefix string
	// Params are the arguments, as [Params] reads them: "name=var,type=CephString name=val,type=CephString,n=N"
	Params string
	// Help is one line.
	Help string
	// Run does it, on the daemon's loop. What it returns must have a JSON form. An
	// error that is not an [Error] is told as EINVAL.
	Run func(Args) (any, error)
}

// Args are the arguments of a command, which fit its Params: those that must be there
// are.
type Args map[string]any

// Text is an argument as text, "" if it is missing.
func (a Args) Text(name string) string {
	s, _ := a[name].(string)
	return s
}

// Texts are the values of an argument of which there may be several.
func (a Args) Texts(name string) []string {
	values, _ := a[name].([]any)
	var texts []string
	for _, v := range values {
		if s, ok := v.(string); ok {
			texts = append(texts, s)
		}
	}
	return texts
}

// Errno is a number of errno(3), as errors of commands have it.
type Errno int

// What commands fail with.
const (
	EPERM  Errno = 1
	ENOENT Errno = 2
	EINVAL Errno = 22
	ERANGE Errno = 34
)

// String is "(22) Invalid argument".
func (e Errno) String() string {
	text := "Unknown error"
	switch e {
	case EPERM:
		text = "Operation not permitted"
	case ENOENT:
		text = "No such file or directory"
	case EINVAL:
		text = "Invalid argument"
	case ERANGE:
		text = "Numerical result out of range"
	}
	return fmt.Sprintf("(%d) %s", int(e), text)
}

// Error is a command's refusal.
type Error struct {
	Errno Errno
	Text  string // for the operator
}

func (e *Error) Error() string { return e.Text }

// Param describes an argument of a command: its name, its type and what else is checked,
// by Ceph's names for them.
type Param map[string]string

// Params reads the notation of src/mon/MonCommands.h: arguments separated by blanks,
// each a list of NAME=VALUE.
func Params(text string) (list []Param) {
	for arg := range strings.FieldsSeq(text) {
		p := Param{}
		for field := range strings.SplitSeq(arg, ",") {
			name, value, _ := strings.Cut(field, "=")
			p[name] = value
		}
		list = append(list, p)
	}
	return list
}

// fits reports whether the hook can be run with the arguments.
func (k *Hook) fits(args Args) bool { return Misfit(k.Params, args) == "" }

// Misfit is the first argument that is missing or has not the type that params say,
// empty if there is none.
func Misfit(text string, args Args) string {
	for _, p := range Params(text) {
		v, given := args[p["name"]]
		if !given && p["req"] == "false" {
			continue
		}
		if !p.Fits(v) {
			return p["name"]
		}
	}
	return ""
}

// Signature is a command as clients of Ceph learn of it: the words of its prefix, and
// then its arguments by their params.
func Signature(prefix, text string) (sig []any) {
	for word := range strings.FieldsSeq(prefix) {
		sig = append(sig, word)
	}
	for _, p := range Params(text) {
		sig = append(sig, p)
	}
	return sig
}

// Fits reports whether a value, as package json decodes it with UseNumber, is of the
// argument's type.
func (p Param) Fits(v any) bool {
	if p["n"] == "N" {
		values, ok := v.([]any)
		return ok && len(Args{"": values}.Texts("")) == len(values)
	}
	switch v := v.(type) {
	case string:
		return !slices.Contains([]string{"CephInt", "CephFloat", "CephBool"}, p["type"])
	case json.Number:
		_, err := v.Int64()
		return p["type"] == "CephFloat" || (p["type"] == "CephInt" || p["type"] == "CephOsdName") && err == nil
	case bool:
		return p["type"] == "CephBool"
	}
	return false
}
