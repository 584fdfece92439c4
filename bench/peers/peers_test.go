package peers

import (
	"fmt"
	"maps"
	"slices"
	"testing"
)

// TestPeers_carryEverything does every job once, with a number of messages that
// divides by nothing.
func TestPeers_carryEverything(t *testing.T) {
	for _, peer := range order {
		for _, size := range sizes {
			for _, inflight := range []int{0, 1, 64} {
				job := Job{Peer: peer, Size: size, Inflight: inflight, Count: 251, CheckAll: true}
				t.Run(fmt.Sprintf("%s/%d/%d", peer, size, inflight), func(t *testing.T) { carry(t, job) })
			}
		}
	}
}

func carry(t *testing.T, job Job) {
	far, err := StartFarEnd(job)
	if err != nil {
		t.Fatal(err)
	}
	defer far.Close()
	replies := NewTally(job)
	near, err := Peers()[job.Peer].Dial(job, far.Addr, replies)
	if err != nil {
		t.Fatal(err)
	}
	defer near.Close()
	if err := near.Send(); err != nil {
		t.Fatal(err)
	}
	got, err := far.Await()
	if err != nil {
		t.Fatal(err)
	}
	check(t, job, got, replies)
}

// TestSim_carriesEverything does the jobs in the simulator.
func TestSim_carriesEverything(t *testing.T) {
	for _, size := range sizes {
		for _, inflight := range []int{0, 1, 64} {
			simulate(t, Job{Peer: "wavetank", Size: size, Inflight: inflight, Count: 251, CheckAll: true}, func() {})
		}
	}
}

// TestPeers_order says that no peer is left out of the benchmarks.
func TestPeers_order(t *testing.T) {
	if got, want := slices.Sorted(maps.Keys(Peers())), slices.Sorted(slices.Values(order[:])); !slices.Equal(got, want) {
		t.Errorf("benchmarks of %v, peers are %v", want, got)
	}
}

// TestTally_differs shows what a tally tells apart.
func TestTally_differs(t *testing.T) {
	const none = -1
	job := Job{Size: 128, Count: 3, CheckAll: true}
	content := NewContent(job.Size)
	want := Expected(job).String()
	for _, tt := range []struct {
		name     string
		messages []int
		same     bool
	}{
		{"all", []int{0, 1, 2}, true},
		{"in another order", []int{2, 0, 1}, true},
		{"one lost", []int{0, 2}, false},
		{"one twice", []int{0, 1, 2, 2}, false},
		{"one in place of another", []int{0, 1, 1}, false},
		{"one without content too many", []int{0, 1, 2, none}, false},
	} {
		tally := NewTally(job)
		for _, i := range tt.messages {
			if i == none {
				tally.Add(nil) // whose sum is 0
			} else {
				tally.Add(content.Message(i))
			}
		}
		if got := tally.String(); (got == want) != tt.same {
			t.Errorf("%s: %s, all are %s", tt.name, got, want)
		}
	}
}
