package judge

import (
	"errors"
	"fmt"
	"maps"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

// A Replay judges one run of a program on given values, such as a step of real training. It propagates the bounds from op to op.
//
// A [Case] chooses ordinary values. Given values may be extreme, so two more rules apply:
//
//   - If a result, a term of it or an intermediate sum may exceed largestSafe, float32 may not be able to hold it. Then the
//     device may return any value, infinities and NaN included. The same holds for everything computed from it. Such a
//     value is unknown, and its bound is infinite.
//   - GLSL 4.30, section 4.7.1, lets a device replace a subnormal number by 0. So a result of n operations may be
//     off by n times the smallest normal number.
//
// Unlike a Case, a Replay does not check the mean square error of a whole result. If a loss is nearly 0 the deltas are mostly
// rounding errors, and a correct device may differ.
type Replay struct {
	p        *Problem
	args     compute.Args
	original map[compute.Buffer]compute.Buffer // the reference backend's buffer for each of the problem's
	name     func(compute.Mat) string
	solved   bool
}

// NewReplay returns a replay of a program whose matrices belong to a reference backend and hold the given values. The replay uses
// that memory, and overwrites values in it that the program does not read. name returns the name of a matrix in
// messages: "the weights of layer 1".
func NewReplay(prog compute.Program, args compute.Args, name func(compute.Mat) string) (*Replay, error) {
	err := prog.Check(reference.Holds)
	if err == nil {
		err = prog.CheckArgs(args)
	}
	if err != nil {
		return nil, err
	}
	r := &Replay{p: &Problem{Runs: []compute.Args{args}}, args: args, name: name, original: map[compute.Buffer]compute.Buffer{}}
	own := map[compute.Buffer]compute.Buffer{}
	for _, op := range prog.Ops {
		r.adopt(op, own)
	}
	fillStale(prog)
	seen := map[compute.Mat]bool{}
	for _, op := range prog.Ops {
		for _, o := range compute.Matrices(op) {
			if !seen[o.Mat] {
				seen[o.Mat] = true
				m := o.Mat
				m.Buf = own[m.Buf]
				r.p.views = append(r.p.views, view{name(o.Mat), m})
			}
		}
		r.p.Add(compute.Rebind(op, func(b compute.Buffer) compute.Buffer { return own[b] }))
	}
	for _, m := range prog.Scratch {
		if buf, ok := own[m.Buf]; ok {
			m.Buf = buf
			r.p.Scratch(m)
		}
	}
	return r, nil
}

// adopt adds the buffers of an op to the problem.
func (r *Replay) adopt(op compute.Op, own map[compute.Buffer]compute.Buffer) {
	for _, o := range compute.Operands(op) {
		b := o.Buf()
		if own[b] != nil {
			continue
		}
		switch data := reference.Data(b).(type) {
		case []float32:
			f := &floats{init: data}
			r.p.floats = append(r.p.floats, f)
			own[b], r.original[f] = f, b
		case []byte:
			o := &octets{data}
			r.p.octets = append(r.p.octets, o)
			own[b] = o
		case []uint32:
			o := &order{data, o.Index.Limit}
			r.p.orders = append(r.p.orders, o)
			own[b] = o
		}
	}
}

// fillStale fills matrices with NaN that a program writes before it reads them. So the result is wrong if a device writes only a
// part of a matrix, or adds to it.
func fillStale(prog compute.Program) {
	seen := map[compute.Buffer]bool{}
	for _, op := range prog.Ops {
		list := compute.Matrices(op)
		for _, o := range list { // the source of an op in place already counts as read
			if data := reference.Data(o.Mat.Buf).([]float32); o.Mode == compute.Out && !seen[o.Mat.Buf] {
				for e := range o.Mat.Len() {
					data[o.Mat.Off+e] = float32(math.NaN())
				}
			}
		}
		for _, o := range list {
			seen[o.Mat.Buf] = true
		}
	}
}

// A Difference is an element that a device computed wrongly.
type Difference struct {
	Op       int    // of the program, from 1, that wrote the element last
	Kernel   string // that op with its variant: "matmul_nt"
	Matrix   string
	Row, Col int
	Got      float32
	Want     float64 // the value of the reference
	Bound    float64 // the largest |Got − Want| allowed
	Input    bool    // the op only reads the element, and changed it
}

// String returns the full text:
//
//	op 2, matmul_nt: element (0,3) of the outputs of layer 1 is 0.5, and not 0.12 ± 1e-06
func (d *Difference) String() string {
	if d.Input {
		return fmt.Sprintf("op %d, %s: it changed element (%d,%d) of its input %s from %.9g to %.9g",
			d.Op, d.Kernel, d.Row, d.Col, d.Matrix, d.Want, d.Got)
	}
	return fmt.Sprintf("op %d, %s: element (%d,%d) of %s is %.9g, and not %.9g ± %.2g",
		d.Op, d.Kernel, d.Row, d.Col, d.Matrix, d.Got, d.Want, d.Bound)
}

// begin resets the reference to the given values.
func (r *Replay) begin() {
	r.solved = false
	r.p.Begin()
	for _, f := range r.p.floats {
		for e, v := range f.init {
			f.setDevice(e, v)
		}
	}
}

// setDevice sets an element of the reference to a value that a device holds.
func (f *floats) setDevice(e int, v float32) {
	x := float64(v)
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		f.val[e], f.tol[e] = 0, math.Inf(1)
	case math.Abs(x) < smallestNormal:
		f.val[e], f.tol[e] = x, math.Abs(x)
	default:
		f.val[e], f.tol[e] = x, 0
	}
}

// solve runs the program in the reference, once.
func (r *Replay) solve() {
	if r.solved {
		return
	}
	r.begin()
	for _, op := range r.p.Ops {
		r.do(op)
	}
	r.solved = true
}

// do computes an op in the reference. It marks results that may exceed float32 as unknown, and widens other
// bounds for subnormal numbers.
func (r *Replay) do(op compute.Op) {
	rule := rules[op.Name()]
	unknown := func(int, int) bool { return false }
	if rule.unknown != nil {
		unknown = rule.unknown(op, r.p) // before the op overwrites its operands
	}
	flush := 0.
	if rule.roundings != nil {
		flush = float64(rule.roundings(op)) * smallestNormal
	}
	r.p.Evaluate(op, r.args)
	for _, m := range r.outputs(op) {
		unit, hits := 1., false
		if l, ok := op.(compute.Loss); ok {
			unit = min(1, math.Abs(float64(l.Weight)))
			if hits = m.Buf == l.Stats.Buf; !hits {
				unit = min(1, math.Abs(float64(l.Weight)*float64(l.Scale)))
			}
		}
		b := r.p.load(m)
		for e := range b.Val {
			switch {
			case !(b.term(e).size() <= largestSafe*unit) || !(b.mag[e] <= largestSafe) || unknown(e/m.Cols, e%m.Cols):
				b.set(e, 0, math.Inf(1), 0)
			case b.tol[e] > 0 && (!hits || e%2 == 0): // without a bound an element is exact, and so is a hit
				b.tol[e] += flush
			}
		}
	}
}

// outputs lists the matrices that an op writes. Of the Stats of op Loss it lists only the rows of the batch.
func (r *Replay) outputs(op compute.Op) []compute.Mat {
	var list []compute.Mat
	for _, o := range compute.Matrices(op) {
		m := o.Mat
		if o.Mode == compute.In {
			continue
		}
		if l, ok := op.(compute.Loss); ok && o.Name == "Stats" {
			m = m.RowRange(r.args.Row, l.Z.Rows)
		}
		list = append(list, m)
	}
	return list
}

// differs returns the first element of a matrix that is not within its bound of the reference, or nil. number is the index of
// the op that wrote the matrix.
func (r *Replay) differs(number int, m compute.Mat, got []float32) *Difference {
	b := r.p.load(m)
	for e, v := range got {
		if !math.IsInf(b.tol[e], 1) && miss(float64(v), b.Val[e], b.tol[e]) != 0 {
			return r.difference(number, m, e, v)
		}
	}
	return nil
}

func (r *Replay) difference(number int, m compute.Mat, e int, got float32) *Difference {
	b := r.p.load(m)
	return &Difference{Op: number + 1, Kernel: Kernel(r.p.Ops[number]), Matrix: r.name(r.originalOf(m)),
		Row: e / m.Cols, Col: e % m.Cols, Got: got, Want: b.Val[e], Bound: b.tol[e]}
}

// originalOf returns the matrix of the reference backend that a matrix of the problem stands for.
func (r *Replay) originalOf(m compute.Mat) compute.Mat {
	m.Buf = r.original[m.Buf]
	return m
}

// A result is a matrix that the program writes, with the index of the op that wrote it last.
type result struct {
	op  int
	mat compute.Mat
}

// results lists the matrices that the program writes, in the order of its ops. With scratch it includes scratch matrices.
func (r *Replay) results(scratch bool) []result {
	last, list := map[compute.Mat]int{}, []result(nil)
	for i, op := range r.p.Ops {
		for _, m := range r.outputs(op) {
			last[m] = i
		}
	}
	for i, op := range r.p.Ops {
		for _, m := range r.outputs(op) {
			if last[m] == i && (scratch || !r.p.IsScratch(m)) {
				list = append(list, result{i, m})
			}
		}
	}
	return list
}

// Compare judges a device's results of the program. results has the values of each matrix that is not scratch; the keys are the
// matrices of the reference backend. Compare returns the first element that exceeds its bound, or nil. It returns an error if
// values are missing.
func (r *Replay) Compare(results map[compute.Mat][]float32) (*Difference, error) {
	r.solve()
	left := maps.Clone(results)
	for _, one := range r.results(false) {
		m := r.originalOf(one.mat)
		got, ok := results[m]
		if !ok || len(got) != m.Len() {
			return nil, fmt.Errorf("judge: %d values given for %s, %s", len(got), r.name(m), m)
		}
		delete(left, m)
		if d := r.differs(one.op, one.mat, got); d != nil {
			return d, nil
		}
	}
	if len(left) > 0 {
		return nil, errors.New("judge: values given for a matrix that the program does not write")
	}
	return nil, nil
}
