// Package process runs one of our daemons as one process of the operating system, with
// the command line, configuration file, folders, signals and exit statuses of Ceph's:
// what "wavetank daemon mgr -c ceph.conf -i x -f" does where "ceph-mgr -c ceph.conf -i x
// -f" did.
//
//	os.Exit(process.Main("mgr", os.Args[3:], process.Streams{Out: os.Stdout, Err: os.Stderr}))
//
// # Options
//
// An option has the value of the command line, else that of the file's sections [mgr.x],
// [mgr] and [global] (package cephconf), else the daemon's default. What the monitors
// say of it counts less than either. Options that are Ceph's and that nothing here has
// are ignored in the file, and a mistake on the command line.
//
// # Life
//
// SIGHUP opens the log anew, for logrotate. SIGTERM and SIGINT end the daemon in order,
// with status 0; a second one ends it at once. A daemon that respawns executes its
// program anew with the same arguments, under the same process id, and no descriptor but
// the standard ones survives that. Otherwise the status is the daemon's, which is 1 for
// a failure; [StatusUsage] is for mistakes on the command line and in the file.
//
// # Cinder's
//
// Cinder's daemons run the same way, with the command line of Cinder's programs and a
// cinder.conf (package cinderd): "wavetank daemon cinder-volume --config-file
// cinder.conf". Of cinder-manage there are "db sync", which makes the tables, and
// "service remove".
//
// # What is left out
//
// A process stays in the foreground and with its user: -f is accepted, --setuser is not.
// Authentication is by method none. Monitors are found by mon_host, not by DNS.
package process
