package peers

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"time"
)

// farVariable is the environment variable that makes a process a far end. It
// holds the Job.
const farVariable = "WAVETANK_FAR_END"

// farTimeout bounds the life of a far end, so that a job that hangs fails.
const farTimeout = 2 * time.Minute

// FarEnd is the process that receives, seen from the one that sends.
type FarEnd struct {
	Addr string // where it listens

	command *exec.Cmd
	cancel  context.CancelFunc
	stdin   io.Closer
	stdout  *bufio.Reader
}

// StartFarEnd starts this program once more, as a far end. Its main function
// must call [BecomeFarEnd].
func StartFarEnd(job Job) (*FarEnd, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("far end: %w", err)
	}
	encoded, err := json.Marshal(job)
	if err != nil {
		return nil, fmt.Errorf("far end: %w", err)
	}
	f := &FarEnd{}
	var ctx context.Context
	ctx, f.cancel = context.WithTimeout(context.Background(), farTimeout)
	f.command = exec.CommandContext(ctx, program)
	f.command.Env = append(os.Environ(), farVariable+"="+string(encoded))
	f.command.Stderr = os.Stderr
	if err := f.start(); err != nil {
		f.cancel()
		return nil, fmt.Errorf("far end of %s: %w", job.Peer, err)
	}
	return f, nil
}

func (f *FarEnd) start() error {
	stdin, err := f.command.StdinPipe()
	if err != nil {
		return err
	}
	stdout, err := f.command.StdoutPipe()
	if err != nil {
		return err
	}
	f.stdin, f.stdout = stdin, bufio.NewReader(stdout)
	if err := f.command.Start(); err != nil {
		return err
	}
	if f.Addr, err = f.line(); err != nil {
		f.Close()
	}
	return err
}

// Await waits until the far end has had the job's messages, and returns its
// tally as a string.
func (f *FarEnd) Await() (string, error) { return f.line() }

func (f *FarEnd) line() (string, error) {
	line, err := f.stdout.ReadString('\n')
	if err != nil {
		return "", fmt.Errorf("far end says nothing more: %w", err)
	}
	return strings.TrimSuffix(line, "\n"), nil
}

// Close ends the process.
func (f *FarEnd) Close() {
	f.stdin.Close()
	f.command.Wait()
	f.cancel()
}

// BecomeFarEnd does nothing in a process that StartFarEnd has not started. In
// one that it has it serves the job and does not return: the process ends when
// its standard input does.
func BecomeFarEnd() {
	encoded, isFarEnd := os.LookupEnv(farVariable)
	if !isFarEnd {
		return
	}
	if err := serve(encoded); err != nil {
		fmt.Fprintln(os.Stderr, "far end:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// serve says the address on standard output, and the tally when it is full.
func serve(encoded string) error {
	var job Job
	if err := json.Unmarshal([]byte(encoded), &job); err != nil {
		return fmt.Errorf("job %q: %w", encoded, err)
	}
	peer, ok := Peers()[job.Peer]
	if !ok {
		return fmt.Errorf("no peer is called %q", job.Peer)
	}
	tally := NewTally(job)
	addr, err := peer.Serve(job, tally)
	if err != nil {
		return err
	}
	fmt.Println(addr)
	go func() {
		<-tally.Full()
		fmt.Println(tally)
	}()
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}
