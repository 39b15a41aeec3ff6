// Package clocktest simulates machines whose clocks advance in steps, and work that takes time on them.
package clocktest

import (
	"math/rand/v2"
	"time"
)

// Steps are those of the clocks that tests simulate: the timer interrupts of Windows, usual and shortest, and a fine clock.
var Steps = []time.Duration{15_625 * time.Microsecond, 500 * time.Microsecond, time.Microsecond}

// A Machine has a simulated time. The same seed repeats the same noise.
type Machine struct {
	time, step, reading time.Duration
	noise               *rand.Rand
}

// New returns a machine whose clock advances in steps, at a random phase.
func New(step time.Duration, seed uint64) *Machine {
	m := &Machine{step: step, noise: rand.New(rand.NewPCG(seed, 0))}
	m.time = time.Second + time.Duration(m.noise.Int64N(int64(step)))
	// A reading takes 30 ns or, to make simulations faster, a thousandth of the step.
	m.reading = max(30*time.Nanosecond, step/1000)
	return m
}

// Rand returns the machine's source of random numbers.
func (m *Machine) Rand() *rand.Rand { return m.noise }

// Now reads the clock, which takes time.
func (m *Machine) Now() time.Duration {
	m.pass(m.reading)
	return m.time / m.step * m.step
}

// Time returns the true time.
func (m *Machine) Time() time.Duration { return m.time }

// Work works for a time. It varies by 3% (standard deviation).
func (m *Machine) Work(d time.Duration) {
	m.pass(time.Duration(float64(d) * max(0.5, 1+0.03*m.noise.NormFloat64())))
}

// pass lets time pass. An interruption of up to 2 ms happens about ten times a second.
func (m *Machine) pass(d time.Duration) {
	m.time += d
	if m.noise.Float64() < 10*d.Seconds() {
		m.time += time.Duration(m.noise.Int64N(int64(2 * time.Millisecond)))
	}
}
