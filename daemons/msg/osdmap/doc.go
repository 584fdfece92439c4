// Package osdmap is the OSD map: which OSDs there are and in what state, the pools,
// and the blocklist of addresses whose requests no OSD may serve. A monitor fences
// a daemon by putting its addresses there; the daemon's successor waits for that
// epoch before it touches what both of them write.
//
//	m := osdmap.New(fsid, now)                  // epoch 1
//	inc := osdmap.NewIncremental(m)             // to epoch 2, nothing changed yet
//	inc.NewBlocklist[osdmap.Instance(addr)] = until
//	next, err := m.Apply(inc)
//	blob, inc.FullCRC = next.Encode()
//
// A [Map] is complete, an [Incremental] is what changes from one epoch to the next.
// Both travel as blobs in msg.OSDMap, in the form of Ceph 16.2 and with a checksum
// inside, so that whoever applies an incremental can prove that it has arrived at
// the very bytes of the monitor's map.
//
// CRUSH maps and what pools say of themselves are kept as bytes; of a new CRUSH map
// only that is read which changes the OSD map.
//
// Source of the format and of what an incremental does: Ceph's src/osd/OSDMap.cc,
// and the maps of a 16.2.15 monitor, which testdata holds.
package osdmap
