package mgrc

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/wavetank/wavetank/daemons/admin"
	"github.com/wavetank/wavetank/daemons/msg"
	"github.com/wavetank/wavetank/daemons/wire"
)

// Counter is a performance counter of a daemon.
type Counter struct {
	msg.CounterType
	Value uint64 // of a msg.CounterAverage, the sum
	Count uint64 // of a msg.CounterAverage, of how many
}

// onReport reports on a session, and again after its period. (Ceph: MgrClient::_send_stats.)
func (c *Client) onReport(s *session) {
	if s != c.session || c.stopped || s.period == 0 {
		return
	}
	if c.cfg.Defects.NoLock {
		c.loop.Post(func() { c.report(s) })
	} else {
		c.report(s)
	}
	s.timer.Reset(s.period)
}

// report sends a report on a session that there is.
func (c *Client) report(s *session) {
	r := &msg.MgrReport{DaemonName: c.name(), ServiceName: c.serviceName()}
	if d := c.cfg.Daemon; d != nil {
		r.Health = d.Health()
		if c.options.refresh(d); !bytes.Equal(c.options.set, s.config) {
			s.config, r.Config = c.options.set, c.options.set
		}
		s.pack(r, d.Counters())
	} else {
		s.pack(r, nil)
	}
	c.service.report(r)
	fact := Reported{
		Entity: c.cfg.Entity.String(), Session: s.number,
		Counters: len(s.declared), Declared: len(r.Declared), Undeclared: len(r.Undeclared),
	}
	s.conn.Send(msg.New(r))
	c.h.Probe(fact)
}

// pack puts the counters into a report that the manager wants: what is new is declared,
// what is gone or not wanted any more is taken back, and the values follow in the order
// of all paths, which is how the manager reads them.
func (s *session) pack(r *msg.MgrReport, counters []Counter) {
	wanted := slices.DeleteFunc(slices.Clone(counters), func(k Counter) bool { return k.Priority < s.threshold })
	slices.SortFunc(wanted, func(a, b Counter) int { return cmp.Compare(a.Path, b.Path) })
	paths := make([]string, len(wanted))
	for i, k := range wanted {
		paths[i] = k.Path
		if _, known := slices.BinarySearch(s.declared, k.Path); !known {
			r.Declared = append(r.Declared, k.CounterType)
		}
	}
	for _, path := range s.declared {
		if _, still := slices.BinarySearch(paths, path); !still {
			r.Undeclared = append(r.Undeclared, path)
		}
	}
	s.declared = paths
	var e wire.Encoder
	e.Envelope(1, 1, func() {
		for _, k := range wanted {
			e.U64(k.Value)
			if k.Type&msg.CounterAverage != 0 {
				e.U64(k.Count)
				e.U64(k.Count) // Ceph counts before and after the sum, to read both without a lock
			}
		}
	})
	r.Packed = e.Bytes()
}

// options are the daemon's, encoded. Nobody changes what they were.
type options struct {
	set, defaults []byte
	stale         bool
}

// refresh asks the daemon, if its options may have changed.
func (o *options) refresh(d Daemon) {
	if o.stale {
		o.stale = false
		o.set, o.defaults = encodeOptions(d.Options())
	}
}

// encodeOptions is what somebody has set, by whom, and the defaults.
func encodeOptions(options []admin.Option) (config, defaults []byte) {
	byName := func(a, b admin.Option) int { return cmp.Compare(a.Name, b.Name) }
	if !slices.IsSortedFunc(options, byName) {
		options = slices.SortedFunc(slices.Values(options), byName)
	}
	set := msg.DaemonConfig{Values: map[string]map[msg.ConfigLevel]string{}}
	var c, d wire.Encoder
	d.U32(uint32(len(options)))
	for i := range options {
		o := &options[i]
		d.String(o.Name)
		d.String(o.Default)
		if layers := layersOf(o); len(layers) > 0 {
			set.Values[o.Name] = layers
		}
	}
	set.Encode(&c)
	return c.Bytes(), d.Bytes()
}

// layersOf is who has set an option, and to what.
func layersOf(o *admin.Option) map[msg.ConfigLevel]string {
	if o.Mon == nil && o.File == nil && o.Override == nil {
		return nil
	}
	layers := make(map[msg.ConfigLevel]string)
	for _, layer := range []struct {
		by    msg.ConfigLevel
		value *string
	}{{msg.ConfigMon, o.Mon}, {msg.ConfigFile, o.File}, {msg.ConfigOverride, o.Override}} {
		if layer.value != nil {
			layers[layer.by] = *layer.value
		}
	}
	return layers
}
