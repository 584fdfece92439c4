// Package cinderd is Cinder's daemons on the real machine, as a cinder.conf describes
// them.
//
//	conf, err := cinderd.Read("cinder.conf")
//	daemons, err := conf.Daemons("cinder-volume") // one for each backend
//	for _, d := range daemons {
//		err = d.Start(h, loop)
//	}
//
// Files are those that oslo.config reads, and options have Cinder's names and sections.
// An option that nothing here has is ignored.
//
// # What is ours
//
// Services call each other through a broker of ours, package rpc's, and not through
// RabbitMQ:
//
//	transport_url = wavetank://127.0.0.1:5672
//
// It is the daemon "cinder-broker". A backend's driver is the built-in one, whatever
// volume_driver says; each replication_device is a target of its failovers. Of the API's
// authentication there is noauth.
package cinderd
