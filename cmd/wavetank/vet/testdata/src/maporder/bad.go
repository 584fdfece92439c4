package maporder

import (
	"fmt"
	"maps"
	"slices"
	"sort"
	"strings"
)

type peer struct {
	name  string
	rank  int
	alive bool
	conns map[int]bool
	send  func(string)
}

func callsOut(m map[string]*peer) {
	for name, p := range m { // want `range over map m: .*the order escapes on line \d+: it calls p\.send once per entry; range over slices\.Sorted\(maps\.Keys\(m\)\)`
		p.send(name)
	}
	for _, p := range m { // want `calls p\.send`
		if p.alive {
			p.send("x")
		}
	}
	for range maps.Keys(m) {
	}
	for name := range maps.Keys(m) { // want `range over map maps\.Keys\(m\): .*calls m\[name\]\.send`
		m[name].send("x")
	}
	for p := range maps.Values(m) { // want `calls p\.send`
		p.send("x")
	}
	for _, p := range maps.All(m) { // want `calls p\.send`
		p.send("x")
	}
}

func unsorted(m map[string]int) []string {
	var names []string
	for name := range m { // want `nothing after the loop sorts names`
		names = append(names, name)
	}
	return names
}

func sortedTooLate(m map[string]int) []string {
	var names []string
	for name := range m { // want `names is used before it is sorted`
		names = append(names, name)
	}
	fmt.Sprint(names)
	sort.Strings(names)
	return names
}

func sortedSometimes(m map[string]int, tidy bool) []string {
	var names []string
	for name := range m { // want `nothing after the loop sorts names`
		names = append(names, name)
	}
	if tidy {
		sort.Strings(names)
	}
	return names
}

func sortsAnother(m map[string]int, other []string) []string {
	var names []string
	for name := range m { // want `nothing after the loop sorts names`
		names = append(names, name)
	}
	sort.Strings(other)
	return names
}

func sums(m map[string]float64, words map[string]string) (float64, string, int) {
	total, text, shifted := 0.0, "", 1
	for _, x := range m { // want `sums of float64 depend on their order`
		total += x
	}
	for _, w := range words { // want `sums of string depend on their order`
		text += w
	}
	for _, w := range words { // want `this operation gives another result in another order`
		shifted <<= len(w)
	}
	for _, w := range words { // want `in ways that do not commute`
		shifted += len(w)
		shifted *= 2
	}
	return total, text, shifted
}

func last(m map[string]int) (string, int) {
	var name string
	var n int
	for name = range m { // want `the last entry visited stays in a variable`
	}
	for _, v := range m { // want `the last entry visited decides the value of n`
		n = v
	}
	for k, v := range m { // want `the last entry visited decides the value of n`
		if v > n {
			n, name = v, k
		}
	}
	return name, n
}

func first(m map[string]int) string {
	for k := range m { // want `what it returns depends on which entry comes first`
		return k
	}
	return ""
}

func someDone(m map[string]*peer) (n int) {
	for _, p := range m { // want `how much was done when the loop is left`
		if p.alive {
			break
		}
		n++
	}
	for _, p := range m { // want `which way out of the loop is taken`
		if p.alive {
			return 1
		}
		if p.rank > 3 {
			return 2
		}
	}
	found := false
	for _, p := range m { // want `how much was done when the loop is left`
		if p.rank == 3 {
			found = true
		}
		if p.alive {
			break
		}
	}
	if found {
		n++
	}
	return n
}

func readsWhatItWrites(m map[string]int, out map[string]int) {
	sum := 0
	for k, v := range m { // want `sum is read while the loop writes it`
		sum += v
		out[k] = sum
	}
	for k := range m { // want `out is read while the loop writes it`
		out[k] = len(out)
	}
	for k := range m { // want `out\["a"\] is read while the loop writes it`
		out[k] = out["a"]
	}
}

func writesOtherKeys(m map[string]string, out map[string]string) {
	for k, v := range m { // want `the last entry visited decides the value of out\[v\]`
		out[v] = k
	}
	for _, v := range m { // want `entries added to the map may or may not be visited`
		m[v] = "new"
	}
	for _, v := range m { // want `entries deleted before their turn are not visited`
		delete(m, v)
	}
	for k := range m { // want `it changes the loop's key`
		k = "x"
		out[k] = k
	}
}

func statements(m map[string]int, c chan string) {
	for k := range m { // want `the linter cannot judge this statement`
		defer fmt.Sprint(k)
	}
outer:
	for {
		for range 3 {
			for k := range m { // want `the linter does not follow labels`
				if k == "" {
					continue outer
				}
			}
		}
		break
	}
	var fs []func()
	for k := range m { // want `a function literal may do anything`
		fs = append(fs, func() { _ = k })
	}
	sort.Slice(fs, nil)
	var b strings.Builder
	for k := range m { // want `calls b\.WriteString`
		b.WriteString(k)
	}
	var n int
	for k := range m { // want `it calls b\.WriteString once per entry`
		x, _ := b.WriteString(k)
		n += x
	}
}

func iterators(m map[string]int) []string {
	unsorted := slices.Collect(maps.Keys(m)) // want `maps\.Keys\(m\): Go iterates over maps in another order each time; wrap it in slices\.Sorted`
	for _, name := range unsorted {
		fmt.Sprint(name)
	}
	use(maps.Values(m))                                  // want `maps\.Values\(m\): `
	return slices.AppendSeq([]string(nil), maps.Keys(m)) // want `maps\.Keys\(m\): `
}

func use(any) {}

func generic[M ~map[K]V, K comparable, V any](m M, f func(K)) {
	for k := range m { // want `calls f once per entry`
		f(k)
	}
}

func nested(m map[string]*peer) (ids []int) {
	for _, p := range m { // want `nothing after the loop sorts ids`
		for id := range p.conns { // want `nothing after the loop sorts ids`
			ids = append(ids, id)
		}
	}
	return ids
}

func callbacks(m, n map[string]*peer, f func(string, *peer) bool) {
	maps.DeleteFunc(m, f)                                                // want `maps\.DeleteFunc: Go iterates over maps in another order each time, and the function that it calls may have effects`
	maps.DeleteFunc(m, func(string, *peer) bool { use(m); return true }) // want `maps\.DeleteFunc: `
	_ = maps.EqualFunc(m, n, func(a, b *peer) bool { return f("", a) })  // want `maps\.EqualFunc: `
}

type log struct{ lines *[]string }

func (l log) add(line string)     { *l.lines = append(*l.lines, line) }
func (l log) take(from *[]string) { *from = nil }

type pointed struct{ *labels }

func notOwn(m map[string]*peer, lines *[]string, shared *labels) {
	for name := range m { // want `calls l\.add once per entry`
		var l log
		l.lines = lines
		l.add(name)
	}
	for name := range m { // want `calls l\.add once per entry`
		var l log
		l = log{lines}
		l.add(name)
	}
	for range maps.Keys(m) {
		var l log
		l.take(lines)
	}
	for name := range m { // want `calls l\.take once per entry`
		var l log
		l.take(lines)
		_ = name
	}
	for name := range m { // want `calls l\.add once per entry`
		var l = log{lines}
		l.add(name)
	}
	for name := range m { // want `calls l\.add once per entry`
		var l log
		alias := &l
		alias.lines = lines
		l.add(name)
	}
	for name := range m { // want `the last entry visited decides the value of|the linter cannot tell`
		var p pointed
		p.labels = shared
		p.name = name
	}
}
