package mon

import (
	"slices"
	"time"

	"github.com/wavetank/wavetank/daemons/msg"
)

// digestPeriod is how often managers get a digest (mon_mgr_digest_period).
const digestPeriod = 5 * time.Second

const digestName = "mgrdigest"

// serveDigest answers who subscribes to digests at once, and from then on
// periodically (MM-22).
func (m *Mon) serveDigest(s *session, sub *subscription) {
	if sub.next > 0 { // onDigest does it
		return
	}
	m.sendDigest(s)
	sub.sent(0)
	m.digest.Reset(digestPeriod)
}

// onDigest sends digests to all subscribers of this monitor. Without a quorum they
// get none, and have to wait.
func (m *Mon) onDigest() {
	waiting := false
	for _, s := range slices.Clone(m.sessions.list) {
		for _, sub := range s.subs {
			if sub.what != digestName {
				continue
			}
			waiting = true
			if m.status().Active {
				m.sendDigest(s)
			}
		}
	}
	if waiting {
		m.digest.Reset(digestPeriod)
	}
}

// sendDigest sends what managers must know of monitors and health, as JSON.
func (m *Mon) sendDigest(s *session) {
	s.con.Send(msg.NewFromMon(&msg.MgrDigest{
		MonStatus: toJSON(m.statusOfThis(), false), Health: toJSON(m.health.json(true), false),
	}))
}
