// Package realceph runs Ceph's own programs on loopback, for tests that hold our
// wire format and our daemons against somebody else's: ceph-mon, ceph-mgr and
// ceph-mds as processes of a scratch folder, and the ceph command line.
//
//	c, err := realceph.New(realceph.Config{Mons: []realceph.Mon{{Name: "a", Addr: addr}}})
//	if err != nil { ... }
//	defer c.Close()
//	if err := c.Mkfs(); err != nil { ... }
//	mon, err := c.Start(realceph.KindMon, "a")
//	if err != nil { ... }
//	out, err := c.Ceph(ctx, "status", "-f", "json")
//	mon.Kill() // kill -9; c.Start brings it back
//
// The monitors of a [Config] need not be Ceph's. Leave Mkfs out and give the
// addresses of ours, and the command line and the managers talk to those.
//
// Everything is set for messenger protocol version 1 and authentication "none",
// the only ones that package msgr speaks. What was checked is Ceph 16.2.15, as
// Debian packages it (ceph-mon, ceph-mgr, ceph-mds, ceph-common). Where a program
// is missing the error is a [cluster.ErrInfrastructure], which tests skip at and
// CI repeats.
//
// Only tests use the package. The tests that need the programs have the build
// tag interop.
package realceph
