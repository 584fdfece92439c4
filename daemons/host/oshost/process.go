package oshost

import (
	"bytes"
	"runtime"
	"slices"
	"strconv"
)

// resource is something that ends with the process: a loop, a socket, a file.
type resource interface {
	// die ends the resource at once and without a callback. It takes the
	// resource's own lock and must not be called under that of the Host.
	die()
}

// Exit implements [host.Host]. The first call of Exit, Respawn or Kill counts;
// later ones have no effect.
func (h *Host) Exit(code int, reason string) {
	h.end(func() {
		if h.options.OnExit != nil {
			h.options.OnExit(code, reason)
		}
	})
}

// Respawn implements [host.Host]. It starts nothing itself: Options.OnRespawn
// does.
func (h *Host) Respawn(reason string) {
	h.end(func() {
		if h.options.OnRespawn != nil {
			h.options.OnRespawn(reason)
		}
	})
}

// Kill ends the process as SIGKILL does: bytes that connections had not yet
// handed to the operating system are lost, and nobody is told. When it returns
// every goroutine of the process has gone, unless it was called from one of the
// process's own callbacks: then it returns at once and the callback should too.
// A Host that has already ended stays as it ended; Kill then only waits.
//
// Two processes must not kill each other from their callbacks: each would wait
// for the other's to finish.
func (h *Host) Kill() {
	h.Doom()
	if !h.inCallback() {
		h.running.Wait()
	}
}

// Doom is Kill without the wait: no callback begins any more, one that is under
// way may still be.
func (h *Host) Doom() { h.end(nil) }

// Wait returns when the process has ended and every goroutine of it has gone.
// Options.OnExit or OnRespawn may then still be running. It must not be called
// from a callback of the process.
func (h *Host) Wait() {
	<-h.stopping.Done()
	h.running.Wait()
}

func (h *Host) end(then func()) {
	h.mu.Lock()
	if h.over.Load() {
		h.mu.Unlock()
		return
	}
	h.over.Store(true)
	doomed := h.resources
	h.resources = nil
	h.mu.Unlock()

	h.stop()
	for r := range doomed {
		r.die()
	}
	h.poller.close() // nothing that is over arms again
	if then != nil {
		go func() {
			h.running.Wait()
			then()
		}()
	}
}

// adopt makes r end with the process. It reports false if that has ended: r is
// then the caller's to end.
func (h *Host) adopt(r resource) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over.Load() {
		return false
	}
	h.resources[r] = struct{}{}
	return true
}

// release forgets a resource that ended by itself.
func (h *Host) release(r resource) {
	h.mu.Lock()
	defer h.mu.Unlock()
	delete(h.resources, r)
}

// closeSockets closes the listeners and connections of a loop that is closed.
func (h *Host) closeSockets(l *loop) {
	for _, s := range h.socketsOf(l) {
		s.Close()
	}
}

// socket is a resource that belongs to a loop.
type socket interface {
	resource
	// servedBy reports whether the socket's callbacks run on l.
	servedBy(l *loop) bool
	Close()
}

func (h *Host) socketsOf(l *loop) []socket {
	h.mu.Lock()
	var all []socket
	for r := range h.resources {
		if s, ok := r.(socket); ok {
			all = append(all, s)
		}
	}
	h.mu.Unlock()
	return slices.DeleteFunc(all, func(s socket) bool { return !s.servedBy(l) })
}

// spawn runs fn on a goroutine that Kill and Wait wait for. It reports false,
// and runs nothing, if the process has ended.
func (h *Host) spawn(fn func()) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.over.Load() {
		return false
	}
	h.running.Add(1)
	go func() {
		defer h.running.Done()
		fn()
	}()
	return true
}

// asCaller runs fn, which runs callbacks, and lets inCallback know.
func (h *Host) asCaller(fn func()) {
	id := goroutineID()
	h.mu.Lock()
	h.callers[id] = struct{}{}
	h.mu.Unlock()
	defer func() {
		h.mu.Lock()
		delete(h.callers, id)
		h.mu.Unlock()
	}()
	fn()
}

// inCallback reports whether the caller is a callback of this process.
func (h *Host) inCallback() bool {
	id := goroutineID()
	h.mu.Lock()
	defer h.mu.Unlock()
	_, yes := h.callers[id]
	return yes
}

// goroutineID is the number of the calling goroutine, as stack traces print it.
// Go offers no other way to ask who calls; without it a Kill from a callback
// would wait for itself. It costs about a microsecond and is used when a loop or
// a task begins and in Kill.
func goroutineID() uint64 {
	var buf [64]byte
	line := buf[:runtime.Stack(buf[:], false)]
	line = bytes.TrimPrefix(line, []byte("goroutine "))
	digits, _, _ := bytes.Cut(line, []byte(" "))
	id, _ := strconv.ParseUint(string(digits), 10, 64)
	return id
}
