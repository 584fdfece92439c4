package status

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// table is one without lines, as Ceph prints them with PrettyTable: columns are centred
// unless it is told otherwise, with two blanks behind each.
type table struct {
	titles  []string
	rows    [][]string
	aligned string // one of "clr" for each column
}

func newTable(titles ...string) *table {
	return &table{titles: titles, aligned: strings.Repeat("c", len(titles))}
}

func (t *table) align(aligned string) { t.aligned = aligned }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

// String is the table; its lines end in blanks, and the last one in no newline.
func (t *table) String() string {
	widths := make([]int, len(t.titles))
	all := append([][]string{t.titles}, t.rows...)
	for _, row := range all {
		for i, cell := range row {
			widths[i] = max(widths[i], utf8.RuneCountInString(cell))
		}
	}
	var lines []string
	for _, row := range all {
		line := ""
		for i, cell := range row {
			line += justify(cell, widths[i], t.aligned[i]) + "  "
		}
		lines = append(lines, line)
	}
	return strings.Join(lines, "\n")
}

// justify fills a cell up. An odd number of blanks around a centred text puts the odd
// one behind a text of odd length and before one of even length.
func justify(cell string, width int, aligned byte) string {
	n := utf8.RuneCountInString(cell)
	free := width - n
	left := 0
	switch aligned {
	case 'r':
		left = free
	case 'c':
		left = free / 2
		if free%2 == 1 && n%2 == 0 {
			left++
		}
	}
	return strings.Repeat(" ", left) + cell + strings.Repeat(" ", free-left)
}

// width is that of numbers with their unit, as in all of Ceph's tables.
const width = 5

// dimless and bytes are a number in five characters, the last of which is its unit.
// (Ceph: format_units in src/pybind/mgr/mgr_util.py.)
func dimless(n uint64) string { return units(n, 1000) }
func bytes(n uint64) string   { return units(n, 1024) }

func units(n, factor uint64) string {
	const names = " kMGTPEZ"
	unit, scale := 0, uint64(1)
	for len(fmt.Sprint(n/scale)) > width-1 {
		unit++
		scale *= factor
	}
	if unit == 0 {
		return fmt.Sprintf("%*d%c", width-1, n, names[unit])
	}
	text := fmt.Sprintf("%f", float64(n)/float64(scale))[:width-1]
	if strings.HasSuffix(text, ".") {
		text = " " + text[:len(text)-1]
	}
	return text + names[unit:unit+1]
}
