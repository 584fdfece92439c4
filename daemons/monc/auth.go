package monc

import (
	"fmt"
	"strings"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
)

// Results of an MAuthReply, negative errno.
const (
	codeAgain        = -11 // EAGAIN: a monitor without a quorum
	codeNotSupported = -95 // EOPNOTSUPP: ours, for answers that we cannot follow
)

// AuthError is how a monitor refused the entity. It is an [ErrAuth].
type AuthError struct {
	Code   int32 // negative errno
	Status string
}

// Error says both.
func (e *AuthError) Error() string { return fmt.Sprintf("%v: %d %s", ErrAuth, e.Code, e.Status) }

// Unwrap is ErrAuth.
func (e *AuthError) Unwrap() error { return ErrAuth }

// authentication is what Authenticate waits for: the outcome of a hunt (MC-8). Who
// waits is woken a moment after there is one, as a thread is that waits for a
// condition, and looks at it then: the session may be gone again. Ceph:
// authenticate_err and auth_cond of MonClient.
type authentication struct {
	c         *Client
	over      bool  // the hunt has an outcome
	err       error // which is this
	succeeded bool  // Authenticate was done without error, once

	waiting       []func(error)
	wake, timeout host.Timer
}

func (a *authentication) init(c *Client) {
	a.c = c
	a.wake = c.loop.NewTimer(a.onWake)
	a.timeout = c.loop.NewTimer(a.onTimeout)
}

// begin notes that a hunt begins, whose outcome is open.
func (a *authentication) begin() {
	if !a.c.cfg.Defects.KeepAuthErrOnReopen {
		a.over, a.err = false, nil
	}
}

// conclude notes the outcome of a hunt.
func (a *authentication) conclude(err error) {
	a.over, a.err = true, err
	if len(a.waiting) > 0 {
		a.wake.Reset(0)
	}
}

// onWake lets those who wait look at the outcome.
func (a *authentication) onWake() {
	if a.over {
		a.finish(a.err)
	}
}

func (a *authentication) onTimeout() {
	c := a.c
	a.finish(fmt.Errorf("authenticate %v: %w within %v, the last asked are %s",
		c.cfg.Entity, ErrTimeout, c.opt.AuthTimeout, strings.Join(c.asked(), ", ")))
}

// finish tells whoever waits.
func (a *authentication) finish(err error) {
	a.wake.Stop()
	a.timeout.Stop()
	waiting := a.waiting
	a.waiting = nil
	if len(waiting) == 0 {
		return
	}
	fact := Authenticated{Entity: a.c.cfg.Entity.String(), GID: a.c.gid}
	if err != nil {
		fact.Error = err.Error()
	}
	a.succeeded = a.succeeded || err == nil
	a.c.h.Probe(fact)
	for _, done := range waiting {
		done(err)
	}
}

// Authenticate begins to hunt and runs done when there is a session, or with an
// error: [ErrAuth] if every monitor tried refused, [ErrTimeout] after
// Options.AuthTimeout, ErrShutdown. After an error the client goes on hunting
// until it is shut down. It also subscribes to monmap and config (MC-8). The
// owner of a failed client is expected to end.
func (c *Client) Authenticate(done func(error)) {
	if c.stopped {
		c.loop.Post(func() { done(ErrShutdown) })
		return
	}
	c.auth.waiting = append(c.auth.waiting, done)
	c.auth.timeout.Reset(c.opt.AuthTimeout)
	if c.active != nil {
		c.auth.conclude(nil)
		return
	}
	c.Want("monmap", nextEpoch(c.monmap.Epoch), false)
	c.Want("config", 0, false)
	if c.hunting {
		c.auth.begin()
		return
	}
	c.reopen(HuntAuthenticate)
}

// nextEpoch is the start of a subscription by whoever has epoch.
func nextEpoch(epoch uint32) uint64 {
	if epoch == 0 {
		return 0
	}
	return uint64(epoch) + 1
}

// authRequest is the first message on a connection: who we are, which global id
// we had (MC-2) or 0, and what we can speak.
func (c *Client) authRequest(gid uint64) *msg.Auth {
	request := msg.AuthRequest{Methods: []uint32{msg.AuthNone}, Name: c.cfg.Entity, GlobalID: gid}
	return &msg.Auth{Paxos: msg.PaxosAt(0), Payload: request.Encode(), MonMapEpoch: c.monmap.Epoch}
}

func (c *Client) handleAuthReply(s *session, b *msg.AuthReply) {
	if refusal := judge(b); refusal != nil {
		c.refused(s, refusal)
		return
	}
	c.adopt(b.GlobalID)
	if s != c.active {
		c.establish(s)
	}
}

// judge is nil if the reply lets us in.
func judge(b *msg.AuthReply) *AuthError {
	switch {
	case b.Result != 0:
		return &AuthError{Code: b.Result, Status: b.Message}
	case b.Protocol != msg.AuthNone:
		return &AuthError{Code: codeNotSupported, Status: fmt.Sprintf("the monitor wants protocol %d", b.Protocol)}
	case b.GlobalID == 0:
		return &AuthError{Code: codeNotSupported, Status: "the monitor gave global id 0"}
	}
	return nil
}

// adopt takes the global id that a monitor gave, and shows it to peers from now
// on.
func (c *Client) adopt(gid uint64) {
	if c.gid == gid {
		return
	}
	if c.gid != 0 {
		c.log.Error("global id changed", "was", c.gid, "is", gid)
	}
	c.gid = gid
	c.m.SetAuthorizer(msgr.AuthNone{Name: c.cfg.Entity, GlobalID: gid})
}

// refused gives a monitor up. If it was the last one of the hunt, and meant it,
// Authenticate fails; the hunt goes on at the next tick either way.
func (c *Client) refused(s *session, why *AuthError) {
	c.log.Info("refused by a monitor", "mon", s.mon, "code", why.Code, "status", why.Status)
	if s == c.active {
		c.reopen(LostRefused)
		return
	}
	switch last := c.giveUp(s); {
	case !last:
	case why.Code != codeAgain:
		c.auth.conclude(fmt.Errorf("authenticate %v: %w", c.cfg.Entity, why))
	case c.cfg.Defects.NoReopenOnEagain:
		c.hunting = false
		c.schedule()
	}
}
