package sgemm

import "unsafe"

// A worker holds the buffers of one worker.
type worker struct {
	a      []float32   // tiles of A
	b      []float32   // panels of B
	c      []float32   // block of C, if the product does not have a C
	sum    []float32   // partial sum of a block, without kernels
	rows   []int       // offsets of the rows of bytes
	vector [16]float32 // end of a row
	_      [64]byte    // separates the cache lines of two workers
}

// vectorBytes is the alignment of buffers.
const vectorBytes = 64

// scratch returns a buffer of n elements, which it keeps in *buf for the next call.
func scratch(buf *[]float32, n int) []float32 {
	if cap(*buf) < n {
		x := make([]float32, n+vectorBytes/4)
		skip := -uintptr(unsafe.Pointer(unsafe.SliceData(x))) % vectorBytes / 4
		*buf = x[skip:]
	}
	return (*buf)[:n]
}

// panel returns the width of the panels of B in columns.
func (k *kernels) panel() int { return 2 * k.lanes }

// A band is a worker's rows [i0, i1) of some columns of C.
type band struct {
	p      *Product
	ker    *kernels
	mem    *worker
	worker int

	i0, i1   int
	j, cols  int
	rows     []int // offsets of the rows of bytes
	k, terms int   // first index and length of the current chunk of the sums
	step     int   // length of each chunk except the last

	c      []float32
	ldc    int
	origin int // first row of c
}

// work computes one worker's part of the product.
func (e *Engine) work(w int) {
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
	d := band{p: p, ker: e.kernels, mem: &e.workers[w], worker: w, i0: i0, i1: i1}
	order, step, cols := d.loops(e.cache, j0, j1)
	d.step = step
	switch {
	case p.BBytes.X != nil:
		d.rows = p.BBytes.offsets(&d.mem.rows, 0, p.K)
	case p.ABytes.X != nil:
		d.rows = p.ABytes.offsets(&d.mem.rows, i0, i1)
	}
	for d.j = j0; d.j < j1; d.j += cols {
		d.cols = min(cols, j1-d.j)
		switch order {
		case rowOrder:
			d.computeRow()
		case panelOrder:
			d.computePanels(j1)
		case transposedOrder:
			d.computeTransposed()
		default:
			d.computeTiles()
		}
	}
}

// beta returns the factor of C before the current chunk is added.
func (d *band) beta() float32 {
	if d.k > 0 {
		return 1
	}
	return d.p.Beta
}

// start sets c to the band of C, or to a buffer for rows rows if the product does not have a C.
func (d *band) start(rows int) {
	d.origin = d.i0
	if d.p.C != nil {
		d.c, d.ldc = d.p.C[d.i0*d.p.LDC+d.j:], d.p.LDC
		return
	}
	d.ldc = (d.cols + 15) &^ 15
	d.c = scratch(&d.mem.c, rows*d.ldc)
}

// at returns row i of c.
func (d *band) at(i int) []float32 { return d.c[(i-d.origin)*d.ldc:] }

// tiles returns the number of tiles, of about equal size, that the rows are divided into.
func (d *band) tiles() int { return (d.i1 - d.i0 + len(d.ker.tiles) - 1) / len(d.ker.tiles) }

// tile returns the rows [i0, i1) of tile t.
func (d *band) tile(t int) (i0, i1 int) {
	rows, count := d.i1-d.i0, d.tiles()
	return d.i0 + t*rows/count, d.i0 + (t+1)*rows/count
}

// pack packs n columns of the chunk of B, at most a panel, from column j.
func (d *band) pack(dst []float32, j, n int) {
	p, ker := d.p, d.ker
	if b := &p.BBytes; b.X != nil {
		ker.gatherRows(&dst[0], ker.panel(), &b.X[j], &d.rows[d.k], n, d.terms, b.Scale, b.Shift)
		return
	}
	if !p.TransB {
		ker.packRows(&dst[0], ker.panel(), &p.B[d.k*p.LDB+j], p.LDB, n, d.terms)
		return
	}
	for h := 0; h < n; h += ker.lanes {
		ker.packTransposed(&dst[h], ker.panel(), &p.B[(j+h)*p.LDB+d.k], p.LDB, min(ker.lanes, n-h), d.terms)
	}
}

// scattered reports whether tiles of A must be packed, or are faster if packed.
func (d *band) scattered() bool {
	return d.p.ABytes.X != nil || (d.p.TransA || d.p.LDA%conflict == 0) && d.cols > fewColumns
}

// packTile packs rows [i0, i1) of the chunk of A, with lanes elements for each term.
func (d *band) packTile(dst []float32, i0, i1 int) {
	if d.p.TransA {
		d.ker.packRows(&dst[0], d.ker.lanes, &d.p.A[d.k*d.p.LDA+i0], d.p.LDA, i1-i0, d.terms)
		return
	}
	d.packColumns(dst, d.ker.lanes, i0, i1)
}

// packColumns copies rows [i0, i1) of the chunk of A, at most lanes of them, to columns of
// dst, whose rows are ds elements apart.
func (d *band) packColumns(dst []float32, ds, i0, i1 int) {
	p, ker := d.p, d.ker
	if a := &p.ABytes; a.X != nil {
		ker.gatherTransposed(&dst[0], ds, &a.X[d.k], &d.rows[i0-d.i0], i1-i0, d.terms, a.Scale, a.Shift)
		return
	}
	ker.packTransposed(&dst[0], ds, &p.A[i0*p.LDA+d.k], p.LDA, i1-i0, d.terms)
}

// inPlace returns the address of row i in the chunk of A, and the distances between rows and
// between terms.
func (d *band) inPlace(i int) (a *float32, rs, ks int) {
	a = &d.p.A[at(d.p.TransA, i, d.k, d.p.LDA)]
	if d.p.TransA {
		return a, 1, d.p.LDA
	}
	return a, d.p.LDA, 1
}

// near returns the matrices that the kernel prefetches for the tile of C at row i and
// column c of the band: the matrices of Product.Prefetch if there are any, otherwise C.
func (d *band) near(i, c int) (near0 *float32, ld0 int, near1 *float32, ld1 int) {
	p := d.p
	if d.terms < longTile {
		return
	}
	if d.k+d.terms == p.K {
		if x := p.Prefetch[0]; x.X != nil {
			near0, ld0 = &x.X[i*x.LD+d.j+c], x.LD
		}
		if x := p.Prefetch[1]; x.X != nil {
			near1, ld1 = &x.X[i*x.LD+d.j+c], x.LD
		}
	}
	if near0 == nil && p.C != nil {
		near0, ld0 = &d.at(i)[c], d.ldc
	}
	return
}
