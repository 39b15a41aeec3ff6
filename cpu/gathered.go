package cpu

import (
	"shadegrad/compute"
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
	for i, op := range l.program.Ops {
		g, ok := op.(compute.Gather)
		if !ok || l.taken[i] || !l.program.IsScratch(g.Dst) {
			continue
		}
		var products []int
		only := true
		for j, op := range l.program.Ops {
			if j == i || !uses(op, g.Dst) {
				continue
			}
			o, ok := op.(compute.MatMul)
			only = only && ok && j > i && multiplies(o, g.Dst)
			products = append(products, j)
		}
		if !only {
			continue
		}
		l.taken[i] = true
		for _, j := range products {
			l.gathers[j] = g
		}
	}
}

// multiplies tells whether a product reads x in a form in which bytes can stand for it,
// and nowhere else.
func multiplies(o compute.MatMul, x compute.Mat) bool {
	switch {
	case o.A == x && !o.TransA:
		return !overlapsAny(x, o.B, o.Dst)
	case o.B == x && !o.TransB:
		return !overlapsAny(x, o.A, o.Dst)
	}
	return false
}

// A gathered is what a product reads instead of a matrix: rows of bytes, which ones a
// run's arguments decide. It is nil where there is no such thing.
type gathered struct {
	bytes sgemm.Bytes // whose X begins with the first sample
	index []uint32
	isB   bool
}

// gatheredBy returns what product j reads.
func (l *plan) gatheredBy(j int) *gathered {
	g, ok := l.gathers[j]
	if !ok {
		return nil
	}
	return &gathered{bytes: bytesOf(g), index: rowNumbers(g.Index), isB: l.program.Ops[j].(compute.MatMul).B == g.Dst}
}

func bytesOf(g compute.Gather) sgemm.Bytes {
	return sgemm.Bytes{X: g.Src.Buf.(*buffer[byte]).data, LD: g.Src.Cols, Scale: g.Scale, Shift: g.Shift}
}

// from returns the bytes of the rows from row on.
func (g *gathered) from(row int) sgemm.Bytes {
	b := g.bytes
	if g.index != nil {
		b.Rows = g.index[row:]
	} else {
		b.X = b.X[row*b.LD:]
	}
	return b
}

// give sets the operand of a product that begins with a row of the batch.
func (g *gathered) give(p *sgemm.Product, row int) {
	switch {
	case g == nil:
	case g.isB:
		p.BBytes = g.from(row)
	default:
		p.ABytes = g.from(row)
	}
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
