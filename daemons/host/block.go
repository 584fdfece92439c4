package host

// BlockingLoop is a Loop of a machine where a call may keep its goroutine waiting: a
// database's driver, say, that reads a socket of its own. Loops of the real machine
// are. In the simulator nothing may wait but a task, and nobody's time passes
// meanwhile: its loops are none. [Block] asks.
type BlockingLoop interface {
	Loop

	// Block runs fn on a goroutine of its own while the task, which must be one of
	// the loop's and makes the call, waits and the loop is free. It returns when fn
	// has, and everything that fn did has happened by then. A panic of fn becomes one
	// of Block. A Wake that comes meanwhile is kept for the task's next Park.
	//
	// fn must not touch what belongs to the loop, nor the task. If the process ends
	// meanwhile the task is unwound as in any other wait, and fn goes on to its end,
	// which the end of the process may wait for: who calls tells it from a deferred
	// function to stop.
	Block(t Task, fn func())
}

// Block is [BlockingLoop.Block] where l has it. Elsewhere it runs fn within the task,
// where what fn calls waits by the task or not at all.
func Block(l Loop, t Task, fn func()) {
	if b, ok := l.(BlockingLoop); ok {
		b.Block(t, fn)
		return
	}
	fn()
}
