package host

// Wait is a task's wait for one event in the middle of something that its caller knows
// nothing about. A Wake that comes meanwhile is meant for the caller's own Park, and is left
// for that. It belongs to the task's loop.
type Wait struct {
	task      Task
	over      bool
	disturbed bool // the task was woken already when it was over
}

// NewWait makes a wait of t, which is to call For.
func NewWait(t Task) *Wait { return &Wait{task: t} }

// End ends the wait; later calls change nothing. Any callback of the loop may call it.
func (w *Wait) End() {
	if !w.over {
		w.over, w.disturbed = true, w.task.Woken()
		w.task.Wake()
	}
}

// For waits until End has been called. What it waits for is shown by a report of a deadlock.
func (w *Wait) For(what string) {
	parks := 1
	for w.task.ParkFor(what); !w.over; parks++ {
		w.task.ParkFor(what)
	}
	if parks > 1 || w.disturbed {
		w.task.Wake()
	}
}
