package dataset

import (
	"fmt"
	"math"
)

// Standardize gives each feature of the training set the mean 0 and the deviation 1, and changes the features of the other
// parts by the same figures: v becomes (v − mean)/deviation. A feature that is the same everywhere becomes 0. It is for
// rows of numbers, which it changes where they are; targets stay as they are.
func (d *Data) Standardize() error {
	n := d.Train.Features()
	if d.Train.Len() == 0 || d.Train.Values == nil {
		return fmt.Errorf("%s has images; only rows of numbers are standardised", d.Name)
	}
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
	for _, s := range d.sets() {
		for i, v := range s.Values {
			w := float32((float64(v) - mean[i%n]) / deviation[i%n])
			if math.IsInf(float64(w), 0) {
				return fmt.Errorf("%s: feature %d: %g cannot be standardised: mean %g and deviation %g in the training set make it too large",
					d.Name, i%n+1, v, mean[i%n], deviation[i%n])
			}
			s.Values[i] = w
		}
	}
	return nil
}
