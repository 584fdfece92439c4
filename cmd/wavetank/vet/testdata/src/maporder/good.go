package maporder

import (
	"cmp"
	"maps"
	"slices"
	"sort"
	"strings"
	"time"
)

func sorted(m map[string]*peer) []string {
	names := make([]string, 0, len(m))
	for name, p := range m {
		if !p.alive || strings.HasPrefix(name, "osd.") {
			continue
		}
		upper := strings.ToUpper(name)
		names = append(names, upper)
	}
	if len(names) == 0 {
		return nil
	}
	names = append(names, "extra")
	sort.Strings(names)
	return names
}

type report struct {
	peers []*peer
	byHow byRank
}

type byRank []*peer

func (b byRank) Len() int           { return len(b) }
func (b byRank) Less(i, j int) bool { return b[i].rank < b[j].rank }
func (b byRank) Swap(i, j int)      { b[i], b[j] = b[j], b[i] }

func sortedFields(m map[string]*peer, r *report) {
	for _, p := range m {
		r.peers = append(r.peers, p)
	}
	slices.SortFunc(r.peers, func(a, b *peer) int { return cmp.Compare(a.name, b.name) })
	var ranked []*peer
	for _, p := range m {
		ranked = append(ranked, p)
	}
	sort.Sort(byRank(ranked))
	r.byHow = ranked
}

func perKey(m map[string]int, out map[string][]int, seen map[int]bool) {
	for k, v := range m {
		out[k] = append(out[k], v)
		seen[v] = true
		if v == 0 {
			delete(m, k)
		}
	}
	for k := range out {
		delete(m, k)
	}
	for _, v := range m {
		delete(seen, v)
	}
	for k, v := range m {
		m[k] = v + 1
	}
}

func counts(m map[string]*peer, rest map[int]int) (n, sum int, bits uint64, wait time.Duration) {
	for name, p := range m {
		if p.alive {
			n++
		} else if len(name) > 3 {
			n += 2
		}
		sum -= p.rank
		bits |= 1 << p.rank
		wait += time.Duration(p.rank)
		rest[p.rank]++
		for i := 0; i < p.rank; i++ {
			sum += i
		}
		switch p.rank {
		case 1:
			n++
			break
		default:
		}
	}
	return n, sum, bits, wait
}

func extremes(m map[string]*peer) (low, high int, first string) {
	for name, p := range m {
		low = min(low, p.rank)
		if p.rank > high {
			high = p.rank
		}
		if first > name {
			first = name
		}
	}
	return low, high, first
}

func exists(m map[string]*peer) bool {
	for _, p := range m {
		if p.alive {
			return true
		}
		if p.rank > 7 {
			return true
		}
	}
	found := false
	for _, p := range m {
		if p.rank == 3 {
			found = true
			break
		}
	}
	return found
}

func entries(m map[string]*peer, now int) {
	for _, p := range m {
		p.rank = now
		p.rank++
		if p.rank > 4 {
			p.alive = false
		}
		for id := range p.conns {
			p.conns[id] = false
		}
	}
}

func iterators2(m map[string]int) (map[string]int, []string) {
	names := slices.Collect(maps.Keys(m))
	slices.Sort(names)
	more := slices.Sorted(maps.Keys(m))
	more = slices.AppendSeq(more, maps.Keys(m))
	slices.Sort(more)
	for _, name := range slices.Sorted(maps.Keys(m)) {
		use(name)
	}
	for k, v := range maps.All(m) {
		m[k] = v
	}
	n := 0
	for v := range maps.Values(m) {
		n += v
	}
	for range m {
		use(n)
	}
	return maps.Collect(maps.All(m)), slices.SortedFunc(maps.Keys(m), strings.Compare)
}

// Slices and arrays have an order.
func slicesToo(s []*peer, a [3]string) {
	for _, p := range s {
		p.send("x")
	}
	for _, x := range a {
		use(x)
	}
}

func callbacks2(m, n map[string]*peer) bool {
	maps.DeleteFunc(m, func(name string, p *peer) bool { return p.alive && len(name) > 3 })
	return maps.EqualFunc(m, n, func(a, b *peer) bool { return a.rank == b.rank })
}

type labels struct{ name, text string }

// What an iteration makes for itself it may use as it likes.
func ownThings(m map[string]*peer, out map[string]labels, texts map[string]string) {
	for name, p := range m {
		l := out[name]
		l.name, l.text = name, p.name
		out[name] = l
		var b strings.Builder
		b.WriteString(name)
		if p.alive {
			b.WriteByte('!')
		}
		texts[name] = b.String()
	}
}
