package rpc

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
)

// A frame is a length of 4 bytes, big endian, and as many bytes of a JSON object.
const (
	lengthSize = 4
	// maxFrame is the most bytes of the object.
	maxFrame = 1 << 20
)

// The operations. A client declares, publishes and acknowledges, a broker delivers and
// confirms, both send heartbeats.
const (
	opConsume = "consume" // declare Queue, bind it to Exchange if there is one, and have what comes
	opPublish = "publish" // Body to Queue, or to every queue bound to Exchange, as ID
	opConfirm = "confirm" // the broker has taken what was published as ID, or not: Error
	opDeliver = "deliver" // Body out of Queue, as ID
	opAck     = "ack"     // what was delivered as ID is off its queue for good
	opBeat    = "beat"
)

// frame is one message of the protocol.
type frame struct {
	Op        string          `json:"op"`
	ID        uint64          `json:"id,omitempty"`
	Exchange  string          `json:"exchange,omitempty"`
	Queue     string          `json:"queue,omitempty"`
	Transient bool            `json:"transient,omitempty"` // the queue may go when nobody consumes it for long
	Body      json.RawMessage `json:"body,omitempty"`
	Error     string          `json:"error,omitempty"`
}

// message is a Body: a request, or the answer to one.
type message struct {
	ID     string          `json:"id"`               // of the request, and of its answer
	Method string          `json:"method,omitempty"` // empty in an answer
	Args   json.RawMessage `json:"args,omitempty"`
	Reply  string          `json:"reply,omitempty"` // the queue for the answer, empty for a cast
	Result json.RawMessage `json:"result,omitempty"`
	Failed *RemoteError    `json:"failed,omitempty"`
}

// errFrame: the peer does not speak the protocol.
var errFrame = errors.New("malformed frame")

// appendFrame adds the bytes of f. Error: ErrTooLarge.
func appendFrame(b []byte, f *frame) ([]byte, error) {
	text, err := json.Marshal(f)
	if err != nil {
		return b, fmt.Errorf("frame %s: %w", f.Op, err)
	}
	if len(text) > maxFrame {
		return b, fmt.Errorf("frame %s of %d bytes: %w", f.Op, len(text), ErrTooLarge)
	}
	return append(binary.BigEndian.AppendUint32(b, uint32(len(text))), text...), nil
}

// cutFrame takes the first frame off b. If there is not all of it, f is nil and rest is
// b. Error: errFrame.
func cutFrame(b []byte) (f *frame, rest []byte, err error) {
	if len(b) < lengthSize {
		return nil, b, nil
	}
	n := binary.BigEndian.Uint32(b)
	if n > maxFrame {
		return nil, b, fmt.Errorf("%w: %d bytes", errFrame, n)
	}
	b, all := b[lengthSize:], b
	if len(b) < int(n) {
		return nil, all, nil
	}
	f = new(frame)
	if err := json.Unmarshal(b[:n], f); err != nil {
		return nil, all, fmt.Errorf("%w: %w", errFrame, err)
	}
	return f, b[n:], nil
}
