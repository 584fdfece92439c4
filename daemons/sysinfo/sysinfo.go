// Package sysinfo makes the part of a daemon's metadata that says which program it is
// and on what machine: what "ceph mgr metadata" and "ceph mon metadata" show of every
// daemon.
//
//	metadata := sysinfo.Collect(h)
//	metadata["addr"] = ...
//
// Ceph: collect_sys_info in src/common/util.cc, whose keys these are.
package sysinfo

import (
	"strconv"

	"github.com/wavetank/wavetank/daemons/host"
)

// The release whose protocol and encodings our daemons speak, for the answers in which
// daemons say their version.
const (
	VersionShort = "16.2.15"
	Release      = "pacific"
	Commit       = "wavetank" // where Ceph has its commit
	Version      = "ceph version " + VersionShort + " (" + Commit + ") " + Release + " (stable)"
)

// Collect is what the process of h says of its program and its machine. The map is the
// caller's. What the machine does not know of itself is left out.
func Collect(h host.Host) map[string]string {
	s := host.SystemOf(h)
	all := map[string]string{
		"ceph_version": Version, "ceph_version_short": VersionShort, "ceph_release": Release,
		"hostname": h.Name(),
		"os":       s.OS, "arch": s.Arch,
		"kernel_version": s.KernelVersion, "kernel_description": s.KernelDescription,
		"distro": s.Distro, "distro_version": s.DistroVersion, "distro_description": s.DistroDescription,
		"cpu": s.CPU, "container_name": s.ContainerName, "container_image": s.ContainerImage,
		"pod_name": s.PodName, "pod_namespace": s.PodNamespace,
	}
	for key, value := range all {
		if value == "" {
			delete(all, key)
		}
	}
	if s.MemoryKB > 0 {
		all["mem_total_kb"] = strconv.FormatUint(s.MemoryKB, 10)
		all["mem_swap_kb"] = strconv.FormatUint(s.SwapKB, 10)
	}
	return all
}
