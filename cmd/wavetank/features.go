package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/wavetank/wavetank/scenarios/novelty"
)

// shownCmd adds lists of features up.
type shownCmd struct {
	Files []string `arg:"" name:"file" help:"Files that 'wavetank run --features' wrote: of parts of a campaign, or of one after another."`
	Out   string   `help:"Write all of them as one." placeholder:"FILE"`
	Never bool     `help:"Name the pairs that were never seen, though their parts were."`
	JSON  bool     `name:"json" help:"One JSON object per line."`
}

// Run implements the command.
func (c *shownCmd) Run(io *streams) error {
	all := make(novelty.Book)
	for _, name := range c.Files {
		book, err := readFeatures(name)
		if err != nil {
			return usage(err)
		}
		all.Merge(book)
	}
	if c.Out != "" {
		if err := saveFeatures(c.Out, all); err != nil {
			return err
		}
	}
	if c.JSON {
		return c.writeJSON(json.NewEncoder(io.out), all)
	}
	for _, name := range all.Scenarios() {
		t := all[name]
		fmt.Fprintf(io.out, "%s: %d runs, %v\n", name, t.Runs(), t)
		for _, f := range c.never(t) {
			fmt.Fprintf(io.out, "  never %s\n", f)
		}
	}
	return nil
}

func (c *shownCmd) never(t *novelty.Tally) []novelty.Feature {
	if !c.Never {
		return nil
	}
	return t.Never()
}

func (c *shownCmd) writeJSON(enc *json.Encoder, all novelty.Book) error {
	for _, name := range all.Scenarios() {
		object := tallyJSON(all[name])
		object["kind"], object["scenario"] = "features", name
		if c.Never {
			object["never"] = all[name].Never()
		}
		if err := enc.Encode(object); err != nil {
			return err
		}
	}
	return nil
}

// tallyJSON are the numbers of a tally.
func tallyJSON(t *novelty.Tally) map[string]any {
	shown := make(map[novelty.Kind]int)
	for _, k := range novelty.Kinds() {
		shown[k] = t.Len(k)
	}
	return map[string]any{"runs": t.Runs(), "shown": shown, "total": t.Total(), "new_in_last_tenth": t.Late()}
}

// featuresJSON are the numbers of every scenario of a campaign.
func featuresJSON(b novelty.Book) map[string]any {
	all := make(map[string]any, len(b))
	for name, t := range b {
		all[name] = tallyJSON(t)
	}
	return all
}

// writeFeatures tells what the runs of each scenario have shown.
func writeFeatures(w io.Writer, b novelty.Book) {
	for _, name := range b.Scenarios() {
		if t := b[name]; t.Total() > 0 {
			fmt.Fprintf(w, "shown:  %s %v\n", name, t)
		}
	}
}

func readFeatures(name string) (novelty.Book, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	book, err := novelty.ReadBook(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return book, nil
}

func saveFeatures(name string, b novelty.Book) error {
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	return errors.Join(b.Write(f), f.Close())
}
