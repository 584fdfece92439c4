package oshost

import "time"

// PollOnly has a Host wait for sockets as it does on systems without epoll.
func PollOnly(o Options) Options {
	o.pollOnly = true
	return o
}

// AdminPatience has a Host give up on operators after another time.
func AdminPatience(o Options, d time.Duration) Options {
	o.adminPatience = d
	return o
}

// ReadAdminRequest reads a question as the admin socket does.
var ReadAdminRequest = readAdminRequest
