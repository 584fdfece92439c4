package outside

import (
	_ "crypto/rand"  // want `import of crypto/rand: its numbers do not come from the seed; draw from host\.Host\.Rand`
	_ "hash/maphash" // want `import of hash/maphash: `
	"log"            // want `import of log: `
	"log/slog"
	_ "math/rand"    // want `import of math/rand: `
	_ "math/rand/v2" // want `import of math/rand/v2: `
	"net"            // want `import of net: it reaches the machine's network; use host\.Network`
	_ "net/http"     // want `import of net/http: `
	"os"             // want `import of os: it reaches the operating system; use host\.Disk`
	_ "os/exec"      // want `import of os/exec: `
	_ "syscall"      // want `import of syscall: `
	_ "unsafe"       // want `import of unsafe: `
)

func use(l *slog.Logger) {
	_, _ = net.Dial("tcp", os.Args[0]) // the imports were reported
	log.Println()
	slog.Info("x") // want `log/slog\.Info: the default logger belongs to the process`
	slog.Default() // want `log/slog\.Default: `
	l.Info("x")    // a method of a logger that was handed in
	_ = slog.Int("n", 1)
}
