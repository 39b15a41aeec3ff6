package gradcheck

import (
	"math"
	"slices"
)

// Tolerance is the largest error of a part's gradient, relative to its norm. A whole result that the judge accepts
// is within 1e-5, and a gradient is computed from several results.
const Tolerance = 1e-4

// A Report is the result of a check.
type Report struct {
	Samples int     `json:"samples"`
	Loss    float64 `json:"loss"`   // of the batch, without penalties
	Kinked  bool    `json:"kinked"` // the network's function has kinks
	Parts   []*Part `json:"parts"`
}

// A Part is the weights or the biases of a layer.
type Part struct {
	Name  string `json:"name"`
	Layer int    `json:"layer"` // from 1
	Bias  bool   `json:"bias"`
	Rows  int    `json:"rows"`
	Cols  int    `json:"cols"`
	// Tried is the number of elements that were compared. Kinks is the number of further elements that have no
	// derivative.
	Tried int `json:"tried"`
	Kinks int `json:"kinks"`
	// Norm is the root mean square of the differences. The errors are relative to it: Error is the root mean square,
	// Largest and Median are those of single elements.
	Norm    float64 `json:"norm"`
	Error   float64 `json:"error"`
	Largest float64 `json:"largest"`
	Median  float64 `json:"median"`
	Worst   Element `json:"worst"` // the element with the largest error
	OK      bool    `json:"ok"`

	// Noise is the error of a difference from the rounding of the losses. If Norm is not above it, the gradient is 0
	// or too small to compare.
	Noise float64 `json:"noise"`

	errors []float64
}

// An Element is an element of a gradient.
type Element struct {
	Row int `json:"row"`
	Col int `json:"col"`
	// Got is the backend's value, Want the difference of the losses.
	Got  float64 `json:"got"`
	Want float64 `json:"want"`
}

// Hidden reports whether rounding hides the gradient.
func (p *Part) Hidden() bool { return p.Norm <= p.Noise }

// OK reports whether every part is right.
func (r *Report) OK() bool {
	return !slices.ContainsFunc(r.Parts, func(p *Part) bool { return !p.OK })
}

// Largest returns the first wrong part or, if all are right, the part with the largest relative error.
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

// add adds an element: the backend's value and the difference.
func (p *Part) add(e int, got float64, d difference) {
	if d.kink {
		p.Kinks++
		return
	}
	off := math.Abs(got - d.value)
	if !(off <= math.MaxFloat64) {
		off = math.MaxFloat32 // JSON has no infinity and no NaN
		got = math.Copysign(off, got)
	}
	if len(p.errors) == 0 || off > slices.Max(p.errors) {
		p.Worst = Element{Row: e / p.Cols, Col: e % p.Cols, Got: got, Want: d.value}
	}
	p.errors = append(p.errors, off)
	p.Norm += d.value * d.value
	p.Noise = math.Max(p.Noise, d.bound)
}

// judge computes the errors and decides whether the part is right. If rounding can explain all differences, the gradient must be
// as small.
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
		return // there is nothing to relate errors to
	}
	p.Error, p.Median, p.Largest = rms/p.Norm, p.errors[p.Tried/2]/p.Norm, p.errors[p.Tried-1]/p.Norm
}
