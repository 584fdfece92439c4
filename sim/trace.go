package sim

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/sim/tracefile"
)

// tracer writes the trace of a run: one JSON object per line, in the order of
// the kernel's steps, byte for byte the same for the same seed. Every line has
// "t" (virtual nanoseconds), "step", and "kind"; most have "host". The first line
// says which version of the schema the others follow, the last one that the run
// is over; package tracefile reads them, and docs/trace.md names every kind and
// field. Without a writer it costs a comparison.
type tracer struct {
	sim   *Sim
	out   *bufio.Writer
	level slog.Level
	line  []byte
	live  bool // somebody wants the lines: out, or the run's witness
}

func newTracer(s *Sim, w io.Writer, level slog.Level) tracer {
	t := tracer{sim: s, level: level, live: w != nil || s.config.Witness != nil}
	if w != nil {
		t.out = bufio.NewWriterSize(w, 64<<10)
	}
	if t.live {
		t.header()
	}
	return t
}

func (t *tracer) on() bool { return t.live }

// header is the first line. The seed is text, for it does not fit other
// languages' numbers.
func (t *tracer) header() {
	t.begin(tracefile.KindHeader)
	t.number("schema", tracefile.Schema)
	t.text("seed", strconv.FormatUint(t.sim.config.Seed, 10))
	t.text("line", t.sim.config.Line)
	t.end()
}

// flush ends the trace with its last line and hands everything to the writer.
// Nothing is traced after it.
func (t *tracer) flush() {
	if !t.on() {
		return
	}
	t.begin(tracefile.KindEnd)
	t.text("hash", fmt.Sprintf("%016x", t.sim.Hash()))
	t.end()
	t.live = false
	if t.out != nil {
		t.out.Flush()
	}
}

func (t *tracer) begin(kind string) {
	t.line = append(t.line[:0], `{"t":`...)
	t.line = strconv.AppendInt(t.line, int64(t.sim.Now()), 10)
	t.line = append(t.line, `,"step":`...)
	t.line = strconv.AppendUint(t.line, t.sim.Steps(), 10)
	t.text("kind", kind)
}

func (t *tracer) end() {
	t.line = append(t.line, '}', '\n')
	if k := t.sim.kernel; k.witness != nil {
		k.saw(Act{Kind: ActTrace, What: string(t.line[:len(t.line)-1])})
	}
	if t.out != nil {
		t.out.Write(t.line)
	}
}

func (t *tracer) key(k string) {
	t.line = append(t.line, ',')
	t.line = appendJSON(t.line, k)
	t.line = append(t.line, ':')
}

func (t *tracer) text(k, v string) {
	t.key(k)
	t.line = appendJSON(t.line, v)
}

func (t *tracer) number(k string, v int64) {
	t.key(k)
	t.line = strconv.AppendInt(t.line, v, 10)
}

func appendJSON(b []byte, s string) []byte {
	quoted, err := json.Marshal(s)
	if err != nil { // a string always marshals
		panic(err)
	}
	return append(b, quoted...)
}

func (t *tracer) attr(a slog.Attr) {
	v := a.Value.Resolve()
	switch v.Kind() {
	case slog.KindInt64:
		t.number(a.Key, v.Int64())
	case slog.KindUint64:
		t.key(a.Key)
		t.line = strconv.AppendUint(t.line, v.Uint64(), 10)
	case slog.KindBool:
		t.key(a.Key)
		t.line = strconv.AppendBool(t.line, v.Bool())
	case slog.KindDuration:
		t.number(a.Key, int64(v.Duration()))
	case slog.KindTime:
		t.text(a.Key, v.Time().UTC().Format(time.RFC3339Nano))
	default:
		t.text(a.Key, v.String())
	}
}

// Note writes a line of the simulation's owner into the trace, such as the fault
// that is about to strike.
func (s *Sim) Note(kind string, attrs ...slog.Attr) {
	s.kernel.absorbText(kind)
	if !s.trace.on() {
		return
	}
	s.trace.begin(kind)
	for _, a := range attrs {
		s.trace.attr(a)
	}
	s.trace.end()
}

func (t *tracer) fact(h *Host, f host.Fact) {
	if !t.on() {
		return
	}
	t.begin(f.Kind())
	t.text("host", h.name)
	for _, a := range f.Attrs() {
		t.attr(a)
	}
	t.end()
}

func (t *tracer) process(p *Process, what, detail string) {
	if !t.on() {
		return
	}
	t.begin("process." + what)
	t.text("host", p.host.name)
	t.number("pid", int64(p.pid))
	if detail != "" {
		t.text("detail", detail)
	}
	t.end()
}

func (t *tracer) host(h *Host, what string) {
	t.sim.kernel.absorbText(what)
	if !t.on() {
		return
	}
	t.begin("host." + what)
	t.text("host", h.name)
	t.end()
}

// point tells that a fault point has struck.
func (t *tracer) point(h *Host, name string, reached uint64) {
	t.sim.kernel.absorbText(name)
	if !t.on() {
		return
	}
	t.begin("point")
	t.text("host", h.name)
	t.text("point", name)
	t.number("reached", int64(reached))
	t.end()
}

// link tells of what was done to a link: one word, and perhaps how much of it.
func (t *tracer) link(l *Link, what string) {
	t.sim.kernel.absorbText(what)
	if !t.on() {
		return
	}
	word, detail, _ := strings.Cut(what, " ")
	t.begin("link." + word)
	t.text("from", l.from.name)
	t.text("to", l.to.name)
	if detail != "" {
		t.text("detail", detail)
	}
	if !l.local && l.network.index > 0 {
		t.text("network", l.network.name)
	}
	t.end()
}

// dropped tells of an attempt to connect that found the backlog full.
func (t *tracer) dropped(l *listener, dialler *conn) {
	if !t.on() {
		return
	}
	t.begin("net.dropped")
	t.text("host", l.proc.host.name)
	t.text("local", l.addr.String())
	t.text("remote", dialler.local.String())
	t.end()
}

func (t *tracer) conn(c *conn, what string, cause error) {
	if !t.on() {
		return
	}
	t.begin("net." + what)
	t.text("host", c.proc.host.name)
	t.number("conn", int64(c.id))
	t.text("local", c.local.String())
	t.text("remote", c.remote.String())
	if cause != nil {
		t.text("error", cause.Error())
	}
	t.end()
}

// rule tells that a rule has struck at a place in what a pipe carries.
func (t *tracer) rule(r *Rule, d *pipe, p place) {
	t.sim.kernel.absorbText(r.Name)
	if !t.on() {
		return
	}
	t.begin("net.rule")
	t.text("host", d.to.proc.host.name)
	t.number("conn", int64(d.to.id))
	t.text("from", d.from.proc.host.name)
	t.text("rule", r.Name)
	t.text("verdict", r.Verdict.String())
	t.number("at", p.at)
	if p.name != "" {
		t.text("msg", string(appendUnit(nil, p)))
	}
	t.end()
}

func (t *tracer) segment(d *pipe, s segment) {
	if !t.on() || s.kind == segmentOpen {
		return
	}
	t.begin([...]string{segmentData: "net.recv", segmentFIN: "net.fin", segmentRST: "net.rst"}[s.kind])
	t.text("host", d.to.proc.host.name)
	t.number("conn", int64(d.to.id))
	t.text("from", d.from.proc.host.name)
	t.number("bytes", int64(len(s.buf)))
	t.units(d, len(s.buf))
	t.end()
}

// units names what begins in the next n bytes of a pipe.
func (t *tracer) units(d *pipe, n int) {
	if d.inspection == nil || len(d.inspection.units) == 0 {
		return
	}
	var text []byte
	for _, u := range d.inspection.units {
		if u.at >= d.arrived+int64(n) {
			break
		}
		if len(text) > 0 {
			text = append(text, ' ')
		}
		text = appendUnit(text, u)
	}
	if len(text) > 0 {
		t.text("msg", string(text))
	}
}

// appendUnit writes a unit as the trace does: its name, and its number if it has
// one.
func appendUnit(b []byte, u place) []byte {
	b = append(b, u.name...)
	if u.number > 0 {
		b = append(b, ':')
		b = strconv.AppendUint(b, u.number, 10)
	}
	return b
}

// logger is the log of one machine's processes: records go into the trace,
// stamped with virtual time like everything there.
func (t *tracer) logger(h *Host) *slog.Logger {
	if !t.on() {
		return slog.New(slog.DiscardHandler)
	}
	return slog.New(&logHandler{trace: t, host: h})
}

type logHandler struct {
	trace *tracer
	host  *Host
	attrs []slog.Attr
	group string
}

func (h *logHandler) Enabled(_ context.Context, level slog.Level) bool { return level >= h.trace.level }

func (h *logHandler) Handle(_ context.Context, r slog.Record) error {
	t := h.trace
	t.begin("log")
	t.text("host", h.host.name)
	t.text("level", r.Level.String())
	t.text("msg", r.Message)
	for _, a := range h.attrs {
		t.attr(a)
	}
	r.Attrs(func(a slog.Attr) bool {
		a.Key = h.group + a.Key
		t.attr(a)
		return true
	})
	t.end()
	return nil
}

func (h *logHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	clone := *h
	clone.attrs = append([]slog.Attr{}, h.attrs...)
	for _, a := range attrs {
		a.Key = h.group + a.Key
		clone.attrs = append(clone.attrs, a)
	}
	return &clone
}

func (h *logHandler) WithGroup(name string) slog.Handler {
	clone := *h
	clone.group = h.group + name + "."
	return &clone
}
