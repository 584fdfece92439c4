package timeline

import (
	"strings"

	"github.com/wavetank/wavetank/sim/tracefile"
)

// look is how the events of a kind are shown.
type look struct {
	// kind is a kind, or the beginning of several, with a * at its end.
	kind  string
	glyph byte
	tone  tone
	// brief names the fields that are shown, as words: "epoch" shows the value,
	// "gid=" both, "active=active_gid" the value under another name, and
	// "available?" the name if the value is true. Empty values are left out.
	// Without a brief all fields are shown.
	brief string
}

// tone is how loud a line is on a terminal.
type tone uint8

const (
	plain tone = iota
	quiet
	loud
)

// unknown is the look of kinds that are not in the table.
const unknown = '?'

// looks is the table of the kinds, as docs/trace.md has them. No two share a
// glyph.
func looks() []look {
	return []look{
		{"fault.*", '#', loud, "fault"},
		{kindFailure, '!', loud, "property detail"},
		{"schedule", ';', plain, "schedule"},
		{"viable", 'I', plain, "because"},
		{tracefile.KindEnd, '=', plain, "hash="},

		{"process.start", '^', plain, "pid="},
		{"process.exit", '%', loud, "pid= detail"},
		{"process.respawn", '~', plain, "pid= detail"},
		{"process.kill", 'K', loud, "pid="},
		{"process.admin", 'u', plain, "pid= detail"},
		{"host.pause", 'P', loud, ""},
		{"host.resume", 'R', loud, ""},
		{"host.power-*", 'O', loud, ""},
		{"host.clock-step", 'T', loud, ""},
		{"host.clock-offset", 'E', loud, "offset="},
		{"host.clock-drift", 'Y', loud, "ppm="},
		{"host.cpu", '5', loud, "factor="},
		{"host.disk-*", '$', loud, ""},
		{"disk.*", '&', loud, ""},
		{"point", '@', loud, "point reached="},
		{"mark", '*', loud, "name"},
		{"link.cut", 'X', loud, "from= to="},
		{"link.heal", 'H', loud, "from= to="},
		{"link.reset", 'Z', loud, "from= to="},
		{"link.delay", 'W', loud, "detail from= to="},
		{"link.latency", 'V', loud, "detail from= to="},
		{"link.bandwidth", 'Q', loud, "detail from= to="},
		{"link.mtu", 'U', loud, "detail from= to="},
		{"link.stall", 'J', loud, "from= to="},
		{"link.unstall", 'j', loud, "from= to="},
		{"host.clog", 'G', loud, ""},
		{"host.unclog", 'g', loud, ""},

		{"net.opened", 'c', quiet, "conn= remote="},
		{"net.closed", 'd', quiet, "conn= remote= error="},
		{"net.abandoned", 'e', quiet, "conn= remote= error="},
		{"net.dropped", 'y', quiet, "local= remote="},
		{"net.recv", 'r', quiet, "msg bytes= conn="},
		{"net.rule", 'v', loud, "verdict msg conn= at="},
		{"net.fin", 'f', quiet, "conn="},
		{"net.rst", 'x', quiet, "conn="},
		{"log", '.', quiet, ""},

		{"monc.hunt", '1', quiet, "mons= reason="},
		{"monc.session", 's', plain, "mon= gid="},
		{"monc.session_lost", 'l', plain, "mon= gid= reason="},
		{"monc.authenticated", '2', plain, "gid= error="},
		{"monc.want", '3', quiet, "what start= onetime? no_more?"},
		{"monc.subscribe", '4', quiet, "what mon="},
		{"monc.got", '6', quiet, "what epoch"},
		{"monc.shutdown", '7', plain, "gid="},
		{"mgrc.session", '8', quiet, "session= gid="},
		{"mgrc.lost", '9', quiet, "session= reason="},
		{"mgrc.configured", '0', quiet, "session= period_ns="},
		{"mgrc.report", 'i', quiet, "session= counters= declared= undeclared="},
		{"mon.role", 'L', plain, "role term= leader= active?"},
		{"mon.members", 'n', plain, "epoch= members="},
		{"mon.commit", 'C', plain, "map epoch active=active_gid available? standbys="},
		{"quorum.applied", 'q', quiet, "index= term="},
		{"quorum.restored", '"', plain, "index= term="},
		{"mon.mgr_beacon", 'b', plain, "gid= available?"},
		{"mon.mgr_dropped", 'D', plain, "gid= reason="},
		{"mon.mds_beacon", 'h', plain, "gid= state= seq="},
		{"mon.mds_dropped", 'F', plain, "gid= reason="},
		{"mon.map_sent", 'm', plain, "map epoch gid="},
		{"mon.subscribed", 'w', quiet, "map start= onetime? gid="},
		{"mon.beacons_kept", '+', plain, "count oldest=oldest_ns"},
		{"mon.command_acked", 'k', plain, "prefix code= epoch="},
		{"mgr.mode", 'M', plain, "mode gid= epoch="},
		{"mgr.beacon", 'B', plain, "gid= available?"},
		{"mgr.map", 'A', plain, "map epoch active=active_gid available? gid="},
		{"mgr.respawn", 'N', plain, "gid= epoch= reason="},
		{"mgr.serve", 'S', plain, "command code= gid="},
		{"operator.answer", 'a', plain, "command code= status= error="},
		{"keyclient.asked", '(', plain, "op key value="},
		{"keyclient.answered", ')', plain, "code= value= error="},

		{"sqld.ready", ',', plain, "primary? position="},
		{"cinder.started", 't', plain, "service binary id="},
		{"cinder.working", '/', plain, "service binary working?"},
		{"cinder.row", '[', plain, "service binary id= again?"},
		{"cinder.row.*", ']', plain, "service binary"},
		{"cinder.beat", 'p', plain, "service binary count="},
		{"cinder.beat.*", '\'', quiet, "service binary"},
		{"cinder.judged*", 'z', quiet, "service binary"},
		{"cinder.work.claimed", '\\', plain, "service binary resource= version="},
		{"cinder.replication.*", '`', plain, "service cluster= status="},
		{"cinder.api.*", '_', quiet, ""},
		{"cinder.request.*", '{', plain, "request"},
		{"cinder.listed*", '}', quiet, "api= status= disabled="},
	}
}

// wardrobe finds looks.
type wardrobe struct {
	exact    map[string]look
	prefixes []look
}

func newWardrobe() *wardrobe {
	w := &wardrobe{exact: make(map[string]look)}
	for _, l := range looks() {
		if strings.HasSuffix(l.kind, "*") {
			w.prefixes = append(w.prefixes, l)
		} else {
			w.exact[l.kind] = l
		}
	}
	return w
}

// of is the look of a kind.
func (w *wardrobe) of(kind string) look {
	if l, ok := w.exact[kind]; ok {
		return l
	}
	for _, l := range w.prefixes {
		if strings.HasPrefix(kind, strings.TrimSuffix(l.kind, "*")) {
			return l
		}
	}
	return look{kind: kind, glyph: unknown}
}
