package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/wavetank/wavetank/daemons/cinder"
)

// schema says what the body of a request may have, all of it in one flat object. The
// rules are those of Cinder's JSON schemas (api/schemas), checked in the same order and
// told in the same words.
type schema struct {
	properties []property
	required   []string // all of them
	anyOf      []string // one of them at least
}

// property is a member of a body.
type property struct {
	name     string
	types    []string // of JSON Schema
	min, max int      // characters of a string; a max of 0 is none
	pattern  *regexp.Regexp
	enum     []any
	// format judges further; its error is what is wrong, in whole.
	format func(v any) error
}

// body is the object of a request.
type body map[string]any

// text is a member that is a string, or "" if it is null or not there.
func (b body) text(name string) string {
	s, _ := b[name].(string)
	return s
}

// nullable is a member that is a string, or nil.
func (b body) nullable(name string) *string {
	if s, ok := b[name].(string); ok {
		return &s
	}
	return nil
}

// check is the body as an object. Error: a fault of status 400.
func (s schema) check(v any) (body, error) {
	b, ok := v.(map[string]any)
	if !ok {
		return nil, invalid("%s is not of type 'object'", repr(v))
	}
	for _, p := range s.properties {
		if v, ok := b[p.name]; ok {
			if err := p.check(v); err != nil {
				return nil, err
			}
		}
	}
	for _, name := range s.required {
		if _, ok := b[name]; !ok {
			return nil, invalid("%s is a required property", repr(name))
		}
	}
	if len(s.anyOf) > 0 && !slices.ContainsFunc(s.anyOf, func(name string) bool { _, ok := b[name]; return ok }) {
		return nil, invalid("%s is not valid under any of the given schemas", repr(v))
	}
	return b, s.checkExtra(b)
}

func (s schema) checkExtra(b body) error {
	var extra []string
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if !slices.ContainsFunc(s.properties, func(p property) bool { return p.name == name }) {
			extra = append(extra, repr(name))
		}
	}
	switch len(extra) {
	case 0:
		return nil
	case 1:
		return invalid("Additional properties are not allowed (%s was unexpected)", extra[0])
	}
	return invalid("Additional properties are not allowed (%s were unexpected)", strings.Join(extra, ", "))
}

func (p property) check(v any) error {
	if why := p.objection(v); why != "" {
		return invalid("Invalid input for field/attribute %s. Value: %s. %s", p.name, plain(v), why)
	}
	if p.format != nil {
		return p.format(v)
	}
	return nil
}

// objection is what is wrong with a value, or "".
func (p property) objection(v any) string {
	if len(p.types) > 0 && !slices.ContainsFunc(p.types, func(t string) bool { return hasType(v, t) }) {
		return fmt.Sprintf("%s is not of type '%s'", repr(v), strings.Join(p.types, "', '"))
	}
	if len(p.enum) > 0 && !slices.Contains(p.enum, v) {
		return fmt.Sprintf("%s is not one of %s", repr(v), repr(p.enum))
	}
	s, ok := v.(string)
	switch {
	case !ok:
	case utf8.RuneCountInString(s) < p.min:
		return repr(v) + " is too short"
	case p.max > 0 && utf8.RuneCountInString(s) > p.max:
		return repr(v) + " is too long"
	case p.pattern != nil && !p.pattern.MatchString(s):
		return fmt.Sprintf("%s does not match %s", repr(v), repr(p.pattern.String()))
	}
	return ""
}

func hasType(v any, name string) bool {
	switch v := v.(type) {
	case nil:
		return name == "null"
	case bool:
		return name == "boolean"
	case string:
		return name == "string"
	case json.Number:
		return name == "integer" && !strings.ContainsAny(v.String(), ".eE")
	}
	return false
}

// Types of JSON Schema that properties have.
var (
	isString = []string{"string"}
	nullable = []string{"string", "null"}
)

// The patterns of names of hosts, backends and pools, of which the first is that of
// services.
var (
	servicePattern = regexp.MustCompile(`^[a-zA-Z0-9-._#@:/+\[\]]*$`)
	hostPattern    = regexp.MustCompile(`^[a-zA-Z0-9-._#@:/+]*$`)
)

// Properties that several bodies have.
var (
	hostProperty    = property{name: "host", types: nullable, min: 1, max: 255, pattern: servicePattern}
	clusterProperty = property{name: "cluster", types: nullable, max: 255}
	serverProperty  = property{name: "server", types: nullable, max: 255}
	prefixProperty  = property{name: "prefix", types: nullable, max: 255}
	reasonFormat    = func(v any) error {
		// Only blanks are no reason, and no reason at all is none.
		if s, ok := v.(string); ok && s != "" && strings.TrimSpace(s) == "" {
			return invalid("Invalid input for field/attribute disabled_reason. Value: %s. %s is not a 'disabled_reason'", s, repr(s))
		}
		return nil
	}
)

// The bodies.
var (
	enableSchema = schema{
		properties: []property{
			{name: "binary", types: isString, min: 1, max: 255}, hostProperty, clusterProperty,
			{name: "service", types: isString, min: 1, max: 255},
		},
		anyOf: []string{"binary", "service"},
	}
	disableReasonSchema = schema{
		properties: slices.Concat(enableSchema.properties, []property{
			{name: "disabled_reason", types: isString, min: 1, max: 255, format: reasonFormat}}),
		anyOf: enableSchema.anyOf,
	}
	freezeSchema   = schema{properties: []property{clusterProperty, hostProperty}}
	failoverSchema = schema{properties: []property{hostProperty, {name: "backend_id", types: nullable, max: 255}, clusterProperty}}

	logBinary    = property{name: "binary", types: isString, enum: []any{binScheduler, binVolume, binBackup, binAPI, "", "*"}}
	getLogSchema = schema{properties: []property{logBinary, serverProperty, prefixProperty}}
	setLogSchema = schema{properties: []property{logBinary, serverProperty, prefixProperty, {name: "level", types: nullable, format: levelFormat}}}

	enableClusterSchema = schema{
		properties: []property{{name: "name", types: isString, min: 1, max: 255, format: nameFormat}, {name: "binary", types: nullable, max: 255}},
		required:   []string{"name"},
	}
	disableClusterSchema = schema{
		properties: slices.Concat(enableClusterSchema.properties, []property{
			{name: "disabled_reason", types: nullable, format: clusterReasonFormat}}),
		required: enableClusterSchema.required,
	}

	cleanupSchema = schema{properties: []property{
		{name: "cluster_name", types: nullable, min: 1, max: 255, pattern: hostPattern},
		{name: "disabled", types: []string{"boolean", "string"}, enum: booleans},
		{name: "host", types: nullable, min: 1, max: 255, pattern: hostPattern},
		{name: "is_up", types: []string{"boolean", "string"}, enum: booleans},
		{name: "binary", enum: []any{binVolume, binScheduler}},
		{name: "resource_id", format: uuidFormat},
		{name: "resource_type", types: nullable, max: 40},
		{name: "service_id", types: []string{"integer", "string", "null"}, max: 11, pattern: regexp.MustCompile(`^[0-9]*$`)},
	}}
)

// booleans are what stands for true and false in bodies.
var booleans = []any{
	true, "True", "TRUE", "true", "1", "ON", "On", "on", "YES", "Yes", "yes", "y", "t",
	false, "False", "FALSE", "false", "0", "OFF", "Off", "off", "NO", "No", "no", "n", "f",
}

// isTrue is one of booleans.
func isTrue(v any) bool {
	i := slices.Index(booleans, v)
	return i >= 0 && i < slices.Index(booleans, any(false))
}

func nameFormat(v any) error {
	if s, _ := v.(string); strings.TrimSpace(s) == "" {
		return invalid("An invalid 'name' value was provided. The 'name' can not be empty.")
	}
	return nil
}

func clusterReasonFormat(v any) error {
	if s, ok := v.(string); ok && utf8.RuneCountInString(strings.TrimSpace(s)) > 255 {
		return invalid("Invalid input for field/attribute disabled_reason. Value: %s. %s is not a 'disabled_reason'", s, repr(s))
	}
	return reasonFormat(v)
}

var uuidPattern = regexp.MustCompile(`^[0-9a-fA-F]{8}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{4}-?[0-9a-fA-F]{12}$`)

func uuidFormat(v any) error {
	if s, ok := v.(string); v == nil || ok && uuidPattern.MatchString(s) {
		return nil
	}
	return invalid("Invalid input for field/attribute resource_id. Value: %s. %s is not valid under any of the given schemas", plain(v), repr(v))
}

func levelFormat(v any) error {
	s, _ := v.(string)
	if _, ok := cinder.LevelOf(s); !ok {
		return invalidInput("%s is not a valid log level.", s)
	}
	return nil
}
