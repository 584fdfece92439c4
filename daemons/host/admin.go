package host

// AdminHost is a Host whose operator can put questions to the process while it runs,
// as "ceph daemon" does through Ceph's admin socket. What a question means is between
// the operator and the daemon: here it is bytes. Hosts of this repository are, and
// decorators may be; [ServeAdmin] asks.
type AdminHost interface {
	Host

	// ServeAdmin has answer reply to what the operator asks, on loop, one question at a
	// time. A question has at most [MaxAdminRequest] bytes and is answer's to keep; so
	// is the reply the Host's. It ends with the loop. Errors: ErrAddrInUse if the
	// process, or another one in its place, serves already; ErrClosed if loop is
	// closed, ErrStopped; those of the machine.
	ServeAdmin(loop Loop, answer func(request []byte) (reply []byte)) error
}

// MaxAdminRequest is the most bytes of a question, as in Ceph (AdminSocket::do_accept
// in src/common/admin_socket.cc, less the byte that ends it).
const MaxAdminRequest = 1023

// ServeAdmin is [AdminHost.ServeAdmin] where h has it, and nothing elsewhere.
func ServeAdmin(h Host, loop Loop, answer func(request []byte) (reply []byte)) error {
	if a, ok := h.(AdminHost); ok {
		return a.ServeAdmin(loop, answer)
	}
	return nil
}
