package store

import (
	"fmt"

	"github.com/wavetank/wavetank/daemons/wire"
)

// Batch is a set of operations that take effect together.
type Batch struct {
	// Proposer is the rank of the monitor that proposed the batch, and Seq a
	// number it never uses twice in its life: together they let the proposer
	// recognise its own batch when it is committed.
	Proposer uint32
	Seq      uint64
	// Ops are executed in order.
	Ops []Op
}

// Op is one change of the state: SetMgrMap or RaiseGlobalID.
type Op interface {
	kind() uint8
	check(*State) error
	apply(*State)
	encode(*wire.Encoder)
}

const (
	kindSetMgrMap     = 1
	kindRaiseGlobalID = 2
)

const batchVersion = 1

// Encode is the batch as bytes.
func (b Batch) Encode() []byte {
	e := wire.NewEncoder(nil)
	e.Envelope(batchVersion, 1, func() {
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
	d.Envelope(batchVersion, "store batch", func(uint8) {
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

func decodeOp(d *wire.Decoder) Op {
	switch kind := d.U8(); kind {
	case kindSetMgrMap:
		return decodeSetMgrMap(d)
	case kindRaiseGlobalID:
		return RaiseGlobalID{From: d.U64(), To: d.U64()}
	default:
		d.Fail("operation", fmt.Errorf("kind %d: %w", kind, ErrCorrupt))
		return nil
	}
}

// SetMgrMap makes a mgrmap the current one.
type SetMgrMap struct {
	// Epoch is the map's epoch. It must follow the current one.
	Epoch uint64
	// Map is the encoded map.
	Map []byte
	// SetMetadata are the metadata records to write, by name; DropMetadata are
	// the names, ascending, whose records go. Dropping comes first.
	SetMetadata  map[string]map[string]string
	DropMetadata []string
}

func (SetMgrMap) kind() uint8 { return kindSetMgrMap }

func (o SetMgrMap) check(s *State) error {
	if _, newest := s.MgrMapEpochs(); o.Epoch != newest+1 {
		return fmt.Errorf("mgrmap %d after %d: %w", o.Epoch, newest, ErrStale)
	}
	return nil
}

func (o SetMgrMap) apply(s *State) {
	s.mgrMaps = append(s.mgrMaps, o.Map)
	if extra := len(s.mgrMaps) - s.keep; extra > 0 {
		clear(s.mgrMaps[:extra])
		s.mgrMaps = s.mgrMaps[extra:]
		s.mgrFirst += uint64(extra)
	}
	for _, name := range o.DropMetadata {
		delete(s.mgrMeta, name)
	}
	for name, meta := range o.SetMetadata { // order has no effect
		s.mgrMeta[name] = meta
	}
}

func (o SetMgrMap) encode(e *wire.Encoder) {
	e.U64(o.Epoch)
	e.Blob(o.Map)
	encodeMetadata(e, o.SetMetadata)
	e.Strings(o.DropMetadata)
}

func decodeSetMgrMap(d *wire.Decoder) Op {
	return SetMgrMap{Epoch: d.U64(), Map: d.Blob(), SetMetadata: decodeMetadata(d), DropMetadata: d.Strings()}
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
