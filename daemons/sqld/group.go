package sqld

import (
	"errors"
	"slices"
	"strings"

	"github.com/ncruces/go-sqlite3"

	"github.com/wavetank/wavetank/daemons/host"
)

// A commit waits for the disk several times. So that many sessions need not do that one
// after another, writing statements outside of transactions are committed in groups: those
// that come while one is being committed wait, and the next commit is that of all of them.
// None is answered before. Each is atomic by itself: SQLite takes back what a statement
// that fails has changed, and nothing else.

const (
	// maxGroup is how many statements are committed together.
	maxGroup = 128
	// maxGrouped is about how many bytes a statement may have that is: the others have
	// room in a frame of the log.
	maxGrouped = 64 << 10
)

// group is where writing statements of sessions meet.
type group struct {
	leading bool     // a session carries some out
	waiting []*write // the longest wait first
}

// write is a statement on its way through a group.
type write struct {
	statement
	task   host.Task
	stage  stage
	impure []any
	answer answer
	err    error
}

// stage is how far a write has come.
type stage byte

const (
	stageWaiting stage = iota
	stageTaken         // by who carries it out
	stageLeads         // its session is to carry out the next group
	stageDone
	stageExpired
)

// grouped reports whether a statement outside of a transaction is committed in a group.
func grouped(st statement) bool {
	word, _, _ := strings.Cut(strings.TrimSpace(st.text), " ")
	if !slices.ContainsFunc([]string{"insert", "update", "delete", "replace"}, func(w string) bool { return strings.EqualFold(w, word) }) {
		return false
	}
	size := len(st.text)
	for _, a := range st.args {
		size += sizeOf(a)
	}
	return size <= maxGrouped
}

// write carries out a statement together with others.
func (s *Server) write(t host.Task, st statement) (answer, error) {
	w := &write{statement: st, task: t, stage: stageLeads}
	if s.group.leading {
		s.awaitTurn(t, w)
	}
	switch w.stage {
	case stageExpired:
		s.counts.Timeouts++
		return answer{}, refuse(Busy, "no turn to write for %v", s.options.LockTimeout)
	case stageDone:
		return w.answer, w.err
	}
	s.group.leading = true
	all := append([]*write{w}, s.group.take(maxGroup-1)...)
	s.carryOut(t, all)
	s.group.next()
	for _, w := range all[1:] {
		w.tell()
	}
	return w.answer, w.err
}

// awaitTurn waits until somebody has carried the write out, or its own session is to.
func (s *Server) awaitTurn(t host.Task, w *write) {
	w.stage = stageWaiting
	s.group.waiting = append(s.group.waiting, w)
	timer := s.loop.NewTimer(func() {
		if w.stage == stageWaiting {
			s.group.waiting = slices.DeleteFunc(s.group.waiting, func(o *write) bool { return o == w })
			w.stage = stageExpired
			t.Wake()
		}
	})
	timer.Reset(s.options.LockTimeout)
	defer timer.Stop()
	for w.stage == stageWaiting || w.stage == stageTaken {
		t.ParkFor("its turn to write")
	}
}

// tell ends the wait of a write that was carried out.
func (w *write) tell() {
	if w.stage == stageTaken {
		w.stage = stageDone
		w.task.Wake()
	}
}

// take is who waits, n at most.
func (g *group) take(n int) []*write {
	n = min(n, len(g.waiting))
	taken := slices.Clone(g.waiting[:n])
	g.waiting = slices.Delete(g.waiting, 0, n)
	for _, w := range taken {
		w.stage = stageTaken
	}
	return taken
}

// next has the session that waits longest lead the next group.
func (g *group) next() {
	if g.leading = len(g.waiting) > 0; g.leading {
		w := g.waiting[0]
		g.waiting = slices.Delete(g.waiting, 0, 1)
		w.stage = stageLeads
		w.task.Wake()
	}
}

// carryOut runs writes and commits them, and again as long as that meets locks, for which it
// waits without a connection. What went wrong with all of them is the error of each.
func (s *Server) carryOut(t host.Task, all []*write) {
	err := s.patiently(t, func() error {
		c, err := s.take(t)
		if err != nil {
			return err
		}
		if len(all) == 1 && s.options.Log == 0 {
			err = s.alone(t, c, all[0])
		} else {
			err = s.together(t, c, all)
		}
		switch {
		case err != nil && codeOf(err) == IO: // SQLite looks at its files anew
			s.drop(t, c)
		case errors.Is(err, sqlite3.BUSY): // it has unlocked nothing
			s.giveIdle(c)
		default:
			s.give(c)
		}
		return err
	})
	if err == nil {
		return
	}
	for _, w := range all {
		if w.err == nil {
			w.err = err
		}
	}
}

// patience calls a function again as long as it meets locks, or leaves that to somebody
// else.
type patience func(t host.Task, fn func() error) error

// once leaves it to carryOut.
func once(_ host.Task, fn func() error) error { return fn() }

// alone runs a write that is a transaction by itself.
func (s *Server) alone(t host.Task, c *connection, w *write) error {
	err := s.mayWrite(t, c, w, once)
	if err == nil {
		w.answer, err = s.patient(t, c, w.statement, once)
	}
	return err
}

// mayWrite compiles a write, and refuses it if this server follows another one.
func (s *Server) mayWrite(t host.Task, c *connection, w *write, again patience) error {
	if _, err := s.look(t, c, w.text, again); err != nil {
		return err
	}
	if !s.primary() {
		return refuse(ReadOnly, "this server follows %v", s.following)
	}
	return nil
}

// together runs writes in one transaction, with their entries in the log. Error: nothing
// was written, or nobody knows; a lock was met if it is sqlite3.BUSY.
func (s *Server) together(t host.Task, c *connection, all []*write) (err error) {
	if _, err := s.patient(t, c, statement{text: "begin immediate"}, once); err != nil {
		return err
	}
	defer func() {
		if err != nil {
			c.runOwn(t, "rollback") // fails if there is nothing to roll back
		}
	}()
	for _, w := range all {
		if err := s.inGroup(t, c, w); err != nil {
			return err
		}
	}
	position := s.position
	for _, w := range all {
		if w.err != nil || s.options.Log == 0 {
			continue
		}
		if position, err = s.append(t, c, []entry{{w.statement, w.impure}}); err != nil {
			return err
		}
	}
	if s.options.Defects.AnswersEarly {
		for _, w := range all {
			w.tell()
		}
	}
	if _, err := s.patient(t, c, statement{text: "commit"}, s.patiently); err != nil {
		return err
	}
	s.countGroup(all, position)
	return nil
}

// countGroup notes that writes are done, the last of them at a position of the log.
func (s *Server) countGroup(all []*write, position int64) {
	if len(all) > 1 {
		s.counts.Grouped += uint64(len(all))
	}
	for _, w := range all {
		if w.err == nil && s.options.Log > 0 {
			s.committed(position)
		}
	}
}

// inGroup runs one of several writes in a transaction. Error: that of all of them; its own
// is in the write.
func (s *Server) inGroup(t host.Task, c *connection, w *write) error {
	w.answer = answer{open: true}
	if w.err = s.mayWrite(t, c, w, s.patiently); w.err == nil {
		w.answer, w.err = s.patient(t, c, w.statement, s.patiently)
	}
	open := w.answer.open
	w.answer.open, w.impure = false, c.impure.values
	if w.err != nil && (!open || codeOf(w.err) == IO || errors.Is(w.err, sqlite3.BUSY)) {
		return w.err
	}
	return nil
}

// look compiles a statement. A connection that does not know of a table cannot look for
// it while another one commits, and SQLite says then that there is none: so before that
// counts the connection reads the list of tables, behind the lock.
func (s *Server) look(t host.Task, c *connection, text string, again patience) (p *prepared, err error) {
	compile := func() error {
		p, err = c.look(t, text)
		return err
	}
	err = again(t, compile)
	if !errors.Is(err, sqlite3.ERROR) {
		return p, err
	}
	if err := again(t, func() error { _, err := c.runOwn(t, "select 1 from sqlite_schema"); return err }); err != nil {
		return nil, err
	}
	err = again(t, compile)
	return p, err
}

// patient runs a statement with patience.
func (s *Server) patient(t host.Task, c *connection, st statement, again patience) (a answer, err error) {
	err = again(t, func() error {
		c.impure = impure{}
		a, err = c.run(t, st)
		return err
	})
	return a, err
}
