package bench

import (
	"math"
	"slices"
	"time"
)

// A Figure is the measured speed of a subject.
type Figure struct {
	Steps   int       // of each run
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

// Measure times subjects in turns: each does a run of about the given length, repeats
// times. Warm-up runs before it exclude the cost of first use.
func Measure(subjects []*Subject, repeats int, length time.Duration) ([]Figure, error) {
	figures := make([]Figure, len(subjects))
	for i, s := range subjects {
		steps, err := s.steps(length)
		if err != nil {
			return nil, err
		}
		figures[i].Steps = steps
	}
	for range repeats {
		for i, s := range subjects {
			took, err := s.Run(figures[i].Steps)
			if err != nil {
				return nil, err
			}
			figures[i].Seconds = append(figures[i].Seconds, took.Seconds()/float64(figures[i].Steps))
		}
	}
	return figures, nil
}

// maxSteps is the largest number of steps in a run.
const maxSteps = 1 << 20

// steps warms a subject up and returns the number of steps that take about the given time.
func (s *Subject) steps(length time.Duration) (int, error) {
	if _, err := s.Run(1); err != nil {
		return 0, err
	}
	for n := 1; ; n *= 2 {
		took, err := s.Run(n)
		if err != nil || took >= length/2 || n >= maxSteps {
			return max(1, int(float64(n)*length.Seconds()/max(took.Seconds(), 1e-9))), err
		}
	}
}
