package judge

import (
	"fmt"
	"math"

	"shadegrad/compute"
)

// verdict compares a backend's results of a solved problem with the reference. It returns nil if they are right.
func (p *Problem) verdict(got [][]float32) *Failure {
	return p.compare(got, func(buffer, e int) float64 { return p.floats[buffer].val[e] }, 1)
}

// agreement compares the results of two backends, each of which may be off by the same bounds.
func (p *Problem) agreement(got, want [][]float32) *Failure {
	return p.compare(got, func(buffer, e int) float64 { return float64(want[buffer][e]) }, 2)
}

// compare compares got with want. It multiplies the bounds by slack.
func (p *Problem) compare(got [][]float32, want func(buffer, e int) float64, slack float64) *Failure {
	for i, f := range p.floats {
		if fail := p.untouched(f, got[i]); fail != nil {
			return fail
		}
	}
	for _, v := range p.views {
		if p.IsScratch(v.mat) {
			continue
		}
		i := p.buffer(v.mat)
		f, value := p.floats[i], func(e int) float64 { return want(i, e) }
		if fail := f.elements(v, got[i], value, slack); fail != nil {
			return fail
		}
		if fail := f.nmse(v, got[i], value, slack); fail != nil {
			return fail
		}
	}
	return nil
}

// untouched returns a failure if an element changed that no op writes.
func (p *Problem) untouched(f *floats, got []float32) *Failure {
	changed, first := 0, 0
	for e, v := range got {
		if !f.written[e] && math.Float32bits(v) != math.Float32bits(f.init[e]) {
			if changed == 0 {
				first = e
			}
			changed++
		}
	}
	if changed == 0 {
		return nil
	}
	return &Failure{Detail: fmt.Sprintf("wrote %d elements outside its results; the first is %s, now %g, was %g",
		changed, p.locate(f, first), got[first], f.init[first])}
}

// scratchAt reports whether an element is scratch, which may hold anything.
func (p *Problem) scratchAt(f *floats, e int) bool {
	for _, m := range p.scratch {
		if m.Buf == compute.Buffer(f) && e >= m.Off && e < m.Off+m.Len() {
			return true
		}
	}
	return false
}

// locate names an element of a buffer by the nearest matrix.
func (p *Problem) locate(f *floats, e int) string {
	near, distance := "", math.MaxInt
	for _, v := range p.views {
		if v.mat.Buf != compute.Buffer(f) {
			continue
		}
		first, last := v.mat.Off, v.mat.Off+v.mat.Len()-1
		switch {
		case e < first && first-e < distance:
			near, distance = fmt.Sprintf("%d before %s", first-e, v.name), first-e
		case e > last && e-last < distance:
			near, distance = fmt.Sprintf("%d after %s", e-last, v.name), e-last
		case e >= first && e <= last:
			return place(v, e)
		}
	}
	return near
}

// place names an element of a view.
func place(v view, e int) string {
	e -= v.mat.Off
	return fmt.Sprintf("%s (%d,%d)", v.name, e/v.mat.Cols, e%v.mat.Cols)
}

// elements compares each element by its own bound. The failure is about the element that exceeds its bound most.
func (f *floats) elements(v view, got []float32, want func(e int) float64, slack float64) *Failure {
	worst, worstBy := -1, 0.
	for e := v.mat.Off; e < v.mat.Off+v.mat.Len(); e++ {
		if !f.written[e] {
			continue
		}
		if by := miss(float64(got[e]), want(e), slack*f.tol[e]); by > worstBy {
			worst, worstBy = e, by
		}
	}
	if worst < 0 {
		return nil
	}
	g, w := float64(got[worst]), want(worst)
	fail := &Failure{Detail: fmt.Sprintf("%s is %g, want %g", place(v, worst), got[worst], w)}
	if !math.IsNaN(w) {
		fail.Err, fail.Bound = math.Abs(g-w), slack*f.tol[worst]
	}
	return fail
}

// miss returns 0 if got is within bound of want, and else the error as a multiple of the bound.
func miss(got, want, bound float64) float64 {
	switch {
	case math.IsNaN(want) && math.IsNaN(got), got == want:
		return 0
	case math.IsNaN(want) || math.IsNaN(got) || math.IsInf(want, 0) || bound == 0:
		return math.Inf(1)
	}
	if err := math.Abs(got - want); err > bound {
		return err / bound
	}
	return 0
}

// nmse compares the mean square error of a whole result with nmseBound, if nmseFloor allows it.
func (f *floats) nmse(v view, got []float32, want func(e int) float64, slack float64) *Failure {
	var errs, values, terms float64
	for e := v.mat.Off; e < v.mat.Off+v.mat.Len(); e++ {
		// A hit that rounding decides has magnitude 0 and is left out.
		if w := want(e); f.written[e] && !math.IsNaN(w) && !math.IsInf(w, 0) && (f.mag[e] > 0 || f.tol[e] == 0) {
			errs += (float64(got[e]) - w) * (float64(got[e]) - w)
			values += w * w
			terms += f.mag[e] * f.mag[e]
		}
	}
	// nmseBound applies to squared errors, so the slack is squared too.
	limit := slack * slack * nmseBound
	if values == 0 || values < nmseFloor*terms || errs <= limit*values {
		return nil
	}
	return &Failure{Detail: v.name + ": mean square error relative to the mean square", Err: errs / values, Bound: limit}
}

// same returns a failure if two results differ in any bit outside scratch.
func (p *Problem) same(first, second [][]float32) *Failure {
	for i, f := range p.floats {
		for e, a := range first[i] {
			if b := second[i][e]; math.Float32bits(a) != math.Float32bits(b) && !p.scratchAt(f, e) {
				return &Failure{Detail: fmt.Sprintf("two runs of one program differ: %s is %g, then %g",
					p.locate(f, e), a, b)}
			}
		}
	}
	return nil
}
