package cinderd

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
)

// ErrSyntax: a file is not one of options. The error says where.
var ErrSyntax = errors.New("syntax error")

// ErrConfig: the configuration cannot be meant. The error says where.
var ErrConfig = errors.New("unusable configuration")

// setting is an option as it was written.
type setting struct {
	value string
	place string // "cinder.conf:7"
}

// file is what configuration files say: sections, with the settings of each option in
// their order. An option that may be there once has the last one.
type file map[string]map[string][]setting

// read takes over what another file says, which counts more.
func (f file) read(name string, in io.Reader) error {
	lines := bufio.NewScanner(in)
	section, last := "", (*setting)(nil)
	for n := 1; lines.Scan(); n++ {
		raw, place := lines.Text(), fmt.Sprintf("%s:%d", name, n)
		text := strings.TrimSpace(raw)
		switch {
		case text == "":
			last = nil
		case text[0] == '#' || text[0] == ';':
		case raw[0] == ' ' || raw[0] == '\t':
			if last == nil {
				return fmt.Errorf("%s: %w: a value goes on that has not begun", place, ErrSyntax)
			}
			last.value += "\n" + text
		case text[0] == '[':
			if len(text) < 3 || !strings.HasSuffix(text, "]") {
				return fmt.Errorf("%s: %w: %q is no name of a section", place, ErrSyntax, text)
			}
			section, last = text[1:len(text)-1], nil
			if f[section] == nil {
				f[section] = map[string][]setting{}
			}
		default:
			var err error
			if last, err = f.set(section, text, place); err != nil {
				return err
			}
		}
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("%s: %w: %w", name, ErrSyntax, err)
	}
	return nil
}

// set takes a line "name = value" or "name: value".
func (f file) set(section, text, place string) (*setting, error) {
	i := strings.IndexAny(text, "=:")
	if i < 0 {
		return nil, fmt.Errorf("%s: %w: %q has no value", place, ErrSyntax, text)
	}
	name, value := strings.TrimSpace(text[:i]), strings.TrimSpace(text[i+1:])
	switch {
	case name == "":
		return nil, fmt.Errorf("%s: %w: an option without a name", place, ErrSyntax)
	case section == "":
		return nil, fmt.Errorf("%s: %w: option %s comes before any section", place, ErrSyntax, name)
	}
	if n := len(value); n > 1 && value[0] == value[n-1] && (value[0] == '"' || value[0] == '\'') {
		value = value[1 : n-1]
	}
	all := append(f[section][name], setting{value, place})
	f[section][name] = all
	return &all[len(all)-1], nil
}

// get is an option that may be there once.
func (f file) get(section, name string) (setting, bool) {
	all := f[section][name]
	if len(all) == 0 {
		return setting{}, false
	}
	s := all[len(all)-1]
	s.value = f.expand(s.value)
	return s, true
}

// expand puts options of [DEFAULT] in place of their names: "$state_path", "${host}". "$$"
// is a "$", and what names nothing stays.
func (f file) expand(text string) string {
	var b strings.Builder
	for {
		before, after, found := strings.Cut(text, "$")
		b.WriteString(before)
		if !found {
			return b.String()
		}
		name, rest := variable(after)
		all := f["DEFAULT"][name]
		switch {
		case strings.HasPrefix(after, "$"):
			b.WriteByte('$')
			rest = after[1:]
		case len(all) > 0:
			b.WriteString(all[len(all)-1].value) // as it is written: names in it stay
		default:
			b.WriteByte('$')
			rest = after
		}
		text = rest
	}
}

// variable cuts a name, in braces or not, from what follows.
func variable(text string) (name, rest string) {
	if inner, ok := strings.CutPrefix(text, "{"); ok {
		if name, rest, ok = strings.Cut(inner, "}"); ok {
			return name, rest
		}
	}
	n := strings.IndexFunc(text, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'a' || r > 'z') && (r < 'A' || r > 'Z')
	})
	if n < 0 {
		n = len(text)
	}
	return text[:n], text[n:]
}

// readFile adds a file.
func (f file) readFile(name string) error {
	in, err := os.Open(name)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	defer in.Close()
	return f.read(name, in)
}
