package osdmap

import (
	"cmp"
	"iter"
	"maps"
	"slices"

	"github.com/wavetank/wavetank/daemons/wire"
)

// putMap is wire.PutMap for keys with an order of their own.
func putMap[K comparable, V any](e *wire.Encoder, m map[K]V, compare func(K, K) int, key func(K), value func(V)) {
	e.U32(uint32(len(m)))
	for _, k := range sortedKeys(m, compare) {
		key(k)
		value(m[k])
	}
}

// inOrder is the entries of m in the order of their keys.
func inOrder[K comparable, V any](m map[K]V, compare func(K, K) int) iter.Seq2[K, V] {
	return func(yield func(K, V) bool) {
		for _, k := range sortedKeys(m, compare) {
			if !yield(k, m[k]) {
				return
			}
		}
	}
}

// ascending is inOrder for keys that have the usual order.
func ascending[K cmp.Ordered, V any](m map[K]V) iter.Seq2[K, V] { return inOrder(m, cmp.Compare[K]) }

func sortedKeys[K comparable, V any](m map[K]V, compare func(K, K) int) []K {
	return slices.SortedFunc(maps.Keys(m), compare)
}

// readMap is wire.Map for keys with an order of their own.
func readMap[K comparable, V any](d *wire.Decoder, pairBytes int, what string, compare func(K, K) int, key func() K, value func() V) map[K]V {
	var m map[K]V
	var last K
	for i := range d.Count(pairBytes, what) {
		k := key()
		if i > 0 && compare(k, last) <= 0 {
			d.Fail(what+" key", wire.ErrInvalid)
		}
		v := value()
		if d.Err() != nil {
			return nil
		}
		if m == nil {
			m = map[K]V{}
		}
		last, m[k] = k, v
	}
	return m
}
