package capture_test

import (
	"testing"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
)

// TestFaults shows what each fault leaves in a capture. Times are tenths of a
// second; > goes to the server, which the client has dialled.
func TestFaults(t *testing.T) {
	opened := []string{"0.0 > SYN", "0.0 < SYN-ACK", "0.0 > ACK"}
	for _, tt := range []struct {
		name string
		do   func(*world)
		want []string
	}{
		{"none: data, and an orderly end", func(w *world) {
			w.connect()
			w.dialled.send(piece(3000, 0))
			w.Run(time.Second)
			w.dialled.conn.Close()
		}, append(opened, "0.0 > 1448 bytes", "0.0 > 1448 bytes", "0.0 > 104 bytes", "0.0 < ACK",
			"1.0 > FIN", "1.0 < ACK", "1.0 < FIN", "1.0 > ACK")},
		{"nobody listens", func(w *world) { w.dial() },
			[]string{"0.0 > SYN", "0.0 < RST"}},
		{"nobody answers", func(w *world) {
			w.server.PowerOff()
			w.dial()
			w.Run(5 * time.Minute)
		}, []string{"0.0 > SYN", "1.0 > SYN", "3.0 > SYN", "7.0 > SYN", "15.0 > SYN", "31.0 > SYN", "63.0 > SYN"}},
		{"cut at the connect, healed after a while", func(w *world) {
			w.serve()
			w.Cut(w.client, w.server)
			w.dial()
			w.Run(5 * time.Second)
			w.Heal(w.client, w.server)
			w.Run(3 * time.Second)
		}, []string{"0.0 > SYN", "1.0 > SYN", "3.0 > SYN", "7.0 > SYN", "7.0 < SYN-ACK", "7.0 > ACK"}},
		{"cut of a stream: absent until TCP would have got it through", func(w *world) {
			w.connect()
			w.Cut(w.client, w.server)
			w.dialled.send([]byte("hello"))
			w.accepted.send([]byte("hi"))
			w.Run(7 * time.Second)
			w.Heal(w.client, w.server)
			w.Run(time.Minute)
		}, append(opened, "0.0 < 2 bytes", "0.0 > ACK", "12.6 > 5 bytes", "12.6 < ACK")},
		{"kill", func(w *world) {
			w.connect()
			w.server.Kill()
		}, append(opened, "0.0 < FIN", "0.0 > ACK", "0.0 > FIN", "0.0 < ACK")},
		{"kill while the peer stands still, and then sends", func(w *world) {
			w.connect()
			w.client.Pause()
			w.server.Kill()
			w.Run(time.Second)
			w.dialled.send([]byte("anyone?")) // as if it had not read yet
			w.Run(time.Second)
		}, append(opened, "0.0 < FIN", "0.0 > ACK", "1.0 > 7 bytes", "1.0 < RST")},
		{"power off: silence until the machine is back", func(w *world) {
			w.connect()
			w.server.PowerOff()
			w.dialled.send([]byte("anyone?"))
			w.Run(2 * time.Second)
			w.server.Start(func(host.Host) {})
		}, append(opened, "0.0 > 7 bytes", "2.0 < RST")},
		{"power off, and the peer closes", func(w *world) {
			w.connect()
			w.server.PowerOff()
			w.dialled.conn.Close()
		}, append(opened, "0.0 > FIN")},
		{"abort and close cross", func(w *world) {
			w.connect()
			w.accepted.conn.Abort()
			w.dialled.conn.Close()
		}, append(opened, "0.0 > FIN", "0.0 < RST")},
		{"reset", func(w *world) {
			w.connect()
			w.Reset(w.client, w.server)
		}, append(opened, "0.0 > RST", "0.0 < RST")},
		{"abort", func(w *world) {
			w.connect()
			w.dialled.conn.Abort()
		}, append(opened, "0.0 > RST")},
		{"pause: the machine's TCP goes on", func(w *world) {
			w.connect()
			w.server.Pause()
			w.dialled.send([]byte("hello"))
			w.Run(time.Second)
		}, append(opened, "0.0 > 5 bytes", "0.0 < ACK")},
		{"given up before anything arrived", func(w *world) {
			w.serve()
			w.dial()
			w.dialled.conn.Close()
		}, []string{}},
		{"hung up before the answer arrived", func(w *world) {
			w.hangUp(host.Conn.Close)
		}, append(opened, "0.0 > FIN", "0.0 < ACK", "0.0 < FIN", "0.0 > ACK")},
		{"aborted before the answer arrived", func(w *world) {
			w.hangUp(host.Conn.Abort)
		}, []string{"0.0 > SYN", "0.0 > RST"}},
		{"hung up, and aborted by the other end before the answer arrived", func(w *world) {
			w.hangUp(func(c host.Conn) {
				w.SetDelay(w.server, w.client, 0)
				w.SetDelay(w.client, w.server, 10*time.Millisecond)
				c.Close()
				w.accepted.conn.Abort()
			})
		}, []string{"0.0 > SYN", "0.0 < RST", "0.0 > FIN"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			w := newWorld(t, 1)
			tt.do(w)
			w.Run(time.Second)
			wantLines(t, lines(w.end(t)), tt.want)
		})
	}
}

// hangUp ends the connection while SYN-ACK is under way, and lets that be slow.
func (w *world) hangUp(how func(host.Conn)) {
	w.serve()
	w.SetDelay(w.server, w.client, 10*time.Millisecond)
	w.dial()
	w.RunUntil(time.Second, func() bool { return w.accepted != nil })
	how(w.dialled.conn)
}

// TestFaults_repeatedSYNs checks that an attempt is one conversation: the same
// ports and sequence number each time.
func TestFaults_repeatedSYNs(t *testing.T) {
	w := newWorld(t, 1)
	w.server.PowerOff()
	w.dial()
	w.Run(5 * time.Minute)
	packets := w.end(t)
	for i, p := range packets {
		if first := packets[0]; p.from != first.from || p.tcp.Seq != first.tcp.Seq {
			t.Errorf("SYN %d is from %v with %d, the first one from %v with %d", i+1, p.from, p.tcp.Seq, first.from, first.tcp.Seq)
		}
	}
}

// TestFaults_resetsFit checks that each RST would be accepted: it has the number
// that its receiver expects, or acknowledges the SYN that it refuses.
func TestFaults_resetsFit(t *testing.T) {
	refused := newWorld(t, 1)
	refused.dial()
	refused.Run(time.Second)
	packets := refused.end(t)
	if rst := packets[1].tcp; rst.Seq != 0 || !rst.ACK || rst.Ack != packets[0].tcp.Seq+1 {
		t.Errorf("refused with seq %d ack %d, SYN had %d", rst.Seq, rst.Ack, packets[0].tcp.Seq)
	}

	broken := newWorld(t, 1)
	broken.connect()
	broken.dialled.send(piece(5000, 0))
	broken.Run(time.Second)
	broken.Reset(broken.client, broken.server)
	packets = broken.end(t)
	reassemble(t, packets, packets[0].from) // RST included
	reassemble(t, packets, packets[0].to)
	if last := packets[len(packets)-2:]; last[0].at != last[1].at || !last[0].tcp.RST || !last[1].tcp.RST {
		t.Errorf("the capture ends in %q, want RST both ways at one instant", lines(last))
	}
}
