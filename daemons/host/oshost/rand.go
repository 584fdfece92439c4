package oshost

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"sync"

	"github.com/wavetank/wavetank/daemons/host"
)

// streams are the named random streams of one process. Each is a ChaCha8
// generator keyed by a hash of the seed, the process's number, the machine's
// name and the stream's, so that streams share nothing, a restart (another
// number) begins them elsewhere, and one seed does for a whole cluster.
type streams struct {
	seed    uint64
	pid     uint32
	machine string

	mu    sync.Mutex
	named map[string]*rand.Rand
}

func (s *streams) init(h *Host) {
	s.seed, s.pid, s.machine = h.options.Seed, h.options.PID, h.options.Name
	s.named = make(map[string]*rand.Rand)
}

func (s *streams) get(name string) host.Rand {
	s.mu.Lock()
	defer s.mu.Unlock()
	stream, ok := s.named[name]
	if !ok {
		stream = rand.New(rand.NewChaCha8(s.key(name)))
		s.named[name] = stream
	}
	return stream
}

func (s *streams) key(name string) [32]byte {
	b := binary.LittleEndian.AppendUint64(nil, s.seed)
	b = binary.LittleEndian.AppendUint32(b, s.pid)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.machine))) // where one name ends
	b = append(b, s.machine...)
	return sha256.Sum256(append(b, name...))
}
