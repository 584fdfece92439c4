package timeline

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/sim/tracefile"
)

// timeWidth is the width of the column of time: 27 hours fit.
const timeWidth = 12

// seconds is a time of the run in its column. What is below a microsecond is cut
// off, so that --from with a time that was shown does not miss it.
func seconds(d time.Duration) string {
	return fmt.Sprintf("%*d.%06d", timeWidth-7, d/time.Second, d%time.Second/time.Microsecond)
}

// text is an event in words: its kind and the fields that its look names.
func (l look) text(e *tracefile.Event) string {
	words := []string{e.Kind}
	switch {
	case e.Kind == "log":
		words = append(words, e.Get("msg"))
		words = append(words, pairs(e, "msg", "level")...)
	case l.brief == "":
		words = append(words, pairs(e)...)
	}
	for _, word := range strings.Fields(l.brief) {
		if shown := brief(word, e); shown != "" {
			words = append(words, shown)
		}
	}
	return clean(strings.Join(words, " "))
}

// brief is what a word of look.brief shows of an event; empty if nothing.
func brief(word string, e *tracefile.Event) string {
	if key, ok := strings.CutSuffix(word, "?"); ok {
		if e.Get(key) == "true" {
			return key
		}
		return ""
	}
	name, key, named := strings.Cut(word, "=")
	if key == "" {
		key = name
	}
	value := e.Get(key)
	if value == "" || !named {
		return value
	}
	return name + "=" + value
}

// pairs are the fields of an event that say something, except the named ones: not
// the empty ones, nor those that repeat the host.
func pairs(e *tracefile.Event, except ...string) (words []string) {
	for _, f := range e.Fields {
		if v := f.Value(); v != "" && !contains(except, f.Key) && !repeatsHost(v, e.Host) {
			words = append(words, f.Key+"="+v)
		}
	}
	return words
}

// repeatsHost reports whether a value is the host's name, or that without its
// type.
func repeatsHost(value, host string) bool {
	return value == host || strings.HasSuffix(host, "."+value)
}

func contains(list []string, s string) bool {
	for _, l := range list {
		if l == s {
			return true
		}
	}
	return false
}

// whole is everything that an event says, for searching.
func whole(e *tracefile.Event) string {
	var b strings.Builder
	b.WriteString(e.Host)
	b.WriteByte(' ')
	b.WriteString(e.Kind)
	for _, f := range e.Fields {
		b.WriteByte(' ')
		b.WriteString(f.Key)
		b.WriteByte('=')
		b.WriteString(f.Value())
	}
	return b.String()
}

// clean makes a text of one line of ASCII, whose length is its width and which a
// terminal only shows.
func clean(s string) string {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			quoted := strconv.QuoteToASCII(s)
			return strings.ReplaceAll(quoted[1:len(quoted)-1], `\"`, `"`)
		}
	}
	return s
}

// cut makes a text fit, and shows that it was longer.
func cut(s string, width int) string {
	const more = "..."
	switch {
	case len(s) <= width:
		return s
	case width <= len(more):
		return s[:max(width, 0)]
	}
	return s[:width-len(more)] + more
}

// wrap cuts a text into lines at its spaces: the first of at most the given width,
// which may be none, the others of at most the second.
func wrap(text string, first, width int) (lines []string) {
	for room := max(first, 0); len(text) > room; room = width {
		n := strings.LastIndexByte(text[:room+1], ' ')
		if n <= 0 {
			n = room
		}
		lines = append(lines, strings.TrimRight(text[:n], " "))
		text = strings.TrimLeft(text[n:], " ")
	}
	return append(lines, text)
}
