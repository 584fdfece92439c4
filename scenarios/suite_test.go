package scenarios_test

import (
	"fmt"
	"hash/fnv"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"

	"github.com/wavetank/wavetank/cluster"
	"github.com/wavetank/wavetank/scenarios"
)

func TestScenarios(t *testing.T) {
	RegisterFailHandler(Fail)
	RunSpecs(t, "Scenarios")
}

// specSeed is the seed of a spec: WAVETANK_SEED, or derived from Ginkgo's seed and
// the spec's text, so that a new spec changes no other one's seed.
func specSeed() uint64 {
	if text := os.Getenv("WAVETANK_SEED"); text != "" {
		seed, err := strconv.ParseUint(text, 10, 64)
		Expect(err).NotTo(HaveOccurred(), "WAVETANK_SEED")
		return seed
	}
	h := fnv.New32a()
	fmt.Fprintf(h, "%d/%s", GinkgoRandomSeed(), CurrentSpecReport().FullText())
	return uint64(h.Sum32())
}

// reportEntry is what each spec attaches to its report.
type reportEntry struct {
	Seed    uint64
	Replay  string
	Hash    string
	Verdict string
	World   string
	Time    time.Duration
	Steps   uint64
	Faults  map[string]int
}

func (e reportEntry) String() string {
	return fmt.Sprintf("%s, seed %d, %v of world time, faults %v\nwavetank replay '%s'", e.Verdict, e.Seed, e.Time, e.Faults, e.Replay)
}

func entryOf(r scenarios.Result) *reportEntry {
	e := &reportEntry{
		Seed: r.Spec.Seed, Replay: scenarios.LineOf(r).String(), Hash: fmt.Sprintf("%016x", r.Hash),
		Verdict: r.Verdict.String(), World: r.Spec.World, Time: r.Virtual, Steps: r.Steps, Faults: make(map[string]int),
	}
	for _, l := range r.Faults {
		e.Faults[l.Kind] += l.Count
	}
	return e
}

// entries is one table entry per scenario; those that a world lacks something for are
// skipped with the reason.
func entries(world string) []TableEntry {
	var out []TableEntry
	for _, s := range scenarios.Catalogue() {
		out = append(out, Entry(s.Name+" in "+world, Label("world:"+world), s))
	}
	return out
}

// scripts is one table entry per script.
func scripts(world string) []TableEntry {
	files, err := filepath.Glob("scripts/*" + scenarios.ScriptSuffix)
	if err != nil || len(files) == 0 {
		panic(fmt.Sprint("no scripts: ", err))
	}
	var out []TableEntry
	for _, f := range files {
		s, err := scenarios.Open(f)
		if err != nil {
			panic(err)
		}
		out = append(out, Entry(s.Name+" in "+world, Label("world:"+world), s))
	}
	return out
}

// archives is one table entry per archive, in the slowest world that it needs.
func archives() []TableEntry {
	files, err := filepath.Glob("scripts/*" + scenarios.ArchiveSuffix)
	if err != nil || len(files) == 0 {
		panic(fmt.Sprint("no archives: ", err))
	}
	var out []TableEntry
	for _, f := range files {
		a, err := scenarios.OpenArchive(f)
		if err != nil {
			panic(err)
		}
		world := scenarios.WorldSim
		if a.In(scenarios.WorldTCP) {
			world = scenarios.WorldTCP
		}
		out = append(out, Entry(filepath.Base(f), Label("world:"+world), a))
	}
	return out
}

var _ = DescribeTable("archives", func(a scenarios.Archive) {
	if a.In(scenarios.WorldTCP) {
		unlessNamed(scenarios.WorldTCP)
	}
	Expect(a.Check()).To(Succeed())
}, archives())

// regressions is one table entry per script that once failed.
func regressions() []TableEntry {
	all, err := scenarios.OpenRegressions("regressions")
	if err != nil {
		panic(err)
	}
	var out []TableEntry
	for _, r := range all {
		out = append(out, Entry(r.Scenario.File, Label("world:sim"), r))
	}
	return out
}

var _ = DescribeTable("what once failed", func(r scenarios.Regression) {
	found, problem := r.Check()
	if found.Failure != nil {
		AddReportEntry("wavetank", entryOf(found), ReportEntryVisibilityFailureOrVerbose)
	}
	Expect(problem).To(BeEmpty())
}, regressions())

// unlessNamed skips a spec of a world that takes minutes of real time, unless a filter of
// labels let it through.
func unlessNamed(world string) {
	GinkgoHelper()
	if world == scenarios.WorldTCP && GinkgoLabelFilter() == "" {
		Skip("it takes real time; -ginkgo.label-filter=world:tcp runs it")
	}
}

func runSpec(spec scenarios.Spec) {
	GinkgoHelper()
	unlessNamed(spec.World)
	if lacking := spec.Scenario.CheckIn(spec.World); lacking != nil {
		Skip(lacking.Error())
	}
	spec.Seed = specSeed()
	result := scenarios.Run(spec)
	AddReportEntry("wavetank", entryOf(result), ReportEntryVisibilityFailureOrVerbose)
	if result.Verdict == scenarios.Infrastructure {
		Skip(result.Failure.Detail)
	}
	Expect(result.Verdict).To(Equal(scenarios.Pass), "%v\nwavetank replay '%v'", result.Failure, scenarios.LineOf(result))
}

var _ = DescribeTable("the catalogue in the simulator", func(s scenarios.Scenario) {
	runSpec(scenarios.Spec{Scenario: s, World: scenarios.WorldSim})
}, entries(scenarios.WorldSim), scripts(scenarios.WorldSim))

var _ = DescribeTable("the catalogue on real sockets", func(s scenarios.Scenario) {
	runSpec(scenarios.Spec{Scenario: s, World: scenarios.WorldTCP, Profile: scenarios.ProfileFast})
}, entries(scenarios.WorldTCP), scripts(scenarios.WorldTCP))

var _ = Describe("a cluster", func() {
	It("has an active manager before the first fault, and another one after its death", Label("world:sim"), func() {
		w := cluster.NewSim(cluster.SimConfig{Seed: specSeed()})
		DeferCleanup(w.Close)
		c := cluster.Deploy(w, cluster.DefaultTopology())
		c.Start()
		cluster.Eventually(GinkgoT(), w, c.View().Available, time.Minute, BeTrue())
		first := c.View().ActiveMgr()
		c.Kill(first)
		cluster.Eventually(GinkgoT(), w, c.View().ActiveMgr, 40*time.Second, And(Not(BeEmpty()), Not(Equal(first))))
	})
})
