package gradcheck

import (
	"math"
	"slices"
)

// Tolerance is how far a part's gradient may be off, beside its norm. A result that the judge passes
// is within 1e-5 as a whole, and a gradient is made of several.
const Tolerance = 1e-4

// A Report is what a check found.
type Report struct {
	Samples int     `json:"samples"`
	Loss    float64 `json:"loss"`   // of the batch, without penalties
	Kinked  bool    `json:"kinked"` // the network's function has corners
	Parts   []*Part `json:"parts"`
}

// A Part is the weights or the biases of a layer.
type Part struct {
	Name  string `json:"name"`
	Layer int    `json:"layer"` // from 1
	Bias  bool   `json:"bias"`
	Rows  int    `json:"rows"`
	Cols  int    `json:"cols"`
	// Tried is how many of its elements were compared with differences; Kinks, how many more could not
	// be.
	Tried int `json:"tried"`
	Kinks int `json:"kinks"`
	// Norm is the root of the mean square of the differences. Errors are beside it: Error the root of the
	// mean square, Largest and Median those of single elements.
	Norm    float64 `json:"norm"`
	Error   float64 `json:"error"`
	Largest float64 `json:"largest"`
	Median  float64 `json:"median"`
	Worst   Element `json:"worst"` // the one with the largest error
	OK      bool    `json:"ok"`

	// Noise is what rounding of the losses may put a difference off. A Norm that is not above it is that of
	// no gradient, or of one too small to be compared.
	Noise float64 `json:"noise"`

	errors []float64
}

// An Element is one of a gradient.
type Element struct {
	Row int `json:"row"`
	Col int `json:"col"`
	// Got is what the backend makes of it, Want what the losses say.
	Got  float64 `json:"got"`
	Want float64 `json:"want"`
}

// Hidden tells whether there is no gradient larger than what rounding hides.
func (p *Part) Hidden() bool { return p.Norm <= p.Noise }

// OK tells whether every part is right.
func (r *Report) OK() bool {
	return !slices.ContainsFunc(r.Parts, func(p *Part) bool { return !p.OK })
}

// Largest returns the part with the largest error beside its norm, or the first that is wrong.
func (r *Report) Largest() *Part {
	worst := r.Parts[0]
	for _, p := range r.Parts {
		if !p.OK {
			return p
		}
		if p.Largest > worst.Largest {
			worst = p
		}
	}
	return worst
}

// add takes an element: what the backend made of it, and the difference.
func (p *Part) add(e int, got float64, d difference) {
	if d.kink {
		p.Kinks++
		return
	}
	off := math.Abs(got - d.value)
	if !(off <= math.MaxFloat64) {
		off = math.MaxFloat32 // not a number, which no report could hold
		got = math.Copysign(off, got)
	}
	if len(p.errors) == 0 || off > slices.Max(p.errors) {
		p.Worst = Element{Row: e / p.Cols, Col: e % p.Cols, Got: got, Want: d.value}
	}
	p.errors = append(p.errors, off)
	p.Norm += d.value * d.value
	p.Noise = math.Max(p.Noise, d.bound)
}

// judge sums up the elements. Where all differences are as small as rounding can make them, so must
// the gradient be.
func (p *Part) judge() {
	p.Tried = len(p.errors)
	if p.Tried == 0 {
		return
	}
	p.Norm = math.Sqrt(p.Norm / float64(p.Tried))
	sum := 0.
	for _, e := range p.errors {
		sum += e * e
	}
	slices.Sort(p.errors)
	rms := math.Sqrt(sum / float64(p.Tried))
	p.OK = rms <= Tolerance*p.Norm+p.Noise
	if p.Hidden() {
		return // errors beside nothing
	}
	p.Error, p.Median, p.Largest = rms/p.Norm, p.errors[p.Tried/2]/p.Norm, p.errors[p.Tried-1]/p.Norm
}
