package admin_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/admin"
)

// socket is that of a daemon with one option of each kind and a command that fails.
func socket() *admin.Socket {
	seven, nine := "7", "9"
	hooks := append(admin.ConfigHooks("mon.a", func() []admin.Option {
		return []admin.Option{
			{Name: "mon_lease", Default: "5.000000"},
			{Name: "mon_max_osd", Default: "10000", Mon: &seven},
			{Name: "mon_tick_interval", Default: "5", Mon: &seven, Override: &nine},
		}
	}),
		admin.PerfHook(func() map[string]admin.Counters {
			return map[string]admin.Counters{"mon": {"num_sessions": 3, "session_add": 4}, "cluster": {"num_mon": 1}}
		}),
		admin.Hook{Prefix: "fail", Run: func(admin.Args) (any, error) { return nil, errors.New("no <luck>") }},
		admin.Hook{Prefix: "many", Params: "name=val,type=CephString,n=N", Run: func(a admin.Args) (any, error) { return a.Texts("val"), nil }},
		admin.Hook{Prefix: "typed", Params: "name=i,type=CephInt name=b,type=CephBool", Run: func(a admin.Args) (any, error) { return "<>&", nil }},
	)
	return admin.New(hooks)
}

const invalidArgument = "ERROR: (22) Invalid argument\n"

// The answers to questions of Ceph's own hooks are those of Ceph 16.2.15.
func TestSocket_answers(t *testing.T) {
	for request, want := range map[string]string{
		`{"prefix":"0"}`:                            "2",
		`{"prefix":"git_version"}`:                  "{\n    \"git_version\": \"wavetank\"\n}\n",
		`{"prefix":"git_version","format":"json"}`:  `{"git_version":"wavetank"}`,
		`{"prefix":"git_version","format":"bogus"}`: "{\n    \"git_version\": \"wavetank\"\n}\n",
		`{"prefix":"git_version"} and more`:         "{\n    \"git_version\": \"wavetank\"\n}\n",
		`{"prefix":"log flush"}`:                    "{}\n",
		``:                                          invalidArgument + "invalid json\n",
		`0`:                                         invalidArgument + "invalid json\n",
		`version`:                                   invalidArgument + "invalid json\n",
		`{bad`:                                      invalidArgument + "invalid json\n",
		`[]`:                                        invalidArgument + "invalid json\n",
		`{}`:                                        invalidArgument + "unknown command prefix \n",
		`{"prefix":""}`:                             invalidArgument + "unknown command prefix \n",
		`{"prefix":"bogus"}`:                        invalidArgument + "unknown command prefix bogus\n",
		`{"prefix":1}`:                              invalidArgument + "invalid json, missing format and/or prefix\n",
		`{"prefix":"help","format":7}`:              invalidArgument + "invalid json, missing format and/or prefix\n",
		`{"prefix":"config get"}`:                   invalidArgument + "invalid command json\n",
		`{"prefix":"config get","var":7}`:           invalidArgument + "invalid command json\n",
		`{"prefix":"config get","var":"nope"}`:      "ERROR: (2) No such file or directory\nerror getting 'nope': (2) No such file or directory\n",
		`{"prefix":"config get","var":"mon lease"}`:                                      "{\n    \"mon lease\": \"5.000000\"\n}\n",
		`{"prefix":"perf dump","logger":"nope"}`:                                         "{}\n",
		`{"prefix":"perf dump","logger":"cluster"}`:                                      "{\n    \"cluster\": {\n        \"num_mon\": 1\n    }\n}\n",
		`{"prefix":"fail"}`:                                                              invalidArgument + "no <luck>\n",
		`{"prefix":"many","val":["a","b"]}`:                                              "[\n    \"a\",\n    \"b\"\n]\n",
		`{"prefix":"many","val":"a"}`:                                                    invalidArgument + "invalid command json\n",
		`{"prefix":"many","val":["a",1]}`:                                                invalidArgument + "invalid command json\n",
		`{"prefix":"typed","i":1,"b":true}`:                                              "\"<>&\"\n",
		`{"prefix":"typed","i":1.5,"b":true}`:                                            invalidArgument + "invalid command json\n",
		`{"prefix":"typed","i":1,"b":"true"}`:                                            invalidArgument + "invalid command json\n",
		`{"prefix":"perf dump","logger":"mon","counter":"num_sessions","format":"json"}`: `{"mon":{"num_sessions":3}}`,
		`{"prefix":"perf dump","logger":"mon","counter":"nope"}`:                         "{}\n",
		`{"prefix":"perf dump","format":"json"}`:                                         `{"cluster":{"num_mon":1},"mon":{"num_sessions":3,"session_add":4}}`,
		`{"prefix":"config show","format":"json"}`:                                       `{"mon_lease":"5.000000","mon_max_osd":"7","mon_tick_interval":"9","name":"mon.a"}`,
		`{"prefix":"config diff","format":"json"}`: `{"diff":{"mon_max_osd":{"default":"10000","mon":"7","final":"7"},` +
			`"mon_tick_interval":{"default":"5","mon":"7","override":"9","final":"9"}}}`,
		`{"prefix":"config diff get","var":"mon_lease","format":"json"}`: `{"diff":{"mon_lease":{"default":"5.000000","final":"5.000000"}}}`,
	} {
		if got := string(socket().Answer([]byte(request))); got != want {
			t.Errorf("%s: %q, want %q", request, got, want)
		}
	}
}

// The command line learns from the descriptions what it may send, and people from the
// help: neither may miss a command.
func TestSocket_describes(t *testing.T) {
	var described map[string]struct {
		Sig  []any
		Help string
	}
	var help map[string]string
	for into, request := range map[any]string{&described: "get_command_descriptions", &help: "help"} {
		if err := json.Unmarshal(socket().Answer([]byte(`{"prefix":"`+request+`"}`)), into); err != nil {
			t.Fatal(request, err)
		}
	}
	if len(described) != 13 || described["cmd000"].Sig[0] != "0" {
		t.Errorf("%d commands: %v", len(described), described)
	}
	for _, d := range described {
		var words []string
		for _, part := range d.Sig {
			if word, ok := part.(string); ok {
				words = append(words, word)
			}
		}
		if prefix := strings.Join(words, " "); d.Help != help[prefix] {
			t.Errorf("%s: %q, help says %q", prefix, d.Help, help[prefix])
		}
	}
	if got := described["cmd003"]; len(got.Sig) != 3 || got.Sig[2].(map[string]any)["name"] != "var" {
		t.Errorf("config get is described as %v", got)
	}
}

func TestNew_refusesTwoOfOneName(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("two hooks for help were taken")
		}
	}()
	admin.New([]admin.Hook{{Prefix: "help"}})
}

// Whatever is asked, there is an answer that the command line can show: JSON, or an
// error with a line of its own.
func FuzzAnswer(f *testing.F) {
	for _, seed := range []string{`{"prefix":"help"}`, `{"prefix":"config get","var":"x"}`, `{`, `[[[[`, "\x00\x00\x00\x01",
		`{"prefix":"perf dump","logger":null}`, `{"prefix":"many","val":[{}]}`, "{\"prefix\":\"\xff\"}"} {
		f.Add([]byte(seed))
	}
	s := socket()
	f.Fuzz(func(t *testing.T, request []byte) {
		reply := s.Answer(request)
		if !json.Valid(reply) && !(bytes.HasPrefix(reply, []byte("ERROR: (")) && bytes.HasSuffix(reply, []byte("\n"))) {
			t.Errorf("%q: %q", request, reply)
		}
		if len(reply) > 10_000+4*len(request) {
			t.Errorf("%d bytes are answered with %d", len(request), len(reply))
		}
	})
}
