package mon

import (
	"fmt"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/mon/store"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// healthMuteSpace is the space of the store that holds the mutes, by code.
const healthMuteSpace = "health_mute"

// healthMutes are the alerts that operators do not want to hear of. A mute ends with
// its time, and, unless it is sticky, with its alert or when that gets worse. Ceph:
// HealthMonitor::check_mutes and health_mute_t in src/mon/health_check.h.
type healthMutes struct {
	*ledger
	seen   uint64 // the ledger's version, when it was read
	byCode map[string]healthMute
	// checks are the alerts that are raised now, and ended is told why a mute ends.
	checks func() map[string]msg.HealthCheck
	ended  func(code, why string)
}

// healthMute is one mute.
type healthMute struct {
	Code    string `json:"code"`
	Until   string `json:"ttl,omitempty"` // for people; see until
	Sticky  bool   `json:"sticky"`
	Summary string `json:"summary"` // of the alert, when it was muted
	Count   int64  `json:"count"`   // how much of the alert is muted; 0: it does not count
	until   wire.UTime
}

func newHealthMutes() *healthMutes { return &healthMutes{ledger: newLedger(healthMuteSpace)} }

const healthMuteVersion = 1

func (m healthMute) encode() []byte {
	var e wire.Encoder
	e.Envelope(healthMuteVersion, healthMuteVersion, func() {
		e.Time(m.until)
		e.Bool(m.Sticky)
		e.String(m.Summary)
		e.S64(m.Count)
	})
	return e.Bytes()
}

func decodeHealthMute(code string, encoded []byte) (m healthMute, err error) {
	d := wire.NewDecoder(encoded)
	m.Code = code
	d.Envelope(healthMuteVersion, "health mute", func(uint8) {
		m.until, m.Sticky, m.Summary, m.Count = d.Time(), d.Bool(), d.String(), d.S64()
	})
	if m.until != (wire.UTime{}) {
		m.Until = isoStamp(m.until)
	}
	return m, d.Err()
}

// load implements service.
func (h *healthMutes) load(s *store.State) error {
	h.state = s
	if h.byCode != nil && h.version() == h.seen {
		return nil
	}
	h.seen, h.byCode = h.version(), map[string]healthMute{}
	for _, code := range h.keys("") {
		encoded, _ := h.get(code)
		mute, err := decodeHealthMute(code, encoded)
		if err != nil {
			return fmt.Errorf("mute of %q: %w", code, err)
		}
		h.byCode[code] = mute
	}
	return nil
}

// tick implements service: it ends what has come to its end.
func (h *healthMutes) tick(_ time.Duration, wall wire.UTime) {
	checks := h.checks()
	for _, code := range wire.SortedKeys(h.byCode) {
		if h.drop[code] || h.set[code] != nil {
			continue // about to change
		}
		mute := h.byCode[code]
		if why := mute.over(checks[code], wall); why != "" {
			h.ended(code, why)
			h.remove(code)
		} else if count := checks[code].Count; !mute.Sticky && count < mute.Count {
			mute.Count = count
			h.put(code, mute.encode())
		}
	}
}

// over is why a mute ends, "" if it does not. The alert may be none.
func (m healthMute) over(alert msg.HealthCheck, wall wire.UTime) string {
	switch {
	case m.until != (wire.UTime{}) && wall.Time().After(m.until.Time()):
		return "passed TTL " + isoStamp(m.until)
	case m.Sticky:
		return ""
	case alert.Summary == "":
		return "health alert cleared"
	case m.Count > 0 && alert.Count > m.Count:
		return fmt.Sprintf("count increased from %d to %d", m.Count, alert.Count)
	case m.Count == 0 && alert.Summary != m.Summary:
		return "summary changed"
	}
	return ""
}

// list are the mutes, ascending by code.
func (h *healthMutes) list() []healthMute {
	list := []healthMute{}
	for _, code := range wire.SortedKeys(h.byCode) {
		list = append(list, h.byCode[code])
	}
	return list
}

// text names the mutes in one line, "" if there are none.
func (h *healthMutes) text(wall wire.UTime) string {
	var names []string
	for _, mute := range h.list() {
		if mute.Until != "" {
			mute.Code += "(" + mute.left(wall) + ")"
		}
		names = append(names, mute.Code)
	}
	if names == nil {
		return ""
	}
	return "(muted: " + strings.Join(names, " ") + ")"
}

// left is for how long a mute with an end still holds.
func (m healthMute) left(wall wire.UTime) string { return timespan(since(wall, m.until)) }

// mark is what stands before a muted alert in the detail.
func (m healthMute) mark(wall wire.UTime) string {
	text := "MUTED"
	if m.Until != "" {
		text += " ttl " + m.left(wall)
	}
	if m.Sticky {
		text += ", STICKY"
	}
	return "(" + text + ") "
}

// sayMuteEnded logs the end of a mute, in Ceph's words.
func (m *Mon) sayMuteEnded(code, why string) {
	m.say(msg.LogInfo, "Health alert mute %s cleared (%s)", code, why)
}

func (m *Mon) healthMuteCommand(o *op, c *msg.MonCommand, args commandArgs) {
	mute, err := m.muteOf(args)
	if err != nil {
		m.ackError(o, c, args, err)
		return
	}
	m.health.mutes.put(mute.Code, mute.encode())
	m.ackCommitted(o, c, result{prefix: args.prefix()})
}

// muteOf is the mute that a command asks for.
func (m *Mon) muteOf(args commandArgs) (mute healthMute, err error) {
	mute = healthMute{Code: args.text("code"), Sticky: args.flag("sticky")}
	if !args.has("code") {
		return mute, &commandError{eInval, "must specify an alert code to mute"}
	}
	if args.has("ttl") {
		ttl, err := parseTTL(args.text("ttl"))
		if err != nil {
			return mute, &commandError{eInval, fmt.Sprintf("invalid duration: %s (%v)", args.text("ttl"), err)}
		}
		mute.until = later(m.wall(), ttl)
	}
	alert, raised := m.health.checks[mute.Code]
	if !mute.Sticky && !raised {
		return mute, &commandError{eNoEnt, fmt.Sprintf("health alert %s is not currently raised", mute.Code)}
	}
	mute.Summary, mute.Count = alert.Summary, alert.Count
	return mute, nil
}

// maxTTL keeps the end of a mute within the times that can be told.
const maxTTL = 50 * 365 * 24 * time.Hour

func parseTTL(text string) (time.Duration, error) {
	seconds, err := parseTimespan(text)
	switch {
	case err != nil:
		return 0, err
	case seconds == 0:
		return 0, fmt.Errorf("timespan = 0")
	}
	return time.Duration(min(seconds, uint64(maxTTL/time.Second))) * time.Second, nil
}

// healthUnmuteCommand ends one mute or all; that there is none is no error.
func (m *Mon) healthUnmuteCommand(o *op, c *msg.MonCommand, args commandArgs) {
	r := result{prefix: args.prefix()}
	codes := wire.SortedKeys(m.health.mutes.byCode)
	if args.has("code") {
		codes = []string{args.text("code")}
	}
	changed := false
	for _, code := range codes {
		if _, ok := m.health.mutes.byCode[code]; ok {
			m.health.mutes.remove(code)
			changed = true
		}
	}
	if !changed {
		m.ack(o, c, r)
		return
	}
	m.ackCommitted(o, c, r)
}
