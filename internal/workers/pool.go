// Package workers keeps goroutines ready for work that is too short to start
// goroutines for: a product in a training step may take ten microseconds.
package workers

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// A Task is work for the workers of a pool.
type Task interface {
	// Work does one worker's part. It is called once for each worker in [0,
	// workers), concurrently. The result of all parts must not depend on the number
	// of workers.
	Work(worker, workers int)
}

// A Pool runs tasks on a fixed number of goroutines, including that of the caller.
// Between tasks the others spin briefly and then sleep. A Pool is not safe for
// concurrent use.
type Pool struct {
	size    int
	started bool
	task    Task
	closed  atomic.Bool
	mu      sync.Mutex
	wake    sync.Cond
	asleep  atomic.Int32 // workers that sleep or are about to sleep

	// Workers read round while the caller reads pending: each has its own cache
	// line.
	_       [64]byte
	round   atomic.Uint32 // number of tasks started
	_       [64]byte
	pending atomic.Int32 // workers still at the task
	_       [64]byte
}

// spins is the number of times a worker looks for the next task before it sleeps:
// some tens of microseconds, longer than the host needs between two ops of a step,
// and too short to count as load.
const spins = 4000

// New returns a pool of n workers. The first task starts the goroutines.
func New(n int) *Pool {
	p := &Pool{size: max(n, 1)}
	p.wake.L = &p.mu
	return p
}

// Size returns the number of workers.
func (p *Pool) Size() int { return p.size }

// Run runs a task on all workers and returns when all are done. It does not
// allocate.
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

// Alone runs a task on the caller alone, for work that is too short to divide.
func (p *Pool) Alone(t Task) { t.Work(0, 1) }

// announce wakes the workers for a new round. A worker counts itself as asleep
// before it reads round for the last time. So either the worker sees the new round,
// or announce sees that it sleeps.
func (p *Pool) announce() {
	p.round.Add(1)
	if p.asleep.Load() == 0 {
		return
	}
	p.mu.Lock()
	p.wake.Broadcast()
	p.mu.Unlock()
}

// serve runs worker w.
func (p *Pool) serve(w int) {
	for seen := uint32(0); ; {
		p.await(seen)
		if p.closed.Load() {
			return
		}
		seen++ // Do waits for every worker, so none misses a round
		p.task.Work(w, p.size)
		p.pending.Add(-1)
	}
}

// await returns when the round differs from seen.
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

// pause yields to other goroutines now and then, so that a waiting worker does not
// block one with work.
func pause(i int) {
	if i%64 == 63 {
		runtime.Gosched()
	}
}

// Close ends the goroutines. The pool must not be used afterwards.
func (p *Pool) Close() {
	if p.closed.CompareAndSwap(false, true) {
		p.announce()
	}
}

// Share returns a worker's part [lo, hi) of n items, in multiples of grain except
// at the end.
func Share(n, grain, worker, workers int) (lo, hi int) {
	blocks := (n + grain - 1) / grain
	return min(worker*blocks/workers*grain, n), min((worker+1)*blocks/workers*grain, n)
}
