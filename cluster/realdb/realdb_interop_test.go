//go:build interop

package realdb_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/realdb"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/db/dbtest"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// world is a database of a real server, and a process that uses it.
type world struct {
	*oshost.Host
	loop      host.Loop
	server    *realdb.Server
	name, url string
}

var worlds int // names databases

// start starts a server, or skips.
func start(t testing.TB, kind realdb.Kind) *realdb.Server {
	t.Helper()
	s, err := realdb.Start(kind, "")
	if errors.Is(err, cluster.ErrInfrastructure) {
		t.Skip(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func newWorld(t testing.TB, s *realdb.Server) *world {
	t.Helper()
	worlds++
	w := &world{Host: oshost.New(oshost.Options{Name: "a"}), server: s, name: fmt.Sprint("cinder", worlds)}
	w.loop = w.NewLoop("main")
	var err error
	if w.url, err = s.Create(w.name); err != nil {
		t.Fatal(err)
	}
	return w
}

// Run implements dbtest.World.
func (w *world) Run(fn func(host.Host, host.Loop, host.Task)) {
	done := make(chan struct{})
	w.loop.Go("check", func(t host.Task) {
		defer close(done)
		fn(w.Host, w.loop, t)
	})
	<-done
}

func (w *world) URL() string { return w.url }

// Precision: MariaDB's type datetime has whole seconds.
func (w *world) Precision() time.Duration {
	if w.server.Kind() == realdb.MariaDB {
		return time.Second
	}
	return time.Microsecond
}

func (w *world) Close() {
	w.Kill()
	w.server.Drop(w.name) // the server goes too
}

func TestStore_onRealServers(t *testing.T) {
	for _, kind := range realdb.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t, kind)
			dbtest.Run(t, func(t testing.TB) dbtest.World { return newWorld(t, s) })
		})
	}
}

func TestStore_isTheModelOnRealServers(t *testing.T) {
	for _, kind := range realdb.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t, kind)
			dbtest.RunModel(t, func(t testing.TB) dbtest.World { return newWorld(t, s) })
		})
	}
}

// TestStore_outlivesItsServer: operations fail while the server is down, and the next
// ones after its restart find what was written.
func TestStore_outlivesItsServer(t *testing.T) {
	for _, kind := range realdb.Kinds() {
		t.Run(string(kind), func(t *testing.T) {
			s := start(t, kind)
			w := newWorld(t, s)
			defer w.Close()
			w.Run(func(h host.Host, l host.Loop, task host.Task) {
				store, err := db.Open(h, l, db.Options{URL: w.URL()})
				if err != nil {
					t.Error(err)
					return
				}
				defer store.Close()
				if err := store.Migrate(task); err != nil {
					t.Error(err)
				}
				me := db.Service{Host: "n", Binary: "b"}
				if err := store.CreateService(task, &me); err != nil {
					t.Error(err)
				}
				s.Kill()
				beat := func(within time.Duration) error {
					_, err := store.Within(within).UpdateServices(task, db.ServiceFilter{ID: me.ID}, me, db.ServiceReportCount)
					return err
				}
				for range 3 {
					if err := beat(5 * time.Second); !errors.Is(err, db.ErrUnavailable) && !errors.Is(err, db.ErrUnknownOutcome) {
						t.Errorf("with the server killed: %v", err)
					}
				}
				if err := s.Restart(); err != nil {
					t.Error(err)
				}
				me.ReportCount = 7
				if err := beat(time.Minute); err != nil {
					t.Errorf("after the restart: %v", err)
				}
				got, err := store.Service(task, db.ServiceFilter{ID: me.ID})
				if err != nil || got.ReportCount != 7 {
					t.Errorf("%+v, %v", got, err)
				}
			})
		})
	}
}

func BenchmarkStore(b *testing.B) {
	for _, kind := range realdb.Kinds() {
		b.Run(string(kind), func(b *testing.B) {
			s := start(b, kind)
			dbtest.Bench(b, func(t testing.TB) dbtest.World { return newWorld(t, s) })
		})
	}
}
