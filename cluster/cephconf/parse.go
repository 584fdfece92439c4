package cephconf

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode/utf8"
)

// ErrSyntax: the text is no configuration. The error says where: "ceph.conf:12: ...".
var ErrSyntax = errors.New("not a configuration file")

// maxSize is the most bytes of a file. Real ones have a few thousand.
const maxSize = 1 << 20

// Option is a value and where it comes from.
type Option struct {
	Value string
	Place string // "ceph.conf:12", for errors
}

// File is the options of a file by section and name.
type File struct {
	sections map[string]map[string]Option
}

// Read reads a file. Errors: those of the file system, ErrSyntax.
func Read(name string) (*File, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, err
	}
	return Parse(name, string(text))
}

// Parse reads the text of a file of that name. Error: ErrSyntax.
func Parse(name, text string) (*File, error) {
	p := &parser{file: &File{sections: map[string]map[string]Option{}}, name: name}
	if len(text) > maxSize {
		return nil, p.wrong("more than %d bytes", maxSize)
	}
	for rest := text; rest != ""; {
		var line string
		line, rest = p.statement(rest)
		if err := p.take(line); err != nil {
			return nil, err
		}
	}
	return p.file, nil
}

// parser goes through a text statement by statement.
type parser struct {
	file    *File
	name    string
	line    int               // of the statement at hand, from 1
	next    int               // lines before the rest
	section map[string]Option // nil before the first
}

// wrong is an error in the statement at hand.
func (p *parser) wrong(format string, args ...any) error {
	return fmt.Errorf("%s:%d: %w: %s", p.name, max(p.line, 1), ErrSyntax, fmt.Sprintf(format, args...))
}

// statement is the next line without its comment, joined with those that follow where a
// backslash ends it, and the rest. Escapes are as they were.
func (p *parser) statement(text string) (line, rest string) {
	p.line = p.next + 1
	var b strings.Builder
	comment := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '\n':
			p.next++
			return b.String(), text[i+1:]
		case comment:
		case c == '#' || c == ';':
			comment = true
		case c == '\\' && (strings.HasPrefix(text[i+1:], "\n") || strings.HasPrefix(text[i+1:], "\r\n")):
			p.next++
			i += strings.IndexByte(text[i:], '\n')
		case c == '\\' && i+1 < len(text):
			b.WriteString(text[i : i+2])
			i++
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), ""
}

const blanks = " \t\r\v\f"

// take takes a statement.
func (p *parser) take(line string) error {
	switch trimmed := strings.Trim(line, blanks); {
	case !utf8.ValidString(line):
		return p.wrong("not UTF-8")
	case trimmed == "":
		return nil
	case line[0] == '[':
		return p.heading(line)
	case p.section == nil:
		return p.wrong("%q is in no section", shorten(trimmed))
	default:
		return p.option(trimmed)
	}
}

// heading begins a section, or goes on with it.
func (p *parser) heading(line string) error {
	end := find(line, "]")
	switch {
	case end < 0:
		return p.wrong("no ] after [")
	case end == 1:
		return p.wrong("the section has no name")
	case strings.Trim(line[end+1:], blanks) != "":
		return p.wrong("%q after a section's name", shorten(line[end+1:]))
	}
	name := unescape(line[1:end])
	if p.file.sections[name] == nil {
		p.file.sections[name] = map[string]Option{}
	}
	p.section = p.file.sections[name]
	return nil
}

func (p *parser) option(line string) error {
	equals := find(line, "=")
	if equals < 0 {
		return p.wrong("no = after %q", shorten(line))
	}
	key := Name(line[:equals])
	if key == "" || strings.Contains(key, "[") {
		return p.wrong("%q is no name of an option", shorten(key))
	}
	value, err := p.value(strings.Trim(line[equals+1:], blanks))
	if err != nil {
		return err
	}
	p.section[key] = Option{value, fmt.Sprintf("%s:%d", p.name, p.line)}
	return nil
}

// value is what a text stands for, in quotes or not.
func (p *parser) value(text string) (string, error) {
	if text == "" || text[0] != '"' && text[0] != '\'' {
		return strings.Trim(unescape(text), blanks), nil
	}
	inside := text[1:]
	end := find(inside, text[:1])
	switch {
	case end < 0:
		return "", p.wrong("no %s at the end of %s", text[:1], shorten(text))
	case end != len(inside)-1:
		return "", p.wrong("%q after a value in quotes", shorten(inside[end+1:]))
	}
	return strings.Trim(unescape(inside[:end]), blanks), nil
}

// find is where a character is that no backslash precedes, -1 if nowhere.
func find(text, char string) int {
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case char[0]:
			return i
		}
	}
	return -1
}

// unescape takes the backslashes away.
func unescape(text string) string {
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] == '\\' && i+1 < len(text) {
			i++
		}
		b.WriteByte(text[i])
	}
	return b.String()
}

// shorten is enough of a text to recognise it.
func shorten(text string) string {
	const most = 40
	if len(text) > most {
		return text[:most] + "..."
	}
	return text
}
