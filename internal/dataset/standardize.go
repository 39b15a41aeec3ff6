package dataset

import (
	"fmt"
	"math"
)

// A Scale is what features are standardised by: v becomes (v − mean)/deviation.
type Scale struct {
	Mean      []float64 `json:"mean"`
	Deviation []float64 `json:"deviation"`
}

// Check tells what is wrong with a Scale for rows of n numbers: it may come from a file.
func (s *Scale) Check(n int) error {
	if len(s.Mean) != n || len(s.Deviation) != n {
		return fmt.Errorf("%d means and %d deviations, for rows of %s", len(s.Mean), len(s.Deviation), counted(n, "number"))
	}
	for j, d := range s.Deviation {
		if !(d > 0) || math.IsInf(d, 0) || math.IsNaN(s.Mean[j]) || math.IsInf(s.Mean[j], 0) {
			return fmt.Errorf("feature %d: mean %g and deviation %g: expected finite ones, and a deviation above 0", j+1, s.Mean[j], d)
		}
	}
	return nil
}

// Apply standardises rows where they are.
func (s *Scale) Apply(rows []float32) error {
	if i, err := s.apply(rows); err != nil {
		return fmt.Errorf("feature %d: %w", i%len(s.Mean)+1, err)
	}
	return nil
}

// apply is Apply, and returns which number an error is about.
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

// Standardize gives each feature of the training set the mean 0 and the deviation 1, and changes the features of the other
// parts by the same figures, which become Data.Scale. A feature that is the same everywhere becomes 0. It is for
// rows of numbers, which it changes where they are; targets stay as they are.
func (d *Data) Standardize() error {
	if d.Train.Len() == 0 || d.Train.Values == nil {
		return d.noNumbers()
	}
	n := d.Train.Features()
	// Two passes, so that large means do not swallow the deviation.
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
		// Rounding alone is no deviation.
		if deviation[j] = math.Sqrt(sum / samples); deviation[j] <= 1e-12*math.Abs(mean[j]) {
			deviation[j] = 1
		}
	}
	return d.StandardizeBy(&Scale{mean, deviation})
}

// StandardizeBy changes the features of all parts by the figures of another training set, which become Data.Scale.
func (d *Data) StandardizeBy(s *Scale) error {
	for _, set := range d.sets() {
		if set.Values == nil {
			return d.noNumbers()
		}
		if n := set.Features(); n != len(s.Mean) {
			return fmt.Errorf("%s has rows of %s, and what they are to be standardised by is for rows of %d", d.Name, counted(n, "number"), len(s.Mean))
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
