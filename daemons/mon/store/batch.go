package store

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Batch is a set of operations that take effect together.
type Batch struct {
	// Proposer is the number of the monitor that proposed the batch, and Seq a
	// number it never uses twice in its life: together they let the proposer
	// recognise its own batch when it is committed.
	Proposer uint32
	Seq      uint64
	// Ops are executed in order.
	Ops []Op
}

// Op is one change of the state: SetMap, Edit or RaiseGlobalID.
type Op interface {
	kind() uint8
	check(*State) error
	apply(*State)
	encode(*wire.Encoder)
}

const (
	kindSetMap        = 1
	kindRaiseGlobalID = 2
	kindEdit          = 3
)

const batchVersion = 2

// Encode is the batch as bytes.
func (b Batch) Encode() []byte {
	e := wire.NewEncoder(nil)
	e.Envelope(batchVersion, batchVersion, func() {
		e.U32(b.Proposer)
		e.U64(b.Seq)
		e.U32(uint32(len(b.Ops)))
		for _, op := range b.Ops {
			e.U8(op.kind())
			op.encode(e)
		}
	})
	return e.Bytes()
}

// DecodeBatch reads what Encode wrote. Error: ErrCorrupt. The batch keeps
// nothing of data.
func DecodeBatch(data []byte) (Batch, error) {
	var b Batch
	d := wire.NewDecoder(data)
	d.Envelope(batchVersion, "store batch", func(version uint8) {
		if !known(d, version, batchVersion) {
			return
		}
		b.Proposer, b.Seq = d.U32(), d.U64()
		for range d.Count(1, "operations") {
			b.Ops = append(b.Ops, decodeOp(d))
			if d.Err() != nil {
				return
			}
		}
	})
	if err := d.Err(); err != nil {
		return Batch{}, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return b, nil
}

// known refuses what was written before version, which nobody reads any more.
func known(d *wire.Decoder, has, version uint8) bool {
	if has < version {
		d.Fail("version", fmt.Errorf("version %d, want %d: %w", has, version, ErrCorrupt))
	}
	return d.Err() == nil
}

func decodeOp(d *wire.Decoder) Op {
	switch kind := d.U8(); kind {
	case kindSetMap:
		return SetMap{Name: d.String(), Epoch: d.U64(), Map: d.Blob()}
	case kindEdit:
		return decodeEdit(d)
	case kindRaiseGlobalID:
		return RaiseGlobalID{From: d.U64(), To: d.U64()}
	default:
		d.Fail("operation", fmt.Errorf("kind %d: %w", kind, ErrCorrupt))
		return nil
	}
}

// SetMap makes a map the current one of its name.
type SetMap struct {
	// Name is the map's. There must be one of that name.
	Name string
	// Epoch is the map's epoch. It must follow the current one.
	Epoch uint64
	// Map is the encoded map.
	Map []byte
}

func (SetMap) kind() uint8 { return kindSetMap }

func (o SetMap) check(s *State) error {
	if _, newest := s.Epochs(o.Name); newest == 0 || o.Epoch != newest+1 {
		return fmt.Errorf("%s %d after %d: %w", o.Name, o.Epoch, newest, ErrStale)
	}
	return nil
}

func (o SetMap) apply(s *State) {
	h := s.maps[o.Name]
	h.epochs = append(h.epochs, o.Map)
	if extra := len(h.epochs) - s.keep; extra > 0 {
		clear(h.epochs[:extra])
		h.epochs = h.epochs[extra:]
		h.first += uint64(extra)
	}
}

func (o SetMap) encode(e *wire.Encoder) {
	e.String(o.Name)
	e.U64(o.Epoch)
	e.Blob(o.Map)
}

// Edit changes keys of a space, and raises its version by one. A space begins
// with its first edit.
type Edit struct {
	Space string
	// From is the space's version, which the edit is based on.
	From uint64
	// Drop are the keys to remove, ascending; they need not be there. Dropping
	// comes first. Set are the values to write, by key.
	Drop []string
	Set  map[string][]byte
}

func (Edit) kind() uint8 { return kindEdit }

func (o Edit) check(s *State) error {
	if is := s.Version(o.Space); o.From != is {
		return fmt.Errorf("edit of version %d of %s, it is %d: %w", o.From, o.Space, is, ErrStale)
	}
	return nil
}

func (o Edit) apply(s *State) {
	sp := s.spaces[o.Space]
	if sp == nil {
		sp = &space{}
		if s.spaces == nil {
			s.spaces = map[string]*space{}
		}
		s.spaces[o.Space] = sp
	}
	if sp.values == nil {
		sp.values = map[string][]byte{}
	}
	sp.version++
	for _, key := range o.Drop {
		delete(sp.values, key)
	}
	for key, value := range o.Set { // order has no effect
		sp.values[key] = value
	}
}

func (o Edit) encode(e *wire.Encoder) {
	e.String(o.Space)
	e.U64(o.From)
	e.Strings(o.Drop)
	wire.PutMap(e, o.Set, e.String, e.Blob)
}

func decodeEdit(d *wire.Decoder) Op {
	return Edit{Space: d.String(), From: d.U64(), Drop: d.Strings(), Set: wire.Map(d, 8, "keys", d.String, d.Blob)}
}

// RaiseGlobalID raises the highest global id that may be handed out.
type RaiseGlobalID struct {
	// From is what it must be now, To what it becomes; To is above From.
	From, To uint64
}

func (RaiseGlobalID) kind() uint8 { return kindRaiseGlobalID }

func (o RaiseGlobalID) check(s *State) error {
	if o.From != s.maxGlobal || o.To <= o.From {
		return fmt.Errorf("raise global id from %d to %d, it is %d: %w", o.From, o.To, s.maxGlobal, ErrStale)
	}
	return nil
}

func (o RaiseGlobalID) apply(s *State) { s.maxGlobal = o.To }

func (o RaiseGlobalID) encode(e *wire.Encoder) {
	e.U64(o.From)
	e.U64(o.To)
}
