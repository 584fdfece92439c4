package msgr

import "slices"

// fifo is a first-in, first-out queue on a slice. The zero value is empty.
type fifo[T any] struct {
	items []T
	head  int // items[:head] were popped
}

func (q *fifo[T]) len() int { return len(q.items) - q.head }

func (q *fifo[T]) push(v T) {
	if q.head > 0 && len(q.items) == cap(q.items) {
		q.compact()
	}
	q.items = append(q.items, v)
}

// compact moves the queue to the front of its slice, instead of letting append
// grow it for ever.
func (q *fifo[T]) compact() {
	n := copy(q.items, q.items[q.head:])
	clear(q.items[n:])
	q.items, q.head = q.items[:n], 0
}

func (q *fifo[T]) pop() (v T, ok bool) {
	if q.len() == 0 {
		return v, false
	}
	var zero T
	v, q.items[q.head] = q.items[q.head], zero
	q.head++
	if q.head == len(q.items) {
		q.items, q.head = q.items[:0], 0
	}
	return v, true
}

// front is the next item to be popped; the queue must not be empty.
func (q *fifo[T]) front() T { return q.items[q.head] }

// all is the queue in order, valid until it changes.
func (q *fifo[T]) all() []T { return q.items[q.head:] }

// keptBands bounds how many empty bands a queue holds on to. Daemons use a
// handful of priorities; a hostile peer could use all 65,536.
const keptBands = 8

// priorityQueue is strict: the highest priority first, first in first out
// inside one priority. The zero value is empty.
type priorityQueue[T any] struct {
	bands []band[T] // descending priority
	n     int
}

type band[T any] struct {
	priority uint16
	fifo[T]
}

func (q *priorityQueue[T]) len() int { return q.n }

func (q *priorityQueue[T]) push(priority uint16, v T) {
	q.n++
	i, found := slices.BinarySearchFunc(q.bands, priority, func(b band[T], p uint16) int {
		return int(p) - int(b.priority)
	})
	if !found {
		q.bands = slices.Insert(q.bands, i, band[T]{priority: priority})
	}
	q.bands[i].push(v)
}

// peek is what pop takes next.
func (q *priorityQueue[T]) peek() (v T, ok bool) {
	for i := range q.bands {
		if q.bands[i].len() > 0 {
			return q.bands[i].front(), true
		}
	}
	return v, false
}

func (q *priorityQueue[T]) pop() (v T, ok bool) {
	for i := range q.bands {
		v, ok = q.bands[i].pop()
		if !ok {
			continue
		}
		q.n--
		if len(q.bands) > keptBands && q.bands[i].len() == 0 {
			q.bands = slices.Delete(q.bands, i, i+1)
		}
		return v, true
	}
	return v, false
}

// clear empties the queue and lets its memory go.
func (q *priorityQueue[T]) clear() { q.bands, q.n = nil, 0 }
