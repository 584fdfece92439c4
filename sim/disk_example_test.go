package sim_test

import (
	"fmt"
	"time"

	"github.com/wavetank/wavetank/daemons/host"
	"github.com/wavetank/wavetank/sim"
)

// replace puts new content in the place of a file's old one, and syncs the new
// file before or does not.
func replace(h host.Host, careful bool) {
	loop, disk := h.NewLoop("main"), h.Disk()
	f, err := disk.Open("config.new")
	if err != nil {
		h.Exit(1, err.Error())
		return
	}
	f.WriteAt([]byte("new"), 0)
	rename := func(error) { disk.Rename("config.new", "config") }
	if careful {
		f.Sync(loop, rename)
	} else {
		rename(nil)
	}
}

// A file that is renamed before it is synced may be empty after a loss of power.
// Some seeds show it.
func ExampleHost_PowerOff() {
	damaged := func(careful bool) (seeds int) {
		for seed := range uint64(100) {
			s := sim.New(sim.Config{Seed: seed})
			h := s.AddHost("a")
			h.Start(func(p host.Host) { replace(p, careful) })
			s.Run(time.Second)
			h.PowerOff()
			h.Start(func(p host.Host) {
				if content, err := p.Disk().ReadFile("config"); err == nil && string(content) != "new" {
					seeds++
				}
			})
			s.Run(time.Second)
			s.Close()
		}
		return seeds
	}
	fmt.Println("careless programs are found out:", damaged(false) > 0)
	fmt.Println("careful ones are not:", damaged(true) == 0)
	// Output:
	// careless programs are found out: true
	// careful ones are not: true
}
