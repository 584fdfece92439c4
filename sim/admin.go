package sim

import (
	"errors"
	"fmt"

	"github.com/wavetank/wavetank/daemons/host"
)

// ErrNoAdmin: nobody answers operators on the machine.
var ErrNoAdmin = errors.New("no admin socket")

// adminSocket is who answers a process's operator.
type adminSocket struct {
	loop   *loop
	answer func([]byte) []byte
}

// ServeAdmin implements host.AdminHost. [Host.Admin] is the operator.
func (p *Process) ServeAdmin(l host.Loop, answer func(request []byte) []byte) error {
	own, ok := l.(*loop)
	switch {
	case p.ended:
		return fmt.Errorf("%s: admin socket: %w", p.Name(), host.ErrStopped)
	case !ok || own.closed:
		return fmt.Errorf("%s: admin socket: loop %s: %w", p.Name(), l.Name(), host.ErrClosed)
	case p.admin.serves():
		return fmt.Errorf("%s: admin socket: %w", p.Name(), host.ErrAddrInUse)
	}
	p.admin = adminSocket{own, answer}
	return nil
}

func (a *adminSocket) serves() bool { return a.loop != nil && !a.loop.closed }

// Admin asks the machine's process what an operator on the machine asks at its admin
// socket. The process answers when its loop comes to it, as it comes to anything that
// is posted: told then runs on that loop, with the reply. A process that ends before
// does not answer, one that is paused does when it goes on. Errors: ErrNoAdmin; a
// request of more than host.MaxAdminRequest bytes, which a real socket would not take
// either.
func (h *Host) Admin(request string, told func(reply string)) error {
	p := h.process
	switch {
	case p == nil || !p.admin.serves():
		return fmt.Errorf("%s: %w", h.name, ErrNoAdmin)
	case len(request) > host.MaxAdminRequest:
		return fmt.Errorf("%s: a request of %d bytes, at most %d", h.name, len(request), host.MaxAdminRequest)
	}
	h.sim.trace.process(p, "admin", request)
	a := p.admin
	a.loop.Post(func() { told(string(a.answer([]byte(request)))) })
	return nil
}
