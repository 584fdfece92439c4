package state

import (
	"errors"
	"hash/crc32"
	"regexp"
)

var (
	errGone  = errors.New("gone")
	table    = crc32.MakeTable(crc32.Castagnoli)
	word     = regexp.MustCompile(`\w+`)
	levels   = map[string]int{"low": 1}
	squares  [10]int
	defaults = options{size: 1}
	shared   = &options{size: 2}
	built    = build()
)

type options struct{ size int }

func (o *options) get() int     { return o.size }
func (o options) double() int   { o.size *= 2; return o.size }
func (o *options) other() *node { n := &node{}; n.value = o.size; return n }

type node struct{ value int }

// What init does comes before every run.
func init() {
	for i := range squares {
		squares[i] = i * i
	}
}

func build() map[int]int {
	m := make(map[int]int)
	m[1] = 1
	return m
}

type machine struct{ counter int }

func (m *machine) run() (int, error) {
	m.counter++
	counter := 0 // another variable
	counter++
	o := defaults
	o.size = 3
	n := defaults.get() + defaults.double() + shared.get() + shared.other().value + levels["low"] + squares[2] + built[1]
	if !word.MatchString("x") || crc32.Checksum(nil, table) != 0 {
		return n, errGone
	}
	return n + o.size, nil
}
