package main

import (
	"encoding/json"
	"fmt"
	"text/tabwriter"

	"github.com/wavetank/wavetank/scenarios"
)

// listCmd names what there is.
type listCmd struct {
	JSON bool `name:"json" help:"One JSON object per line."`
}

// item is one line of the list.
type item struct {
	Kind string `json:"kind"`
	Name string `json:"name"`
	Doc  string `json:"doc,omitempty"`

	// Usage is how plans write a fault.
	Usage string `json:"usage,omitempty"`
	// Worlds are those that a scenario can run in.
	Worlds []string `json:"worlds,omitempty"`
	// Scenario and Property are where and by what a mutant is found.
	Scenario string `json:"scenario,omitempty"`
	Property string `json:"property,omitempty"`
}

// Run implements the command.
func (c *listCmd) Run(io *streams) error {
	if c.JSON {
		enc := json.NewEncoder(io.out)
		for _, i := range items() {
			if err := enc.Encode(i); err != nil {
				return err
			}
		}
		return nil
	}
	w := tabwriter.NewWriter(io.out, 0, 0, 2, ' ', 0)
	kind := ""
	for _, i := range items() {
		if i.Kind != kind {
			kind = i.Kind
			fmt.Fprintf(w, "%ss:\n", kind)
		}
		fmt.Fprintf(w, "  %s\t%s\n", i.Name, i.Doc)
	}
	return w.Flush()
}

func items() []item {
	var list []item
	for _, s := range scenarios.Catalogue() {
		list = append(list, item{Kind: "scenario", Name: s.Name, Doc: s.Doc, Worlds: s.Worlds()})
	}
	for _, name := range scenarios.Invariants() {
		list = append(list, item{Kind: "invariant", Name: name})
	}
	for _, w := range scenarios.Faults() {
		list = append(list, item{Kind: "fault", Name: w.Kind(), Doc: w.Doc, Usage: w.Usage})
	}
	for _, m := range scenarios.Mutants() {
		list = append(list, item{
			Kind: "mutant", Name: m.Name, Scenario: m.Scenario, Property: m.Property,
			Doc: fmt.Sprintf("%s; found by %s in %s", m.Doc, m.Property, m.Scenario),
		})
	}
	for _, name := range scenarios.Marks() {
		list = append(list, item{Kind: "mark", Name: name})
	}
	return list
}
