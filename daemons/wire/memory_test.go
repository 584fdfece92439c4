package wire_test

import (
	"bytes"
	"testing"

	"github.com/wavetank/wavetank/daemons/wire"
	"github.com/wavetank/wavetank/daemons/wire/wiretest"
)

// TestDecoder_believesNoCount: a count that the input could just hold takes no
// memory for items that are not there, whatever it counts.
func TestDecoder_believesNoCount(t *testing.T) {
	type large [1 << 10]byte
	for name, decode := range map[string]func(*wire.Decoder){
		"strings":    func(d *wire.Decoder) { d.Strings() },
		"string map": func(d *wire.Decoder) { d.StringMap() },
		"map": func(d *wire.Decoder) {
			wire.Map(d, 5, "map", d.U32, func() (v large) { d.Bool(); return v })
		},
	} {
		// 2^16 items, and none can be read: the first string is longer than the input,
		// and 0xff is no bool.
		in := append([]byte{0, 0, 1, 0}, bytes.Repeat([]byte{0xff}, 1<<19)...)
		d := wire.NewDecoder(in)
		wiretest.CheckAllocated(t, 512<<10, func() { decode(d) })
		if d.Err() == nil {
			t.Errorf("%s: no error", name)
		}
	}
}
