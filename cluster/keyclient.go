package cluster

import (
	"fmt"
	"log/slog"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/monc"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/msgr"
	"github.com/wavetank/wavetank/daemons/option"
)

// What a key client does to a key.
const (
	KeyGet = "get"
	KeySet = "set"
)

// KeyAsked says that a key client gives a config-key command. It gives one at a time.
type KeyAsked struct {
	Op    string // KeyGet or KeySet
	Key   string
	Value string // of a KeySet; no other command of any client has the same
}

// Kind is "keyclient.asked".
func (KeyAsked) Kind() string { return "keyclient.asked" }

// Attrs are the fields.
func (f KeyAsked) Attrs() []slog.Attr {
	return []slog.Attr{slog.String("op", f.Op), slog.String("key", f.Key), slog.String("value", f.Value)}
}

// KeyAnswered is the outcome of the last KeyAsked of the same client.
type KeyAnswered struct {
	Code  int64  // 0, or a negative errno
	Value string // what a KeyGet has found
	Error string // why there is no answer; empty if there is one
}

// Kind is "keyclient.answered".
func (KeyAnswered) Kind() string { return "keyclient.answered" }

// Attrs are the fields.
func (f KeyAnswered) Attrs() []slog.Attr {
	return []slog.Attr{slog.Int64("code", f.Code), slog.String("value", f.Value), slog.String("error", f.Error)}
}

// Keys is how many keys all key clients share.
const Keys = 3

// keyClientKind are the clients that read and write keys.
func (t *Topology) keyClientKind() Kind {
	return Kind{
		Name: "key-client", Numbers: option.Set{"key-clients": option.Count(&t.KeyClients)},
		Helpers: t.KeyClientNames,
		Deploy: func(c *Cluster) {
			for _, name := range t.KeyClientNames() {
				c.AddMachine(name, false)
			}
		},
		Start: func(c *Cluster) {
			for i, name := range t.KeyClientNames() {
				c.world.Host(name).Start(c.runKeyClient(i))
			}
		},
	}
}

// keyClient is a client of the monitors that reads and writes a few keys, which it
// shares with others, one command after another, for as long as it lives.
type keyClient struct {
	h      host.Host
	number int // among the key clients
	client *monc.Client
	draw   host.Rand
	timer  host.Timer
	given  int // commands so far
}

// runKeyClient is the program of the i-th key client.
func (c *Cluster) runKeyClient(i int) func(host.Host) {
	return func(h host.Host) {
		loop := h.NewLoop("keyclient/dispatch")
		m := msgr.New(h, loop, msgr.Config{
			Name: msg.EntityName{Type: msg.EntityClient, Num: -1}, Nonce: h.PID(), Label: h.Name(), Workers: 1,
		})
		k := &keyClient{h: h, number: i, draw: h.Rand("keyclient")}
		k.client = monc.New(h, loop, m, monc.Config{
			Entity: msg.AuthName{Type: uint32(msg.EntityClient), ID: "admin"},
			MonMap: c.monmap, Options: c.topology.Client, Defects: c.topology.ClientDefects,
		})
		k.timer = loop.NewTimer(k.give)
		loop.Post(func() {
			k.client.Init()
			if err := m.Start(); err != nil {
				exitOn(h, err)
				return
			}
			k.client.Authenticate(func(err error) { exitOn(h, err) })
			k.give()
		})
	}
}

// give gives the next command: half of them read.
func (k *keyClient) give() {
	k.given++
	asked := KeyAsked{Op: KeyGet, Key: fmt.Sprintf("tank/%d", k.draw.IntN(Keys))}
	args := []string{"key", asked.Key}
	if k.draw.IntN(2) == 0 {
		asked.Op, asked.Value = KeySet, fmt.Sprintf("%d.%d", k.number, k.given)
		args = append(args, "val", asked.Value)
	}
	k.h.Probe(asked)
	k.client.Command(commandText("config-key "+asked.Op, args), k.answered)
}

func (k *keyClient) answered(r monc.CommandResult) {
	f := KeyAnswered{Code: int64(r.Code), Value: string(r.Data)}
	if r.Err != nil {
		f.Error = r.Err.Error()
	}
	k.h.Probe(f)
	k.timer.Reset(time.Duration(20+k.draw.IntN(600)) * time.Millisecond)
}
