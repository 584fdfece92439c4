package sqlitevfs

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/embed" // SQLite itself
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wavetank/wavetank/daemons/host"
)

// Store is the databases of one process. It belongs to one loop. Nobody else makes or
// removes their files meanwhile; to put another file in the place of one is allowed while
// it is not open.
type Store struct {
	disk host.Disk
	rand host.Rand
	loop host.Loop
	// journals are the marks of journals. SQL has no part in them.
	journals host.Rand
	locks    map[string]*fileLock
	named    map[string]bool // files whose names this process has made durable
	present  map[string]bool // whether a file is there, where that is known
	open     []*DB           // connections, in the order in which they were opened
	guarded  bool            // a task waits for the end of the process
}

// New makes the store of process h, for tasks of loop.
func New(h host.Host, loop host.Loop) *Store {
	return &Store{
		disk: h.Disk(), rand: h.Rand("sqlite"), loop: loop, journals: h.Rand("sqlite.journals"),
		locks: make(map[string]*fileLock), named: make(map[string]bool), present: make(map[string]bool),
	}
}

// registered counts the file systems ever registered with the library, whose
// registry is one for the whole program. The number names the next one and is
// seen nowhere else.
var registered atomic.Uint64 //wavetank:allow it only keeps names apart, and no run sees them

// Open opens a connection to the named database, creates the database if there is
// none, and applies pragmas such as "synchronous=full", in order. Several
// connections to one database keep out of each other's way with SQLite's locks,
// as long as all belong to one Store. Errors are those of [DB.Do].
func (s *Store) Open(t host.Task, name string, pragmas ...string) (*DB, error) {
	db := &DB{fs: &fileSystem{store: s}, registered: "wavetank-" + strconv.FormatUint(registered.Add(1), 10)}
	vfs.Register(db.registered, db.fs)
	where := url.URL{Scheme: "file", Opaque: url.PathEscape(name), RawQuery: url.Values{"vfs": {db.registered}}.Encode()}
	err := db.during(t, func() (err error) {
		db.conn, err = sqlite3.Open(where.String())
		return err
	})
	if err == nil {
		err = db.Do(t, func(c *sqlite3.Conn) error { return s.prepare(c, pragmas) })
	}
	if err != nil {
		db.Close(t)
		return nil, fmt.Errorf("open database %s: %w", name, err)
	}
	s.open = append(s.open, db)
	s.guard()
	return db, nil
}

// Connections is how many there are. It is called from tasks and callbacks of the loop,
// or when the process has ended: then there are none.
func (s *Store) Connections() int { return len(s.open) }

// guard sees to it that connections end with their process, whatever it was doing: each
// has megabytes of memory that the garbage collector knows nothing of.
func (s *Store) guard() {
	if s.guarded {
		return
	}
	s.guarded = true
	s.loop.Go("sqlite", func(t host.Task) {
		defer s.abandon()
		for {
			t.ParkFor("the end of the process")
		}
	})
}

// abandon closes all connections but those in which a task is waiting, which end with it.
// Nothing of that reaches the disk.
func (s *Store) abandon() {
	for _, db := range slices.Clone(s.open) {
		if db.fs.task == nil {
			db.fs.unwinding = host.ErrStopped
			_ = db.release() // it has nobody to tell
		}
	}
}

func (s *Store) prepare(c *sqlite3.Conn, pragmas []string) error {
	if err := s.replaceRandom(c); err != nil {
		return err
	}
	for _, p := range pragmas {
		if err := c.Exec("pragma " + p); err != nil {
			return fmt.Errorf("pragma %s: %w", p, err)
		}
	}
	return nil
}

// replaceRandom lets SQL draw from the process's stream.
func (s *Store) replaceRandom(c *sqlite3.Conn) error {
	err := c.CreateFunction("random", 0, 0, func(ctx sqlite3.Context, _ ...sqlite3.Value) {
		ctx.ResultInt64(int64(s.rand.Uint64()))
	})
	if err != nil {
		return err
	}
	return c.CreateFunction("randomblob", 1, 0, func(ctx sqlite3.Context, arg ...sqlite3.Value) {
		ctx.ResultBlob(s.randomBytes(max(arg[0].Int(), 1)))
	})
}

func (s *Store) randomBytes(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(s.rand.Uint64())
	}
	return b
}

// exists reports whether there is such a file. SQLite asks for its journals before it
// reads anything.
func (s *Store) exists(name string) (bool, error) {
	if there, known := s.present[name]; known {
		return there, nil
	}
	names, err := s.disk.List(folder(name))
	if err != nil {
		return false, err
	}
	_, there := slices.BinarySearch(names, name)
	s.present[name] = there
	return there, nil
}

func folder(name string) string {
	if i := strings.LastIndexByte(name, '/'); i >= 0 {
		return name[:i]
	}
	return ""
}
