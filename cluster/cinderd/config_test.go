package cinderd_test

import (
	"errors"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/cluster/cinderd"
	"github.com/wavetank/wavetank/daemons/cinder"
)

func write(t testing.TB, text string) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "cinder.conf")
	if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return name
}

const full = `# comment
[DEFAULT]
host = ctl
state_path: "/srv/cinder"
log_dir = $state_path/log
enabled_backends = lvm, ceph
transport_url = wavetank://127.0.0.1:5672,127.0.0.2:5673/
osapi_volume_listen = 127.0.0.1
osapi_volume_listen_port = 8777
service_down_time = 8
report_interval=2
volume_driver = whatever
my_ip = $unknown

[database]
connection = postgresql://u:p$$w@127.0.0.1/${host}
max_overflow = 0
max_retries = 3

[lvm]
volume_backend_name = fast
replication_device = backend_id:b1,a:b
replication_device = c:d, backend_id:b2

[ceph]
backend_host = other
; the rest is of somebody else
[keystone_authtoken]
a = 1
  goes on
`

func TestRead(t *testing.T) {
	c, err := cinderd.Read(write(t, full), write(t, "[DEFAULT]\nreport_interval = 3\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []cinderd.Backend{
		{Name: "lvm", Host: "ctl", Driver: cinder.BackendConfig{Name: "fast", Targets: []string{"b1", "b2"}}},
		{Name: "ceph", Host: "other", Driver: cinder.BackendConfig{Name: "ceph"}},
	}
	if diff := cmp.Diff(want, c.Backends); diff != "" {
		t.Error(diff)
	}
	if got := c.Backends[1].Service(); got != "other@ceph" {
		t.Error(got)
	}
	brokers := []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:5672"), netip.MustParseAddrPort("127.0.0.2:5673")}
	if diff := cmp.Diff(brokers, c.Brokers, cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b })); diff != "" {
		t.Error(diff)
	}
	if c.Database.URL != "postgresql://u:p$w@127.0.0.1/ctl" || c.Database.MaxOverflow != -1 || c.Service.DBMaxRetries != 3 {
		t.Errorf("%+v", c.Database)
	}
	if c.Service.ReportInterval != 3*time.Second || c.Service.ServiceDownTime != 8*time.Second || c.API.ServiceDownTime != 8*time.Second {
		t.Errorf("%+v", c.Service)
	}
	if c.Log("cinder-api") != "/srv/cinder/log/cinder-api.log" || c.Bind != netip.MustParseAddrPort("127.0.0.1:8777") || c.API.Host != "ctl" {
		t.Errorf("%+v", c)
	}
	for kind, want := range map[string][]string{
		"cinder-volume": {"cinder-volume@lvm", "cinder-volume@ceph"}, "cinder-api": {"cinder-api"}, "cinder-broker": {"cinder-broker"},
		"cinder-scheduler": {"cinder-scheduler"}, "cinder-backup": {"cinder-backup"},
	} {
		all, err := c.Daemons(kind)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, d := range all {
			got = append(got, d.Name)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Error(diff)
		}
	}
}

// What is not said is as in Cinder.
func TestRead_defaults(t *testing.T) {
	c, err := cinderd.Read(write(t, "[DEFAULT]\ntransport_url = wavetank://127.0.0.1:5672\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c.Database.URL != "sqlite:////var/lib/cinder/cinder.sqlite" || c.Service.ServiceDownTime != time.Minute ||
		c.Bind != netip.MustParseAddrPort("0.0.0.0:8776") || c.Host == "" || c.Log("x") != "" {
		t.Errorf("%+v", c)
	}
	if _, err := c.Daemons("cinder-volume"); !errors.Is(err, cinderd.ErrConfig) {
		t.Errorf("no backends: %v", err)
	}
	if _, err := c.Daemons("cinder-csi"); !errors.Is(err, cinderd.ErrConfig) {
		t.Errorf("unknown kind: %v", err)
	}
}

// What cannot be meant is refused with its place.
func TestRead_refuses(t *testing.T) {
	const begin = "[DEFAULT]\ntransport_url = wavetank://127.0.0.1:5672\n"
	for text, want := range map[string]string{
		"a = 1\n":    ":1: syntax error: option a comes before any section",
		"[]\n":       `:1: syntax error: "[]" is no name`,
		"[DEFAULT\n": `:1: syntax error: "[DEFAULT" is no name`,
		"[a]\n  x\n": ":2: syntax error: a value goes on that has not begun",
		"[a]\nx\n":   `:2: syntax error: "x" has no value`,
		"[a]\n= x\n": ":2: syntax error: an option without a name",
		"[a]\nx = " + strings.Repeat("x", 100000):                       "cinder.conf: syntax error: bufio.Scanner: token too long",
		begin + "report_interval = soon\n":                              ":3: unusable configuration: report_interval: bad value",
		begin + "service_down_time = 0\n":                               ":3: unusable configuration: service_down_time: bad value",
		begin + "osapi_volume_listen = here\n":                          ":3: unusable configuration: osapi_volume_listen: here, port 8776",
		begin + "osapi_volume_listen_port = 70000\n":                    "unusable configuration: osapi_volume_listen is not set",
		begin + "auth_strategy = keystone\n":                            `:3: unusable configuration: auth_strategy: "keystone": there is only noauth`,
		begin + "enabled_backends = lvm\n":                              ":3: unusable configuration: enabled_backends: there is no section [lvm]",
		begin + "enabled_backends = a,a\n[a]\n":                         "enabled_backends: a is there twice",
		begin + "enabled_backends = a\n[a]\nreplication_device = x:y\n": `:5: unusable configuration: replication_device: "x:y" has no backend_id`,
		"[DEFAULT]\ntransport_url = rabbit://127.0.0.1\n":               `:2: unusable configuration: transport_url: "rabbit://127.0.0.1" is not of the form`,
		"[DEFAULT]\ntransport_url = wavetank://here:1\n":                ":2: unusable configuration: transport_url:",
		"": "unusable configuration: transport_url is not set",
	} {
		_, err := cinderd.Read(write(t, text))
		if err == nil || !strings.Contains(err.Error(), want) || errors.Is(err, cinderd.ErrConfig) == errors.Is(err, cinderd.ErrSyntax) {
			t.Errorf("%.60q: %v, want %s", text, err, want)
		}
	}
	if _, err := cinderd.Read("/nowhere/cinder.conf"); !errors.Is(err, cinderd.ErrConfig) {
		t.Error(err)
	}
}

// FuzzRead: whatever a file has, it is read or refused.
func FuzzRead(f *testing.F) {
	f.Add(full)
	f.Add("[DEFAULT]\nhost = $host\nstate_path = ${state_path\ntransport_url = wavetank://[::1]:1\nlog_file = $\n")
	f.Fuzz(func(t *testing.T, text string) {
		c, err := cinderd.Read(write(t, text))
		if err != nil && errors.Is(err, cinderd.ErrConfig) == errors.Is(err, cinderd.ErrSyntax) {
			t.Fatal(err)
		}
		if err == nil {
			for _, kind := range cinderd.Kinds() {
				if _, err := c.Daemons(kind); err != nil && !errors.Is(err, cinderd.ErrConfig) {
					t.Fatal(err)
				}
			}
		}
	})
}
