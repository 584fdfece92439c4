package main

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/wavetank/wavetank/scenarios"
	"github.com/wavetank/wavetank/scenarios/scoreboard"
)

// mutantsCmd measures how soon each planted bug is found.
type mutantsCmd struct {
	Mutants []string `arg:"" optional:"" name:"mutant" help:"Planted bugs, see 'wavetank list'. The default is all of them."`

	Scenario string `help:"Look for them in this scenario. The default is each one's own." placeholder:"NAME"`
	Trials   int    `help:"How often each is looked for, with other seeds each time." default:"20" placeholder:"N"`
	Limit    uint64 `help:"After how many seeds a trial gives up; where there is a bound, that one if it is less." default:"1000" placeholder:"N"`
	First    uint64 `help:"The first seed of the first trial; those of the others are 100,000 apart." default:"1" placeholder:"N"`
	Fresh    bool   `help:"Seeds by the date (UTC), as 'wavetank run --fresh' has them."`
	Bounds   string `help:"Fail if a median is above its bound: lines MUTANT SCENARIO SEEDS." placeholder:"FILE"`
	Update   bool   `help:"Write lower bounds where the medians allow it, never higher ones."`
	Jobs     int    `short:"j" help:"Trials at the same time; the default is one a core." placeholder:"N"`
	JSON     bool   `name:"json" help:"One JSON object per line."`
}

// Run implements the command. The exit status is 1 if a bug was not found, or not within
// its bound.
func (c *mutantsCmd) Run(io *streams) error {
	hunts, bounds, err := c.hunts(io.today())
	if err != nil {
		return usage(err)
	}
	ctx, stop := interruptible()
	defer stop()
	collectLess()
	page := newScorePage(io, c, len(hunts), bounds)
	scoreboard.Run(ctx, hunts, cmp.Or(c.Jobs, runtime.GOMAXPROCS(0)), page.score)
	if err := page.finish(); err != nil {
		return err
	}
	if c.Update {
		if err := os.WriteFile(c.Bounds, []byte(bounds.String()), 0o644); err != nil {
			return err
		}
	}
	switch {
	case page.bad > 0:
		return exit{status: scenarios.Fail.ExitCode()}
	case ctx.Err() != nil:
		return exit{status: exitInterrupted, text: "interrupted"}
	}
	return nil
}

// hunts checks what the caller has said.
func (c *mutantsCmd) hunts(today time.Time) (hunts []scoreboard.Hunt, bounds *scoreboard.Bounds, err error) {
	if c.Trials < 1 || c.Trials > 1000 || c.Limit < 1 || c.Limit > scoreboard.Stride || c.Jobs < 0 || c.Jobs > maxJobs {
		err = fmt.Errorf("--trials must be 1 to 1000, --limit 1 to %d, --jobs 0 to %d", scoreboard.Stride, maxJobs)
	}
	if c.Update && c.Bounds == "" {
		err = errors.Join(err, errors.New("--update goes with --bounds"))
	}
	if c.Fresh {
		seeds, bad := scenarios.Seeds{First: c.First, Last: c.First}.On(today)
		c.First, err = seeds.First, errors.Join(err, flagError("--fresh:", bad))
	}
	if c.Bounds != "" {
		var bad error
		bounds, bad = readBounds(c.Bounds, c.Update)
		err = errors.Join(err, bad)
	}
	for _, m := range scenarios.Mutants() {
		if len(c.Mutants) > 0 && !slices.Contains(c.Mutants, m.Name) {
			continue
		}
		s, unknown := scenarios.Open(cmp.Or(c.Scenario, m.Scenario))
		hunt := scoreboard.Hunt{Mutant: m, Scenario: s, Trials: c.Trials, Limit: c.Limit, First: c.First}
		if bounds != nil && !c.Update {
			if most, ok := bounds.Of(m.Name, s.Name); ok {
				hunt.Limit = min(hunt.Limit, most)
			}
		}
		if hunts = append(hunts, hunt); unknown != nil {
			return nil, nil, errors.Join(err, unknown)
		}
	}
	for _, name := range c.Mutants {
		err = errors.Join(err, scenarios.CheckMutant(name))
	}
	return hunts, bounds, err
}

// readBounds reads a file, which may be about to be made.
func readBounds(name string, update bool) (*scoreboard.Bounds, error) {
	text, err := os.ReadFile(name)
	if err != nil && !(update && errors.Is(err, os.ErrNotExist)) {
		return nil, err
	}
	bounds, err := scoreboard.ParseBounds(name, string(text))
	if err != nil {
		return nil, err
	}
	for _, mutant := range bounds.Mutants() {
		if err := scenarios.CheckMutant(mutant); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	return bounds, nil
}

// scorePage tells the scores as they come: a table on out, or JSON lines.
type scorePage struct {
	io      *streams
	json    *json.Encoder // nil for a table
	table   *tabwriter.Writer
	bounds  *scoreboard.Bounds // nil if there are none
	tighten bool
	total   int
	done    int
	bad     int
	wrong   []string
	began   time.Time
	noted   time.Time
	err     error
}

func newScorePage(io *streams, c *mutantsCmd, total int, bounds *scoreboard.Bounds) *scorePage {
	p := &scorePage{io: io, total: total, bounds: bounds, tighten: c.Update, began: time.Now(), noted: time.Now()}
	if c.JSON {
		p.json = json.NewEncoder(io.out)
		return p
	}
	p.table = tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(p.table, "mutant\tscenario\tmedian\tleast\tmost\tfound\tbound\ttime\tcaught by")
	return p
}

// score takes one score.
func (p *scorePage) score(s scoreboard.Score) {
	p.done++
	complaint := s.Complaint()
	if p.bounds != nil {
		if p.tighten {
			p.bounds.Tighten(s)
		}
		complaint = p.bounds.Complaint(s)
	}
	if complaint != "" {
		p.bad++
		p.wrong = append(p.wrong, fmt.Sprintf("%s in %s: %s", s.Hunt.Mutant.Name, s.Hunt.Scenario.Name, complaint))
	}
	if p.json != nil {
		if err := p.json.Encode(p.object(s, complaint)); p.err == nil {
			p.err = err
		}
	} else {
		p.row(s)
	}
	if p.io.terminal || time.Since(p.noted) > time.Minute {
		p.noted = time.Now()
		fmt.Fprintf(p.io.err, "wavetank: %d of %d, %s\n", p.done, p.total, s.Hunt.Mutant.Name)
	}
}

// finish writes what was gathered.
func (p *scorePage) finish() error {
	if p.json != nil {
		return p.err
	}
	if err := p.table.Flush(); err != nil {
		return err
	}
	for _, w := range p.wrong {
		fmt.Fprintf(p.io.out, "WRONG %s\n", w)
	}
	fmt.Fprintf(p.io.out, "mutants: %d of %d found as they must be, in %v\n", p.done-p.bad, p.total, time.Since(p.began).Round(time.Millisecond))
	return nil
}

func (p *scorePage) row(s scoreboard.Score) {
	median, bound := "-", "-"
	if m, ok := s.Median(); ok {
		median = fmt.Sprint(m)
	}
	if p.bounds != nil {
		if b, ok := p.bounds.Of(s.Hunt.Mutant.Name, s.Hunt.Scenario.Name); ok {
			bound = fmt.Sprint(b)
		}
	}
	least, most := extremes(s)
	var caught []string
	for _, c := range s.Caught() {
		caught = append(caught, fmt.Sprintf("%s (%d)", c.Property, c.Count))
	}
	fmt.Fprintf(p.table, "%s\t%s\t%s\t%d\t%d\t%d/%d\t%s\t%v\t%s\n", s.Hunt.Mutant.Name, s.Hunt.Scenario.Name, median, least, most,
		s.Found(), len(s.Trials), bound, s.Took().Round(time.Millisecond), strings.Join(caught, ", "))
}

// extremes are the least and the most seeds of a trial that has found something.
func extremes(s scoreboard.Score) (least, most uint64) {
	for _, t := range s.Trials {
		if t.Caught != nil {
			least, most = min(cmp.Or(least, t.Seeds), t.Seeds), max(most, t.Seeds)
		}
	}
	return least, most
}

// object is a score as a line of JSON.
func (p *scorePage) object(s scoreboard.Score, complaint string) map[string]any {
	caught, seeds, replay := make(map[string]int), []uint64{}, ""
	for _, c := range s.Caught() {
		caught[c.Property] = c.Count
	}
	for _, t := range s.Trials {
		if t.Caught != nil {
			seeds = append(seeds, t.Seeds)
			replay = cmp.Or(replay, scenarios.LineOf(*t.Caught).String())
		}
	}
	object := map[string]any{
		"kind": "mutant", "mutant": s.Hunt.Mutant.Name, "scenario": s.Hunt.Scenario.Name, "trials": len(s.Trials), "limit": s.Hunt.Limit,
		"first_seed": s.Hunt.First, "found": s.Found(), "seeds": seeds, "caught": caught, "real_ns": s.Took(), "replay": replay, "wrong": complaint,
		"median": nil, "bound": nil,
	}
	if m, ok := s.Median(); ok {
		object["median"] = m
	}
	if p.bounds != nil {
		if b, ok := p.bounds.Of(s.Hunt.Mutant.Name, s.Hunt.Scenario.Name); ok {
			object["bound"] = b
		}
	}
	return object
}
