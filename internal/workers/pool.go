// Package workers keeps goroutines ready for work that is too short to start
// goroutines for: a product in a training step may take ten microseconds.
package workers

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A Task is work that is divided among the workers of a pool.
type Task interface {
	// Work does one worker's part. It is called once with each worker in
	// [0, workers), at the same time. What the parts together make must not
	// depend on how many there are.
	Work(worker, workers int)
}

// A Pool runs tasks on a fixed number of goroutines, of which the caller's is
// one. Between tasks the others look for the next one for a little while and
// then sleep. A Pool is for one goroutine at a time.
type Pool struct {
	size    int
	started bool
	task    Task
	closed  atomic.Bool
	mu      sync.Mutex
	wake    sync.Cond
	asleep  atomic.Int32 // workers that sleep or are about to

	// Workers look at round while the caller looks at pending: each has a cache
	// line of its own.
	_       [64]byte
	round   atomic.Uint32 // counts the tasks given out
	_       [64]byte
	pending atomic.Int32 // workers that have not finished the task
	_       [64]byte
}

// spins is how often a worker looks for the next task before it sleeps, some
// tens of microseconds in all: longer than the host needs between two ops of a
// step, too short to be noticed as load.
const spins = 4000

// New returns a pool of n workers. The goroutines start with the first task that
// needs them.
func New(n int) *Pool {
	p := &Pool{size: max(n, 1)}
	p.wake.L = &p.mu
	return p
}

// Size is the number of workers.
func (p *Pool) Size() int { return p.size }

// Run has every worker do its part of a task, and returns when all have. It
// allocates nothing.
func (p *Pool) Run(t Task) {
	if p.size == 1 {
		t.Work(0, 1)
		return
	}
	if !p.started {
		p.started = true
		for w := 1; w < p.size; w++ {
			go p.serve(w)
		}
	}
	p.task = t
	p.pending.Store(int32(p.size - 1))
	p.announce()
	t.Work(0, p.size)
	for i := 0; p.pending.Load() > 0; i++ {
		pause(i)
	}
	p.task = nil
}

// Alone has the caller do all of a task, for work that is too short to divide.
func (p *Pool) Alone(t Task) { t.Work(0, 1) }

// announce makes the workers see that there is something new. A worker that goes
// to sleep counts itself before it looks at the round for the last time; so either it
// sees the new round or this sees that it sleeps.
func (p *Pool) announce() {
	p.round.Add(1)
	if p.asleep.Load() == 0 {
		return
	}
	p.mu.Lock()
	p.wake.Broadcast()
	p.mu.Unlock()
}

// serve is the life of worker w.
func (p *Pool) serve(w int) {
	for seen := uint32(0); ; {
		p.await(seen)
		if p.closed.Load() {
			return
		}
		seen++ // a round cannot pass a worker that has not finished the last
		p.task.Work(w, p.size)
		p.pending.Add(-1)
	}
}

// await returns when the round is no longer the one that was seen.
func (p *Pool) await(seen uint32) {
	for i := 0; i < spins; i++ {
		if p.round.Load() != seen {
			return
		}
		pause(i)
	}
	p.mu.Lock()
	p.asleep.Add(1)
	for p.round.Load() == seen {
		p.wake.Wait()
	}
	p.asleep.Add(-1)
	p.mu.Unlock()
}

// pause lets other goroutines run now and then, lest one that has the work be
// kept from it by one that waits for it.
func pause(i int) {
	if i%64 == 63 {
		runtime.Gosched()
	}
}

// Close ends the goroutines. The pool must not be used again.
func (p *Pool) Close() {
	if p.closed.CompareAndSwap(false, true) {
		p.announce()
	}
}

// Share returns the part [lo, hi) of n items that a worker does, in multiples of
// grain but for the last.
func Share(n, grain, worker, workers int) (lo, hi int) {
	blocks := (n + grain - 1) / grain
	return min(worker*blocks/workers*grain, n), min((worker+1)*blocks/workers*grain, n)
}
