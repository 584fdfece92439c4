package sysinfo_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/sysinfo"
)

type plain struct{ host.Host }

func (plain) Name() string { return "box" }

type known struct{ plain }

func (known) System() host.System {
	return host.System{
		OS: "Linux", Arch: "x86_64", KernelVersion: "6.1", KernelDescription: "#1 SMP", Distro: "debian", DistroVersion: "12",
		DistroDescription: "Debian", CPU: "fast", MemoryKB: 7, SwapKB: 0,
		ContainerName: "c", PodName: "p",
	}
}

// A machine that does not know itself has a name, and its program a version.
func TestCollect(t *testing.T) {
	want := map[string]string{
		"ceph_release": "pacific", "ceph_version_short": "16.2.15", "hostname": "box",
		"ceph_version": "ceph version 16.2.15 (wavetank) pacific (stable)",
	}
	if diff := cmp.Diff(want, sysinfo.Collect(plain{})); diff != "" {
		t.Errorf("of a plain host (-want +got):\n%s", diff)
	}
	for key, value := range map[string]string{
		"os": "Linux", "arch": "x86_64", "kernel_version": "6.1", "kernel_description": "#1 SMP", "distro": "debian",
		"distro_version": "12", "distro_description": "Debian", "cpu": "fast", "mem_total_kb": "7", "mem_swap_kb": "0",
		"container_name": "c", "pod_name": "p",
	} {
		want[key] = value
	}
	if diff := cmp.Diff(want, sysinfo.Collect(known{})); diff != "" {
		t.Errorf("of one that knows itself (-want +got):\n%s", diff)
	}
}
