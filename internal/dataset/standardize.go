package dataset

import (
	"fmt"
	"math"

	"shadegrad/internal/table"
)

// A Scale standardises features: v becomes (v − mean)/deviation.
type Scale struct {
	Mean      []float64 `json:"mean"`
	Deviation []float64 `json:"deviation"`
}

// Check returns an error if a Scale, which may come from a file, does not suit rows of n numbers.
func (s *Scale) Check(n int) error {
	if len(s.Mean) != n || len(s.Deviation) != n {
		return fmt.Errorf("%d means and %d deviations, for rows of %s", len(s.Mean), len(s.Deviation), table.Counted(n, "number"))
	}
	for j, d := range s.Deviation {
		if !(d > 0) || math.IsInf(d, 0) || math.IsNaN(s.Mean[j]) || math.IsInf(s.Mean[j], 0) {
			return fmt.Errorf("feature %d: mean %g and deviation %g: expected finite ones, and a deviation above 0", j+1, s.Mean[j], d)
		}
	}
	return nil
}

// Apply standardises rows in place.
func (s *Scale) Apply(rows []float32) error {
	if i, err := s.apply(rows); err != nil {
		return fmt.Errorf("feature %d: %w", i%len(s.Mean)+1, err)
	}
	return nil
}

// apply is Apply, and returns the index of the number that an error is about.
func (s *Scale) apply(rows []float32) (int, error) {
	n := len(s.Mean)
	for i, v := range rows {
		mean, deviation := s.Mean[i%n], s.Deviation[i%n]
		w := float32((float64(v) - mean) / deviation)
		if math.IsInf(float64(w), 0) {
			return i, fmt.Errorf("%g cannot be standardised: mean %g and deviation %g in the training set make it too large", v, mean, deviation)
		}
		rows[i] = w
	}
	return 0, nil
}

// Standardize transforms each feature of the training set to mean 0 and deviation 1, in place, and the other parts by
// the same figures, which become Data.Scale. A constant feature becomes 0. Only rows of numbers can be standardised.
// Targets do not change.
func (d *Data) Standardize() error {
	if d.Train.Len() == 0 || d.Train.Values == nil {
		return d.noNumbers()
	}
	n := d.Train.Features()
	// Two passes, because a large mean would swallow the deviation.
	mean, deviation := make([]float64, n), make([]float64, n)
	samples := float64(d.Train.Len())
	for i, v := range d.Train.Values {
		mean[i%n] += float64(v)
	}
	for j := range mean {
		mean[j] /= samples
	}
	for i, v := range d.Train.Values {
		difference := float64(v) - mean[i%n]
		deviation[i%n] += difference * difference
	}
	for j, sum := range deviation {
		// A deviation within rounding counts as 0.
		if deviation[j] = math.Sqrt(sum / samples); deviation[j] <= 1e-12*math.Abs(mean[j]) {
			deviation[j] = 1
		}
	}
	return d.StandardizeBy(&Scale{mean, deviation})
}

// StandardizeBy standardises all parts by the figures of another training set, which become Data.Scale.
func (d *Data) StandardizeBy(s *Scale) error {
	for _, set := range d.sets() {
		if set.Values == nil {
			return d.noNumbers()
		}
		if n := set.Features(); n != len(s.Mean) {
			return fmt.Errorf("%s has rows of %s, the scale is for rows of %d", d.Name, table.Counted(n, "number"), len(s.Mean))
		}
		if err := s.Check(len(s.Mean)); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
		if i, err := s.apply(set.Values); err != nil {
			row, feature := i/len(s.Mean), i%len(s.Mean)
			where := fmt.Sprintf("%s: feature %d", d.Name, feature+1)
			if set.place != nil {
				where = set.place(row, feature)
			}
			return fmt.Errorf("%s: %w", where, err)
		}
	}
	d.Scale = s
	return nil
}

func (d *Data) noNumbers() error {
	return fmt.Errorf("%s has images; %w", d.Name, ErrNoNumbers)
}
