// Package admin answers what an operator asks one daemon, in the words of Ceph's
// admin socket: "ceph daemon mon.a config show".
//
//	err := admin.Serve(h, loop, []admin.Hook{
//		{Prefix: "mon_status", Help: "report status of monitors", Run: m.status},
//	})
//
// A question is a JSON object: its prefix names the command, what else it has are the
// arguments. The answer is JSON too, or a text that begins with "ERROR:". Each daemon
// has besides its own [Hook]s those of the socket: help, get_command_descriptions,
// git_version, log flush and 0, which is the version of the protocol.
//
// How bytes get here is the Host's business ([host.AdminHost]): on the real machine by
// a Unix socket, in the simulator by sim.Host.Admin. Ceph: src/common/admin_socket.cc;
// the answers are those of Ceph 16.2.15.
package admin
