package cluster

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
)

// rpcRig is a broker, servers of the topic "t" and somebody who calls them.
type rpcRig struct {
	t       *testing.T
	w       World
	opt     rpc.Options
	broker  netip.AddrPort
	loop    host.Loop // of the caller
	client  *rpc.Client
	mu      sync.Mutex
	handled []string // "server method", in order
}

func newRPCRig(t *testing.T, w World, opt rpc.Options) *rpcRig {
	r := &rpcRig{t: t, w: w, opt: opt}
	t.Cleanup(w.Close)
	broker := w.AddHost("broker")
	r.broker = netip.AddrPortFrom(broker.Addr(), rpc.Port)
	broker.Start(func(h host.Host) {
		exitOn(h, rpc.NewBroker(h, rpc.BrokerConfig{Bind: r.broker, Options: opt}).Start())
	})
	w.AddHost("caller").Start(func(h host.Host) {
		loop := h.NewLoop("caller")
		client := rpc.New(h, loop, rpc.Config{Brokers: []netip.AddrPort{r.broker}, Options: opt})
		loop.Post(client.Start)
		r.mu.Lock()
		defer r.mu.Unlock()
		r.loop, r.client = loop, client
	})
	return r
}

// serve starts a server of the topic "t".
func (r *rpcRig) serve(name string) Host {
	h := r.w.AddHost(name)
	h.Start(func(h host.Host) {
		loop := h.NewLoop("server")
		client := rpc.New(h, loop, rpc.Config{Brokers: []netip.AddrPort{r.broker}, Options: r.opt})
		client.Serve(rpc.Target{Topic: "t", Server: name}, func(t host.Task, req rpc.Request) (any, error) {
			r.mu.Lock()
			r.handled = append(r.handled, name+" "+req.Method)
			r.mu.Unlock()
			switch req.Method {
			case "fail":
				return nil, &rpc.RemoteError{Type: "ServiceUnavailable", Message: "no"}
			case "sleep":
				t.Sleep(5 * time.Second)
			}
			var args struct{ N int }
			err := req.Decode(&args)
			return fmt.Sprintf("%s %d", name, args.N+1), err
		})
		loop.Post(client.Start)
	})
	return h
}

// ask does something on a task of the caller and waits until it is done.
func (r *rpcRig) ask(what func(host.Task, *rpc.Client) (string, error)) (answer string, err error) {
	r.t.Helper()
	r.mu.Lock()
	loop, client := r.loop, r.client
	r.mu.Unlock()
	var mu sync.Mutex
	done := false
	loop.Go("ask", func(t host.Task) {
		a, e := what(t, client)
		mu.Lock()
		defer mu.Unlock()
		answer, err, done = a, e, true
	})
	for range 1200 {
		r.w.Run(100 * time.Millisecond)
		mu.Lock()
		if done {
			mu.Unlock()
			return answer, err
		}
		mu.Unlock()
	}
	r.t.Fatal("no answer and no error")
	return "", nil
}

func (r *rpcRig) call(server, method string, n int) (string, error) {
	r.t.Helper()
	return r.ask(func(t host.Task, c *rpc.Client) (answer string, err error) {
		err = c.Call(t, rpc.Target{Topic: "t", Server: server}, method, map[string]int{"N": n}, &answer)
		return answer, err
	})
}

func (r *rpcRig) cast(server, method string) error {
	r.t.Helper()
	_, err := r.ask(func(t host.Task, c *rpc.Client) (string, error) {
		return "", c.Cast(t, rpc.Target{Topic: "t", Server: server}, method, nil)
	})
	return err
}

// count is how often something was handled.
func (r *rpcRig) count(what string) int {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := 0
	for _, h := range r.handled {
		if strings.HasSuffix(h, what) {
			n++
		}
	}
	return n
}

// TestRPC_routes: a call reaches one server, in turn, or the one that is named; a fanout
// all; and errors come back as what they are.
func TestRPC_routes(t *testing.T) {
	for name, w := range worlds(t) {
		t.Run(name, func(t *testing.T) {
			r := newRPCRig(t, w, rpc.Options{ResponseTimeout: 3 * time.Second, RetryInterval: 100 * time.Millisecond})
			r.serve("a")
			r.serve("b")
			w.Run(500 * time.Millisecond)
			var turns []string
			for n := range 4 {
				answer, err := r.call("", "add", n)
				if err != nil || !strings.HasSuffix(answer, fmt.Sprint(n+1)) {
					t.Fatalf("add %d: %q, %v", n, answer, err)
				}
				turns = append(turns, answer[:1])
			}
			if turns[0] == turns[1] || !slices.Equal(turns[:2], turns[2:]) {
				t.Errorf("servers do not take turns: %v", turns)
			}
			if answer, err := r.call("b", "add", 41); err != nil || answer != "b 42" {
				t.Errorf("server b: %q, %v", answer, err)
			}
			if _, err := r.ask(func(t host.Task, c *rpc.Client) (string, error) {
				return "", c.Fanout(t, "t", "all", nil)
			}); err != nil {
				t.Errorf("fanout: %v", err)
			}
			w.Run(500 * time.Millisecond)
			if r.count("a all") != 1 || r.count("b all") != 1 {
				t.Errorf("a fanout was handled by %v", r.handled)
			}
			var remote *rpc.RemoteError
			if _, err := r.call("a", "fail", 0); !errors.As(err, &remote) || remote.Type != "ServiceUnavailable" {
				t.Errorf("a server's error arrives as %v", err)
			}
			began := w.Now()
			if _, err := r.call("nobody", "add", 0); !errors.Is(err, rpc.ErrTimeout) || w.Now()-began < 3*time.Second {
				t.Errorf("an unroutable call ends with %v after %v", err, w.Now()-began)
			}
		})
	}
}

// TestRPC_deadServer: what is cast to a server that is dead waits for it, and what it was
// doing when it died is not done again.
func TestRPC_deadServer(t *testing.T) {
	r := newRPCRig(t, NewSim(SimConfig{Seed: 1}), rpc.Options{})
	a := r.serve("a")
	r.w.Run(time.Second)
	if err := r.cast("a", "sleep"); err != nil {
		t.Fatal(err)
	}
	a.Kill()
	if err := r.cast("a", "later"); err != nil {
		t.Fatal(err)
	}
	if r.count("later") != 0 {
		t.Error("a dead server works")
	}
	a.Restart()
	r.w.Run(10 * time.Second)
	if r.count("later") != 1 || r.count("sleep") != 1 {
		t.Errorf("handled %v", r.handled)
	}
}

// TestRPC_broker: everybody finds a broker again that was restarted; what it had is lost.
func TestRPC_broker(t *testing.T) {
	r := newRPCRig(t, NewSim(SimConfig{Seed: 1}), rpc.Options{})
	r.serve("a")
	r.w.Run(time.Second)
	broker := r.w.Host("broker")
	broker.Kill()
	r.w.Run(20 * time.Second)
	broker.Restart()
	if answer, err := r.call("a", "add", 1); !errors.Is(err, rpc.ErrTimeout) && answer != "a 2" {
		t.Errorf("%q, %v", answer, err)
	}
	r.w.Run(40 * time.Second)
	if answer, err := r.call("a", "add", 1); err != nil || answer != "a 2" {
		t.Errorf("after the broker is back: %q, %v", answer, err)
	}
	broker.Kill()
	if err := r.cast("a", "lost"); !errors.Is(err, rpc.ErrTimeout) {
		t.Errorf("cast without a broker: %v", err)
	}
}

// TestRPC_silence: a connection over which nothing comes is given up, and its turn with it.
func TestRPC_silence(t *testing.T) {
	r := newRPCRig(t, NewSim(SimConfig{Seed: 1}), rpc.Options{})
	a := r.serve("a")
	r.w.Run(time.Second)
	broker := r.w.Host("broker")
	r.w.Cut(broker, a)
	r.w.Cut(a, broker)
	if _, err := r.call("a", "add", 1); !errors.Is(err, rpc.ErrTimeout) {
		t.Errorf("a server that is cut off: %v", err)
	}
	r.serve("b")
	r.w.Run(time.Minute)
	for range 4 {
		if answer, err := r.call("", "add", 1); err != nil || answer != "b 2" {
			t.Errorf("beside a server that is cut off for long: %q, %v", answer, err)
		}
	}
	r.w.Heal(broker, a)
	r.w.Heal(a, broker)
	r.w.Run(2 * time.Minute)
	if answer, err := r.call("a", "add", 1); err != nil || answer != "a 2" {
		t.Errorf("after the heal: %q, %v", answer, err)
	}
}

// TestRPC_once: whatever breaks, no server does a call twice, and one that is answered was
// done.
func TestRPC_once(t *testing.T) {
	for seed := range uint64(20) {
		r := newRPCRig(t, NewSim(SimConfig{Seed: seed}), rpc.Options{ResponseTimeout: 20 * time.Second})
		r.serve("a")
		r.serve("b")
		r.w.Run(time.Second)
		broker := r.w.Host("broker")
		for n := range 30 {
			method := fmt.Sprintf("m%02d", n)
			for i, victim := range []string{"a", "b", "caller"} {
				delay := time.Duration(n*7+i*3)%11*100*time.Microsecond + time.Duration(n%4)*50*time.Microsecond
				r.w.(*SimWorld).Sim().At(r.w.Now()+delay, func() { r.w.Reset(broker, r.w.Host(victim)) })
			}
			_, err := r.call("", method, n)
			a, b := r.count("a "+method), r.count("b "+method)
			if a > 1 || b > 1 || a+b == 0 && err == nil {
				t.Fatalf("seed %d: %s was done %d and %d times, the caller has %v", seed, method, a, b, err)
			}
		}
		r.w.Close()
	}
}
