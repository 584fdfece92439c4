package oshost

import (
	"bufio"
	"bytes"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"

	"github.com/wavetank/wavetank/daemons/host"
)

// System implements [host.SystemHost]: what uname(2), /etc/os-release, /proc/cpuinfo and
// /proc/meminfo say, as far as the machine has them, and what the environment says of a
// container, in the variables that Ceph reads.
func (h *Host) System() host.System { return h.system() }

// systemOnce asks the machine at the first call.
func systemOnce() func() host.System { return sync.OnceValue(readSystem) }

func readSystem() host.System {
	s := uname()
	s.ContainerName, s.ContainerImage = os.Getenv("CONTAINER_NAME"), os.Getenv("CONTAINER_IMAGE")
	s.PodName, s.PodNamespace = os.Getenv("POD_NAME"), os.Getenv("POD_NAMESPACE")
	readRelease(&s, open("/etc/os-release"))
	readCPU(&s, open("/proc/cpuinfo"))
	readMemory(&s, open("/proc/meminfo"))
	return s
}

// maxSystemFile bounds what is read of a file about the machine; /proc/cpuinfo has a
// page for each processor, of which the first is enough.
const maxSystemFile = 64 << 10

// open is the beginning of a file, empty where there is none.
func open(name string) io.Reader {
	f, err := os.Open(name)
	if err != nil {
		return bytes.NewReader(nil)
	}
	defer f.Close()
	text, _ := io.ReadAll(io.LimitReader(f, maxSystemFile)) // what was read is something
	return bytes.NewReader(text)
}

// fields calls each with the parts of every line that has the separator, without
// spaces and quotes around them, until it answers false.
func fields(from io.Reader, separator string, each func(key, value string) (more bool)) {
	for lines := bufio.NewScanner(from); lines.Scan(); {
		key, value, ok := strings.Cut(lines.Text(), separator)
		if ok && !each(strings.TrimSpace(key), strings.Trim(value, " \t\"'")) {
			return
		}
	}
}

// readRelease reads os-release(5).
func readRelease(s *host.System, from io.Reader) {
	fields(from, "=", func(key, value string) bool {
		switch key {
		case "ID":
			s.Distro = value
		case "VERSION_ID":
			s.DistroVersion = value
		case "PRETTY_NAME":
			s.DistroDescription = value
		}
		return true
	})
}

// readCPU reads the first processor of /proc/cpuinfo.
func readCPU(s *host.System, from io.Reader) {
	fields(from, ":", func(key, value string) bool {
		if key == "model name" {
			s.CPU = value
		}
		return s.CPU == ""
	})
}

// readMemory reads /proc/meminfo, whose "kB" are KiB.
func readMemory(s *host.System, from io.Reader) {
	fields(from, ":", func(key, value string) bool {
		kb, _ := strconv.ParseUint(strings.TrimSuffix(value, " kB"), 10, 64)
		switch key {
		case "MemTotal":
			s.MemoryKB = kb
		case "SwapTotal":
			s.SwapKB = kb
		}
		return true
	})
}
