package oshost

import (
	"runtime"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/task"
)

var _ host.BlockingLoop = (*loop)(nil)

// blockedCall is a function that runs beside its task.
type blockedCall struct {
	panicked *task.Panic
	exited   bool // by runtime.Goexit
}

// Block implements [host.BlockingLoop].
func (l *loop) Block(t host.Task, fn func()) {
	c := new(blockedCall)
	back := host.NewWait(t)
	// After the end of the process nothing runs, and the wait below unwinds the task.
	l.host.spawn(func() { c.run(fn, func() { l.Post(back.End) }) })
	back.For("a call that blocks")
	switch {
	case c.panicked != nil:
		panic(c.panicked)
	case c.exited:
		runtime.Goexit()
	}
}

// run calls fn and then done, however fn ends.
func (c *blockedCall) run(fn, done func()) {
	returned := false
	defer func() {
		if p := recover(); p != nil {
			c.panicked = &task.Panic{Value: p, Stack: task.PanicStack()}
		}
		c.exited = !returned && c.panicked == nil
		done()
	}()
	fn()
	returned = true
}
