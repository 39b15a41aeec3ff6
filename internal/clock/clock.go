// Package clock measures durations. On Windows, time.Now advances in steps of 0.5 to 15.6 ms, and a training step
// takes microseconds; Now reads the performance counter there.
package clock

import "time"

// Since returns the time since begin, a result of Now.
func Since(begin time.Duration) time.Duration { return Now() - begin }

// A Func reads a monotonic clock, as Now does. Its readings may advance in steps.
type Func func() time.Duration

// A Timer measures durations to a small part of the step of a clock.
type Timer struct {
	Now  Func
	Step time.Duration // in which the readings advance; 0 if they do not

	readings float64 // that a step takes
}

// NewTimer returns a timer by a clock. It waits for four steps.
func NewTimer(now Func) Timer {
	t := Timer{Now: now}
	last, _ := now.edge()
	for range 3 {
		next, readings := now.edge()
		step := next - last
		if step <= 0 {
			return Timer{Now: now}
		}
		if t.Step == 0 || step < t.Step {
			t.Step = step
		}
		t.readings, last = max(t.readings, float64(readings)), next
	}
	return t
}

// Time returns the time that work takes. It returns 0 if that is too short to be measured, or if the clock does not
// advance.
//
// The work begins when the reading advances. How long before such a moment it ends follows from the number of readings
// until then. An interruption can only lengthen the result. Time waits for up to two steps.
func (t Timer) Time(work func()) time.Duration {
	begin, _ := t.Now.edge()
	work()
	end, readings := t.Now.edge()
	early := float64(t.Step) * min(1, float64(readings)/t.readings)
	return max(0, end-begin-time.Duration(early))
}

// maxReadings ends the wait for a clock that does not advance. It is some times the number of readings in 15.6 ms.
const maxReadings = 1 << 25

// edge reads the clock until the reading changes. It returns the new reading, and how many there were before it.
func (now Func) edge() (reading time.Duration, before int) {
	old := now()
	for before = 1; before < maxReadings; before++ {
		if reading = now(); reading != old {
			break
		}
	}
	return reading, before
}
