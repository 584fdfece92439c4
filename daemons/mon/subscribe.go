package mon

import (
	"slices"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// subscription is one client's wish for a map.
type subscription struct {
	what    string
	next    uint64 // the first epoch wanted; 0: the latest
	onetime bool
}

// maps are the current maps in the form in which they are sent: encoded once per
// epoch, not once per subscriber.
type maps struct {
	monMap   msg.Body
	monEpoch uint64
	mgrMap   msg.Body
	mgrEpoch uint64
}

func (c *maps) setMgrMap(mm *msg.MgrMap, payload []byte) {
	c.mgrMap = &msg.MgrMapMsg{Map: *mm, Encoded: payload}
	c.mgrEpoch = uint64(mm.Epoch)
}

// encodeMonMap is a monmap as it is sent.
func encodeMonMap(mm *msg.MonMap) []byte {
	var e wire.Encoder
	mm.Encode(&e, msg.FeaturesAll)
	return e.Bytes()
}

func (c *maps) setMonMap(mm *msg.MonMap) {
	var e wire.Encoder
	e.Blob(encodeMonMap(mm))
	c.monMap = &msg.Unknown{T: msg.TypeMonMap, Head: 1, Compat: 1, Front: e.Bytes()}
	c.monEpoch = uint64(mm.Epoch)
}

// handleSubscribe takes a client's wishes; one for the same map replaces an
// earlier one (SV-8).
func (m *Mon) handleSubscribe(o *op, body *msg.MonSubscribe) {
	if body.Hostname != "" {
		o.s.hostname = body.Hostname
	}
	for _, what := range wire.SortedKeys(body.What) {
		want := body.What[what]
		if what == osdMapName && o.s.osdEpoch > want.Start { // it asks for older ones on purpose
			o.s.osdEpoch = 0
		}
		if isMap(what) {
			m.h.Probe(Subscribed{
				Mon: m.cfg.Name, Map: what, Start: want.Start, OneTime: want.OneTime, GID: o.s.gid, Session: o.s.number,
			})
		}
		s := o.s.want(subscription{what: what, next: want.Start, onetime: want.OneTime})
		m.serve(o.s, s)
	}
	o.s.dropServed()
}

// isMap reports whether facts tell of a subscription: of maps they do.
func isMap(what string) bool {
	switch what {
	case "mgrmap", "monmap", osdMapName, "fsmap", "mdsmap":
		return true
	}
	return false
}

// want enters a wish. Subscriptions are ascending by name.
func (s *session) want(w subscription) *subscription {
	i, found := slices.BinarySearchFunc(s.subs, w.what, func(x subscription, what string) int {
		return strings.Compare(x.what, what)
	})
	if !found {
		s.subs = slices.Insert(s.subs, i, subscription{})
	}
	s.subs[i] = w
	return &s.subs[i]
}

// served marks a one-time subscription that was fulfilled.
const served = ^uint64(0)

func (s *session) dropServed() {
	s.subs = slices.DeleteFunc(s.subs, func(x subscription) bool { return x.next == served })
}

// serve sends the map if there is something new for the subscriber. Maps that
// this monitor does not have are never sent.
func (m *Mon) serve(s *session, sub *subscription) {
	switch sub.what {
	case "mgrmap":
		m.serveMap(s, sub, m.maps.mgrMap, m.maps.mgrEpoch)
	case "monmap":
		m.serveMap(s, sub, m.maps.monMap, m.maps.monEpoch)
	case osdMapName:
		m.serveOSDMap(s, sub)
	case "fsmap":
		m.serveMap(s, sub, m.fs.body, uint64(m.fs.committed.Epoch))
	case "mdsmap":
		m.serveMDSMap(s, sub)
	case serviceMapName:
		m.serveServiceMap(s, sub)
	case digestName:
		m.serveDigest(s, sub)
	case "config":
		m.serveConfig(s, sub)
	default:
		switch {
		case strings.HasPrefix(sub.what, "kv:"):
			m.serveKeys(s, sub)
		case strings.HasPrefix(sub.what, "log-"):
			m.serveLog(s, sub)
		}
	}
}

func (m *Mon) serveMap(s *session, sub *subscription, body msg.Body, epoch uint64) {
	if sub.next > epoch {
		return
	}
	s.con.Send(msg.NewFromMon(body))
	m.h.Probe(MapSent{Mon: m.cfg.Name, Map: sub.what, Epoch: epoch, GID: s.gid, Session: s.number})
	sub.sent(epoch)
}

func (sub *subscription) sent(epoch uint64) {
	if sub.onetime {
		sub.next = served
		return
	}
	sub.next = epoch + 1
}

// tellSubscribers sends what is new to whoever waits for it (MM-21).
func (m *Mon) tellSubscribers() {
	if !m.status().Active {
		return
	}
	for _, s := range slices.Clone(m.sessions.list) {
		for i := range s.subs {
			m.serve(s, &s.subs[i])
		}
		s.dropServed()
	}
}

// handleGetVersion answers which epochs of a map there are (SV-11).
func (m *Mon) handleGetVersion(o *op, g *msg.MonGetVersion) {
	r := &msg.MonGetVersionReply{Handle: g.Handle}
	switch g.What {
	case mgrMapName, osdMapName, fsMapName, monMapName:
		r.Oldest, r.Newest = m.state.Epochs(g.What)
	case "mdsmap":
		r.Oldest, r.Newest = m.state.Epochs(fsMapName)
	}
	m.reply(o, r, nil)
}
