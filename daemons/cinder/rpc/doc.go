// Package rpc is how Cinder's services call each other: calls, casts and fanouts to
// topics, through a broker on a host of its own, as oslo.messaging does it through
// RabbitMQ.
//
//	broker := rpc.NewBroker(h, rpc.BrokerConfig{})
//	err := broker.Start()
//
//	client := rpc.New(h, loop, rpc.Config{Brokers: []netip.AddrPort{addr}})
//	client.Serve(rpc.Target{Topic: "cinder-volume", Server: "ctl@lvm"}, handler)
//	client.Start()
//	loop.Go("ask", func(t host.Task) {
//		var pools []Pool
//		err := client.Call(t, rpc.Target{Topic: "cinder-scheduler"}, "get_pools", nil, &pools)
//	})
//
// # Where a message goes
//
// A server of topic T and name S consumes the queues "T" (shared by all servers of the
// topic, which take turns), "T.S" (its own) and "T_fanout_<id>" (its own, bound to the
// exchange "T_fanout"). A call or cast to Target{T, ""} goes to the first, one to
// Target{T, S} to the second, a fanout to all of the third kind. Answers come over a
// queue "reply_<id>" of the client.
//
// The broker drops what goes to a queue that nobody has ever declared, as RabbitMQ does
// with messages that are not mandatory: such a call ends with its time-out, and such a
// cast is lost without a word. A queue outlives its consumers, so a cast to a server
// that is dead waits there until the server is back, or until the broker ends: queues
// are in memory (amqp_durable_queues is false). Fanout and reply queues are deleted when
// nobody has consumed them for TransientTTL.
//
// # What is promised
//
// A cast that returns nil has reached the broker. A message may come twice, when a
// confirmation or an acknowledgement was lost with its connection; a server drops those of
// which it remembers the id ([maxRemembered]), but of two servers of a topic each may have
// it once, as with RabbitMQ. A server takes a message off its queue
// before it works on it, so what it was working on when it died is not done again
// (at most once). Messages of one client to one queue are delivered in order as long as
// no connection breaks.
//
// The protocol between client and broker is ours: frames with a length and a JSON object,
// see frame.go. What Cinder puts on the wire to RabbitMQ (AMQP 0-9-1) is not modelled.
package rpc
