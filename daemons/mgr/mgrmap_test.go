package mgr

import (
	"testing"

	"github.com/wavetank/wavetank/daemons/msg"
)

// MS-14 (b), (c) and (d).
func TestJudge(t *testing.T) {
	const me, other, name = 4101, 4102, "x"
	for _, tt := range []struct {
		what   string
		m      msg.MgrMap
		gid    uint64
		active bool
		want   verdict
	}{
		{"names us, we stand by", msg.MgrMap{ActiveGID: me, ActiveName: name}, me, false, becomeActive},
		{"names us, we are active", msg.MgrMap{ActiveGID: me, ActiveName: name}, me, true, beActive},
		{"names us as available, we are active", msg.MgrMap{ActiveGID: me, ActiveName: name, Available: true}, me, true, beActive},
		{"names us as available, we stand by", msg.MgrMap{ActiveGID: me, ActiveName: name, Available: true}, me, false, becomeActive},
		{"names another, we are active", msg.MgrMap{ActiveGID: other, ActiveName: "y"}, me, true, stepDown},
		{"names our next incarnation, we are active", msg.MgrMap{ActiveGID: other, ActiveName: name}, me, true, stepDown},
		{"names nobody, we are active", msg.MgrMap{}, me, true, stepDown},
		{"names another, we stand by", msg.MgrMap{ActiveGID: other, ActiveName: "y"}, me, false, shadow},
		{"names our last incarnation, we stand by", msg.MgrMap{ActiveGID: other, ActiveName: name}, me, false, carryOn},
		{"names nobody, we stand by", msg.MgrMap{}, me, false, carryOn},
		{"names nobody, with a name left over", msg.MgrMap{ActiveName: "y"}, me, false, carryOn},
		{"names nobody, we have no id yet", msg.MgrMap{}, 0, false, carryOn},
	} {
		if got := judge(&tt.m, tt.gid, name, tt.active); got != tt.want {
			t.Errorf("%s: verdict %d, want %d", tt.what, got, tt.want)
		}
	}
}
