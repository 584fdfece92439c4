package outside

import (
	"os"
	"time"
)

var _ = time.Now()
var _ = os.Args
