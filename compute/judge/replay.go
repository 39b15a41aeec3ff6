package judge

import (
	"errors"
	"fmt"
	"maps"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

// A Replay is one run of a program on values that somebody else chose, as a step of
// real training: the reference in float64, with the bounds of each element carried
// from op to op. A [Case] makes its own values, and can see to it that they are
// ordinary. Here they are what they are, so that two more things count:
//
//   - A value that float32 cannot hold is no fault of the device. Where a result, a
//     term of it or a sum on the way may be beyond largestSafe, the device may give
//     anything, infinities and NaN included; and so in all that is made of it.
//   - GLSL 4.30, section 4.7.1, lets a device take a subnormal number for 0, so that a
//     result of n operations may be off by n times the smallest normal number.
type Replay struct {
	p        *Problem
	args     compute.Args
	original map[compute.Buffer]compute.Buffer // of the reference backend, by the problem's
	name     func(compute.Mat) string
	solved   bool
}

// NewReplay takes a program whose matrices are those of a [Reference] backend, with
// what they hold now. It keeps that memory, and changes in it what the program does not read. name says
// in messages what a matrix is: "the weights of layer 1".
func NewReplay(prog compute.Program, args compute.Args, name func(compute.Mat) string) (*Replay, error) {
	err := prog.Check(reference.Holds)
	if err == nil {
		err = prog.CheckArgs(args)
	}
	if err != nil {
		return nil, err
	}
	g := &Replay{p: &Problem{Runs: []compute.Args{args}}, args: args, name: name, original: map[compute.Buffer]compute.Buffer{}}
	own := map[compute.Buffer]compute.Buffer{}
	for _, op := range prog.Ops {
		g.adopt(op, own)
	}
	stale(prog)
	seen := map[compute.Mat]bool{}
	for _, op := range prog.Ops {
		for _, o := range compute.Matrices(op) {
			if !seen[o.Mat] {
				seen[o.Mat] = true
				m := o.Mat
				m.Buf = own[m.Buf]
				g.p.views = append(g.p.views, view{name(o.Mat), m})
			}
		}
		g.p.Add(compute.Rebind(op, func(b compute.Buffer) compute.Buffer { return own[b] }))
	}
	for _, m := range prog.Scratch {
		if buf, ok := own[m.Buf]; ok {
			m.Buf = buf
			g.p.Scratch(m)
		}
	}
	return g, nil
}

// adopt makes buffers of the problem of those that an op uses.
func (g *Replay) adopt(op compute.Op, own map[compute.Buffer]compute.Buffer) {
	add := func(b compute.Buffer, limit int) {
		if own[b] != nil {
			return
		}
		switch data := reference.Data(b).(type) {
		case []float32:
			f := &floats{init: data}
			g.p.floats = append(g.p.floats, f)
			own[b], g.original[f] = f, b
		case []byte:
			o := &octets{data}
			g.p.octets = append(g.p.octets, o)
			own[b] = o
		case []uint32:
			o := &order{data, limit}
			g.p.orders = append(g.p.orders, o)
			own[b] = o
		}
	}
	for _, o := range compute.Operands(op) {
		add(o.Buf(), o.Index.Limit)
	}
}

// stale fills with NaN what a program writes before it reads it, so that it shows if
// something of it is not written, or added to.
func stale(prog compute.Program) {
	seen := map[compute.Buffer]bool{}
	for _, op := range prog.Ops {
		for _, o := range compute.Matrices(op) { // In place is not seen: the source was written before.
			if data := reference.Data(o.Mat.Buf).([]float32); o.Mode == compute.Out && !seen[o.Mat.Buf] {
				for e := range o.Mat.Len() {
					data[o.Mat.Off+e] = float32(math.NaN())
				}
			}
		}
		for _, o := range compute.Matrices(op) {
			seen[o.Mat.Buf] = true
		}
	}
}

// A Difference is an element that is not what it should be.
type Difference struct {
	Op       int    // of the program, from 1, that wrote it last
	Kernel   string // which that is, as "matmul_nt"
	Matrix   string
	Row, Col int
	Got      float32
	Want     float64 // the reference's
	Bound    float64 // |Got − Want| may be so much
	Input    bool    // the op only reads it, and changed it
}

// String says it in full:
//
//	op 2, matmul_nt: element (0,3) of the outputs of layer 1 is 0.5, and not 0.12 ± 1e-06
func (d *Difference) String() string {
	if d.Input {
		return fmt.Sprintf("op %d, %s: it changed element (%d,%d) of %s, which it only reads, from %.9g to %.9g",
			d.Op, d.Kernel, d.Row, d.Col, d.Matrix, d.Want, d.Got)
	}
	return fmt.Sprintf("op %d, %s: element (%d,%d) of %s is %.9g, and not %.9g ± %.2g",
		d.Op, d.Kernel, d.Row, d.Col, d.Matrix, d.Got, d.Want, d.Bound)
}

// begin sets the reference to the given values.
func (g *Replay) begin() {
	g.solved = false
	g.p.Begin()
	for _, f := range g.p.floats {
		for e, v := range f.init {
			f.take(e, v)
		}
	}
}

// take makes a value that a device holds one of the reference's.
func (f *floats) take(e int, v float32) {
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
func (g *Replay) solve() {
	if g.solved {
		return
	}
	g.begin()
	for _, op := range g.p.Ops {
		g.do(op)
	}
	g.solved = true
}

// differs returns the first element of a matrix, which the op of that number wrote, that
// is not within its bound of the reference.
func (g *Replay) differs(number int, m compute.Mat, got []float32) *Difference {
	r := g.p.load(m)
	for e, v := range got {
		if math.IsInf(r.tol[e], 1) || miss(float64(v), r.Val[e], r.tol[e]) == 0 {
			continue
		}
		return g.difference(number, m, e, v)
	}
	return nil
}

func (g *Replay) difference(number int, m compute.Mat, e int, got float32) *Difference {
	r := g.p.load(m)
	return &Difference{Op: number + 1, Kernel: Kernel(g.p.Ops[number]), Matrix: g.name(g.originalOf(m)),
		Row: e / m.Cols, Col: e % m.Cols, Got: got, Want: r.Val[e], Bound: r.tol[e]}
}

// originalOf returns the matrix of the reference backend that one of the problem is.
func (g *Replay) originalOf(m compute.Mat) compute.Mat {
	m.Buf = g.original[m.Buf]
	return m
}

// A result is a matrix that a program leaves behind, with the op that wrote it last.
type result struct {
	op  int
	mat compute.Mat
}

// results lists what the program leaves behind, in the order of its ops; with scratch, also
// what nobody reads after it.
func (g *Replay) results(scratch bool) []result {
	last, list := map[compute.Mat]int{}, []result(nil)
	for i, op := range g.p.Ops {
		for _, m := range g.outputs(op) {
			last[m] = i
		}
	}
	forgotten := map[compute.Mat]bool{}
	for _, m := range g.p.scratch {
		forgotten[m] = !scratch
	}
	for i, op := range g.p.Ops {
		for _, m := range g.outputs(op) {
			if last[m] == i && !forgotten[m] {
				list = append(list, result{i, m})
			}
		}
	}
	return list
}

// Compare judges what a device made of the program: the values of each matrix that is
// not scratch, by the matrix of the reference backend. It returns the first element
// that is out of its bound, or nil. An error says that values are missing.
func (g *Replay) Compare(results map[compute.Mat][]float32) (*Difference, error) {
	g.solve()
	left := maps.Clone(results)
	for _, r := range g.results(false) {
		m := g.originalOf(r.mat)
		got, ok := results[m]
		if !ok || len(got) != m.Len() {
			return nil, fmt.Errorf("judge: there are %d values of %s, %s", len(got), g.name(m), m)
		}
		delete(left, m)
		if d := g.differs(r.op, r.mat, got); d != nil {
			return d, nil
		}
	}
	if len(left) > 0 {
		return nil, errors.New("judge: there are values of a matrix that the program does not write")
	}
	return nil, nil
}
