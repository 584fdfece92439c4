package outside

import (
	"crypto/ecdh"
	"crypto/ecdsa"
	_ "crypto/rand"  // want `import of crypto/rand: its numbers do not come from the seed; draw from host\.Host\.Rand`
	_ "crypto/tls"   // want `import of crypto/tls: `
	_ "encoding/gob" // want `import of encoding/gob: it writes maps in map order`
	_ "flag"         // want `import of flag: `
	_ "hash/maphash" // want `import of hash/maphash: `
	"log"            // want `import of log: `
	"log/slog"
	_ "math/rand"     // want `import of math/rand: `
	_ "math/rand/v2"  // want `import of math/rand/v2: `
	"net"             // want `import of net: it reaches the machine's network; use host\.Network`
	_ "net/http"      // want `import of net/http: `
	"os"              // want `import of os: it reaches the operating system; use host\.Disk`
	_ "os/exec"       // want `import of os/exec: `
	_ "path/filepath" // want `import of path/filepath: .*use package path`
	_ "runtime/debug" // want `import of runtime/debug: it looks at this process`
	_ "syscall"       // want `import of syscall: `
	_ "unique"        // want `import of unique: its values are shared`
	_ "unsafe"        // want `import of unsafe: `
	_ "weak"          // want `import of weak: the garbage collector decides`
)

func keys(c ecdh.Curve) {
	_, _ = c.GenerateKey(nil)            // want `crypto/ecdh\.Curve\.GenerateKey: it draws from the operating system, whatever source it is given; take keys`
	_, _ = ecdsa.GenerateKey(nil, nil)   // want `crypto/ecdsa\.GenerateKey: `
	_, _ = ecdsa.SignASN1(nil, nil, nil) // want `crypto/ecdsa\.SignASN1: `
	_ = ecdsa.VerifyASN1(nil, nil, nil)
	_, _ = c.NewPrivateKey(nil)
}

func use(l *slog.Logger) {
	_, _ = net.Dial("tcp", os.Args[0]) // the imports were reported
	log.Println()
	slog.Info("x") // want `log/slog\.Info: the default logger belongs to the process`
	slog.Default() // want `log/slog\.Default: `
	l.Info("x")    // a method of a logger that was handed in
	_ = slog.Int("n", 1)
}
