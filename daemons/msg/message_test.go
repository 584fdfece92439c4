package msg

import (
	"bytes"
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/wire"
)

func TestDecode_unknownTypeKeepsItsBytes(t *testing.T) {
	h := Header{Type: 4242, Version: 7, CompatVersion: 3}
	front := []byte("whatever it is")
	m, err := Decode(h, front, nil, []byte("data"), FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	copy(front, "overwritten...")
	var e wire.Encoder
	m.Body.EncodePayload(&e, FeaturesAll)
	head, compat := m.Body.Version()
	if e.Bytes(); string(e.Bytes()) != "whatever it is" || m.Body.Type() != 4242 || head != 7 || compat != 3 {
		t.Errorf("%+v encodes to %q", m.Body, e.Bytes())
	}
}

func TestDecode_refusesWhatIsTooNewOrTooOld(t *testing.T) {
	for _, c := range []struct {
		vector          string
		version, compat uint16
		want            error
	}{
		{"MMgrBeacon-standby", 12, 11, nil},
		{"MMgrBeacon-standby", 12, 12, ErrUnsupportedVersion},
		{"MMgrBeacon-standby", 7, 1, ErrUnsupportedVersion},
		{"MForward", 3, 1, ErrUnsupportedVersion},
		{"MRoute", 2, 1, ErrUnsupportedVersion},
		{"MMDSBeacon-boot", 5, 1, ErrUnsupportedVersion},
		{"MMDSBeacon-boot", 9, 9, ErrUnsupportedVersion},
		{"MOSDBoot", 6, 1, ErrUnsupportedVersion},
		{"MOSDFailure-immediate", 3, 1, ErrUnsupportedVersion},
		{"MOSDPing-ping", 3, 1, ErrUnsupportedVersion},
		{"MMonProbe-probe", 4, 1, ErrUnsupportedVersion},
		{"MMonElection-ack", 4, 1, ErrUnsupportedVersion},
		{"MMonPaxos-lease", 2, 1, ErrUnsupportedVersion},
	} {
		v := readVector(t, "testdata/"+c.vector+".hex")
		h := parseHeader(v.header)
		h.Version, h.CompatVersion = c.version, c.compat
		if _, err := Decode(h, v.front, nil, nil, FeaturesAll); !errors.Is(err, c.want) {
			t.Errorf("%s %d/%d: %v, want %v", c.vector, c.version, c.compat, err, c.want)
		}
	}
}

// TestDecode_shortFront: a front that ends early is an error that says where, at
// whatever byte; a longer one is the work of a newer sender.
func TestDecode_shortFront(t *testing.T) {
	for _, v := range vectors(t) {
		switch h := parseHeader(v.header); h.Type {
		case TypeMgrMap, TypeMgrOpen:
			// keeps its end as it comes, or is tested by itself below
		default:
			step := max(1, len(v.front)/200)
			for n := 0; n < len(v.front); n += step {
				m, err := Decode(h, v.front[:n], nil, nil, FeaturesAll)
				var e *wire.Error
				if !errors.As(err, &e) && !(h.Type == TypeAuth && n >= len(v.front)-4) {
					t.Errorf("%s: %d of %d bytes: %v, error %v", v.name, n, len(v.front), m, err)
				}
			}
			if _, err := Decode(h, append(bytes.Clone(v.front), 1, 2, 3), nil, nil, FeaturesAll); err != nil {
				t.Errorf("%s: longer: %v", v.name, err)
			}
		}
	}
}

// TestDecode_retainsNothingOfFront: the messenger reuses the buffer at once.
func TestDecode_retainsNothingOfFront(t *testing.T) {
	for _, v := range vectors(t) {
		front := bytes.Clone(v.front)
		m, err := Decode(parseHeader(v.header), front, v.middle, v.data, FeaturesAll)
		if err != nil {
			t.Fatal(err)
		}
		for i := range front {
			front[i] = 0xee
		}
		var e wire.Encoder
		m.Body.EncodePayload(&e, FeaturesAll)
		same(t, v.name, e.Bytes(), v.front)
	}
}

// TestDecode_everyKnownType: the table has each type once, under its own number.
func TestDecode_everyKnownType(t *testing.T) {
	known := 0
	for n := range 1 << 16 {
		b := newBody(Type(n))
		if b == nil {
			continue
		}
		known++
		head, compat := b.Version()
		if b.Type() != Type(n) || compat > head || compat == 0 {
			t.Errorf("%v makes a body of type %v, version %d/%d", Type(n), b.Type(), head, compat)
		}
	}
	if known != 46 {
		t.Errorf("%d types are known", known)
	}
}

func TestNew_priorities(t *testing.T) {
	if m := New(&MonGetVersionReply{}); m.Header.Priority != 127 || m.Header.Version != 2 || m.Header.CompatVersion != 2 ||
		m.Header.Type != TypeMonGetVersionReply {
		t.Errorf("%+v", m.Header)
	}
	if m := NewFromMon(&LogAck{}); m.Header.Priority != 196 {
		t.Errorf("%+v", m.Header)
	}
}

func TestNested_roundTrip(t *testing.T) {
	inner := New(&MonCommand{Paxos: PaxosAt(3), Cmd: []string{`{"prefix": "status"}`}})
	inner.Header.Tid, inner.Header.Src = 9, EntityName{EntityClient, 4109}
	inner.Data = []byte("input")
	forward := &Forward{Tid: 3, ClientType: EntityClient, Caps: "allow *", Msg: NestedOf(inner, FeaturesAll)}
	var e wire.Encoder
	forward.EncodePayload(&e, FeaturesAll)
	outer, err := Decode(New(forward).Header, e.Bytes(), nil, nil, FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	got, err := outer.Body.(*Forward).Msg.Decode(FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(inner.Body, got.Body); diff != "" || string(got.Data) != "input" || got.Header.Tid != 9 ||
		got.Header.Src != inner.Header.Src {
		t.Errorf("%+v %q (-want +got):\n%s", got.Header, got.Data, diff)
	}
}

// TestNestedOf_likeCeph rebuilds the messages inside a captured MForward and
// MRoute, lengths and checksums included.
func TestNestedOf_likeCeph(t *testing.T) {
	forward := decodeVector(t, readVector(t, "testdata/MForward.hex")).Body.(*Forward)
	route := decodeVector(t, readVector(t, "testdata/MRoute.hex")).Body.(*Route)
	for _, captured := range []*Nested{&forward.Msg, route.Msg} {
		inner, err := captured.Decode(FeaturesAll)
		if err != nil {
			t.Fatal(err)
		}
		inner.Header.FrontLen, inner.Header.CRC = 0, 0
		if diff := cmp.Diff(*captured, NestedOf(inner, FeaturesAll)); diff != "" {
			t.Errorf("%v (-captured +ours):\n%s", inner, diff)
		}
	}
}

func TestMonRaft_roundTrip(t *testing.T) {
	want := &MonRaft{FSID: wire.UUID{3}, Epoch: 7, From: 2, To: 9, Name: "d", Msgs: [][]byte{[]byte("append"), nil, []byte("vote")}}
	var e wire.Encoder
	want.EncodePayload(&e, FeaturesAll)
	m, err := Decode(New(want).Header, e.Bytes(), nil, nil, FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, m.Body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestKVData_absentIsNotEmpty(t *testing.T) {
	want := &KVData{Prefix: "mgr/", Data: map[string][]byte{"mgr/gone": nil, "mgr/empty": {}}}
	var e wire.Encoder
	want.EncodePayload(&e, FeaturesAll)
	m, err := Decode(New(want).Header, e.Bytes(), nil, nil, FeaturesAll)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, m.Body); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
