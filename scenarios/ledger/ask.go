package ledger

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/wavetank/wavetank/scenarios/novelty"
)

// Unfinished is a run that has begun and not ended, and was not run again since.
type Unfinished struct {
	Replay  string `json:"replay"`
	Version string `json:"version"`
	Began   string `json:"began"`
	Host    string `json:"host"`
	PID     int    `json:"pid"`
	// UnderWay says that the process is still there, on this machine.
	UnderWay bool `json:"under_way"`
}

// Unfinished are the runs of other campaigns that have not ended, the oldest first.
func (l *Ledger) Unfinished() ([]Unfinished, error) {
	host, err := os.Hostname()
	if err != nil {
		return nil, err
	}
	return ask(l, func(u *Unfinished, scan func(...any) error) error {
		var closed bool
		err := scan(&u.Replay, &u.Version, &u.Began, &u.Host, &u.PID, &closed)
		u.UnderWay = !closed && u.Host == host && u.PID != os.Getpid() && lives(u.PID)
		return err
	}, `select r.replay, c.version, r.began, c.host, c.pid, c.ended is not null
		from runs r join campaigns c on c.id = r.campaign
		where r.ended is null and c.id <> ? and not exists
			(select 1 from runs later where later.spec = r.spec and later.id > r.id and later.ended is not null)
		order by r.id`, l.campaign)
}

// lives reports whether there is a process. One that belongs to somebody else lives too.
func lives(pid int) bool {
	p, err := os.FindProcess(pid)
	if err != nil {
		return false
	}
	err = p.Signal(syscall.Signal(0))
	return err == nil || errors.Is(err, os.ErrPermission)
}

// Failed is a failure that runs of the ledger had, by signature and planted bug.
type Failed struct {
	Signature string `json:"signature"`
	Verdict   string `json:"verdict"`
	Mutant    string `json:"mutant"`
	Count     int    `json:"count"`
	// First and Last are when the first and the last run began that failed like this,
	// and Since and Until what the program's versions were.
	First string `json:"first"`
	Last  string `json:"last"`
	Since string `json:"since_version"`
	Until string `json:"until_version"`
	// Replay is the line of its shortest run.
	Replay string `json:"replay"`
}

// Failures are all failures, the most recent ones first.
func (l *Ledger) Failures() ([]Failed, error) {
	return ask(l, func(f *Failed, scan func(...any) error) error {
		return scan(&f.Signature, &f.Verdict, &f.Mutant, &f.Count, &f.First, &f.Last, &f.Since, &f.Until, &f.Replay)
	}, `select g.signature, g.verdict, g.mutant, g.n, g.first, g.last, fc.version, lc.version,
			(select s.replay from runs s where s.signature = g.signature and s.verdict = g.verdict and s.mutant = g.mutant
				order by s.steps, s.id limit 1)
		from (select signature, verdict, mutant, count(*) n, min(began) first, max(began) last, min(id) f, max(id) l
				from runs where signature <> '' group by signature, verdict, mutant) g
			join runs f on f.id = g.f join campaigns fc on fc.id = f.campaign
			join runs l on l.id = g.l join campaigns lc on lc.id = l.campaign
		order by g.l desc`)
}

// Tally is what a version of the program has run of a scenario.
type Tally struct {
	Version  string `json:"version"`
	Scenario string `json:"scenario"`
	World    string `json:"world"`
	Mutant   string `json:"mutant"`
	// Seeds is how many different ones, Runs how often in all.
	Seeds int `json:"seeds"`
	Runs  int `json:"runs"`
	// Passed, Failed and Inconclusive are the runs that came out like this; Failed has
	// those, too, that differed or that the machine let down. Open have not ended.
	Passed       int `json:"passed"`
	Failed       int `json:"failed"`
	Inconclusive int `json:"inconclusive"`
	Open         int `json:"open"`
	// Last is when the last one began.
	Last string `json:"last"`
}

// Tallies are the sums, the newest version first.
func (l *Ledger) Tallies() ([]Tally, error) {
	return ask(l, func(t *Tally, scan func(...any) error) error {
		return scan(&t.Version, &t.Scenario, &t.World, &t.Mutant, &t.Seeds, &t.Runs, &t.Passed, &t.Failed, &t.Inconclusive, &t.Open, &t.Last)
	}, `select c.version, r.scenario, r.world, r.mutant, count(distinct r.seed), count(*),
			count(*) filter (where verdict = 'pass'), count(*) filter (where verdict in ('fail', 'nondeterministic', 'infrastructure')),
			count(*) filter (where verdict = 'inconclusive'), count(*) filter (where r.ended is null), max(r.began)
		from runs r join campaigns c on c.id = r.campaign
		group by c.version, r.scenario, r.world, r.mutant
		order by (select max(n.id) from campaigns n where n.version = c.version) desc, r.scenario, r.world, r.mutant`)
}

// Shown is what the runs of the newest version have shown, without those with a planted bug:
// each run once, in the order of the seeds.
func (l *Ledger) Shown() (novelty.Book, error) {
	book := make(novelty.Book)
	_, err := ask(l, func(_ *struct{}, scan func(...any) error) error {
		var whole []byte
		var name, line string
		if err := scan(&name, &line, &whole); err != nil {
			return err
		}
		var shown struct{ Features []novelty.Feature }
		if err := inflate(whole, &shown); err != nil {
			return fmt.Errorf("the run %s: %w", line, err)
		}
		book.Of(name).Add(shown.Features, func() string { return line })
		return nil
	}, `select scenario, replay, result from runs where id in
			(select min(id) from runs where mutant = '' and ended is not null and campaign in
				(select id from campaigns where version = (select version from campaigns order by id desc limit 1))
			group by spec)
		order by length(seed), seed, id`)
	return book, err
}

// ask reads all rows of a query.
func ask[T any](l *Ledger, read func(*T, func(...any) error) error, query string, args ...any) (all []T, err error) {
	rows, err := l.db.Query(query, args...)
	if err != nil {
		return nil, err
	}
	defer func(rows *sql.Rows) { err = errors.Join(err, rows.Close()) }(rows)
	for rows.Next() {
		var one T
		if err := read(&one, rows.Scan); err != nil {
			return nil, err
		}
		all = append(all, one)
	}
	return all, rows.Err()
}
