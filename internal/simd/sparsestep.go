package simd

// SparseAdam is a step of rule Adam whose gradient is the product that SparseMul makes, and that
// is never stored:
//
//	g[i,:n] = Σⱼ S[i,j]·m[j,:n]
//
// with w, v and squares as Step.Adam has them, of one leading dimension. A row of s without bits has
// a gradient of 0.
func (p *Step) SparseAdam(w, v, squares []float32, n, ldw int, s Sparse, m []float32, ldm int) {
	sameLength("Step.SparseAdam", len(w), len(v))
	sameLength("Step.SparseAdam", len(w), len(squares))
	s.check("Step.SparseAdam", len(w), n, ldw, m, ldm)
	switch {
	case s.nothing(n):
	case s.Words == 0:
		sparseAdamGo(p, w, v, squares, n, ldw, s, m, ldm)
	default:
		sparseAdam(p, w, v, squares, n, ldw, s, m, ldm)
	}
}

func sparseAdamGo(p *Step, w, v, squares []float32, n, ldw int, s Sparse, m []float32, ldm int) {
	var sums [goColumns]float32
	for i := range s.Rows {
		for k := 0; k < n; k += goColumns {
			g := sums[:min(goColumns, n-k)]
			clear(g)
			s.addRow(g, i, m[k:], ldm)
			at, end := i*ldw+k, i*ldw+k+len(g)
			stepAdam(p, w[at:end], v[at:end], squares[at:end], g)
		}
	}
}
