//go:build interop

package capture_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// dissection is what tshark says of a capture.
type dissection struct {
	frames   []*frame
	messages []*message
	repeated map[int]bool // conversations in which a connect was repeated
}

// frame is one packet.
type frame struct {
	number, stream int
	from           string // address and port
	checksums      string // of IP and TCP, each "1" if good
	payload        bool
	understood     bool     // its bytes are Ceph's, or wait for the rest of a message
	trouble        []string // what TCP has to complain about
}

// message is one unit that the Ceph dissector found: a message, a connect, an
// acknowledgement.
type message struct {
	frame       int
	stream      int
	from        string
	tag         string
	kind        uint16
	seq         uint64
	headed      bool // it has a message header
	reply       bool // to a connect
	unknownTag  bool
	unknownType bool
	noted       bool
	malformed   bool
}

// element is a field or protocol of PDML, tshark's XML of a packet.
type element struct {
	Name  string    `xml:"name,attr"`
	Show  string    `xml:"show,attr"`
	Proto []element `xml:"proto"`
	Field []element `xml:"field"`
}

func readPDML(text []byte) (*dissection, error) {
	d := &dissection{repeated: make(map[int]bool)}
	for dec := xml.NewDecoder(bytes.NewReader(text)); ; {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return d, nil
		}
		if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok || start.Name.Local != "packet" {
			continue
		}
		var packet element
		if err := dec.DecodeElement(&packet, &start); err != nil {
			return nil, err
		}
		if err := d.add(packet); err != nil {
			return nil, fmt.Errorf("frame %d: %w", len(d.frames)+1, err)
		}
	}
}

func (d *dissection) add(packet element) error {
	f := &frame{number: len(d.frames) + 1}
	d.frames = append(d.frames, f)
	for _, p := range packet.Proto {
		switch p.Name {
		case "ip", "tcp":
			if err := p.walk(f.read); err != nil {
				return err
			}
		case "ceph":
			f.understood = true
			m := &message{frame: f.number, stream: f.stream, from: f.from}
			if err := p.walk(m.read); err != nil {
				return err
			}
			d.messages = append(d.messages, m)
			// RETRY_SESSION and RETRY_GLOBAL.
			if m.reply && (m.tag == "0x04" || m.tag == "0x05") {
				d.repeated[f.stream] = true
			}
		case "_ws.malformed":
			if len(d.messages) == 0 {
				return errors.New("malformed before any message")
			}
			d.messages[len(d.messages)-1].malformed = true
		}
	}
	return nil
}

// walk shows fn every field below e, an outer one before those in it.
func (e element) walk(fn func(element) error) error {
	for _, f := range e.Field {
		if err := errors.Join(fn(f), f.walk(fn)); err != nil {
			return err
		}
	}
	return nil
}

func (f *frame) read(e element) (err error) {
	switch e.Name {
	case "ip.src":
		f.from = e.Show
	case "tcp.srcport":
		f.from += ":" + e.Show
	case "tcp.stream":
		f.stream, err = strconv.Atoi(e.Show)
	case "ip.checksum.status", "tcp.checksum.status":
		f.checksums += e.Show
	case "tcp.len":
		f.payload = e.Show != "0"
	case "tcp.segment_data":
		f.understood = true
	case "_ws.expert":
		for _, what := range e.Field {
			if isTrouble(what.Name) {
				f.trouble = append(f.trouble, what.Name)
			}
		}
	}
	return err
}

func (m *message) read(e element) (err error) {
	var n uint64
	switch e.Name {
	case "ceph.tag":
		m.tag = e.Show
	case "ceph.connect_reply":
		m.reply = true
	case "ceph.head":
		m.headed = true
	case "ceph.type":
		n, err = strconv.ParseUint(strings.TrimPrefix(e.Show, "0x"), 16, 16)
		m.kind = uint16(n)
	case "ceph.seq":
		m.seq, err = strconv.ParseUint(e.Show, 10, 64)
	case "ceph.tag_unknown":
		m.unknownTag = true
	case "ceph.msg_unknown":
		m.unknownType = true
	case "_ws.expert":
		m.noted = true
	}
	return err
}
