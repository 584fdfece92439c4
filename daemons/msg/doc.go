// Package msg holds the messages that Ceph's daemons exchange, one file per
// family, at the versions that Ceph 16.2 (Pacific) sends. A message is a
// [Header], a [Body] that encodes the front section, and the raw middle and data
// sections; the footer's checksums belong to the messenger.
//
//	m := msg.New(&msg.MonGetVersion{Handle: 1, What: "fsmap"})
//	var e wire.Encoder
//	m.Body.EncodePayload(&e, msg.FeaturesAll)
//	again, err := msg.Decode(m.Header, e.Bytes(), nil, nil, msg.FeaturesAll)
//
// The struct of a message is Ceph's class without the leading M; where that would
// clash with the map it carries, the message has the suffix Msg (MonMapMsg
// carries a MonMap). Decoding copies whatever it keeps of the front, so the
// caller may reuse its buffer at once.
//
// Sources: Ceph's src/messages, src/mon/MonMap.h, src/mon/MgrMap.h and
// src/msg/msg_types.h, checked against captured traffic of 16.2.15.
package msg
