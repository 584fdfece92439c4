package oshost

import (
	"strings"
	"testing"

	"github.com/wavetank/wavetank/daemons/host"
)

func TestSystem_reads(t *testing.T) {
	var s host.System
	readRelease(&s, strings.NewReader("PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=x\nVERSION_ID='12'\nID=debian\n# comment\nnonsense\nID_LIKE=other\n"))
	readCPU(&s, strings.NewReader("processor\t: 0\nmodel name\t: Fast CPU @ 2.0GHz\n\nprocessor\t: 1\nmodel name\t: Slow CPU\n"))
	readMemory(&s, strings.NewReader("MemTotal:        8065016 kB\nMemFree: 1 kB\nSwapTotal:  1048572 kB\nHugePages_Total:  0\nSwapTotal\n"))
	want := host.System{
		Distro: "debian", DistroVersion: "12", DistroDescription: "Debian GNU/Linux 12 (bookworm)",
		CPU: "Fast CPU @ 2.0GHz", MemoryKB: 8065016, SwapKB: 1048572,
	}
	if s != want {
		t.Errorf("read %+v, want %+v", s, want)
	}
}

// What is not there, or not as expected, is left blank.
func TestSystem_unreadable(t *testing.T) {
	var s host.System
	for _, text := range []string{"", "model name", "MemTotal: many kB\nSwapTotal: -1 kB\n", strings.Repeat("x", 100_000)} {
		readRelease(&s, strings.NewReader(text))
		readCPU(&s, strings.NewReader(text))
		readMemory(&s, strings.NewReader(text))
	}
	readCPU(&s, open("/nowhere/cpuinfo"))
	if s != (host.System{}) {
		t.Errorf("read %+v", s)
	}
}

func TestSystem_ofThisMachine(t *testing.T) {
	s := New(Options{}).System()
	if s.OS == "" || s.Arch == "" || s.KernelVersion == "" {
		t.Errorf("this machine is %+v", s)
	}
}
