package sqld

import (
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// logTable holds the last transactions: position counts them from 1.
const logTable = `create table if not exists sqld_log (position integer primary key, epoch integer not null, entry blob not null)`

// pullSize is about how many bytes of entries a replica gets at once.
const pullSize = 256 << 10

// replication is what a server knows of itself among its replicas.
type replication struct {
	following netip.AddrPort // the primary; not valid on the primary itself
	epoch     uint64         // of what is written here
	position  int64          // of the last transaction
	last      uint64         // its epoch
	replacing bool           // the database's file is being replaced
	roleGate  gate           // opens when the role changes
}

func (r *replication) init(loop host.Loop) { r.roleGate.loop = loop }

func (r *replication) primary() bool { return !r.following.IsValid() }

// entry is a statement of a transaction with what it must not find out again.
type entry struct {
	statement
	impure []any
}

func encodeEntries(all []entry) ([]byte, error) {
	var e encoder
	e.uint(uint64(len(all)))
	for _, one := range all {
		if err := one.encode(&e); err != nil {
			return nil, err
		}
		if err := e.values(one.impure); err != nil {
			return nil, err
		}
	}
	if len(e.buf) > maxFrame/2 {
		return nil, refuse(TooBig, "a transaction of %d bytes", len(e.buf))
	}
	return e.buf, nil
}

func decodeEntries(body []byte) ([]entry, error) {
	d := &decoder{body: body}
	var all []entry
	for range d.count(maxFrame) {
		if d.err != nil {
			break
		}
		all = append(all, entry{decodeStatement(d), d.values()})
	}
	return all, d.end()
}

// append adds a transaction to the log, within that, and says its position.
func (s *Server) append(t host.Task, c *connection, writes []entry) (int64, error) {
	body, err := encodeEntries(writes)
	if err != nil {
		return 0, err
	}
	a, err := c.runOwn(t, "insert into sqld_log select coalesce(max(position), 0) + 1, ?, ? from sqld_log returning position", int64(s.epoch), body)
	if err != nil {
		return 0, err
	}
	position := a.rows[0][0].(int64)
	_, err = c.runOwn(t, "delete from sqld_log where position <= ?", position-int64(s.options.Log))
	return position, err
}

// committed notes that a transaction is done.
func (s *Server) committed(position int64) {
	s.position, s.last = position, s.epoch
	s.counts.Commits++
}

// readPosition finds the end of the log.
func (s *Server) readPosition(t host.Task, c *connection) error {
	a, err := c.runOwn(t, "select position, epoch from sqld_log order by position desc limit 1")
	if err != nil {
		return err
	}
	s.position, s.last = 0, 0
	if len(a.rows) > 0 {
		s.position, s.last = a.rows[0][0].(int64), uint64(a.rows[0][1].(int64))
	}
	return nil
}

// roleFile keeps what a server is over restarts: "primary EPOCH" or "replica ADDR".
func (s *Server) roleFile() string { return s.options.Name + ".role" }

func (s *Server) readRole() error {
	text, err := s.host.Disk().ReadFile(s.roleFile())
	switch {
	case errors.Is(err, fs.ErrNotExist):
		s.following = s.options.Follow
		return nil
	case err != nil:
		return err
	}
	what, rest, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	switch what {
	case "primary":
		s.epoch, err = strconv.ParseUint(rest, 10, 62)
	case "replica":
		s.following, err = netip.ParseAddrPort(rest)
	default:
		err = errors.New("unknown role")
	}
	if err != nil {
		return fmt.Errorf("%s: %w", s.roleFile(), err)
	}
	return nil
}

// saveRole makes the role durable.
func (s *Server) saveRole(t host.Task) error {
	text := fmt.Sprintf("primary %d\n", s.epoch)
	if !s.primary() {
		text = fmt.Sprintf("replica %v\n", s.following)
	}
	return s.replaceFile(t, s.roleFile(), []byte(text))
}

// Promote makes a replica the primary, with what it has, and a primary one of another
// epoch. Whoever has written something else since must copy everything. Peers that are
// primaries too follow when they notice.
func (s *Server) Promote(t host.Task) error {
	const drawn = 16 // bits that keep two promotions of the same log apart
	before := s.following
	s.following = netip.AddrPort{}
	s.epoch = (max(s.epoch, s.last)>>drawn+1)<<drawn | s.host.Rand("sqld.epoch").Uint64()>>(64-drawn)
	if err := s.saveRole(t); err != nil {
		s.following = before
		return fmt.Errorf("promote: %w", err)
	}
	s.roleGate.open()
	s.host.Probe(Ready{Addr: s.addr, Primary: true, Position: s.position})
	return nil
}

// Follow makes a server the replica of another one.
func (s *Server) Follow(t host.Task, primary netip.AddrPort) error {
	if s.options.Log == 0 {
		return errors.New("follow: a server without a log has no replicas and is none")
	}
	s.following = primary
	if err := s.saveRole(t); err != nil {
		return fmt.Errorf("follow %v: %w", primary, err)
	}
	s.roleGate.open()
	return nil
}

// follow pulls from the primary whenever there is one, and looks whether there is one
// when there is none.
func (s *Server) follow(t host.Task) {
	for {
		if s.primary() {
			wait := s.options.PeerInterval
			if len(s.options.Peers) == 0 {
				wait = time.Hour // nobody to ask
			}
			if !s.roleGate.wait(t, wait, "another role") {
				s.yield(t)
			}
			continue
		}
		if err := s.pullFrom(t, s.following); err != nil {
			s.log.Debug("sqld: replication", "primary", s.following.String(), "err", err)
		}
		if !s.primary() {
			s.roleGate.wait(t, s.options.PullInterval, "more to replicate")
		}
	}
}

// yield has a primary follow a peer that is one too, and of a later epoch.
func (s *Server) yield(t host.Task) {
	for _, peer := range s.options.Peers {
		if !s.primary() {
			return
		}
		primary, epoch, err := s.askRole(peer)
		if err != nil || !primary || epoch <= s.epoch {
			continue
		}
		if err := s.Follow(t, peer); err != nil {
			s.log.Error("sqld: a later primary is there", "primary", peer.String(), "err", err)
		}
	}
}

// askRole asks another server what it is.
func (s *Server) askRole(peer netip.AddrPort) (primary bool, epoch uint64, err error) {
	c, err := s.stack.DialTimeout("tcp", peer.String(), s.options.PeerInterval)
	if err != nil {
		return false, 0, err
	}
	defer c.Close()
	return newLink(c, s.host.Clock()).hello(s.options.PeerInterval)
}
