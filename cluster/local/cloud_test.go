package local_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/wavetank/wavetank/cluster/local"
)

func openCloud(t *testing.T, dir string) *local.Cloud {
	t.Helper()
	config := local.CloudConfig{Dir: dir}
	if _, err := os.Stat(filepath.Join(dir, "cinder.json")); err != nil {
		config.Addr = ownAddr(t) // it is new
	}
	c, err := local.OpenCloud(config)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func serveCloud(t *testing.T, c *local.Cloud) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := c.Start(ctx); err != nil {
		t.Fatal(err)
	}
	if err := c.Await(ctx); err != nil {
		t.Fatal(err)
	}
}

// request asks the API and returns the answer.
func request(t *testing.T, c *local.Cloud, method, path, body string) map[string]any {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, "http://"+c.API().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Auth-Token", "admin:admin")
	r.Header.Set("OpenStack-API-Version", "volume 3.70")
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	defer http.DefaultClient.CloseIdleConnections()
	said := map[string]any{}
	if err := json.NewDecoder(answer.Body).Decode(&said); err != nil || answer.StatusCode != 200 {
		t.Fatalf("%s %s: %d, %v", method, path, answer.StatusCode, err)
	}
	return said
}

// Cinder that is opened again is the same one, with its rows.
func TestCloud_survives(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "demo")
	c := openCloud(t, dir)
	if _, err := local.OpenCloud(local.CloudConfig{Dir: dir}); !errors.Is(err, local.ErrInUse) {
		t.Errorf("opened twice: %v", err)
	}
	serveCloud(t, c)
	request(t, c, "PUT", "/v3/os-services/disable-log-reason", `{"host": "ctl@lvm1", "binary": "cinder-volume", "disabled_reason": "late"}`)
	files := func() string { return read(t, c.ConfFile()) + read(t, c.EnvFile()) }
	before := files()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = openCloud(t, dir)
	serveCloud(t, c)
	if files() != before {
		t.Errorf("from\n%s\nto\n%s", before, files())
	}
	var rows []string
	for _, v := range request(t, c, "GET", "/v3/os-services", "")["services"].([]any) {
		s := v.(map[string]any)
		rows = append(rows, s["binary"].(string)+" "+s["host"].(string)+" "+s["status"].(string))
	}
	slices.Sort(rows)
	want := []string{"cinder-scheduler ctl enabled", "cinder-volume ctl@lvm1 disabled", "cinder-volume ctl@lvm2 enabled"}
	if !slices.Equal(rows, want) {
		t.Errorf("%q", rows)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// What cannot be opened is left as it is.
func TestOpenCloud_refuses(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "cluster.json"), []byte("x"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := local.OpenCloud(local.CloudConfig{Dir: dir}); !errors.Is(err, local.ErrFolder) || !strings.Contains(err.Error(), "has cluster.json and no cinder.json") {
		t.Errorf("a cluster's folder: %v", err)
	}
	for _, text := range []string{"x", "{}", `{"db": "sqlite:///x", "api": "127.0.0.1:1"}`} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, "cinder.json"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := local.OpenCloud(local.CloudConfig{Dir: dir}); !errors.Is(err, local.ErrFolder) {
			t.Errorf("%s: %v", text, err)
		}
	}
	dir = t.TempDir()
	c := openCloud(t, dir)
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := local.OpenCloud(local.CloudConfig{Dir: dir, DB: "mysql://a@127.0.0.1/b"}); !errors.Is(err, local.ErrFolder) {
		t.Errorf("another database: %v", err)
	}
	if _, err := local.OpenCloud(local.CloudConfig{}); !errors.Is(err, local.ErrConfig) {
		t.Errorf("no folder: %v", err)
	}
}

// Nobody but the owner can read where a password may be.
func TestOpenCloud_private(t *testing.T) {
	dir := t.TempDir()
	c, err := local.OpenCloud(local.CloudConfig{Dir: dir, DB: "mysql://a:pa$$word@127.0.0.1/b"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		text := read(t, filepath.Join(dir, e.Name()))
		info, err := e.Info()
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains([]byte(text), []byte("pa$")) && info.Mode().Perm() != 0o600 {
			t.Errorf("%s: %v", e.Name(), info.Mode())
		}
	}
}

// A database that is not there is told.
func TestCloud_noDatabase(t *testing.T) {
	c, err := local.OpenCloud(local.CloudConfig{Dir: t.TempDir(), DB: "sqlite:////nowhere/at/all.db"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Start(t.Context()); err == nil {
		t.Error("it starts")
	}
}
