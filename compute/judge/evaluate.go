package judge

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

// A bounded is a matrix of the reference. Each element also has a bound, which is the largest error that a correct backend may
// have, and the magnitude of the terms that its value is the sum of.
//
// The bounds follow a program from op to op, as in Wilkinson's running error analysis: the bound of a result is the
// op's own error plus the effect of its operands' errors. Initial values have the bound 0.
type bounded struct {
	*reference.Matrix
	tol, mag []float64
}

// set sets element e, counted row by row.
func (b *bounded) set(e int, val, tol, mag float64) { b.Val[e], b.tol[e], b.mag[e] = val, tol, mag }

// rowBounds returns the bounds of row i.
func (b *bounded) rowBounds(i int) []float64 { return b.tol[i*b.Cols : (i+1)*b.Cols] }

// term returns element e, or zeros if b is nil.
func (b *bounded) term(e int) term {
	if b == nil {
		return term{}
	}
	return term{b.Val[e], b.tol[e], b.mag[e]}
}

// put sets element e, unless b is nil.
func (b *bounded) put(e int, t term) {
	if b != nil {
		b.set(e, t.val, t.tol, t.mag)
	}
}

// A term is an element of a bounded matrix.
type term struct{ val, tol, mag float64 }

// size returns the largest absolute value that t may have.
func (t term) size() float64 { return math.Abs(t.val) + t.tol }

// opRules has the judge's rules for ops of type O. Every function is optional.
type opRules[O compute.Op] struct {
	// bound sets the bounds and magnitudes of the op's results. Without it the results are exact.
	bound func(o O, e *evaluation)
	// roundings returns about how many roundings an element of the result takes. Without it they are 0.
	roundings func(o O) int
	// unknown returns which elements of a result depend on operands of unknown value; see Replay.
	unknown func(o O, p *Problem) func(i, j int) bool
	// kernel returns the op's name with its variant. Without it that is the op's name.
	kernel func(o O) string
}

var rules = map[string]opRules[compute.Op]{}

// register makes r the rules of ops of type O.
func register[O compute.Op](r opRules[O]) {
	var zero O
	var erased opRules[compute.Op]
	if r.bound != nil {
		erased.bound = func(op compute.Op, e *evaluation) { r.bound(op.(O), e) }
	}
	if r.roundings != nil {
		erased.roundings = func(op compute.Op) int { return r.roundings(op.(O)) }
	}
	if r.unknown != nil {
		erased.unknown = func(op compute.Op, p *Problem) func(i, j int) bool { return r.unknown(op.(O), p) }
	}
	if r.kernel != nil {
		erased.kernel = func(op compute.Op) string { return r.kernel(op.(O)) }
	}
	rules[zero.Name()] = erased
}

// An evaluation is an op in one run, with the memory that the reference works on. Values that the reference stores
// become results; the operands keep their values until the bounds are known.
type evaluation struct {
	*Problem
	args    compute.Args
	mats    []compute.Mat
	results []*bounded
}

// Evaluate computes an op on the reference's values, with the bounds of its results.
func (p *Problem) Evaluate(op compute.Op, args compute.Args) {
	e := &evaluation{Problem: p, args: args}
	reference.Do(op, args, e)
	if bound := rules[op.Name()].bound; bound != nil {
		bound(op, e)
	}
	for i, m := range e.mats {
		r, f := e.results[i], m.Buf.(*floats)
		copy(f.val[m.Off:], r.Val)
		copy(f.tol[m.Off:], r.tol)
		copy(f.mag[m.Off:], r.mag)
		for k := range r.Val {
			f.written[m.Off+k] = true
		}
	}
}

// Load returns an operand's values, or nil for none.
func (e *evaluation) Load(m compute.Mat) *reference.Matrix {
	if b := e.load(m); b != nil {
		return b.Matrix
	}
	return nil
}

// Store keeps a result. Until the op's own bounds are set it is exact.
func (e *evaluation) Store(m compute.Mat, v *reference.Matrix) {
	mag := make([]float64, len(v.Val))
	for i, x := range v.Val {
		mag[i] = math.Abs(x)
	}
	e.mats = append(e.mats, m)
	e.results = append(e.results, &bounded{v, make([]float64, len(v.Val)), mag})
}

// result returns a result, or nil for none.
func (e *evaluation) result(m compute.Mat) *bounded {
	for i, r := range e.mats {
		if r == m {
			return e.results[i]
		}
	}
	return nil
}

// load returns a matrix of the problem with its bounds, or nil for none. It shares the problem's memory.
func (p *Problem) load(m compute.Mat) *bounded {
	if m.IsZero() {
		return nil
	}
	f, end := m.Buf.(*floats), m.Off+m.Len()
	return &bounded{&reference.Matrix{Rows: m.Rows, Cols: m.Cols, Val: f.val[m.Off:end:end]}, f.tol[m.Off:end:end], f.mag[m.Off:end:end]}
}

// Kernel returns the name of an op with its variant, such as "matmul_tn", as in Case.Kernel.
func Kernel(op compute.Op) string {
	if kernel := rules[op.Name()].kernel; kernel != nil {
		return kernel(op)
	}
	return op.Name()
}
