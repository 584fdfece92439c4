// Package texttable lays out what daemons tell people as Ceph does (its TextTable).
package texttable

import "strings"

// Format lays rows out in columns as Ceph does: two blanks apart, padded to
// their width at the right, the last one too. The first row is the heading, and
// there must be one; all rows have as many cells.
func Format(rows [][]string) string {
	width := make([]int, len(rows[0]))
	for _, row := range rows {
		for i, cell := range row {
			width[i] = max(width[i], len(cell))
		}
	}
	var b strings.Builder
	for n, row := range rows {
		line := make([]string, len(row))
		for i, cell := range row {
			line[i] = cell + strings.Repeat(" ", width[i]-len(cell))
		}
		text := strings.Join(line, "  ")
		if n == 0 {
			text = strings.TrimRight(text, " ")
		}
		b.WriteString(text + "\n")
	}
	return b.String()
}
