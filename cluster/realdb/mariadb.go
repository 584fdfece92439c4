package realdb

import (
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"syscall"
)

type mariadb struct{}

// mariadbFolders is where Debian has servers.
const mariadbFolders = "/usr/sbin"

func (mariadb) data(s *Server) string   { return filepath.Join(s.dir, "data") }
func (mariadb) socket(s *Server) string { return filepath.Join(s.dir, "s") }

// as is the option that names the user to run as: the server asks root for one.
func (mariadb) as() (string, error) {
	u, err := user.Current()
	if err != nil {
		return "", err
	}
	return "--user=" + u.Username, nil
}

func (m mariadb) initialise(s *Server) error {
	path, err := find("mariadb-install-db")
	if err != nil {
		return err
	}
	as, err := m.as()
	if err != nil {
		return err
	}
	return run(exec.Command(path, "--no-defaults", as, "--datadir="+m.data(s), "--auth-root-authentication-method=normal", "--skip-test-db"))
}

// admit makes a user for TCP, from wherever on loopback.
func (m mariadb) admit(s *Server) error {
	if err := m.ask(s, "create user cinder@'127.%'"); err != nil {
		return err
	}
	return m.ask(s, "grant all on *.* to cinder@'127.%'")
}

func (m mariadb) command(s *Server) (*exec.Cmd, error) {
	path, err := find("mariadbd", mariadbFolders)
	if err != nil {
		return nil, err
	}
	as, err := m.as()
	if err != nil {
		return nil, err
	}
	args := []string{
		"--no-defaults", as, "--datadir=" + m.data(s), "--socket=" + m.socket(s), "--pid-file=" + filepath.Join(s.dir, "pid"),
		"--bind-address=" + s.addr().String(), "--port=3306", "--skip-log-bin", "--skip-name-resolve", "--innodb-buffer-pool-size=32M",
	}
	return exec.Command(path, args...), nil
}

func (m mariadb) ask(s *Server, sql string) error {
	path, err := find("mariadb")
	if err != nil {
		return err
	}
	return run(exec.Command(path, "--no-defaults", "-uroot", "-S", m.socket(s), "-e", sql))
}

func (mariadb) url(s *Server, database string) string {
	return fmt.Sprintf("mysql://cinder@%v:3306/%s", s.addr(), database)
}

func (mariadb) stop() os.Signal { return syscall.SIGTERM }
