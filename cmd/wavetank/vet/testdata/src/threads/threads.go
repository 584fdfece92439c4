package threads

import (
	"context"
	"reflect"
	"runtime"
	"sync"
	"sync/atomic"
)

func bad(c chan int, d chan int) {
	go good() // want `go statement: the Go scheduler, not the seed, decides when it runs; use host\.Loop\.Post, host\.Loop\.Go`
	select {  // want `select statement: it picks among ready cases at random`
	case <-c: // the select was reported
	case d <- 1:
		c <- 2 // want `channel send: `
	default:
		<-c // want `channel receive: `
	}
	c <- 1       // want `channel send: `
	v, ok := <-c // want `channel receive: `
	_, _ = v, ok
	for range c { // want `range over a channel: `
	}
	close(c)             // want `close of a channel: `
	runtime.Gosched()    // want `runtime\.Gosched: the Go scheduler is not the simulator's`
	_ = runtime.NumCPU() // want `runtime\.NumCPU: .*make it an option`
}

func badReflect(cases []reflect.SelectCase, v reflect.Value) {
	_, _, _ = reflect.Select(cases) // want `reflect\.Select: it picks among ready cases at random`
	v.Send(v)                       // want `reflect\.Value\.Send: it is a channel operation`
	select {                        // want `select statement: it waits for another thread`
	case <-make(chan int):
	}
	runtime.SetFinalizer(&v, nil) // want `runtime\.SetFinalizer: the garbage collector runs when it likes`
	_ = runtime.NumGoroutine()    // want `runtime\.NumGoroutine: `
	_ = runtime.GOMAXPROCS(0)     // want `runtime\.GOMAXPROCS: `
	_ = runtime.GOOS              // want `runtime\.GOOS: the answer depends on this machine`
	_ = runtime.Stack(nil, true)  // want `runtime\.Stack: it shows addresses`
	context.AfterFunc(nil, nil)   // want `context\.AfterFunc: it starts a goroutine`
	_ = sync.OnceFunc(func() {})  // want `sync\.OnceFunc: `
	println("x")                  // want `builtin println: it writes to the process's standard error`
}

func badGeneric[C chan int](c C) {
	for range c { // want `range over a channel: `
	}
}

type badLocks struct {
	pool sync.Pool      // want `sync\.Pool: what it holds is shared between simulated machines`
	once sync.Once      // want `sync\.Once: `
	wg   sync.WaitGroup // want `sync\.WaitGroup: it waits for another thread`
	cond *sync.Cond     // want `sync\.Cond: `
	m    sync.Map       // want `sync\.Map: it iterates in map order`
}

type goodLocks struct {
	mu sync.Mutex
	rw sync.RWMutex
	l  sync.Locker
	n  atomic.Int64
}

func good() {
	var l goodLocks
	l.mu.Lock()
	defer l.mu.Unlock()
	l.n.Add(1)
	close := func(int) {}
	close(1)
	x := -1
	_ = x
}
