# Everything a contributor or a CI machine runs. It needs Go and nothing else;
# with a C compiler the tests of concurrent code run under the race detector.

WAVETANK  := bin/wavetank
SEEDS     ?= 1-1000
SCENARIOS ?=
FUZZTIME  ?= 10s

# What rapid draws from: 0 is other properties' examples each time. RAPID_CHECKS says how
# many.
export RAPID_SEED ?= 1
COUNT     ?= 6
TESTFLAGS ?= -timeout=30m

# The linters and benchstat are pinned apart from the module, in tools/go.mod.
TOOL := go tool -modfile=tools/go.mod

# Our messenger beside those of others, once, in the module bench. Rounds, and not
# -count, so that a noisy minute does not strike one of them alone.
PEERS := go -C bench test -run='^$$' -bench=. ./...

# Where goroutines are at home. Everything else runs on one simulated thread,
# where the race detector has nothing to find. Of the scenarios these tests have
# more than that thread: workers, watchdog, real sockets.
RACY := ./daemons/host/... ./daemons/msgr ./cluster/... ./scenarios/scoreboard
RACY_SCENARIOS := Campaign|Watchdog|Panic|Goexit
# And those of the command: daemons on real sockets, signals, a run that is read meanwhile.
RACY_SCRIPTS := daemon|up|up_cinder|trace_broken
RACE := $(if $(filter 1,$(shell go env CGO_ENABLED)),-race)

# Code that must not know on which machine it runs: see wavetank vet --help.
# oshost is the real machine, and what ends in "test" supports tests.
SIMULATED = $$(go list ./daemons/... ./sim/... ./scenarios/raftcounter | grep -v -e '/daemons/host/oshost$$' -e 'test$$')

# All scenarios, unless SCENARIOS names some.
EACH = $(or $(SCENARIOS),$$($(WAVETANK) list --json | sed -n 's/.*"kind":"scenario","name":"\([^"]*\)".*/\1/p'))

.PHONY: help build test chaos shrink replay determinism golden mutants bounds tcp parity bench monbench benchstat lint fuzz interop interop-slow fidelity ci clean

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## build bin/wavetank
	go build -o $(WAVETANK) ./cmd/wavetank

# The catalogue on real sockets is make tcp.
test: ## run the tests, those of concurrent code under the race detector
	go test $(TESTFLAGS) $(RACE) $(RACY)
	$(if $(RACE),go test $(TESTFLAGS) $(RACE) -run='$(RACY_SCENARIOS)' ./scenarios)
	$(if $(RACE),go test $(TESTFLAGS) $(RACE) -run='^TestScript$$/^($(RACY_SCRIPTS))$$' ./cmd/wavetank)
	WAVETANK_SEED=$${WAVETANK_SEED:-1} go test $(TESTFLAGS) ./scenarios -ginkgo.label-filter='!world:tcp'
	go test $(TESTFLAGS) $$(go list ./... | grep -v -x -F "$$(go list $(RACY) ./scenarios)")
	go -C bench test $(TESTFLAGS) $(RACE) ./...

chaos: build ## run a campaign: SCENARIOS="mgr-failover" SEEDS=1-1000 SCHEDULE=portfolio
	$(WAVETANK) run $(or $(SCENARIOS),mgr-failover) --seeds $(SEEDS) $(if $(SCHEDULE),--schedule $(SCHEDULE))

shrink: ## make a failure of every planted bug small, and print a table
	go test -timeout=60m -count=1 -run='^TestShrink_everyMutant$$' ./scenarios/shrink -v -every | sed -n -e '/^|/p' -e '/_test.go/p' -e '/^ok/p' -e '/^FAIL/p'

replay: build ## run one run again: LINE='w1:mgr-failover:seed=7'
	$(WAVETANK) replay '$(LINE)'

determinism: build ## run every seed of every scenario twice and compare: SCENARIOS, SEEDS
	$(WAVETANK) run $(EACH) --seeds $(SEEDS) --check-determinism

# Those that can run on real sockets.
REAL = $(or $(SCENARIOS),$$($(WAVETANK) list --json | sed -n 's/.*"kind":"scenario","name":"\([^"]*\)".*"tcp".*/\1/p'))

# Some of them once more under the race detector: there every daemon has goroutines.
RACY_REAL = $(or $(SCENARIOS),map-lag mgr-failover mgr-reset mgr-storm mon-rolling monc-silence)

tcp: build ## run every scenario that can once on real sockets, ten times faster than Ceph's timings
	$(WAVETANK) run $(REAL) --world tcp --profile fast --seed 1 -j 5
	$(if $(RACE),go build $(RACE) -o $(WAVETANK)-race ./cmd/wavetank)
	$(if $(RACE),$(WAVETANK)-race run $(RACY_REAL) --world tcp --profile fast --seed 1 -j 5)

# Verdicts and role changes, see scenarios.RoleChanges.
parity: ## run every script that can in the simulator and on real sockets, and compare
	WAVETANK_PARITY=1 go test $(TESTFLAGS) ./scenarios -run='^TestParity$$' -parallel=4 -v

bench: ## run the benchmarks COUNT times; compare two outputs with make benchstat
	go test -run='^$$' -bench=. -benchmem -count=$(COUNT) ./...
	for round in $$(seq $(COUNT)); do $(PEERS) || exit 1; done

# The monitors alone, for a quiet machine: with Ceph's beside ours where it is installed.
monbench: ## run the benchmarks of monitors COUNT times and compare them with Ceph's
	@mkdir -p out && rm -f out/monbench.txt
	for round in $$(seq $(COUNT)); do \
		go test -tags interop -run='^$$' -bench=MonCommand -timeout=20m ./cluster/realceph >>out/monbench.txt || { cat out/monbench.txt; exit 1; }; \
	done
	@$(TOOL) benchstat -filter '.unit:commands/s' -col /who out/monbench.txt
	go test -run='^$$' -bench='MonCommit|FirstQuorum|MonMemory' -count=$(COUNT) -timeout=20m ./cluster >out/mons.txt || { cat out/mons.txt; exit 1; }
	@$(TOOL) benchstat -filter '.unit:(writes/s OR quorum-ms OR B/mon)' out/mons.txt

benchstat: ## compare benchmark outputs: FILES="old.txt new.txt"
	$(TOOL) benchstat $(FILES)

lint: build ## check formatting, vet, staticcheck, and determinism with wavetank vet
	@unformatted=$$(gofmt -l .); if [ -n "$$unformatted" ]; then echo "run gofmt -w on:"; echo "$$unformatted"; exit 1; fi
	go vet ./...
	GOOS=darwin go vet ./daemons/host/oshost
	$(TOOL) staticcheck ./...
	go -C bench vet ./...
	go -C bench tool -modfile=../tools/go.mod staticcheck ./...
	$(WAVETANK) vet $(SIMULATED)

fuzz: ## run every fuzz target for FUZZTIME=10s
	@grep -rHo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]*' . | sed 's/:func / /' | sort | \
	while read -r file target; do \
		echo "$$(dirname "$$file") $$target"; \
		go test -run='^$$' -fuzz="^$$target\$$" -fuzztime=$(FUZZTIME) -fuzzminimizetime=10x "$$(dirname "$$file")" || exit 1; \
	done

golden: ## hold recorded run hashes under -race and on arm64 (qemu-user, installed if missing)
	.ci/golden

mutants: build ## find every planted bug TRIALS=5 times, each within its bound
	.ci/mutants --trials $(or $(TRIALS),5)

bounds: build ## make the bounds of planted bugs tighter where TRIALS=20 trials allow it
	.ci/mutants --trials $(or $(TRIALS),20) --update

interop: ## run the tests against real Ceph, Cinder's clients, databases and tshark, installed if missing
	.ci/interop

interop-slow: ## kill a service of Cinder at its own timings, on each database that is installed: some 2 minutes
	WAVETANK_INTEROP_SLOW=1 go test -tags interop -count=1 -timeout=20m -run='^TestCinder_defaultTimings$$' -v ./cluster/realcinder

# Everything at Ceph's own timings: some 15 minutes for 20.
fidelity: ## measure FAILOVERS=20 of each kind of Ceph's managers, ours and simulated ones
	@mkdir -p out
	go test -tags interop -count=1 -run='^TestMeasure_failovers$$' -timeout=3h -parallel=9 ./cluster/realceph -v -failovers $(or $(FAILOVERS),20) >out/fidelity.txt || { tail -n 50 out/fidelity.txt; exit 1; }
	@grep -e '^Seconds' -e '^|' -e '^$$' out/fidelity.txt

ci: ## what CI runs
	.ci/run

clean: ## remove what the other targets have made
	rm -rf bin out
