package tracefile

import "strings"

// fields splits a JSON object that is known to be valid into its members, in
// order. encoding/json would lose the order, or read every value.
func fields(object string) []Field {
	rest := skipSpace(object)[1:] // {
	list := make([]Field, 0, strings.Count(rest, `":`))
	for {
		rest = strings.TrimPrefix(skipSpace(rest), ",")
		rest = skipSpace(rest)
		if rest[0] == '}' {
			return list
		}
		end := valueEnd(rest)
		key := Field{JSON: rest[:end]}
		rest = skipSpace(skipSpace(rest[end:])[1:]) // :
		end = valueEnd(rest)
		list = append(list, Field{Key: key.Value(), JSON: rest[:end]})
		rest = rest[end:]
	}
}

func skipSpace(s string) string { return strings.TrimLeft(s, " \t\r\n") }

// valueEnd is the length of the JSON value that s begins with.
func valueEnd(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			i += stringEnd(s[i:]) - 1
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		default:
			if depth == 0 {
				return scalarEnd(s)
			}
		}
		if depth == 0 {
			return i + 1
		}
	}
	return len(s)
}

// stringEnd is the length of the quoted string that s begins with.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(s)
}

// scalarEnd is the length of the number or word that s begins with.
func scalarEnd(s string) int {
	if i := strings.IndexAny(s, ",]} \t\r\n"); i >= 0 {
		return i
	}
	return len(s)
}
