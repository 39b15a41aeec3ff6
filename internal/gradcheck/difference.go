package gradcheck

import "math"

// A difference is a derivative by differences.
type difference struct {
	value float64
	bound float64 // what rounding of the losses may put it off
	kink  bool    // there is none: the slopes to either side disagree
}

// widths are how far differences reach at first. The smaller one is for functions that bend much
// within the larger, as where inputs are in the thousands.
var widths = []float64{1e-5, 1e-7}

// difference returns the derivative of the loss by element e of a parameter.
func (n *energy) difference(parameter, e int) difference {
	w := n.double.Values(n.params[parameter])[e]
	f := func(h float64) float64 { return n.at(parameter, e, w+h) }
	middle := f(0)
	d := difference{}
	for _, h := range widths {
		if d = slope(f, middle, h, n.noise); !d.kink {
			break
		}
	}
	f(0) // what later layers are fed is as it was
	return d
}

// slope returns the derivative of f at 0, whose value there is middle, by differences over h, h/2
// and h/4. noise is what a value of f may be off.
//
// The slopes to the left and to the right differ by h·f″ where f is smooth, so that half of the width
// has half of the difference. At a kink it stays as it is; at one that a smaller width does not reach
// it vanishes.
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
	// The errors of second order cancel: Richardson's extrapolation.
	d.value = (4*two.central - one.central) / 3
	return d
}
