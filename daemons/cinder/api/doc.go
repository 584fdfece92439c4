// Package api is Cinder's REST API as far as it is about services: who is alive, who may
// be scheduled to, replication, clusters, log levels and the cleanup of unfinished work.
//
//	server, err := api.New(api.Config{
//		Host: h, Loop: loop, Bind: addr, Store: store, RPC: client, Options: api.DefaultOptions(),
//	})
//	err = server.Start()
//
// It answers as cinder-api of Zed (21.3.1) does, at the microversions 3.0 to 3.70 and
// with authentication by noauth: the same paths, bodies, statuses and words, so that the
// cinder and openstack commands cannot tell. What it says of a service is made of the
// service's row and of this machine's clock, of nothing else; the backend's state, which
// is listed from 3.49 on, is asked of a scheduler.
//
// # What differs
//
// Where Cinder's own behaviour is a known weakness, this is what operators expect, and
// [Defects] has what Cinder does:
//
//   - Nothing that an operator does counts as a heartbeat. In Cinder a freeze or thaw
//     makes a dead service look alive for service_down_time.
//   - One rule tells who is up, for services, clusters and failovers: heard of within
//     service_down_time, in the past or in the future. Cinder's lists judge so, while
//     clusters and failovers take any stamp from the future for a sign of life.
//   - The backend's state of a member of a cluster is that of the cluster, under whose
//     name its pools are. Cinder looks it up by the member's host and finds nothing.
//
// Beyond that, services are listed by ascending id, where Cinder gives no order; any
// name can stand for the project in a path, where Cinder wants hexadecimal digits; the
// documents on versions are served whatever version is asked for; GET /clusters/{name}
// heeds the binary, and filters of clusters by num_hosts, num_down_hosts and frozen find
// what they should on every database; messages about unfinished work are filled in.
//
// A test holds the rest against the genuine cinder-api of Debian, answer by answer
// (package cluster/realcinder).
package api
