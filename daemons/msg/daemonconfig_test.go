package msg

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/wire"
)

// The options of a monitor of Ceph's are read as what they are, and written as they were.
func TestDaemonConfig(t *testing.T) {
	m, err := Decode(Header{Type: TypeMgrOpen, Version: 3}, readVector(t, "testdata/MMgrOpen-mon.hex").front, nil, nil, FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	open := m.Body.(*MgrOpen)
	c, err := DecodeDaemonConfig(open.Config)
	if err != nil {
		t.Fatal(err)
	}
	same(t, "options", c.encoded(), open.Config)
	for name, want := range map[string]map[ConfigLevel]string{
		"mon_allow_pool_delete": {ConfigFile: "true"}, "daemonize": {ConfigOverride: "false"}, "rbd_default_features": {ConfigDefault: "61"},
	} {
		if diff := cmp.Diff(want, c.Values[name]); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	defaults := wire.NewDecoder(open.ConfigDefaults).StringMap()
	if len(defaults) != 1808 || defaults["auth_allow_insecure_global_id_reclaim"] != "true" {
		t.Errorf("%d defaults", len(defaults))
	}
}

func (c *DaemonConfig) encoded() []byte {
	var e wire.Encoder
	c.Encode(&e)
	return e.Bytes()
}

func TestConfigLevel_String(t *testing.T) {
	got := ""
	for l := ConfigDefault - 1; l <= ConfigFinal+1; l++ {
		got += l.String() + " "
	}
	if got != "??? default mon file env cmdline override final ??? " {
		t.Error(got)
	}
}

func FuzzDaemonConfig(f *testing.F) {
	f.Add((&DaemonConfig{Values: map[string]map[ConfigLevel]string{"a": {1: "x", 5: "y"}}, Ignored: map[string]string{"b": "z"}}).encoded())
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := DecodeDaemonConfig(data)
		if err != nil {
			return
		}
		again, err := DecodeDaemonConfig(c.encoded())
		if err != nil || !bytes.Equal(c.encoded(), again.encoded()) {
			t.Errorf("%v; %+v became %+v", err, c, again)
		}
	})
}
