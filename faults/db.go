package faults

import (
	"encoding/json"

	"github.com/wavetank/wavetank/sim"
)

// operate has the operator of everybody that who stands for, database servers of package
// sqld, give a command, and counts those who can be asked. Only simulated machines can: in
// another world it fails with errors.ErrUnsupported.
func operate(t Target, f Fault, who string, request map[string]string) (int, error) {
	hosts, err := machines(t, f, who)
	if err != nil {
		return 0, err
	}
	landed := 0
	for _, h := range hosts {
		if ask(h, request) {
			landed++
		}
	}
	return landed, nil
}

// ask gives a machine's process a command; it reports false if nobody is there.
func ask(h *sim.Host, request map[string]string) bool {
	text, err := json.Marshal(request) // which sorts
	if err != nil {
		panic(err) // texts always have a form
	}
	return h.Admin(string(text), func(string) {}) == nil
}
