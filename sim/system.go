package sim

import "github.com/wavetank/wavetank/daemons/host"

// System implements host.SystemHost: all simulated machines are alike, whatever machine
// simulates them.
func (p *Process) System() host.System {
	return host.System{
		OS: "Linux", Arch: "x86_64", KernelVersion: "6.1.0-sim", KernelDescription: "#1 SMP simulated",
		Distro: "debian", DistroVersion: "12", DistroDescription: "Debian GNU/Linux 12 (bookworm)",
		CPU: "simulated", MemoryKB: 16 << 20, SwapKB: 0,
	}
}

var _ host.SystemHost = (*Process)(nil)
