package realcinder

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"

	"github.com/wavetank/wavetank/cluster"
)

// CLI are the commands, pointed at an API.
type CLI struct {
	endpoint          string
	cinder, openstack string // programs
}

// Row is a line of a table, by the columns' titles.
type Row map[string]string

// Find finds the commands. Error: cluster.ErrInfrastructure if they are not installed.
func Find(endpoint string) (*CLI, error) {
	c := &CLI{endpoint: endpoint}
	for name, to := range map[string]*string{"cinder": &c.cinder, "openstack": &c.openstack} {
		path, err := exec.LookPath(name)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", cluster.ErrInfrastructure, err)
		}
		*to = path
	}
	return c, nil
}

// Failure is what a command says when it fails.
type Failure struct {
	Status int
	Said   string // on standard error
}

func (f *Failure) Error() string { return fmt.Sprintf("status %d: %s", f.Status, f.Said) }

// Cinder runs the cinder command and reads the table that it prints. Error: a Failure.
func (c *CLI) Cinder(args ...string) ([]Row, error) {
	out, err := c.run(c.cinder, args)
	if err != nil {
		return nil, err
	}
	return table(out), nil
}

// OpenStack runs the openstack command, which must print JSON, and reads that. Error: a
// Failure.
func (c *CLI) OpenStack(args ...string) ([]map[string]any, error) {
	out, err := c.run(c.openstack, append(args, "-f", "json"))
	if err != nil {
		return nil, err
	}
	var rows []map[string]any
	if err := json.Unmarshal(out, &rows); err != nil {
		return nil, fmt.Errorf("openstack %q: %w", args, err)
	}
	return rows, nil
}

func (c *CLI) run(program string, args []string) ([]byte, error) {
	cmd := exec.Command(program, args...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool {
		return strings.HasPrefix(v, "OS_") || strings.HasPrefix(v, "CINDER") || strings.HasPrefix(v, "PYTHON")
	})
	cmd.Env = append(cmd.Env, "OS_AUTH_TYPE=noauth", "OS_USER_ID=admin", "OS_PROJECT_ID=admin",
		"OS_ENDPOINT="+c.endpoint, "CINDER_ENDPOINT="+c.endpoint, "OS_VOLUME_API_VERSION=3.70")
	var said bytes.Buffer
	cmd.Stderr = &said
	out, err := cmd.Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, &Failure{exit.ExitCode(), strings.TrimSpace(said.String())}
	}
	return out, err
}

// table reads a table drawn with lines. What is none has no rows.
func table(text []byte) (rows []Row) {
	var titles []string
	for _, line := range strings.Split(string(text), "\n") {
		if !strings.HasPrefix(line, "|") {
			continue
		}
		cells := strings.Split(strings.Trim(line, "|"), "|")
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		if titles == nil {
			titles = cells
			continue
		}
		row := Row{}
		for i, cell := range cells[:min(len(cells), len(titles))] {
			row[titles[i]] = cell
		}
		rows = append(rows, row)
	}
	return rows
}
