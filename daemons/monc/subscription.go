package monc

import (
	"fmt"
	"maps"
	"strings"

	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// subscriptions is what the daemon wants to be told (MC-10). Ceph: MonSub in
// src/mon/MonSub.cc. A subscription is in one of two sets: fresh until it is
// given to a session, then sent, to be repeated on the next one.
type subscriptions struct {
	fresh map[string]msg.Subscription
	sent  map[string]msg.Subscription
}

func newSubscriptions() subscriptions {
	return subscriptions{fresh: make(map[string]msg.Subscription), sent: make(map[string]msg.Subscription)}
}

// want asks for a map from epoch start on, or once. It reports false if exactly
// that is asked for already.
func (s *subscriptions) want(what string, sub msg.Subscription) bool {
	if set := s.holder(what); set != nil && set[what] == sub {
		return false
	}
	delete(s.sent, what) // or it would come back when a newer one-time want is done
	s.fresh[what] = sub
	return true
}

// holder is the set that has the subscription, nil if none has.
func (s *subscriptions) holder(what string) map[string]msg.Subscription {
	for _, set := range []map[string]msg.Subscription{s.fresh, s.sent} {
		if _, ok := set[what]; ok {
			return set
		}
	}
	return nil
}

// unwant forgets a subscription, and reports whether there was one. A monitor that
// was told of it goes on sending until the session ends.
func (s *subscriptions) unwant(what string) bool {
	set := s.holder(what)
	delete(s.fresh, what)
	delete(s.sent, what)
	return set != nil
}

// got notes that an epoch has arrived: the subscription goes on after it, or
// ends if it was for once. It reports false for an epoch that was not waited for.
func (s *subscriptions) got(what string, epoch uint64) bool {
	set := s.holder(what)
	sub := set[what]
	switch {
	case set == nil || sub.Start > epoch:
		return false
	case sub.OneTime:
		delete(set, what)
	default:
		sub.Start = epoch + 1
		set[what] = sub
	}
	return true
}

// describe is subscriptions as facts have them: "monmap:2 osdmap:7!", ascending, each
// with its start, and with a mark if it is for once.
func describe(all map[string]msg.Subscription) string {
	var b strings.Builder
	for i, what := range wire.SortedKeys(all) {
		if i > 0 {
			b.WriteByte(' ')
		}
		fmt.Fprintf(&b, "%s:%d", what, all[what].Start)
		if all[what].OneTime {
			b.WriteByte('!')
		}
	}
	return b.String()
}

// reload makes everything that was sent fresh again, for a new session, and
// reports whether there is anything to send.
func (s *subscriptions) reload() bool {
	maps.Copy(s.fresh, s.sent)
	clear(s.sent)
	return len(s.fresh) > 0
}

// renew is what is to be sent now, nil if nothing is; it counts as sent.
func (s *subscriptions) renew() map[string]msg.Subscription {
	if len(s.fresh) == 0 {
		return nil
	}
	out := s.fresh
	maps.Copy(s.sent, out)
	s.fresh = make(map[string]msg.Subscription)
	return out
}
