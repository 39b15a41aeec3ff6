package compute

import (
	"math"
	"testing"
)

// TestDropoutKeepsTheMean checks that the number of draws of 2¹⁶ that are kept, times K, is 2¹⁶, for
// rates up to almost 1.
func TestDropoutKeepsTheMean(t *testing.T) {
	for _, rate := range []float32{0, 1e-6, 1e-3, 0.2, 1. / 3, 0.5, 0.8, 0.99, 0.999, 0.9999, 0.99998, 0.999992} {
		o := Dropout{Rate: rate}
		threshold, k := o.Threshold()
		if math.Abs(float64(threshold)-65536*float64(rate)) > 0.5 {
			t.Errorf("rate %v: threshold %d", rate, threshold)
		}
		if mean := (65536 - float64(threshold)) / 65536 * float64(k); math.Abs(mean-1) > 0x1p-24 {
			t.Errorf("rate %v: the mean changes by a factor %v", rate, mean)
		}
		if o.Everything() {
			t.Errorf("rate %v: all elements are dropped", rate)
		}
	}
	// From 1 − 2⁻¹⁷ on the threshold is above every draw.
	for _, rate := range []float32{1 - 0x1p-17, 0.9999999, math.Nextafter32(1, 0)} {
		o := Dropout{Rate: rate}
		if threshold, k := o.Threshold(); threshold != 65536 || k != 0 || !o.Everything() {
			t.Errorf("rate %v: threshold %d, factor %v", rate, threshold, k)
		}
	}
}
