package sgemm

import "unsafe"

// The loops are those of Goto and van de Geijn, "Anatomy of high-performance matrix
// multiplication" (ACM TOMS 34, 2008), for row-major matrices: a piece of B, as many
// columns as the second-level cache holds, is packed into panels; tiles of A pass by
// it, each in the first-level cache while it meets all panels.

// A worker is the memory of one worker.
type worker struct {
	a   []float32 // a tile of A
	b   []float32 // a piece of B
	c   []float32 // a block of C, where the caller has none
	sum []float32 // a partial sum of such a block, without kernels
	_   [64]byte  // keeps the next worker's fields off this one's cache line
}

// vectorBytes is what memory for vectors is aligned to.
const vectorBytes = 64

// scratch returns n elements of memory that is kept in *buf.
func scratch(buf *[]float32, n int) []float32 {
	if cap(*buf) < n {
		x := make([]float32, n+vectorBytes/4)
		skip := -uintptr(unsafe.Pointer(unsafe.SliceData(x))) % vectorBytes / 4
		*buf = x[skip:]
	}
	return (*buf)[:n]
}

// Work makes one worker's part of the product.
func (e *Engine) Work(w, _ int) {
	if w >= e.tall*e.wide {
		return
	}
	i0, i1, j0, j1 := e.part(w)
	if i0 == i1 || j0 == j1 {
		return
	}
	p := &e.product
	if e.kernels == nil || p.K == 0 || p.Alpha == 0 {
		e.workPortable(w, i0, i1, j0, j1)
		return
	}
	step := chunk(p.K, kc, 4)
	panel := e.kernels.panel()
	cols := chunk(j1-j0, max(level2/(4*step*panel), 4)*panel, e.kernels.lanes)
	for j := j0; j < j1; j += cols {
		b := band{e: e, mem: &e.workers[w], worker: w, i0: i0, i1: i1, j: j, cols: min(cols, j1-j), terms: step}
		b.run()
	}
}

// A band is a worker's rows [i0, i1) of some columns of C.
type band struct {
	e        *Engine
	mem      *worker
	worker   int
	i0, i1   int
	j, cols  int
	k, terms int // the piece of the sums that is being added, all but the last as long

	b          []float32 // that piece of B
	ldb, stepb int       // distances between its rows and its panels
	c          []float32
	ldc        int
	origin     int // the row that c begins with
}

func (d *band) run() {
	p := &d.e.product
	step := d.terms
	d.c, d.ldc, d.origin = p.C, p.LDC, d.i0
	if p.C != nil {
		d.c = p.C[d.i0*p.LDC+d.j:]
	} else {
		d.ldc = (d.cols + 15) &^ 15
		rows := d.i1 - d.i0
		if p.K <= step {
			rows = min(rows, blockElements/d.cols+1+len(d.e.kernels.tiles))
		}
		d.c = scratch(&d.mem.c, rows*d.ldc)
	}
	for d.k = 0; d.k < p.K; d.k += step {
		d.terms = min(step, p.K-d.k)
		d.panels()
		d.sweep()
	}
}

// panels makes the piece of B ready: packed, or where it is if few rows of A use it.
func (d *band) panels() {
	p, ker := &d.e.product, d.e.kernels
	if !p.TransB && d.i1-d.i0 <= 2*len(ker.tiles) {
		d.b, d.ldb, d.stepb = p.B[d.k*p.LDB+d.j:], p.LDB, ker.panel()
		return
	}
	d.ldb, d.stepb = ker.panel(), d.terms*ker.panel()
	count := (d.cols + ker.panel() - 1) / ker.panel()
	d.b = scratch(&d.mem.b, count*d.stepb)
	for c := 0; c < d.cols; c += ker.panel() {
		dst := d.b[c*d.terms:]
		n := min(ker.panel(), d.cols-c)
		if !p.TransB {
			ker.packRows(&dst[0], d.ldb, &p.B[d.k*p.LDB+d.j+c], p.LDB, n, d.terms)
			continue
		}
		for h := 0; h < n; h += ker.lanes {
			ker.packTransposed(&dst[h], d.ldb, &p.B[(d.j+c+h)*p.LDB+d.k], p.LDB, min(ker.lanes, n-h), d.terms)
		}
	}
}

// sweep has A's tiles pass by the piece of B.
func (d *band) sweep() {
	p, ker := &d.e.product, d.e.kernels
	beta := p.Beta
	if d.k > 0 {
		beta = 1
	}
	last := d.k+d.terms == p.K
	rows, most := d.i1-d.i0, len(ker.tiles)
	count := (rows + most - 1) / most
	begin := d.i0 // of the block that the epilogue is given next
	for t := range count {
		i, next := d.i0+t*rows/count, d.i0+(t+1)*rows/count
		a, rs, ks := d.tile(i, next-i)
		c := d.c[(i-d.origin)*d.ldc:]
		ker.tiles[next-i-1](d.cols, d.terms, a, rs, ks, &d.b[0], d.ldb, d.stepb, &c[0], d.ldc, p.Alpha, beta)
		if last && p.Epilogue != nil && ((next-begin)*d.cols >= blockElements || next == d.i1) {
			p.Epilogue.Block(d.worker, begin, d.j, next-begin, d.cols, d.c[(begin-d.origin)*d.ldc:], d.ldc)
			begin = next
			if p.C == nil && p.K <= d.terms {
				d.origin = next
			}
		}
	}
}

// tile makes n rows of A ready, packed if it pays; it returns where they are and the
// distances between rows and along a row.
func (d *band) tile(i, n int) (a *float32, rs, ks int) {
	p, ker := &d.e.product, d.e.kernels
	a = &p.A[at(p.TransA, i, d.k, p.LDA)]
	switch {
	case p.TransA && d.cols > packedAround:
		buf := scratch(&d.mem.a, d.terms*ker.lanes)
		ker.packRows(&buf[0], ker.lanes, a, p.LDA, n, d.terms)
		return &buf[0], 1, ker.lanes
	case p.TransA:
		return a, 1, p.LDA
	case p.LDA%conflict == 0 && d.cols > packedAround:
		buf := scratch(&d.mem.a, d.terms*ker.lanes)
		ker.packTransposed(&buf[0], ker.lanes, a, p.LDA, n, d.terms)
		return &buf[0], 1, ker.lanes
	}
	return a, p.LDA, 1
}

// conflict is the distance in elements at which rows begin to share too few sets of
// the first-level cache.
const conflict = 512
