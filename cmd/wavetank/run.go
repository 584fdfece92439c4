package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/wavetank/wavetank/scenarios"
)

// runCmd runs scenarios.
type runCmd struct {
	Scenarios []string `arg:"" name:"scenario" help:"What to run: scenarios, see 'wavetank list', and files of scripts, NAME.wt, and archives, NAME.txtar; or a folder of scripts that once failed, each of which is run as its header says."`

	Seed  *uint64        `help:"Run one seed." xor:"seeds,fresh" placeholder:"N"`
	Seeds string         `help:"Run a range of seeds, both ends included. The default is 1-100 (in the tcp world 1)." xor:"seeds" placeholder:"A-B"`
	For   *time.Duration `help:"Run seeds from 1 on until this much time has passed." xor:"seeds" placeholder:"10m"`
	Fresh bool           `help:"Run seeds that no other day has, by the date (UTC): the first one is YYYYMMDD00000001." xor:"fresh"`
	Shard string         `help:"Run the I-th of N parts of it all, for N machines." placeholder:"I/N"`

	World   string `help:"sim or tcp." default:"sim"`
	Profile string `help:"default (Ceph's timings) or fast (a tenth of them)." default:"default"`
	Mutant  string `help:"Plant a bug; the campaign must find it." placeholder:"NAME"`

	Schedule string `help:"Order among loops: uniform, pct (random priorities with changes), fair (in turn) or portfolio (each seed draws)." default:"uniform"`

	Novelty  bool   `help:"Let what runs have shown choose what is run next: some seeds then only say which choices of an earlier run are drawn anew."`
	Features string `help:"Write what runs have shown, with the first run of each feature, and which pairs were never seen; see 'wavetank features'." placeholder:"FILE"`

	Jobs             int           `short:"j" help:"Runs at the same time; the default is one a core." placeholder:"N"`
	StopAfter        int           `help:"Stop after so many different failures." placeholder:"N"`
	Quarantine       string        `help:"Failures that are known and do not count until a day, one a line: until DATE \"SIGNATURE\" REASON." placeholder:"FILE"`
	Canary           bool          `help:"First plant a bug, which must be found: a campaign that cannot fail is red."`
	CheckDeterminism bool          `help:"Run every seed twice and compare them act by act. Without it that is done with failures and with one in 50 of the others." xor:"recheck"`
	NoRecheck        bool          `help:"Run no seed twice." xor:"recheck"`
	Ledger           string        `help:"Keep each run in a SQLite file, from before it begins. Several processes may share it." placeholder:"FILE"`
	Resume           bool          `help:"Take the results that the ledger has of this version of the program, in place of the same runs again."`
	Watchdog         time.Duration `help:"Give a simulated run up that makes no step for so long." default:"10s" placeholder:"10s"`
	Out              string        `help:"Write the trace and the result of the first and of the shortest run of each failure to folders below DIR, and those of a single seed in any case." placeholder:"DIR"`
	JSON             bool          `name:"json" help:"One JSON object per line: a header, the results, a summary."`
	JUnit            string        `name:"junit" help:"Write a JUnit report." placeholder:"FILE"`
	Markdown         string        `help:"Write a page for people: verdict, failures, marks never reached, slowest runs; at most 60 kB." placeholder:"FILE"`
	Update           bool          `help:"Write into archives what came out of their runs."`

	skipped []error // why scenarios that are named cannot run in the world
}

// Run implements the command.
func (c *runCmd) Run(io *streams) error {
	if archives, err := c.archives(); err != nil {
		return usage(err)
	} else if archives {
		return c.runArchives(io)
	}
	if all, err := c.regressions(); err != nil {
		return usage(err)
	} else if all != nil {
		return checkRegressions(io, all)
	}
	campaign, err := c.campaign(io.today())
	if err != nil {
		return usage(err)
	}
	for _, err := range c.skipped {
		fmt.Fprintf(io.err, "skipped: %v\n", err)
	}
	ctx, stop := interruptible()
	defer stop()
	closeLedger, err := c.openLedger(io, &campaign)
	if err != nil {
		return err
	}
	limited := ctx
	if c.For != nil {
		var cancel context.CancelFunc
		limited, cancel = context.WithTimeout(ctx, *c.For)
		defer cancel()
	}
	collectLess()
	report := c.report(io, campaign)
	campaign.OnResult = report.result
	summary := campaign.Run(limited)
	if c.Markdown != "" {
		err = saveMarkdown(c.Markdown, c.title(campaign), &summary)
	}
	if c.Features != "" {
		err = errors.Join(err, saveFeatures(c.Features, summary.Features))
	}
	err = errors.Join(err, summary.Err, closeLedger(), report.finish(summary), c.save(report, summary))
	return conclusion(summary.Verdict, ctx.Err() != nil, err)
}

// collectLess lets runs, which are short and make mostly garbage, collect it seldom: a
// heap five times what lives takes a fifth off the time of a campaign, for some tens of
// megabytes.
func collectLess() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(400)
	}
}

// conclusion is how the command ends: a failure that was found outweighs one to
// write it down.
func conclusion(v scenarios.Verdict, interrupted bool, err error) error {
	text := ""
	if err != nil {
		text = err.Error()
	}
	switch {
	case v == scenarios.Fail || v == scenarios.Nondeterministic:
		return exit{status: v.ExitCode(), text: text}
	case err != nil:
		return err
	case interrupted:
		return exit{status: exitInterrupted, text: "interrupted"}
	case v != scenarios.Pass:
		return exit{status: v.ExitCode()}
	}
	return nil
}

// maxJobs is more runs at once than any machine has a use for, and as many as fit
// into its memory.
const maxJobs = 1024

// campaign checks everything the caller has named.
func (c *runCmd) campaign(today time.Time) (scenarios.Campaign, error) {
	seeds, err := c.seeds(today)
	campaign := scenarios.Campaign{
		Seeds: seeds, Workers: c.Jobs, Recheck: c.recheck(), StopAfter: c.StopAfter, Today: today, Novelty: c.Novelty,
	}
	if c.For != nil && *c.For <= 0 || c.Jobs < 0 || c.StopAfter < 0 {
		err = errors.Join(err, errors.New("--for must be positive, --jobs and --stop-after not negative"))
	}
	if c.Jobs > maxJobs {
		err = errors.Join(err, fmt.Errorf("--jobs must be at most %d", maxJobs))
	}
	if c.Watchdog <= 0 {
		err = errors.Join(err, errors.New("--watchdog must be positive"))
	}
	if c.Novelty && c.World != scenarios.WorldSim {
		err = errors.Join(err, errors.New("--novelty: what daemons show in real time is another thing each time, so there is no choice to replay"))
	}
	if c.Resume && c.Ledger == "" {
		err = errors.Join(err, errors.New("--resume goes with --ledger"))
	}
	if c.Shard != "" {
		shard, bad := scenarios.ParseShard(c.Shard)
		campaign.Shard, err = shard, errors.Join(err, flagError("--shard", bad))
	}
	if c.Quarantine != "" {
		known, bad := scenarios.ReadQuarantine(c.Quarantine)
		campaign.Quarantine, err = known, errors.Join(err, bad)
	}
	err = errors.Join(err, scenarios.CheckWorld(c.World), scenarios.CheckProfile(c.Profile), scenarios.CheckMutant(c.Mutant),
		scenarios.CheckSchedule(c.Schedule))
	for _, name := range c.Scenarios {
		s, unknown := scenarios.Open(name)
		if err = errors.Join(err, unknown); unknown != nil {
			continue
		}
		if lacking := s.CheckIn(c.World); lacking != nil {
			c.skipped = append(c.skipped, lacking)
			continue
		}
		campaign.Specs = append(campaign.Specs, scenarios.Spec{
			Scenario: s, World: c.World, Profile: scenarios.Profile(c.Profile), Mutant: c.Mutant,
			Schedule: c.Schedule, Watchdog: c.Watchdog,
			History: c.Out != "" && c.World == scenarios.WorldTCP, // another run would be another one
		})
	}
	if c.Canary {
		mutant := scenarios.CanaryFor(campaign.Specs, seeds.First)
		campaign.Canary = &mutant
	}
	if len(campaign.Specs) == 0 {
		err = errors.Join(err, errors.Join(c.skipped...))
	}
	return campaign, err
}

// flagError is an error about a flag's value, nil if there is none.
func flagError(flag string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %w", flag, err)
}

func (c *runCmd) recheck() scenarios.Recheck {
	switch {
	case c.CheckDeterminism:
		return scenarios.RecheckAll
	case c.NoRecheck:
		return scenarios.RecheckNone
	}
	return scenarios.RecheckSome
}

// seeds are those that the caller wants, or the default.
func (c *runCmd) seeds(today time.Time) (seeds scenarios.Seeds, err error) {
	switch {
	case c.Seed != nil:
		return scenarios.Seeds{First: *c.Seed, Last: *c.Seed}, nil
	case c.For != nil && c.Fresh:
		seeds = scenarios.FreshSeeds()
	case c.For != nil:
		seeds = scenarios.SeedsFrom(1)
	case c.Seeds == "" && c.World == scenarios.WorldTCP:
		seeds = scenarios.Seeds{First: 1, Last: 1}
	case c.Seeds == "":
		seeds = scenarios.Seeds{First: 1, Last: 100}
	default:
		if seeds, err = scenarios.ParseSeeds(c.Seeds); err != nil {
			return seeds, flagError("--seeds", err)
		}
	}
	if c.Fresh {
		seeds, err = seeds.On(today)
	}
	return seeds, flagError("--fresh:", err)
}

// shown reports whether every run is kept, failed or not.
func (c *runCmd) shown() bool { return c.Seed != nil }
