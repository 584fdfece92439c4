// Package local runs a cluster of our daemons for people and their tools: in this
// process, on loopback TCP, with the data in a folder that survives.
//
//	c, err := local.Open(local.Config{Dir: "demo", Mons: 3, Mgrs: 2})
//	defer c.Close()
//	err = c.Start()
//	err = c.Await(ctx)     // every monitor serves
//	// ceph -c demo/ceph.conf -s
//
// The folder has cluster.json, which says what cluster it is; ceph.conf, for Ceph's
// own programs; a folder and a log for each daemon. Opened again it is the same
// cluster: same id, same addresses, same data. No two processes can have it open.
//
// There are no faults here: package cluster has the worlds that know some.
package local
