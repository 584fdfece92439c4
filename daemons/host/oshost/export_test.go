package oshost

// PollOnly has a Host wait for sockets as it does on systems without epoll.
func PollOnly(o Options) Options {
	o.pollOnly = true
	return o
}
