package monc_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
)

// Each message has all options; the owner is told what differs, and nothing if
// nothing does, as at the beginning of each session.
func TestConfig_change(t *testing.T) {
	o := newOwner(t, 1, nil)
	var got []monc.ConfigChange
	o.OnConfigChange(func(c monc.ConfigChange) { got = append(got, c) })
	o.authenticate()
	o.world.Run(time.Second)
	type options = map[string]string
	for _, tt := range []struct {
		name string
		sent options
		want []monc.ConfigChange
	}{
		{"none as before", nil, nil},
		{"some", options{"a": "1", "b": "2"}, []monc.ConfigChange{{Set: options{"a": "1", "b": "2"}}}},
		{"the same", options{"a": "1", "b": "2"}, nil},
		{"another value", options{"a": "1", "b": "3"}, []monc.ConfigChange{{Set: options{"b": "3"}}}},
		{"an empty value", options{"a": "", "b": "3"}, []monc.ConfigChange{{Set: options{"a": ""}}}},
		{"one more, one gone", options{"b": "3", "c": "4"}, []monc.ConfigChange{{Set: options{"c": "4"}, Unset: []string{"a"}}}},
		{"none", nil, []monc.ConfigChange{{Unset: []string{"b", "c"}}}},
	} {
		got = nil
		o.mon().Push(&msg.Config{Options: tt.sent})
		o.world.Run(time.Second)
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
}
