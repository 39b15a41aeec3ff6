package sgemm

import "unsafe"

// A worker is the memory of one worker.
type worker struct {
	a      []float32   // tiles of A
	b      []float32   // panels of B
	c      []float32   // a block of C, where the caller has none
	sum    []float32   // a partial sum of such a block, without kernels
	rows   []int       // where the rows of bytes begin
	vector [16]float32 // what is left of a row
	_      [64]byte    // keeps the next worker's fields off this one's cache line
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
	rows     []int // where the rows of A's or B's bytes begin
	k, terms int   // the chunk of the sums that is being added
	step     int   // the terms of all chunks but the last

	c      []float32
	ldc    int
	origin int // the row that c begins with
}

// work makes one worker's part of the product.
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
	method, step, cols := d.method(e.cache, j0, j1)
	d.step = step
	switch {
	case p.BBytes.X != nil:
		d.rows = p.BBytes.offsets(&d.mem.rows, 0, p.K)
	case p.ABytes.X != nil:
		d.rows = p.ABytes.offsets(&d.mem.rows, i0, i1)
	}
	for d.j = j0; d.j < j1; d.j += cols {
		d.cols = min(cols, j1-d.j)
		switch method {
		case byRow:
			d.byRow()
		case byPanels:
			d.byPanels(j1)
		case turned:
			d.turned()
		default:
			d.byTiles()
		}
	}
}

// beta is what C is multiplied with before the present chunk is added.
func (d *band) beta() float32 {
	if d.k > 0 {
		return 1
	}
	return d.p.Beta
}

// start finds C, or memory in its place for a number of rows.
func (d *band) start(rows int) {
	d.origin = d.i0
	if d.p.C != nil {
		d.c, d.ldc = d.p.C[d.i0*d.p.LDC+d.j:], d.p.LDC
		return
	}
	d.ldc = (d.cols + 15) &^ 15
	d.c = scratch(&d.mem.c, rows*d.ldc)
}

// at is the first element of the band in a row of C.
func (d *band) at(i int) []float32 { return d.c[(i-d.origin)*d.ldc:] }

// tiles is how many tiles the rows are divided into, of about equal size.
func (d *band) tiles() int { return (d.i1 - d.i0 + len(d.ker.tiles) - 1) / len(d.ker.tiles) }

// tile returns the rows of tile t.
func (d *band) tile(t int) (i0, i1 int) {
	rows, count := d.i1-d.i0, d.tiles()
	return d.i0 + t*rows/count, d.i0 + (t+1)*rows/count
}

// pack packs n columns of the chunk of B, at most a panel.
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

// scattered reports whether it pays to copy tiles of A before they are used.
func (d *band) scattered() bool {
	return d.p.ABytes.X != nil || (d.p.TransA || d.p.LDA%conflict == 0) && d.cols > fewColumns
}

// packTile packs rows [i0, i1) of the chunk of A, lanes elements for each term.
func (d *band) packTile(dst []float32, i0, i1 int) {
	if d.p.TransA {
		d.ker.packRows(&dst[0], d.ker.lanes, &d.p.A[d.k*d.p.LDA+i0], d.p.LDA, i1-i0, d.terms)
		return
	}
	d.packColumns(dst, d.ker.lanes, i0, i1)
}

// packColumns makes columns, ds elements apart, of rows [i0, i1) of the chunk of A, at most a
// vector of them.
func (d *band) packColumns(dst []float32, ds, i0, i1 int) {
	p, ker := d.p, d.ker
	if a := &p.ABytes; a.X != nil {
		ker.gatherTransposed(&dst[0], ds, &a.X[d.k], &d.rows[i0-d.i0], i1-i0, d.terms, a.Scale, a.Shift)
		return
	}
	ker.packTransposed(&dst[0], ds, &p.A[i0*p.LDA+d.k], p.LDA, i1-i0, d.terms)
}

// inPlace returns where the chunk of A begins in a row, and the distances between rows and
// between terms.
func (d *band) inPlace(i int) (a *float32, rs, ks int) {
	a = &d.p.A[at(d.p.TransA, i, d.k, d.p.LDA)]
	if d.p.TransA {
		return a, 1, d.p.LDA
	}
	return a, d.p.LDA, 1
}

// near returns where the kernel is to fetch what belongs to the elements of C from row i
// and the band's column c on: the matrices that the epilogue reads and, where there is
// room, C itself.
func (d *band) near(i, c int) (near0 *float32, ld0 int, near1 *float32, ld1 int) {
	p := d.p
	if d.terms < longTile {
		return
	}
	if d.k+d.terms == p.K {
		if x := p.Near[0]; x.X != nil {
			near0, ld0 = &x.X[i*x.LD+d.j+c], x.LD
		}
		if x := p.Near[1]; x.X != nil {
			near1, ld1 = &x.X[i*x.LD+d.j+c], x.LD
		}
	}
	if near0 == nil && p.C != nil {
		near0, ld0 = &d.at(i)[c], d.ldc
	}
	return
}
