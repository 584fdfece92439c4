package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/wavetank/wavetank/scenarios"
)

// maxPage is how many bytes a page for a CI job has at most. GitHub shows a mebibyte for
// all steps of a job together, and nobody reads that.
const maxPage = 60_000

// Rows of a page at most.
const (
	maxFound  = 40
	maxDetail = 400 // bytes of what was seen
)

func saveMarkdown(path, title string, s *scenarios.Summary) error {
	return os.WriteFile(path, []byte(markdown(title, s)), 0o644)
}

// title says what was run.
func (c *runCmd) title(campaign scenarios.Campaign) string {
	text := fmt.Sprintf("%s, seeds %v", strings.Join(c.Scenarios, " "), campaign.Seeds)
	if c.Shard != "" {
		text += ", shard " + c.Shard
	}
	if c.Mutant != "" {
		text += ", mutant " + c.Mutant
	}
	return text + " in " + c.World
}

// markdown is a summary as a page: what matters most comes first, and what there is no
// room for is left out from the end.
func markdown(title string, s *scenarios.Summary) string {
	sections := []string{
		fmt.Sprintf("## %s: %s\n\n%d runs in %v, %d failures, %d inconclusive, %d run twice%s; %v of world time\n",
			s.Verdict, prose(shorten(title, 1000)), s.Runs, s.Real.Round(time.Second), s.Failures, s.Inconclusive, s.Twice,
			setAside(s), s.Virtual.Round(time.Second)),
		brokenPart(s), canaryPart(s), foundPart(s), quarantinePart(s), neverPart(s), faultsPart(s), slowestPart(s),
	}
	page := ""
	for _, part := range sections {
		if part == "" {
			continue
		}
		page += "\n" + part
	}
	return capped(strings.TrimPrefix(page, "\n"))
}

// capped leaves out the lines at the end that there is no room for.
func capped(page string) string {
	if len(page) <= maxPage {
		return page
	}
	note := fmt.Sprintf("\n%d bytes of this page are left out here.\n", len(page)-maxPage)
	room := maxPage - len(note) - 20 // the number grows by what the last line takes
	cut := page[:strings.LastIndexByte(page[:room], '\n')+1]
	return cut + fmt.Sprintf("\n%d bytes of this page are left out here.\n", len(page)-len(cut))
}

func brokenPart(s *scenarios.Summary) string {
	if s.Err == nil {
		return ""
	}
	return "**Ended early:** " + prose(s.Err.Error()) + "\n"
}

func canaryPart(s *scenarios.Summary) string {
	if s.Canary == nil {
		return ""
	}
	return "**Canary:** " + prose(canaryText(s.Canary)) + "\n"
}

// foundPart has each failure that counts: how to see it, and what was seen.
func foundPart(s *scenarios.Summary) string {
	found := slices.DeleteFunc(slices.Clone(s.Found), func(f *scenarios.Found) bool { return f.Quarantined })
	if len(found) == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### Failures\n\n| runs | failure | shortest run |\n| --- | --- | --- |\n")
	for _, f := range found[:min(len(found), maxFound)] {
		fmt.Fprintf(&b, "| %d | %s%s | %s |\n", f.Count, cell(f.Signature), cell(quarantineText(f)), code("wavetank replay '"+scenarios.LineOf(f.Cheapest).String()+"'"))
	}
	if more := len(found) - maxFound; more > 0 {
		fmt.Fprintf(&b, "\n%d more failures.\n", more)
	}
	for _, f := range found[:min(len(found), maxFound)] {
		if f.First.Failure != nil {
			fmt.Fprintf(&b, "\n- %s: %s\n", cell(f.Signature), cell(shorten(f.First.Failure.Detail, maxDetail)))
		}
	}
	return b.String()
}

func quarantinePart(s *scenarios.Summary) string {
	var b strings.Builder
	for _, f := range s.Found {
		if f.Quarantined {
			fmt.Fprintf(&b, "| %d | %s | %s | %s |\n", f.Count, cell(f.Signature), f.Known.Until.Format(time.DateOnly), cell(f.Known.Reason))
		}
	}
	for _, q := range s.NeverFailed() {
		fmt.Fprintf(&b, "| none | %s | %s | %s |\n", cell(q.Signature), q.Until.Format(time.DateOnly), cell(q.Reason))
	}
	if b.Len() == 0 {
		return ""
	}
	return "### Quarantined\n\n| runs | failure | until | reason |\n| --- | --- | --- | --- |\n" + b.String()
}

func neverPart(s *scenarios.Summary) string {
	never := s.NeverMarked()
	if len(never) == 0 {
		return ""
	}
	return "### Marks that no run has reached\n\n" + prose(strings.Join(never, ", ")) + "\n"
}

func faultsPart(s *scenarios.Summary) string {
	return "### Faults that landed\n\n" + prose(counts(s.Faults)) + "\n"
}

func slowestPart(s *scenarios.Summary) string {
	if len(s.Slowest) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("### Slowest runs\n\n| took | steps | run |\n| --- | --- | --- |\n")
	for _, r := range s.Slowest {
		fmt.Fprintf(&b, "| %v | %d | %s |\n", r.Real.Round(time.Millisecond), r.Steps, code(scenarios.LineOf(r).String()))
	}
	return b.String()
}

// prose keeps text from being taken for marks of Markdown's or HTML's.
func prose(text string) string {
	return strings.NewReplacer("\\", "\\\\", "`", "\\`", "*", "\\*", "_", "\\_", "[", "\\[", "]", "\\]",
		"<", "&lt;", ">", "&gt;", "&", "&amp;", "|", "\\|").Replace(text)
}

// cell is prose that fits into a table.
func cell(text string) string {
	return strings.NewReplacer("\r", "", "\n", "<br>").Replace(prose(text))
}

// code is a line that can be copied from a table. A bar would end the cell even there.
func code(text string) string {
	return "`" + strings.NewReplacer("`", "'", "|", "\\|", "\n", " ").Replace(text) + "`"
}

// shorten cuts text that has more than so many bytes, between characters.
func shorten(text string, bytes int) string {
	if len(text) <= bytes {
		return text
	}
	return strings.ToValidUTF8(text[:bytes], "") + "..."
}
