package cpu

import (
	"shadegrad/compute"
	"shadegrad/compute/flow"
	"shadegrad/internal/sgemm"
	"shadegrad/internal/simd"
)

// Where a program gathers bytes only to multiply with what they become, and the first layer
// does not skip their zeros (first.go), the products make numbers of the bytes as they
// pack them: nothing is gathered, and no matrix of numbers is written and read again.

// findGathers notes which products can do so, and takes the ops whose result is then
// used by nobody. Without kernels nothing is packed, and numbers are made only once.
func (l *plan) findGathers() {
	if simd.Current() == simd.Off {
		return
	}
	for i := range l.program.Ops {
		p, ok := l.pictures(i)
		if !ok || l.given(p) || p.factor != 1 || !l.program.IsScratch(p.x) {
			continue
		}
		var products []int
		only := true
		for _, j := range flow.Users(l.flow, p.x) {
			if j == i {
				continue
			}
			o, ok := l.program.Ops[j].(compute.MatMul)
			only = only && ok && j > i && multiplies(o, p.x)
			products = append(products, j)
		}
		if !only {
			continue
		}
		l.give(p, true)
		for _, j := range products {
			l.gathers[j] = p
		}
	}
}

// multiplies tells whether a product reads x in a form in which bytes can stand for it,
// and nowhere else.
func multiplies(o compute.MatMul, x compute.Mat) bool {
	switch {
	case o.A == x && !o.TransA:
		return !flow.Overlap(x, o.B, o.Dst)
	case o.B == x && !o.TransB:
		return !flow.Overlap(x, o.A, o.Dst)
	}
	return false
}

// A gathered is what a product reads instead of a matrix: rows of bytes, which ones a
// run's arguments decide. It is nil where there is no such thing.
type gathered struct {
	pictures
	isB bool
}

// gatheredBy returns what product j reads.
func (l *plan) gatheredBy(j int) *gathered {
	p, ok := l.gathers[j]
	if !ok {
		return nil
	}
	return &gathered{pictures: p, isB: l.program.Ops[j].(compute.MatMul).B == p.x}
}

// from returns the bytes of the batch's rows from row i on.
func (p *pictures) from(i int, args *compute.Args) sgemm.Bytes {
	row := p.row(args) + i
	b := sgemm.Bytes{X: p.bytes(), LD: p.set.Cols, Scale: p.scale, Shift: p.shift}
	if p.index != nil {
		b.Rows = p.index[row:]
	} else {
		b.X = b.X[row*b.LD:]
	}
	return b
}

// give sets the operand of a product that begins with row i of the batch.
func (g *gathered) give(p *sgemm.Product, i int, args *compute.Args) {
	switch {
	case g == nil:
	case g.isB:
		p.BBytes = g.from(i, args)
	default:
		p.ABytes = g.from(i, args)
	}
}

// waits lists the bytes that a product has to wait for.
func (g *gathered) waits(local bool) []span {
	if g == nil {
		return nil
	}
	return g.made(local)
}

// without removes from a list of matrices the one that a product does not read.
func (g *gathered) without(o compute.MatMul) (a, b compute.Mat) {
	switch {
	case g == nil:
		return o.A, o.B
	case g.isB:
		return o.A, compute.Mat{}
	}
	return compute.Mat{}, o.B
}
