package sgemm

import (
	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// Without kernels a worker computes its part of C block by block with gonum's Sgemm. The
// blocks are so small that gonum computes each on the calling goroutine.
const (
	portableRows = 64
	portableCols = 128
)

// workPortable computes rows [i0, i1) and columns [j0, j1) of C.
func (e *Engine) workPortable(w, i0, i1, j0, j1 int) {
	var block []float32
	for i := i0; i < i1; i += portableRows {
		for j := j0; j < j1; j += portableCols {
			rows, cols := min(portableRows, i1-i), min(portableCols, j1-j)
			c, ld := e.product.C, e.product.LDC
			if c == nil {
				ld = cols
				block = scratch(&e.workers[w].c, rows*cols)
				c = block
			} else {
				c = c[i*ld+j:]
			}
			e.blockPortable(w, i, j, rows, cols, c, ld)
			if f := e.product.Epilogue; f != nil {
				f.Block(w, i, j, rows, cols, c, ld)
			}
		}
	}
}

// blockPortable computes one block of C. Like the kernels it sums chains of kc terms and
// adds their sums to β·C. gonum alone would add term by term to β·C.
func (e *Engine) blockPortable(w, i, j, rows, cols int, c []float32, ld int) {
	p := &e.product
	tA, tB := blas.NoTrans, blas.NoTrans
	if p.TransA {
		tA = blas.Trans
	}
	if p.TransB {
		tB = blas.Trans
	}
	var impl gonum.Implementation
	scale(c, ld, rows, cols, p.Beta)
	for k := 0; k < p.K && p.Alpha != 0; k += kc {
		terms := min(kc, p.K-k)
		a, lda, b, ldb := e.operandsPortable(w, i, j, k, rows, cols, terms)
		if k == 0 && p.Beta == 0 {
			impl.Sgemm(tA, tB, rows, cols, terms, p.Alpha, a, lda, b, ldb, 0, c, ld)
			continue
		}
		sum := scratch(&e.workers[w].sum, rows*cols)
		impl.Sgemm(tA, tB, rows, cols, terms, p.Alpha, a, lda, b, ldb, 0, sum, cols)
		for r := range rows {
			row := c[r*ld : r*ld+cols]
			for x, v := range sum[r*cols : r*cols+cols] {
				row[x] += v
			}
		}
	}
}

// operandsPortable returns the operands of a chunk of a block. It converts bytes to numbers.
func (e *Engine) operandsPortable(w, i, j, k, rows, cols, terms int) (a []float32, lda int, b []float32, ldb int) {
	p := &e.product
	if p.ABytes.X != nil {
		a, lda = scratch(&e.workers[w].a, rows*terms), terms
		p.ABytes.numbers(a, lda, i, i+rows, k, k+terms)
	} else {
		a, lda = p.A[at(p.TransA, i, k, p.LDA):], p.LDA
	}
	if p.BBytes.X != nil {
		b, ldb = scratch(&e.workers[w].b, terms*cols), cols
		p.BBytes.numbers(b, ldb, k, k+terms, j, j+cols)
	} else {
		b, ldb = p.B[at(p.TransB, k, j, p.LDB):], p.LDB
	}
	return
}

// scale multiplies a block by beta. If beta is zero it does not read the block.
func scale(c []float32, ld, rows, cols int, beta float32) {
	if beta == 1 {
		return
	}
	for r := range rows {
		row := c[r*ld : r*ld+cols]
		if beta == 0 {
			clear(row)
			continue
		}
		for x := range row {
			row[x] *= beta
		}
	}
}

// at returns the index in X of element (row, col) of op(X).
func at(trans bool, row, col, ld int) int {
	if trans {
		return col*ld + row
	}
	return row*ld + col
}
