package outside

import (
	_ "crypto/sha256"
	_ "errors"
	_ "hash/crc32"
	_ "io"
	_ "io/fs"
	_ "math"
	_ "net/netip"
	_ "net/url"
)
