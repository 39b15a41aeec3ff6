package cpu

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas32"

	"shadegrad/compute"
)

// longSum is the most terms that are added up in one float32 chain. Sgemm adds
// them one by one, so its rounding error grows with their number; a product over
// a whole data set (batch 0) would lose digits that partial sums keep.
const longSum = 1024

// matMul is compute.MatMul.
type matMul struct {
	dst, a, b blas32.General
	ta, tb    blas.Transpose
	k         int
	partial   blas32.General // a piece of a sum of more than longSum terms
}

func newMatMul(o compute.MatMul) *matMul {
	m := &matMul{dst: general(o.Dst), a: general(o.A), b: general(o.B),
		ta: transpose(o.TransA), tb: transpose(o.TransB), k: o.A.Cols}
	if o.TransA {
		m.k = o.A.Rows
	}
	if m.k > longSum {
		m.partial = m.dst
		m.partial.Data = make([]float32, len(m.dst.Data))
	}
	return m
}

func (m *matMul) run(compute.Args) {
	if m.k <= longSum {
		blas32.Gemm(m.ta, m.tb, 1, m.a, m.b, 0, m.dst)
		return
	}
	clear(m.dst.Data)
	for lo := 0; lo < m.k; lo += longSum {
		hi := min(lo+longSum, m.k)
		blas32.Gemm(m.ta, m.tb, 1, piece(m.a, m.ta == blas.Trans, lo, hi),
			piece(m.b, m.tb == blas.NoTrans, lo, hi), 0, m.partial)
		parallel(len(m.dst.Data), 1, func(lo, hi int) {
			dst := m.dst.Data[lo:hi]
			for i, v := range m.partial.Data[lo:hi] {
				dst[i] += v
			}
		})
	}
}

// piece returns rows, or else columns, [lo, hi) of a matrix.
func piece(g blas32.General, rows bool, lo, hi int) blas32.General {
	if rows {
		g.Rows, g.Data = hi-lo, g.Data[lo*g.Stride:]
	} else {
		g.Cols, g.Data = hi-lo, g.Data[lo:]
	}
	return g
}

func general(m compute.Mat) blas32.General {
	return blas32.General{Rows: m.Rows, Cols: m.Cols, Stride: m.Cols, Data: data(m)}
}

func transpose(t bool) blas.Transpose {
	if t {
		return blas.Trans
	}
	return blas.NoTrans
}
