package oshost

import (
	"crypto/sha256"
	"encoding/binary"
	"math/rand/v2"
	"sync"

	"github.com/wavetank/wavetank/daemons/host"
)

// streams are the named random streams of one process. Each is a ChaCha8
// generator keyed by a hash of the seed, the process's number and the stream's
// name, so that streams share nothing and a restart (another number) begins
// them elsewhere.
type streams struct {
	seed uint64
	pid  uint32

	mu    sync.Mutex
	named map[string]*rand.Rand
}

func (s *streams) init(seed uint64, pid uint32) {
	s.seed, s.pid = seed, pid
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
	return sha256.Sum256(append(b, name...))
}
