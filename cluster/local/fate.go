package local

import (
	"context"
	"sync"
)

// fate is what becomes of a cluster: it goes on until a daemon ends itself. Its methods
// may be called on any goroutine.
type fate struct {
	once   *sync.Once
	failed chan struct{} // closed when a daemon has
	cause  *error        // why
}

func newFate() fate { return fate{new(sync.Once), make(chan struct{}), new(error)} }

// fail notes the first reason for which the cluster cannot go on.
func (f fate) fail(err error) {
	f.once.Do(func() {
		*f.cause = err
		close(f.failed)
	})
}

// await waits for ready. Errors: why the cluster cannot go on, or the context's.
func (f fate) await(ctx context.Context, ready <-chan struct{}) error {
	select {
	case <-ready:
		return nil
	case <-f.failed:
		return *f.cause
	case <-ctx.Done():
		return ctx.Err()
	}
}

// wait waits until the cluster cannot go on, and says why, or until the context is done,
// which is no error.
func (f fate) wait(ctx context.Context) error {
	select {
	case <-f.failed:
		return *f.cause
	case <-ctx.Done():
		return nil
	}
}
