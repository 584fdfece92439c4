package sqld

import (
	"fmt"
	"net/netip"
	"path"
	"time"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/host"
)

// serveAdmin answers operators, if the process has a way to ask and nobody else does.
func (s *Server) serveAdmin() {
	if err := admin.Serve(s.host, s.loop, s.adminHooks()); err != nil {
		s.log.Warn("sqld: no admin socket", "err", err)
	}
}

// adminHooks are the operator's commands. Those that take time are answered when they
// begin; what came of them is in the log and the status.
func (s *Server) adminHooks() []admin.Hook {
	return []admin.Hook{
		{Prefix: "status", Help: "role, position and counts", Run: func(admin.Args) (any, error) { return s.status(), nil }},
		{Prefix: "promote", Help: "take writes from now on", Run: func(admin.Args) (any, error) {
			return s.begin("promote", s.Promote)
		}},
		{Prefix: "follow", Params: "name=primary,type=CephString", Help: "replicate another server", Run: func(a admin.Args) (any, error) {
			addr, err := netip.ParseAddrPort(a.Text("primary"))
			if err != nil {
				return nil, err
			}
			return s.begin("follow", func(t host.Task) error { return s.Follow(t, addr) })
		}},
		{Prefix: "backup", Params: "name=name,type=CephString", Help: "copy the database beside itself", Run: func(a admin.Args) (any, error) {
			return s.begin("backup", func(t host.Task) error { return s.Backup(t, a.Text("name")) })
		}},
		{Prefix: "restore", Params: "name=name,type=CephString", Help: "put a backup in the database's place", Run: func(a admin.Args) (any, error) {
			return s.begin("restore", func(t host.Task) error { return s.Restore(t, a.Text("name")) })
		}},
		{Prefix: "delay", Params: "name=duration,type=CephString", Help: "have each statement take longer", Run: func(a admin.Args) (any, error) {
			d, err := time.ParseDuration(a.Text("duration"))
			if err != nil || d < 0 {
				return nil, fmt.Errorf("%q is no duration", a.Text("duration"))
			}
			s.SetDelay(d)
			return s.status(), nil
		}},
	}
}

// Status is what a server says of itself.
type Status struct {
	Role     string        `json:"role"` // primary or replica
	Primary  string        `json:"primary,omitempty"`
	Epoch    uint64        `json:"epoch"`    // of the last transaction
	Position int64         `json:"position"` // of the last transaction
	Sessions int           `json:"sessions"`
	Delay    time.Duration `json:"delay"` // ns
	Counts   Counts        `json:"counts"`
	Failure  string        `json:"failure,omitempty"` // of the operator's last command
}

func (s *Server) status() Status {
	st := Status{
		Role: "primary", Epoch: s.last, Position: s.position, Sessions: s.sessions, Delay: s.delay,
		Counts: s.counts, Failure: s.failure,
	}
	if !s.primary() {
		st.Role, st.Primary = "replica", s.following.String()
	}
	return st
}

// begin runs an operation as a task.
func (s *Server) begin(what string, operate func(host.Task) error) (any, error) {
	s.loop.Go("sqld/"+what, func(t host.Task) {
		s.failure = ""
		if err := operate(t); err != nil {
			s.failure = fmt.Sprintf("%s: %v", what, err)
			s.log.Error("sqld: operation failed", "what", what, "err", err)
		}
	})
	return map[string]string{"begun": what}, nil
}

// backupFile is where a backup of that name is.
func (s *Server) backupFile(name string) (string, error) {
	if name == "" || path.Base(name) != name || name == "." || name == ".." {
		return "", fmt.Errorf("%q is no name of a backup", name)
	}
	return s.options.Name + ".backup." + name, nil
}

// Backup copies the database, as of one moment, to a file beside it.
func (s *Server) Backup(t host.Task, name string) error {
	file, err := s.backupFile(name)
	if err != nil {
		return err
	}
	c, err := s.take(t)
	if err != nil {
		return err
	}
	image, err := s.image(t, c)
	if err != nil {
		s.drop(t, c)
		return err
	}
	s.give(c)
	return s.replaceFile(t, file, image)
}

// Restore puts a backup in the database's place: what was committed since is gone. On a
// primary another epoch begins, so that replicas go back too.
func (s *Server) Restore(t host.Task, name string) error {
	file, err := s.backupFile(name)
	if err != nil {
		return err
	}
	image, err := s.host.Disk().ReadFile(file)
	if err != nil {
		return err
	}
	if err := s.replaceDatabase(t, image); err != nil {
		return err
	}
	if s.primary() && s.options.Log > 0 {
		return s.Promote(t)
	}
	return nil
}
