package realdb

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// postgresFolders is where Debian has the server's programs, by version.
const postgresFolders = "/usr/lib/postgresql/*/bin"

type postgres struct{}

func (postgres) data(s *Server) string { return filepath.Join(s.dir, "data") }

// program is a program of the server's, to run as a user that it accepts.
func (p postgres) program(s *Server, name string, args ...string) (*exec.Cmd, error) {
	path, err := find(name, postgresFolders)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(path, args...)
	cmd.Dir = s.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{}
	if os.Geteuid() == 0 {
		if cmd.SysProcAttr.Credential, err = p.credential(); err != nil {
			return nil, err
		}
	}
	return cmd, nil
}

func (postgres) credential() (*syscall.Credential, error) {
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}

func (p postgres) initialise(s *Server) error {
	cmd, err := p.program(s, "initdb", "-D", p.data(s), "-A", "trust", "-U", "postgres", "--no-locale", "-E", "UTF8", "-N")
	if err != nil {
		return err
	}
	if c := cmd.SysProcAttr.Credential; c != nil {
		if err := os.Chown(s.dir, int(c.Uid), int(c.Gid)); err != nil {
			return err
		}
	}
	return run(cmd)
}

// admit does nothing: everybody is trusted.
func (postgres) admit(*Server) error { return nil }

func (p postgres) command(s *Server) (*exec.Cmd, error) {
	return p.program(s, "postgres", "-D", p.data(s), "-p", "5432",
		"-c", "listen_addresses="+s.addr().String(), "-c", "unix_socket_directories="+s.dir, "-c", "max_connections=200")
}

func (p postgres) ask(s *Server, sql string) error {
	cmd, err := p.program(s, "psql", "-X", "-q", "-h", s.addr().String(), "-p", "5432", "-U", "postgres", "-c", sql, "postgres")
	if err != nil {
		return err
	}
	return run(cmd)
}

func (postgres) url(s *Server, database string) string {
	return fmt.Sprintf("postgresql://postgres@%v:5432/%s?sslmode=disable", s.addr(), database)
}

// stop is the fast shutdown: sessions are ended.
func (postgres) stop() os.Signal { return syscall.SIGINT }
