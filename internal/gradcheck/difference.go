package gradcheck

import "math"

// A difference is a derivative computed by finite differences.
type difference struct {
	value float64
	bound float64 // error from the rounding of the losses
	kink  bool    // no derivative: the slopes to either side disagree
}

// widths are the values of h that difference tries. The smaller one is for functions that bend much within the larger one, as with
// inputs in the thousands.
var widths = []float64{1e-5, 1e-7}

// difference returns the derivative of the objective by element e of a parameter.
func (o *objective) difference(parameter, e int) difference {
	w := o.double.Values(o.params[parameter])[e]
	f := func(h float64) float64 { return o.at(parameter, e, w+h) }
	middle := f(0)
	d := difference{}
	for _, h := range widths {
		if d = slope(f, middle, h, o.noise); !d.kink {
			break
		}
	}
	f(0) // restores the inputs of later layers
	return d
}

// slope returns the derivative of f at 0 by differences over h, h/2 and h/4. middle is f(0), and noise the error of a value
// of f.
//
// If f is smooth, the slopes to the left and to the right differ by h·f″, so that half of the width
// halves the difference. At a kink the difference does not change with the width. Near a kink that only the larger width reaches, it
// vanishes for the smaller.
func slope(f func(float64) float64, middle, h, noise float64) difference {
	type sides struct{ central, gap float64 }
	at := func(h float64) sides {
		above, below := f(h), f(-h)
		return sides{(above - below) / (2 * h), (above + below - 2*middle) / h}
	}
	one, two := at(h), at(h/2)
	d := difference{bound: 3 * noise / h}
	if math.Abs(one.gap) > 1e-4*math.Abs(one.central)+8*d.bound {
		three, level := at(h/4), 16*d.bound
		half := func(wide, narrow sides) bool { return math.Abs(narrow.gap-wide.gap/2) <= 0.05*math.Abs(wide.gap)+level }
		d.kink = !half(one, two) || !half(two, three)
	}
	// Richardson's extrapolation: the errors of second order cancel.
	d.value = (4*two.central - one.central) / 3
	return d
}
