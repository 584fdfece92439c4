package db_test

import (
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/wavetank/wavetank/daemons/cinder/db/dbtest"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
	"github.com/wavetank/wavetank/daemons/sqld"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// TestStore_onSQLite holds SQLite in a file to the promises.
func TestStore_onSQLite(t *testing.T) { dbtest.Run(t, newSQLite) }

// sqliteWorld is a process on the real machine with a database in a file.
type sqliteWorld struct {
	*oshost.Host
	loop host.Loop
	url  string
}

func newSQLite(t testing.TB) dbtest.World {
	h := oshost.New(oshost.Options{Name: "a", Dir: t.TempDir()})
	return sqliteWorld{h, h.NewLoop("main"), "sqlite:///" + filepath.Join(t.TempDir(), "a b?.db")}
}

// Run implements dbtest.World.
func (w sqliteWorld) Run(fn func(host.Host, host.Loop, host.Task)) {
	done := make(chan struct{})
	w.loop.Go("check", func(t host.Task) {
		defer close(done)
		fn(w.Host, w.loop, t)
	})
	<-done
}

func (w sqliteWorld) URL() string              { return w.url }
func (w sqliteWorld) Precision() time.Duration { return time.Microsecond }
func (w sqliteWorld) Close()                   { w.Kill() }

// TestStore_onSQLD holds a server of package sqld, over loopback, to the promises.
func TestStore_onSQLD(t *testing.T) {
	dbtest.Run(t, func(t testing.TB) dbtest.World {
		w := newSQLite(t).(sqliteWorld)
		s := oshost.New(oshost.Options{Name: "db", Dir: t.TempDir()})
		addr := make(chan string, 1)
		l := s.NewLoop("sqld")
		l.Post(func() {
			server, err := sqld.Start(s, l, sqld.Options{LockTimeout: 100 * time.Millisecond})
			if err != nil {
				t.Error(err)
				addr <- ""
				return
			}
			addr <- server.Addr().String()
		})
		w.url = "sqld://" + <-addr
		return serverWorld{w, s}
	})
}

// serverWorld is a process and its database's.
type serverWorld struct {
	sqliteWorld
	server *oshost.Host
}

func (w serverWorld) Close() {
	w.sqliteWorld.Close()
	w.server.Kill()
}

func TestStore_isTheModelOnSQLite(t *testing.T) { dbtest.RunModel(t, newSQLite) }

func BenchmarkStore_onSQLite(b *testing.B) { dbtest.Bench(b, newSQLite) }
