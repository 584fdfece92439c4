// Package cephconf reads ceph.conf, the configuration file of Ceph's programs, as
// ceph-conf of Ceph 16.2 does.
//
//	file, err := cephconf.Read("ceph.conf")
//	value, ok := file.Lookup("mon lease", cephconf.Sections("mon", "a")...)
//
// A file has sections, and sections have options:
//
//	[global]
//	mon host = [v1:10.0.0.1:6789]   # a comment, as after ; too
//	[mgr.x]
//	log file = "/var/log/$name.log"
//
// In the name of an option blanks are underscores: "mon host" is mon_host. (Dashes are
// not: they are so on command lines only.) A backslash takes the meaning of the next
// character, and at the end of a line joins the next one. Of an option that is there
// twice in a section the last one counts; a section may come in parts.
//
// Values may name others, "$name" or "${name}": see [Expand].
//
// Two things are not as in Ceph's: the last line need not end, and an option outside of
// all sections is always an error. Ceph's takes one if nothing else is in the file, and
// then ignores it.
package cephconf
