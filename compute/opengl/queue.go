//go:build cgo && !nogl

package opengl

import (
	"sync/atomic"
	"time"

	"shadegrad/compute"
)

// queueLength is the number of commands that may wait for the context's thread. A caller that is
// further ahead waits. Queued commands are executed even if the caller is told to stop, and on
// software OpenGL a run can take 50 ms.
const queueLength = 16

// A command is a run of an executable, or a function, for the context's thread. It is passed by
// value, so a run allocates nothing.
type command struct {
	exec *executable
	args compute.Args
	do   func(*worker)
}

// submit puts a command in the queue.
func (b *Backend) submit(c command) error {
	select {
	case b.queue <- c:
		return nil
	default:
	}
	return b.watch(func(tick <-chan time.Time) bool {
		select {
		case b.queue <- c:
			return true
		case <-tick:
			return false
		}
	})
}

// call puts a function in the queue and waits until it has run.
func (b *Backend) call(f func(*worker)) error {
	b.counts.waits.Add(1)
	done := make(chan struct{})
	if err := b.submit(command{do: func(w *worker) { f(w); close(done) }}); err != nil {
		return err
	}
	return b.await(done)
}

// await waits until the context's thread closes done.
func (b *Backend) await(done <-chan struct{}) error {
	return b.watch(func(tick <-chan time.Time) bool {
		select {
		case <-done:
			return true
		case <-tick:
			return false
		}
	})
}

// watch calls wait, which waits for the context's thread or for a tick, until it returns true. It
// returns a StallError if the thread makes no progress for the backend's patience, since then a
// call of the driver hangs. The ticker belongs to the backend, so that waiting allocates
// nothing.
func (b *Backend) watch(wait func(tick <-chan time.Time) bool) error {
	seen, since := b.pulse.Load(), time.Now()
	for !wait(b.ticker.C) {
		switch now := b.pulse.Load(); {
		case now != seen:
			seen, since = now, time.Now()
		case time.Since(since) >= b.patience:
			b.fault.set(&StallError{Device: b.device, Waited: b.patience, InCall: true})
			return b.fault.get()
		}
	}
	return nil
}

// setPatience sets the longest time that a call of the driver may take.
func (b *Backend) setPatience(d time.Duration) {
	b.patience = d
	if b.ticker == nil {
		b.ticker = time.NewTicker(d / 4)
	}
	b.ticker.Reset(d / 4)
}

// loop executes commands on the context's thread until the queue is closed.
func (w *worker) loop(queue <-chan command) {
	for {
		var c command
		var open bool
		if w.wanted() {
			// The caller may wait for a fetch, so an idle thread polls the fences.
			select {
			case c, open = <-queue:
			default:
				w.poll()
				continue
			}
		} else {
			c, open = <-queue
		}
		if !open {
			return
		}
		if c.exec != nil {
			w.run(c.exec, c.args)
		} else {
			c.do(w)
		}
		w.pulse.Add(1)
	}
}

// A fault is the first failure, which is permanent. Both threads may set and read it.
type fault struct{ first atomic.Pointer[error] }

func (f *fault) set(err error) { f.first.CompareAndSwap(nil, &err) }

func (f *fault) get() error {
	if p := f.first.Load(); p != nil {
		return *p
	}
	return nil
}
