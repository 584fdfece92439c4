// Package capture writes the traffic of a simulated run as a packet capture that
// Wireshark, tshark and everything else that reads pcapng can open: one TCP
// conversation for each simulated connection, raw IPv4, stamped with virtual time
// in nanoseconds. The same run gives the same file, byte for byte.
//
//	f, err := os.Create("capture.pcapng")
//	w, err := capture.New(f, capture.Run{Scenario: "mgr-failover", Seed: 7})
//	world := cluster.NewSim(cluster.SimConfig{Seed: 7, OnPacket: w.Packet})
//	...                 // the run
//	err = w.Flush()     // the first error, if any packet could not be written
//
// Whoever has a [sim.Sim] of its own gives w.Packet to its [sim.Config].
//
// # What is true in it, and what is made up
//
// The simulator moves streams, not packets. True are the ends, the bytes and
// their order, the SYN, FIN and RST, and when each of these arrived. Made up, so
// that dissectors find whole conversations, are:
//
//   - sequence numbers: initial ones drawn from the run's seed, then counted by
//     what has arrived, so that a stream never shows a gap. What a sender lost
//     because its connection broke was never in the capture.
//   - segments: bytes that arrived together are split at [MSS] bytes, the last
//     segment has PSH.
//   - acknowledgements: one for each piece that arrived, at the same instant.
//     They take no time here, and none is ever missing if the receiving machine
//     took the piece.
//   - windows, IP identification and time to live.
//
// # The capture point
//
// Each packet is in the file once, stamped at the instant at which it arrived: it
// is as if one probe sat in front of every receiving socket and all wrote to one
// file. So the file says what the daemons could know and when, not when it was
// sent. For the faults that means:
//
//   - a cut: nothing of what it holds is in the file until it arrives after the
//     heal, when TCP would have sent it again; retransmissions that never got
//     through are not shown. Attempts to connect are the exception: each SYN is
//     shown when it would have arrived, so that an unanswered attempt is a SYN
//     repeated after 1, 2, 4 ... s with the same sequence number.
//   - nobody listens: SYN, then RST.
//   - kill -9, exit, respawn: FIN of each of the process's connections, and RST
//     in answer to whatever still comes.
//   - power loss: silence. What still arrives at the dark machine is shown and
//     not acknowledged; RST follows once the machine is back and somebody had
//     sent something.
//   - reset: RST both ways at one instant, as a middlebox would.
//   - pause: the kernel of a paused machine goes on to acknowledge.
package capture
