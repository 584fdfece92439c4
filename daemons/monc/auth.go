package monc

import (
	"fmt"

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
	c.authenticating = append(c.authenticating, done)
	if c.active != nil {
		c.loop.Post(c.finishIfConnected)
		return
	}
	c.authTimer.Reset(c.opt.AuthTimeout)
	c.Want("monmap", nextEpoch(c.monmap.Epoch), false)
	c.Want("config", 0, false)
	if !c.hunting {
		c.reopen("authenticate")
	}
}

// nextEpoch is the start of a subscription by whoever has epoch.
func nextEpoch(epoch uint32) uint64 {
	if epoch == 0 {
		return 0
	}
	return uint64(epoch) + 1
}

func (c *Client) finishIfConnected() {
	if c.active != nil {
		c.finishAuthenticate(nil)
	}
}

func (c *Client) onAuthTimeout() {
	c.finishAuthenticate(fmt.Errorf("authenticate %v: %w", c.cfg.Entity, ErrTimeout))
}

// finishAuthenticate tells whoever waits in Authenticate.
func (c *Client) finishAuthenticate(err error) {
	c.authTimer.Stop()
	waiting := c.authenticating
	c.authenticating = nil
	for _, done := range waiting {
		done(err)
	}
}

// authRequest is the first message on a connection: who we are, which global id
// we had (MC-2), and what we can speak.
func (c *Client) authRequest() *msg.Auth {
	request := msg.AuthRequest{Methods: []uint32{msg.AuthNone}, Name: c.cfg.Entity, GlobalID: c.gid}
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
		c.reopen("authentication was refused")
		return
	}
	switch last := c.giveUp(s); {
	case !last:
	case why.Code != codeAgain:
		c.finishAuthenticate(fmt.Errorf("authenticate %v: %w", c.cfg.Entity, why))
	case c.cfg.Defects.NoReopenOnEagain:
		c.hunting = false
		c.schedule()
	}
}
