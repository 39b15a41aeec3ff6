// Package workers keeps goroutines ready for work that is too short to start
// goroutines for: a product in a training step may take ten microseconds.
package workers

import (
	"runtime"
	"runtime/debug"
	"sync"
	"sync/atomic"
)

// A Task is work for the workers of a pool.
type Task interface {
	// Work does one part. It is called once for each part in [0, parts), concurrently or one
	// after the other, so a part must not wait for another. The result of all parts must not
	// depend on their number.
	Work(part, parts int)
}

// A Pool runs tasks on a fixed number of goroutines, its workers, including that of
// the caller. A task has one part for each worker. A worker begins with the part of
// its own number, so that the data of a part stay in the cache of one core, and
// continues with parts that no worker has begun: on a busy machine the kernel may not
// run a worker for some milliseconds.
//
// Between tasks workers spin briefly and then sleep. A Pool is not safe for
// concurrent use.
type Pool struct {
	size    int
	started bool
	task    Task
	closed  atomic.Bool
	mu      sync.Mutex
	wake    sync.Cond
	asleep  atomic.Int32 // workers that sleep or are about to sleep

	waiting  atomic.Bool         // the caller sleeps or is about to sleep
	finished chan struct{}       // wakes it
	panicked atomic.Pointer[any] // a worker's panic, which RunTogether repeats

	// Each of these has its own cache line.
	_       [64]byte
	round   atomic.Uint32 // number of tasks started
	_       [64]byte
	pending atomic.Int32 // parts of the task that are not done
	_       [64]byte
	parts   []part
	_       [64]byte
	pace    pace
}

// A part remembers the last round in which a worker began it.
type part struct {
	begun atomic.Uint32
	_     [60]byte
}

const (
	// spins is the number of times a worker looks for the next task before it sleeps:
	// some tens of microseconds, longer than the host needs between two ops of a step,
	// and too short to count as load.
	spins = 4000
	// callerSpins is the same for the caller, which waits for the other parts of a
	// task. These take some hundreds of microseconds, unless the kernel runs another
	// process instead of their worker.
	callerSpins = 40000
)

// New returns a pool of n workers. The first task starts the goroutines.
func New(n int) *Pool {
	n = max(n, 1)
	p := &Pool{size: n, finished: make(chan struct{}, 1), parts: make([]part, n), pace: newPace()}
	p.wake.L = &p.mu
	return p
}

// Size returns the number of workers.
func (p *Pool) Size() int { return p.size }

// Run runs a task on all workers, or on the caller alone where that is faster, and returns when
// all parts are done. It does not allocate.
func (p *Pool) Run(t Task) {
	if p.size == 1 {
		t.Work(0, 1)
		return
	}
	began, late := p.pace.now(), false
	if p.pace.alone {
		for w := range p.size { // not Work(0, 1): tasks keep data for each part
			t.Work(w, p.size)
		}
	} else {
		late = p.RunTogether(t)
	}
	p.pace.done(p.pace.now()-began, late)
}

// RunTogether runs a task on all workers and returns when all parts are done. It reports whether
// the caller did another worker's part, or slept.
func (p *Pool) RunTogether(t Task) (late bool) {
	if !p.started {
		p.started = true
		for w := 1; w < p.size; w++ {
			go p.serve(w)
		}
	}
	p.task = t
	p.pending.Store(int32(p.size))
	did := p.work(0, p.announce())
	slept := p.awaitParts()
	p.task = nil
	if r := p.panicked.Swap(nil); r != nil {
		panic(*r)
	}
	return did > 1 || slept
}

// Alone runs a task on the caller alone, for work that is too short to divide.
func (p *Pool) Alone(t Task) { t.Work(0, 1) }

// announce begins a new round, wakes the workers and returns the round. A worker counts
// itself as asleep before it reads round for the last time. So either the worker sees
// the new round, or announce sees that it sleeps.
func (p *Pool) announce() uint32 {
	round := p.round.Add(1)
	if p.asleep.Load() > 0 {
		p.mu.Lock()
		p.wake.Broadcast()
		p.mu.Unlock()
	}
	return round
}

// work does the parts of a round that no worker has begun, from part first, and returns how many it
// did. If the round has ended, there are none.
func (p *Pool) work(first int, round uint32) (did int) {
	for i := range p.size {
		w := first + i
		if w >= p.size {
			w -= p.size
		}
		if !p.parts[w].begun.CompareAndSwap(round-1, round) {
			continue
		}
		p.task.Work(w, p.size) // the round cannot end before this part is done
		p.finish()
		did++
	}
	return did
}

// finish counts a part as done.
func (p *Pool) finish() {
	if p.pending.Add(-1) == 0 && p.waiting.CompareAndSwap(true, false) {
		p.finished <- struct{}{}
	}
}

// awaitParts returns when all parts are done. It reports whether the caller slept.
func (p *Pool) awaitParts() (slept bool) {
	for i := range callerSpins {
		if p.pending.Load() == 0 {
			return false
		}
		pause(i)
	}
	p.waiting.Store(true)
	if p.pending.Load() == 0 && p.waiting.CompareAndSwap(true, false) {
		return true
	}
	<-p.finished
	return true
}

// serve runs worker w. A panic of a task ends the worker; the caller repeats it. A fault in a mapped file is a panic too.
func (p *Pool) serve(w int) {
	debug.SetPanicOnFault(true)
	defer func() {
		if r := recover(); r != nil {
			p.panicked.Store(&r)
			p.finish()
		}
	}()
	for round := uint32(0); ; {
		round = p.await(round)
		if p.closed.Load() {
			return
		}
		p.work(w, round)
	}
}

// await returns the round when it differs from seen.
func (p *Pool) await(seen uint32) uint32 {
	for i := range spins {
		if round := p.round.Load(); round != seen {
			return round
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
	return p.round.Load()
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
