package reference

import (
	"gonum.org/v1/gonum/mat"

	"shadegrad/compute"
)

func init() { register(matmul) }

func matmul(o compute.MatMul, _ compute.Args, m Memory) {
	m.Store(o.Dst, Product(m.Load(o.A), m.Load(o.B), o.TransA, o.TransB))
}

// Product returns op(a)·op(b), where op transposes if its flag is set.
func Product(a, b *Matrix, transA, transB bool) *Matrix {
	var out mat.Dense
	out.Mul(transposed(a, transA), transposed(b, transB))
	rows, cols := out.Dims()
	return &Matrix{rows, cols, out.RawMatrix().Data}
}

func transposed(m *Matrix, t bool) mat.Matrix {
	d := mat.NewDense(m.Rows, m.Cols, m.Val)
	if t {
		return d.T()
	}
	return d
}
