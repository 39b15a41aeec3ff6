package cpu

import (
	"shadegrad/compute"
	"shadegrad/compute/flow"
	"shadegrad/internal/sgemm"
	"shadegrad/internal/simd"
)

// Where a program gathers bytes only to multiply them, and the first layer does not skip their
// zeros (firstlayer.go), the products convert the bytes as they pack them. No float32 matrix
// is written and read again.

// findByteOperands finds the products that can read bytes, and fuses the ops that would make
// the float32 matrix. Without SIMD kernels products pack nothing and would convert each byte
// several times.
func (l *plan) findByteOperands() {
	if simd.Current() == simd.Off {
		return
	}
	for i := range l.program.Ops {
		p, ok := l.byteMatrix(i)
		if !ok || l.usesBytes(p) || p.factor != 1 || !l.program.IsScratch(p.x) {
			continue
		}
		var products []int
		only := true
		for _, j := range flow.Users(l.flow, p.x) {
			if j == i {
				continue
			}
			o, ok := l.program.Ops[j].(compute.MatMul)
			only = only && ok && j > i && takesBytes(o, p.x)
			products = append(products, j)
		}
		if !only {
			continue
		}
		l.useBytes(p, true)
		for _, j := range products {
			l.byteOperands[j] = p
		}
	}
}

// takesBytes reports whether x is exactly one operand of a product, in a form that bytes can
// replace.
func takesBytes(o compute.MatMul, x compute.Mat) bool {
	switch {
	case o.A == x && !o.TransA:
		return !flow.Overlap(x, o.B, o.Dst)
	case o.B == x && !o.TransB:
		return !flow.Overlap(x, o.A, o.Dst)
	}
	return false
}

// A byteOperand is an operand of a product that is read as rows of bytes. It is nil if the
// product reads float32 matrices only.
type byteOperand struct {
	byteMatrix
	isB bool
}

// byteOperand returns the byteOperand of product j.
func (l *plan) byteOperand(j int) *byteOperand {
	p, ok := l.byteOperands[j]
	if !ok {
		return nil
	}
	return &byteOperand{byteMatrix: p, isB: l.program.Ops[j].(compute.MatMul).B == p.x}
}

// rowsFrom returns the bytes of the batch from row i on.
func (p *byteMatrix) rowsFrom(i int, args *compute.Args) sgemm.Bytes {
	row := p.row(args) + i
	b := sgemm.Bytes{X: p.bytes(), LD: p.set.Cols, Scale: p.scale, Shift: p.shift}
	if p.index != nil {
		b.Rows = p.index[row:]
	} else {
		b.X = b.X[row*b.LD:]
	}
	return b
}

// setOperand sets the operand of a product that begins with row i of the batch.
func (g *byteOperand) setOperand(p *sgemm.Product, i int, args *compute.Args) {
	switch {
	case g == nil:
	case g.isB:
		p.BBytes = g.rowsFrom(i, args)
	default:
		p.ABytes = g.rowsFrom(i, args)
	}
}

// spans lists the bytes that a product reads.
func (g *byteOperand) spans(local bool) []span {
	if g == nil {
		return nil
	}
	return g.byteSpans(local)
}

// floats returns the operands of a product. The operand that is read as bytes is the zero Mat.
func (g *byteOperand) floats(o compute.MatMul) (a, b compute.Mat) {
	switch {
	case g == nil:
		return o.A, o.B
	case g.isB:
		return o.A, compute.Mat{}
	}
	return compute.Mat{}, o.B
}
