package workers

import (
	"sync/atomic"
	"testing"
	"time"
)

// sum is a task that adds up numbers. Each worker adds its share.
type sum struct {
	n     int
	total atomic.Int64
	calls atomic.Int64
}

func (s *sum) Work(worker, workers int) {
	lo, hi := Share(s.n, 8, worker, workers)
	for i := lo; i < hi; i++ {
		s.total.Add(int64(i))
	}
	s.calls.Add(1)
}

// never is longer than a test: no trial begins.
const never = time.Hour

func TestRun(t *testing.T) {
	for _, size := range []int{1, 2, 3, 8} {
		p := New(size)
		p.pace.rest = never
		for round := range 500 {
			s := &sum{n: round}
			p.Run(s)
			if want := int64(round * (round - 1) / 2); s.total.Load() != want {
				t.Fatalf("%d workers: the numbers below %d add up to %d, want %d", size, round, s.total.Load(), want)
			}
			if s.calls.Load() != int64(size) {
				t.Fatalf("%d workers: %d calls", size, s.calls.Load())
			}
		}
		p.Close()
		p.Close()
	}
}

func TestSleepersWake(t *testing.T) {
	p := New(3)
	defer p.Close()
	p.pace.rest = never
	for range 20 {
		s := &sum{n: 100}
		p.Run(s)
		// Wait until all workers are asleep.
		for p.asleep.Load() < 2 {
			pause(63)
		}
		if s.total.Load() != 4950 {
			t.Fatalf("got %d", s.total.Load())
		}
	}
}

// TestWorkersThatDoNotRun runs tasks while the kernel runs none of the other workers: the caller does their parts.
func TestWorkersThatDoNotRun(t *testing.T) {
	p := New(3)
	p.pace.rest = never
	p.started = true // without their goroutines
	for range 20 {
		s := &sum{n: 100}
		p.Run(s)
		if s.total.Load() != 4950 || s.calls.Load() != 3 {
			t.Fatalf("got %d in %d calls", s.total.Load(), s.calls.Load())
		}
	}
}

// TestCallerAlone runs tasks on the caller alone, each with all parts.
func TestCallerAlone(t *testing.T) {
	p := New(3)
	defer p.Close()
	p.pace.alone, p.pace.rest = true, never
	s := &sum{n: 100}
	p.Run(s)
	if s.total.Load() != 4950 || s.calls.Load() != 3 || p.started {
		t.Errorf("got %d in %d calls; other workers started: %v", s.total.Load(), s.calls.Load(), p.started)
	}
}

// late is a task whose part 1 is done only after the caller has gone to sleep.
type late struct{ pool *Pool }

func (l *late) Work(part, _ int) {
	if part == 0 {
		for l.pool.parts[1].begun.Load() != l.pool.round.Load() {
			pause(63)
		}
		return
	}
	for !l.pool.waiting.Load() {
		pause(63)
	}
}

func TestCallerSleeps(t *testing.T) {
	p := New(2)
	defer p.Close()
	p.pace.rest = never
	for range 20 {
		p.Run(&late{p})
	}
}

func TestRunAllocatesNothing(t *testing.T) {
	p := New(2)
	defer p.Close()
	s := &sum{n: 64}
	p.Run(s)
	if n := testing.AllocsPerRun(100, func() { p.Run(s) }); n != 0 {
		t.Errorf("%v allocations a run", n)
	}
}

func TestShareCovers(t *testing.T) {
	for n := range 70 {
		for _, grain := range []int{1, 7, 32} {
			for workers := 1; workers < 6; workers++ {
				next := 0
				for w := range workers {
					lo, hi := Share(n, grain, w, workers)
					if lo != next || hi < lo || (lo%grain != 0 && lo != n) {
						t.Fatalf("n %d, grain %d: worker %d of %d has [%d, %d), want it to begin at %d", n, grain, w, workers, lo, hi, next)
					}
					next = hi
				}
				if next != n {
					t.Fatalf("n %d, grain %d, %d workers: covered %d", n, grain, workers, next)
				}
			}
		}
	}
}

// panics is a task whose part 1 panics on a worker: the caller is busy with part 0.
type panics struct{ begun atomic.Bool }

func (p *panics) Work(part, parts int) {
	if part == 1 {
		p.begun.Store(true)
		panic("part 1")
	}
	for !p.begun.Load() {
		pause(63)
	}
}

// TestPanic checks that the caller repeats a panic of a worker, and that the pool still works afterwards.
func TestPanic(t *testing.T) {
	p := New(2)
	defer p.Close()
	p.pace.rest = never
	func() {
		defer func() {
			if r := recover(); r != "part 1" {
				t.Fatalf("recovered %v", r)
			}
		}()
		p.Run(new(panics))
		t.Error("no panic")
	}()
	s := &sum{n: 100}
	if p.Run(s); s.total.Load() != 4950 {
		t.Errorf("got %d", s.total.Load())
	}
}
