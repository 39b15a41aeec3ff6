package bench

import (
	"errors"
	"math"
	"slices"
	"time"

	"shadegrad/internal/clock"
)

// A Figure is the measured speed of a subject.
type Figure struct {
	Steps   int       // of each run, at last
	Seconds []float64 // per step, of each run in order
}

// Median returns the median seconds per step.
func (f Figure) Median() float64 { return quantile(f.Seconds, 0.5) }

// Spread returns half of the distance between the quartiles, relative to the median.
func (f Figure) Spread() float64 {
	return (quantile(f.Seconds, 0.75) - quantile(f.Seconds, 0.25)) / 2 / f.Median()
}

// quantile returns the q-quantile, interpolated linearly.
func quantile(list []float64, q float64) float64 {
	s := slices.Sorted(slices.Values(list))
	at := q * float64(len(s)-1)
	i := int(math.Floor(at))
	if i+1 >= len(s) {
		return s[len(s)-1]
	}
	return s[i] + (at-float64(i))*(s[i+1]-s[i])
}

// ErrClock means that a clock gave no times.
var ErrClock = errors.New("the clock does not advance")

// Measure times subjects in turns: each does a run of about the given length, or of two steps of
// the clock if that is longer, repeats times. Warm-up runs before it exclude the cost of first use.
// Times are positive.
func Measure(now clock.Func, subjects []*Subject, repeats int, length time.Duration) ([]Figure, error) {
	timer := clock.NewTimer(now)
	if timer.Step <= 0 {
		return nil, ErrClock
	}
	length = max(length, 2*timer.Step)
	figures := make([]Figure, len(subjects))
	for i, s := range subjects {
		steps, err := s.steps(timer, length)
		if err != nil {
			return nil, err
		}
		figures[i].Steps = steps
	}
	for range repeats {
		for i, s := range subjects {
			if err := s.measure(timer, &figures[i]); err != nil {
				return nil, err
			}
		}
	}
	return figures, nil
}

// measure adds the time of a run to a figure. After a warm-up that was interrupted, a run can be too short for the clock. It
// is repeated with twice as many steps.
func (s *Subject) measure(timer clock.Timer, f *Figure) error {
	for {
		var err error
		took := timer.Time(func() { err = s.Run(f.Steps) })
		switch {
		case err != nil:
			return err
		case took > 0 && took >= timer.Step:
			f.Seconds = append(f.Seconds, took.Seconds()/float64(f.Steps))
			return nil
		case f.Steps >= maxSteps:
			return ErrClock
		}
		f.Steps = min(2*f.Steps, maxSteps)
	}
}

// maxSteps is the largest number of steps in a run.
const maxSteps = 1 << 20

// steps warms a subject up and returns the number of steps that take about the given time.
func (s *Subject) steps(timer clock.Timer, length time.Duration) (int, error) {
	if err := s.Run(1); err != nil {
		return 0, err
	}
	for n := 1; ; n *= 2 {
		begin := timer.Now()
		err := s.Run(n)
		took := timer.Now() - begin
		if err != nil || took >= length/2+timer.Step || n >= maxSteps {
			return max(1, int(float64(n)*length.Seconds()/max(took.Seconds(), 1e-9))), err
		}
	}
}
