package host

// System says what a machine is, for people who read what its daemons tell of
// themselves. Nothing may depend on it. What is not known is empty or 0.
type System struct {
	OS                string // "Linux"
	Arch              string // "x86_64"
	KernelVersion     string // "6.1.0-28-amd64"
	KernelDescription string // "#1 SMP PREEMPT_DYNAMIC Debian 6.1.119-1"
	Distro            string // "debian"
	DistroVersion     string // "12"
	DistroDescription string // "Debian GNU/Linux 12 (bookworm)"
	CPU               string // the model of the first processor
	MemoryKB          uint64 // memory in KiB
	SwapKB            uint64 // swap space in KiB

	// What whoever has put the process into a container says of it.
	ContainerName, ContainerImage, PodName, PodNamespace string
}

// SystemHost is a Host that knows what machine it is. Hosts of this repository are, and
// decorators may be; [SystemOf] asks.
type SystemHost interface {
	Host

	// System is the same at each call.
	System() System
}

// SystemOf is [SystemHost.System] where h has it, and says nothing elsewhere.
func SystemOf(h Host) System {
	if s, ok := h.(SystemHost); ok {
		return s.System()
	}
	return System{}
}
