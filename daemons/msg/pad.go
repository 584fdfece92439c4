package msg

import "github.com/wavetank/wavetank/daemons/wire"

// pingPadMax bounds the padding of pings, in bytes: Ceph pads to a packet or two,
// or to a jumbo frame.
const pingPadMax = 1 << 16

func encodePad(e *wire.Encoder, n uint32) {
	for range n {
		e.U8(0)
	}
}

func decodePad(d *wire.Decoder, n uint32) {
	if n > pingPadMax {
		d.Fail("padding", wire.ErrTooLong)
		return
	}
	d.Raw(int(n))
}
