package bench

import (
	"errors"
	"math"
	"testing"
	"time"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/clock"
	"shadegrad/internal/clock/clocktest"
	"shadegrad/internal/dataset"
)

// A simulated backend does steps on a simulated machine while its caller waits for them.
type simulated struct {
	compute.Backend
	machine *clocktest.Machine
	cost    time.Duration // of a step
	queued  int
	syncs   int
	stall   func(sync int) time.Duration // an interruption, or nil
}

func (b *simulated) Compile(compute.Program) (compute.Executable, error) { return queueing{b}, nil }

func (b *simulated) Sync() error {
	b.machine.Work(time.Duration(b.queued) * b.cost)
	b.queued = 0
	if b.syncs++; b.stall != nil {
		b.machine.Work(b.stall(b.syncs))
	}
	return nil
}

type queueing struct{ *simulated }

func (q queueing) Run(compute.Args) { q.queued++ }
func (queueing) Release()           {}

// TestCompareOnCoarseClocks compares backends by simulated clocks. A step takes 20 µs to 50 ms, and on the other backend
// 1.1 to 10 times as long; the shorter one must be found each time. A measurement must end in 1.2 s, of which steps of 50 ms
// take 0.7 s by any clock.
func TestCompareOnCoarseClocks(t *testing.T) {
	const trials, least, most = 100, 20 * time.Microsecond, 50 * time.Millisecond
	d := &dataset.Data{Train: *data(64)}
	pair := [2]*simulated{{Backend: cpu.New()}, {Backend: cpu.New()}}
	defer pair[0].Close()
	defer pair[1].Close()
	for _, precision := range clocktest.Steps {
		right, longest := 0, time.Duration(0)
		for seed := range uint64(trials) {
			m := clocktest.New(precision, seed)
			between := func(lo, hi float64) float64 { return lo * math.Pow(hi/lo, m.Rand().Float64()) }
			ratio := between(1.1, 10)
			fast := between(float64(least), float64(most)/ratio)
			gpuIsFast := m.Rand().IntN(2) == 0
			for i, b := range pair {
				if b.machine, b.cost = m, time.Duration(fast); (i == 0) != gpuIsFast {
					b.cost = time.Duration(ratio * fast)
				}
			}
			begin := m.Time()
			c, err := compare(m.Now, pair[0], pair[1], step(), d)
			if err != nil {
				t.Fatal(err)
			}
			longest = max(longest, m.Time()-begin)
			if c.Valid() && (c.GPU <= c.CPU) == gpuIsFast {
				right++
			} else {
				t.Errorf("steps of %v, seed %d: measured %+v, of %v and %v", precision, seed, c, pair[0].cost, pair[1].cost)
			}
		}
		t.Logf("steps of %v: %d of %d right, in at most %v", precision, right, trials, longest)
		if longest > 1200*time.Millisecond {
			t.Errorf("steps of %v: a measurement took %v", precision, longest)
		}
	}
}

// TestClockStops requires an error instead of figures from a clock that does not advance.
func TestClockStops(t *testing.T) {
	b := &simulated{Backend: cpu.New(), machine: clocktest.New(time.Millisecond, 1)}
	defer b.Close()
	stopped := clock.Func(func() time.Duration { return time.Hour })
	if c, err := compare(stopped, b, b, step(), &dataset.Data{Train: *data(64)}); !errors.Is(err, ErrClock) {
		t.Errorf("%+v, error %v", c, err)
	}
}

// TestInterruptedWarmUp measures on a machine that is too busy at the start: readings of the clock and the warm-up are
// interrupted. The times must still be positive, and of the right order.
func TestInterruptedWarmUp(t *testing.T) {
	cost := 60 * time.Microsecond
	for _, precision := range clocktest.Steps {
		for first := 1; first <= 3; first++ {
			b := &simulated{Backend: cpu.New(), machine: clocktest.New(precision, 1), cost: cost}
			b.stall = func(sync int) time.Duration {
				if sync == first {
					return time.Second
				}
				return 0
			}
			now := func() time.Duration {
				if b.syncs == 0 {
					b.machine.Work(precision / 10)
				}
				return b.machine.Now()
			}
			c, err := compare(now, b, b, step(), &dataset.Data{Train: *data(64)})
			if err != nil {
				t.Fatalf("clock of %v, sync %d interrupted: %v", precision, first, err)
			}
			for _, took := range []float64{c.GPU, c.CPU} {
				if ratio := took / cost.Seconds(); ratio < 0.5 || ratio > 1.1 {
					t.Errorf("clock of %v, sync %d interrupted: a step of %v took %.2g s", precision, first, cost, took)
				}
			}
			b.Close()
		}
	}
}
