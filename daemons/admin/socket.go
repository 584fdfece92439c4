package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
)

// Socket is what answers. It belongs to the loop that it serves on.
type Socket struct {
	hooks []Hook // ascending by prefix, as Ceph lists them
}

// New makes a Socket of a daemon's hooks. It panics if two have one prefix.
func New(hooks []Hook) *Socket {
	s := &Socket{}
	s.hooks = append(s.own(), hooks...)
	slices.SortFunc(s.hooks, func(a, b Hook) int { return strings.Compare(a.Prefix, b.Prefix) })
	for i := range s.hooks[1:] {
		if s.hooks[i].Prefix == s.hooks[i+1].Prefix {
			panic("admin: two hooks for " + s.hooks[i].Prefix)
		}
	}
	return s
}

// Serve answers on loop what the operator of h asks, if h has a way to ask. Errors:
// those of [host.AdminHost].
func Serve(h host.Host, loop host.Loop, hooks []Hook) error {
	return host.ServeAdmin(h, loop, New(hooks).Answer)
}

// own are the hooks of every daemon.
func (s *Socket) own() []Hook {
	return []Hook{
		{"0", "", "", func(Args) (any, error) { return raw("2"), nil }},
		{"get_command_descriptions", "", "list available commands", s.describe},
		{"git_version", "", "get git sha1", func(Args) (any, error) { return map[string]string{"git_version": "wavetank"}, nil }},
		{"help", "", "list available commands", s.help},
		// Nothing is held back that could be flushed.
		{"log flush", "", "flush log entries to log file", func(Args) (any, error) { return struct{}{}, nil }},
	}
}

// raw is an answer that is not JSON.
type raw string

// Remark is an answer with a line for the operator. Who asks by message sees it, the
// socket has no place for it.
type Remark struct {
	Line   string
	Answer any
}

// Answer replies to a question. It never fails: what is wrong is the reply.
func (s *Socket) Answer(request []byte) []byte {
	args, err := parse(request)
	if err != nil {
		return refusal(err)
	}
	_, output, err := s.Run(args)
	if err != nil {
		return refusal(err)
	}
	return output
}

// Run is Answer for a question that came as a message ("ceph tell"): its output, and a
// line for the operator. Args need a prefix and may have a format, both texts. Errors
// are *Error.
func (s *Socket) Run(args Args) (line string, output []byte, err error) {
	answer, err := s.run(args)
	if err != nil {
		return "", nil, asError(err)
	}
	if remark, ok := answer.(Remark); ok {
		line, answer = remark.Line, remark.Answer
	}
	if text, ok := answer.(raw); ok {
		return line, []byte(text), nil
	}
	output, err = encode(answer, args.Text("format") != "json")
	return line, output, err
}

// Tell replies to a question that came as a message ("ceph tell"), to which errors are
// told by their number. Ceph: AdminSocket::queue_tell_command.
func (s *Socket) Tell(request []byte) (code int32, status string, output []byte) {
	args, err := parse(request)
	if err == nil {
		status, output, err = s.Run(args)
	}
	if err != nil {
		e := asError(err)
		return -int32(e.Errno), e.Text, nil
	}
	return 0, status, output
}

// parse reads a question. The errors are Ceph's.
func parse(request []byte) (Args, error) {
	d := json.NewDecoder(bytes.NewReader(request))
	d.UseNumber()
	var parsed any
	if err := d.Decode(&parsed); err != nil {
		return nil, invalid("invalid json")
	}
	object, ok := parsed.(map[string]any)
	if !ok {
		return nil, invalid("invalid json")
	}
	for _, name := range []string{"prefix", "format"} {
		if _, text := object[name].(string); object[name] != nil && !text {
			return nil, invalid("invalid json, missing format and/or prefix")
		}
	}
	return object, nil
}

func invalid(text string) error { return &Error{EINVAL, text} }

func (s *Socket) run(args Args) (any, error) {
	prefix := args.Text("prefix")
	i, found := slices.BinarySearchFunc(s.hooks, prefix, func(k Hook, p string) int { return strings.Compare(k.Prefix, p) })
	switch {
	case !found:
		return nil, invalid("unknown command prefix " + prefix)
	case !s.hooks[i].fits(args):
		return nil, invalid("invalid command json")
	}
	return s.hooks[i].Run(args)
}

// refusal is how Ceph tells an error.
func refusal(err error) []byte {
	e := asError(err)
	return fmt.Appendf(nil, "ERROR: %v\n%s\n", e.Errno, e.Text)
}

// asError is an error with its number: EINVAL, unless it says otherwise.
func asError(err error) *Error {
	e := &Error{EINVAL, err.Error()}
	errors.As(err, &e)
	return e
}

// encode writes JSON as Ceph's formatter does: without escapes for HTML, and for
// people unless "json" was asked for.
func encode(v any, pretty bool) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if pretty {
		e.SetIndent("", "    ")
	}
	if err := e.Encode(v); err != nil {
		return nil, asError(err)
	}
	if !pretty {
		return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
	}
	return b.Bytes(), nil
}

// help is each command with its line, those without one left out.
func (s *Socket) help(Args) (any, error) {
	all := map[string]string{}
	for _, k := range s.hooks {
		if k.Help != "" {
			all[k.Prefix] = k.Help
		}
	}
	return all, nil
}

// describe is from what Ceph's command line learns what it may ask for, by names that
// only count.
func (s *Socket) describe(Args) (any, error) {
	type description struct {
		Sig  []any  `json:"sig"`
		Help string `json:"help"`
	}
	all := map[string]description{}
	for i, k := range s.hooks {
		all[fmt.Sprintf("cmd%03d", i)] = description{Sig: Signature(k.Prefix, k.Params), Help: k.Help}
	}
	return all, nil
}
