package api

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// repr is a value of a request as Python prints it, for Cinder's messages show values
// so. The members of objects are sorted.
func repr(v any) string {
	switch v := v.(type) {
	case nil:
		return "None"
	case bool:
		if v {
			return "True"
		}
		return "False"
	case json.Number:
		return v.String()
	case string:
		return reprString(v)
	case []string:
		items := make([]any, len(v))
		for i, s := range v {
			items[i] = s
		}
		return repr(items)
	case []any:
		var items []string
		for _, item := range v {
			items = append(items, repr(item))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case map[string]any:
		var items []string
		for _, name := range slices.Sorted(maps.Keys(v)) {
			items = append(items, reprString(name)+": "+repr(v[name]))
		}
		return "{" + strings.Join(items, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// pythonEscapes are those that are not a character's number.
var pythonEscapes = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\r", `\r`, "\t", `\t`)

func reprString(s string) string {
	quote := "'"
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = `"`
	}
	s = pythonEscapes.Replace(s)
	if quote == "'" {
		s = strings.ReplaceAll(s, "'", `\'`)
	}
	return quote + s + quote
}

// plain is a value as Python's str makes it: strings without their quotes.
func plain(v any) string {
	if s, ok := v.(string); ok {
		return s
	}
	return repr(v)
}
