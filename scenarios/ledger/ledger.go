// Package ledger keeps what campaigns have run in a SQLite file, for longer than any
// process that ran it.
//
// A run is in the file before it begins. If the process dies with it, the file has a run
// that never ended, which the next campaign tells of:
//
//	l, err := ledger.Open("runs.db", ledger.Options{Version: version})
//	defer l.Close()
//	lost, err := l.Unfinished()
//	scenarios.Campaign{Journal: l, ...}.Run(ctx)
//
// Several processes may share a file. The command line uses this package, and nothing
// below it may.
package ledger

import (
	"bytes"
	"compress/flate"
	"crypto/sha256"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"sync"
	"time"

	"github.com/ncruces/go-sqlite3"
	_ "github.com/ncruces/go-sqlite3/driver" // SQLite for database/sql
	_ "github.com/ncruces/go-sqlite3/embed"  // SQLite itself

	"github.com/wavetank/wavetank/scenarios"
)

// ErrNoLedger: a file is something else, or was made by a newer program.
var ErrNoLedger = errors.New("no ledger of this program's")

// Options say who writes into a ledger.
type Options struct {
	// Version names the program, such that two programs of one version run the same
	// seed alike.
	Version string
	// Resume makes Run take what the ledger has, of the same version, in place of another
	// run.
	Resume bool
	// Now is the time for the records; nil is the machine's clock.
	Now func() time.Time
}

// Ledger is an open file. It may be used by many goroutines.
type Ledger struct {
	db       *sql.DB
	options  Options
	campaign int64

	mu    sync.Mutex
	files map[string]string // the digest of each script, by its name
}

// The file says that it is a ledger, and of which form.
const (
	applicationID = 0x77746c67 // "wtlg"
	schemaVersion = 1
)

const schema = `
create table campaigns (
	id      integer primary key,
	version text not null,
	host    text not null,
	pid     integer not null,
	began   text not null,
	ended   text
);
create table runs (
	id         integer primary key,
	campaign   integer not null references campaigns,
	spec       text not null, -- what makes it this run: its repro line, and the digest of its script
	scenario   text not null,
	seed       text not null,
	world      text not null,
	profile    text not null,
	mutant     text not null,
	schedule   text not null,
	replay     text not null,
	began      text not null,
	ended      text,          -- null until then, and so are the next ones
	verdict    text,
	signature  text,          -- '' if it did not fail
	hash       text,
	steps      integer,
	virtual_ns integer,
	real_ns    integer,
	marks      text,          -- JSON, and so are the next ones
	failure    text,
	result     blob           -- all of it, deflated: fault points alone are kilobytes
);
create index runs_spec on runs (spec);
create index runs_failed on runs (signature) where signature <> '';
create index runs_open on runs (campaign) where ended is null;
`

// Open opens the ledger in a file and begins a campaign in it; a file that is not there is
// made. Errors: ErrNoLedger, those of SQLite.
func Open(file string, o Options) (*Ledger, error) {
	l, err := open(file, o)
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err == nil {
		err = l.db.QueryRow(`insert into campaigns (version, host, pid, began) values (?, ?, ?, ?) returning id`,
			o.Version, host, os.Getpid(), l.now()).Scan(&l.campaign)
	}
	if err != nil {
		l.db.Close()
		return nil, fmt.Errorf("ledger %s: %w", file, err)
	}
	return l, nil
}

// OpenToRead opens a ledger that is there, for its questions only.
func OpenToRead(file string) (*Ledger, error) {
	if _, err := os.Stat(file); err != nil {
		return nil, err
	}
	return open(file, Options{})
}

func open(file string, o Options) (*Ledger, error) {
	where := url.URL{Scheme: "file", Opaque: url.PathEscape(file), RawQuery: url.Values{
		// The log is not synced at each commit: what a process has written survives
		// its end, if not the machine's.
		"_pragma": {"busy_timeout(60000)", "synchronous(normal)", "foreign_keys(on)"},
		"_txlock": {"immediate"},
	}.Encode()}
	db, err := sql.Open("sqlite3", where.String())
	if err != nil {
		return nil, fmt.Errorf("ledger %s: %w", file, err)
	}
	db.SetMaxOpenConns(1) // the file has one writer anyway
	l := &Ledger{db: db, options: o, files: make(map[string]string)}
	if err = l.create(); err == nil {
		err = l.logAhead()
	}
	if err != nil {
		db.Close()
		return nil, fmt.Errorf("ledger %s: %w", file, err)
	}
	return l, nil
}

// create makes the tables in a file that is empty, and refuses one that is something
// else.
func (l *Ledger) create() error {
	tx, err := l.db.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	var id, version, tables int
	if err := tx.QueryRow(`select application_id, user_version, (select count(*) from sqlite_schema)
		from pragma_application_id, pragma_user_version`).Scan(&id, &version, &tables); err != nil {
		return err
	}
	switch {
	case id == applicationID && version == schemaVersion:
		return tx.Commit()
	case id != 0 || version != 0 || tables != 0:
		return fmt.Errorf("%w: application id %#x, version %d", ErrNoLedger, id, version)
	}
	if _, err := tx.Exec(schema + fmt.Sprintf("pragma application_id = %d; pragma user_version = %d;", applicationID, schemaVersion)); err != nil {
		return err
	}
	return tx.Commit()
}

// logAhead makes the file have a write-ahead log, which it keeps. While somebody else has
// it open that may not be possible, and SQLite does not wait: then the next one to open it
// does.
func (l *Ledger) logAhead() error {
	_, err := l.db.Exec(`pragma journal_mode = wal`)
	if errors.Is(err, sqlite3.BUSY) {
		return nil
	}
	return err
}

// Close ends the campaign.
func (l *Ledger) Close() error {
	var err error
	if l.campaign != 0 {
		_, err = l.db.Exec(`update campaigns set ended = ? where id = ?`, l.now(), l.campaign)
	}
	return errors.Join(err, l.db.Close())
}

// layout is RFC 3339 with as many digits always, so that the order of texts is that of times.
const layout = "2006-01-02T15:04:05.000Z"

func (l *Ledger) now() string {
	now := time.Now
	if l.options.Now != nil {
		now = l.options.Now
	}
	return now().UTC().Format(layout)
}

// Run implements scenarios.Journal.
func (l *Ledger) Run(spec scenarios.Spec, do func(scenarios.Spec) scenarios.Result) (scenarios.Result, error) {
	key, err := l.key(spec)
	if err != nil {
		return scenarios.Result{}, err
	}
	if l.options.Resume {
		if r, found, err := l.kept(key, spec); err != nil || found {
			return r, err
		}
	}
	id, err := l.begin(key, spec)
	if err != nil {
		return scenarios.Result{}, err
	}
	r := do(spec)
	return r, l.end(id, r)
}

// key is what makes a run this one: its line, and what its script says.
func (l *Ledger) key(spec scenarios.Spec) (string, error) {
	line := scenarios.Line{Spec: spec}.String()
	file := spec.Scenario.File
	if file == "" {
		return line, nil
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.files[file] == "" {
		text, err := os.ReadFile(file)
		if err != nil {
			return "", err
		}
		l.files[file] = fmt.Sprintf("%x", sha256.Sum256(text))
	}
	return line + " " + l.files[file], nil
}

func (l *Ledger) begin(key string, spec scenarios.Spec) (id int64, err error) {
	err = l.db.QueryRow(`insert into runs
		(campaign, spec, scenario, seed, world, profile, mutant, schedule, replay, began)
		values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) returning id`,
		l.campaign, key, spec.Scenario.Name, fmt.Sprint(spec.Seed), spec.World, string(spec.Profile), spec.Mutant,
		spec.Schedule, scenarios.Line{Spec: spec}.String(), l.now()).Scan(&id)
	return id, err
}

// deflate is the JSON of a value, made small.
func deflate(v any) ([]byte, error) {
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestSpeed)
	if err == nil {
		err = errors.Join(json.NewEncoder(w).Encode(v), w.Close())
	}
	return out.Bytes(), err
}

// maxResult is far more than a run has to say.
const maxResult = 16 << 20

func inflate(small []byte, v any) error {
	return json.NewDecoder(io.LimitReader(flate.NewReader(bytes.NewReader(small)), maxResult)).Decode(v)
}

func (l *Ledger) end(id int64, r scenarios.Result) error {
	marks, err := json.Marshal(r.Marks)
	if err != nil {
		return err
	}
	failure, err := json.Marshal(r.Failure)
	if err != nil {
		return err
	}
	whole, err := deflate(r)
	if err != nil {
		return err
	}
	signature := ""
	if r.Failure != nil {
		signature = r.Failure.Signature()
	}
	_, err = l.db.Exec(`update runs set ended = ?, verdict = ?, signature = ?, hash = ?, steps = ?, virtual_ns = ?,
		real_ns = ?, marks = ?, failure = ?, result = ?, replay = ? where id = ?`,
		l.now(), r.Verdict.String(), signature, fmt.Sprintf("%016x", r.Hash), int64(r.Steps), int64(r.Virtual),
		int64(r.Real), string(marks), string(failure), whole, scenarios.LineOf(r).String(), id)
	return err
}

// kept is the result of a run that a program of this version has done.
func (l *Ledger) kept(key string, spec scenarios.Spec) (r scenarios.Result, found bool, err error) {
	var whole []byte
	err = l.db.QueryRow(`select r.result from runs r join campaigns c on c.id = r.campaign
		where r.spec = ? and c.version = ? and r.ended is not null and r.verdict <> 'infrastructure'
		order by r.id desc limit 1`, key, l.options.Version).Scan(&whole)
	if errors.Is(err, sql.ErrNoRows) {
		return r, false, nil
	}
	if err == nil {
		err = inflate(whole, &r)
	}
	if err != nil {
		return r, false, fmt.Errorf("ledger: the run %s: %w", key, err)
	}
	r.Spec, r.Resumed = spec, true
	return r, true, nil
}
