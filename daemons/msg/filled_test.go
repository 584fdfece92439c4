package msg

import (
	"fmt"
	"math"
	"net/netip"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/wire"
)

// filler gives every field of a value something that is not zero and that no
// other field has: a list two items, a map two pairs.
type filler struct{ n uint8 }

func (f *filler) next() uint8 {
	f.n++
	return max(f.n, 1)
}

func (f *filler) fill(v reflect.Value) {
	if fixed := f.fixed(v.Type()); fixed != nil {
		v.Set(reflect.ValueOf(fixed))
		return
	}
	switch v.Kind() {
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		v.SetInt(-int64(f.next()))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.next()))
	case reflect.Float32, reflect.Float64:
		v.SetFloat(float64(f.next()) / 2)
	case reflect.String:
		v.SetString(fmt.Sprintf("s%03d", f.next()))
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem())
	case reflect.Array, reflect.Slice, reflect.Map, reflect.Struct:
		f.fillParts(v)
	default:
		panic(v.Type())
	}
}

func (f *filler) fillParts(v reflect.Value) {
	switch v.Kind() {
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fallthrough
	case reflect.Array:
		for i := range v.Len() {
			f.fill(v.Index(i))
		}
	case reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		for range 2 {
			key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
			f.fill(key)
			f.fill(value)
			v.SetMapIndex(key, value)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i))
		}
	}
}

// fixed is the value of a type whose fields depend on each other; nil for others.
func (f *filler) fixed(t reflect.Type) any {
	switch t {
	case reflect.TypeFor[EntityAddr]():
		ip := netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: f.next()})
		return EntityAddr{Type: AddrLegacy, Nonce: math.MaxUint32, IP: netip.AddrPortFrom(ip, 6789)}
	case reflect.TypeFor[MonMap]():
		m := NewMonMap(wire.UUID{1}, wire.UTime{Sec: 2})
		m.Add("a", AddrVec{f.fixed(reflect.TypeFor[EntityAddr]()).(EntityAddr)})
		return m
	case reflect.TypeFor[MgrMap]():
		return smallMgrMap()
	case reflect.TypeFor[Nested]():
		return NestedOf(New(&LogAck{Last: 7}), FeaturesAll)
	case reflect.TypeFor[MDSState]():
		return MDSBoot // the state in which a beacon has everything
	}
	return nil
}

// filledBodies has one body of each known type, nothing in it zero.
func filledBodies() (bodies []Body) {
	for n := range 1 << 16 {
		b := newBody(Type(n))
		if b == nil {
			continue
		}
		(&filler{}).fill(reflect.ValueOf(b).Elem())
		if m, ok := b.(*MgrMapMsg); ok {
			m.Encoded = nil // a copy of Map
		}
		bodies = append(bodies, b)
	}
	return bodies
}

// TestBody_everyFieldTravels encodes bodies whose every field differs from zero:
// none may be lost, mixed up, or read from elsewhere.
func TestBody_everyFieldTravels(t *testing.T) {
	for _, b := range filledBodies() {
		m, err := Decode(New(b).Header, encoded(b), nil, nil, FeaturesAll)
		if err != nil {
			t.Errorf("%v: %v", b.Type(), err)
			continue
		}
		if diff := cmp.Diff(b, m.Body, equal); diff != "" {
			t.Errorf("%v (-sent +received):\n%s", b.Type(), diff)
		}
	}
}

// TestBody_zeroValueTravels: what is not set must not make a message that nobody
// can read.
func TestBody_zeroValueTravels(t *testing.T) {
	for _, b := range filledBodies() {
		m, err := Decode(New(b).Header, encoded(newBody(b.Type())), nil, nil, FeaturesAll)
		if err != nil {
			t.Errorf("%v: %v", b.Type(), err)
			continue
		}
		checkStable(t, m)
	}
}

// TestBody_shortFront cuts filled bodies, which have every optional part, at each
// byte.
func TestBody_shortFront(t *testing.T) {
	for _, b := range filledBodies() {
		front := encoded(b)
		for n := range front {
			if m, err := Decode(New(b).Header, front[:n], nil, nil, FeaturesAll); err == nil &&
				!(b.Type() == TypeAuth && n >= len(front)-4) { // old clients end before the monmap's epoch
				t.Errorf("%v: %d of %d bytes decode to %+v", b.Type(), n, len(front), m.Body)
			}
		}
	}
}
