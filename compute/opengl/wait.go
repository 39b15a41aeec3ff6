//go:build cgo && !nogl && !darwin

package opengl

import (
	"sync/atomic"
	"time"

	"shadegrad/internal/clock"
)

const (
	// deviceLimit is the longest time for a GPU to finish a batch, and for a call of its driver to return.
	deviceLimit = 10 * time.Second
	// softwareLimit is the same for software OpenGL, which computes during calls.
	softwareLimit = 10 * time.Minute
	// compileFactor multiplies the limit while the driver compiles kernels. Some drivers take seconds for one.
	compileFactor = 6
	// interruptFactor divides the limit after Interrupt. A GPU finishes a batch in a fraction of a second.
	interruptFactor = 10
)

// waiting is the state of the waits for the device. Any thread may use it.
type waiting struct {
	pulse       atomic.Uint64 // changes as long as the context's thread makes progress
	compiling   atomic.Bool   // the context's thread compiles kernels
	interrupted atomic.Bool
	stuckAt     atomic.Uint64 // pulse+1 at the time of a call that did not return in time; 0: none
}

// stuck reports whether the context's thread is still in a call of the driver that did not return in time. No caller waits
// for it then.
func (w *waiting) stuck() bool { return w.stuckAt.Load() == w.pulse.Load()+1 }

// allowed returns the time that a wait may take now, for a limit.
func (w *waiting) allowed(limit time.Duration) time.Duration {
	if w.interrupted.Load() {
		limit /= interruptFactor
	}
	if w.compiling.Load() {
		limit *= compileFactor
	}
	return limit
}

// Interrupt makes the backend give up a device that does not respond after a tenth of the usual time, also in a wait that
// has begun. It may be called from any goroutine.
func (b *Backend) Interrupt() { b.interrupted.Store(true) }

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
	if b.stuck() {
		return b.fault.get()
	}
	seen, waited := b.pulse.Load(), stopwatch{}
	waited.start()
	for !wait(b.ticker.C) {
		limit := b.allowed(b.patience)
		switch now := b.pulse.Load(); {
		case now != seen:
			seen, waited = now, stopwatch{}
			waited.start()
		case waited.lap() >= limit:
			b.fault.set(&StallError{Device: b.device, Waited: limit, InCall: true})
			b.stuckAt.Store(seen + 1)
			return b.fault.get()
		}
	}
	return nil
}

// A stopwatch adds up the times between its laps.
type stopwatch struct {
	last time.Duration // a reading of the clock, or 0 before the start
	sum  time.Duration
}

// longestLap is the time that a lap counts at most. A lap takes longer if the process was stopped, as by SIGSTOP, which is
// not the device's fault.
const longestLap = time.Second

func (s *stopwatch) start() {
	if s.last == 0 {
		s.last = clock.Now()
	}
}

// lap returns the time since the start, without what exceeds longestLap in any lap.
func (s *stopwatch) lap() time.Duration {
	now := clock.Now()
	s.sum += min(now-s.last, longestLap)
	s.last = now
	return s.sum
}

// setPatience sets the longest time that a call of the driver may take.
func (b *Backend) setPatience(d time.Duration) {
	b.patience = d
	tick := min(max(d/interruptFactor/4, time.Millisecond), longestLap/4)
	if b.ticker == nil {
		b.ticker = time.NewTicker(tick)
	}
	b.ticker.Reset(tick)
}
