//go:build interop

package realcinder_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"testing"
	"time"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/cluster/realdb"
	"github.com/wavetank/wavetank/daemons/cinder/api"
	"github.com/wavetank/wavetank/daemons/cinder/db"
	"github.com/wavetank/wavetank/daemons/cinder/rpc"
	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/daemons/host/oshost"
)

// BenchmarkList is GET /v3/os-services at microversion 3.48, with 10,000 services, over a
// connection that stays, on each database.
func BenchmarkList(b *testing.B) {
	b.Run("sqlite", func(b *testing.B) { benchmarkList(b, "sqlite:///"+b.TempDir()+"/cinder.db") })
	for _, kind := range realdb.Kinds() {
		b.Run(string(kind), func(b *testing.B) {
			server, err := realdb.Start(kind, "")
			if errors.Is(err, cluster.ErrInfrastructure) {
				b.Skip(err)
			}
			if err != nil {
				b.Fatal(err)
			}
			defer server.Close()
			url, err := server.Create("cinder")
			if err != nil {
				b.Fatal(err)
			}
			benchmarkList(b, url)
		})
	}
}

func benchmarkList(b *testing.B, url string) {
	const services = 10_000
	h := oshost.New(oshost.Options{Name: "api"})
	defer h.Kill()
	loop := h.NewLoop("main")
	ready := make(chan netip.AddrPort)
	failed := make(chan error, 1)
	loop.Go("populate", func(t host.Task) {
		addr, err := serveRows(h, loop, t, url, services)
		if err != nil {
			failed <- err
			return
		}
		ready <- addr
	})
	var addr netip.AddrPort
	select {
	case addr = <-ready:
	case err := <-failed:
		b.Fatal(err)
	}
	request, err := http.NewRequest("GET", fmt.Sprintf("http://%v/v3/os-services", addr), nil)
	if err != nil {
		b.Fatal(err)
	}
	request.Header.Set("X-Auth-Token", "a")
	request.Header.Set("OpenStack-API-Version", "volume 3.48")
	defer http.DefaultClient.CloseIdleConnections()
	var size int64
	for b.Loop() {
		answer, err := http.DefaultClient.Do(request)
		if err != nil {
			b.Fatal(err)
		}
		size, err = io.Copy(io.Discard, answer.Body)
		answer.Body.Close()
		if err != nil || answer.StatusCode != 200 {
			b.Fatalf("%d, %v", answer.StatusCode, err)
		}
	}
	b.ReportMetric(float64(size), "B/answer")
}

// serveRows makes an API on a database with so many services.
func serveRows(h *oshost.Host, loop host.Loop, t host.Task, url string, services int) (netip.AddrPort, error) {
	store, err := db.Open(h, loop, db.Options{URL: url})
	if err != nil {
		return netip.AddrPort{}, err
	}
	if err := store.Migrate(t); err != nil {
		return netip.AddrPort{}, err
	}
	now := time.Now().UTC()
	err = store.Transaction(t, func(o db.Operations) error {
		for i := range services {
			s := db.Service{Host: fmt.Sprintf("node%05d@lvm", i), Binary: "cinder-volume", Topic: "cinder-volume", CreatedAt: now, UpdatedAt: now, AvailabilityZone: "nova"}
			if err := o.CreateService(t, &s); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return netip.AddrPort{}, err
	}
	client := rpc.New(h, loop, rpc.Config{Brokers: []netip.AddrPort{netip.MustParseAddrPort("127.0.0.1:1")}})
	a, err := api.New(api.Config{
		Host: h, Loop: loop, Store: store, RPC: client, Bind: netip.MustParseAddrPort("127.0.0.1:0"), Options: api.DefaultOptions(),
	})
	if err != nil {
		return netip.AddrPort{}, err
	}
	if err := a.Start(); err != nil {
		return netip.AddrPort{}, err
	}
	return a.Addr(), nil
}
