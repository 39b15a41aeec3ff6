package sgemm

// Bytes are an operand kept as bytes, of which the engine makes numbers where it packs
// them: element (i, j) is
//
//	float32(Scale·p) + Shift    with p = X[r·LD + j], r = Rows[i], or i where Rows is nil
//
// which rounds the product and then the sum, as compute.Gather does. A product has the
// same bits as if it were given those numbers.
type Bytes struct {
	X            []byte
	LD           int
	Rows         []uint32
	Scale, Shift float32
}

// row is which row of X is row i.
func (b *Bytes) row(i int) int {
	if b.Rows == nil {
		return i
	}
	return int(b.Rows[i])
}

// check panics if rows×cols elements are not there.
func (b *Bytes) check(name string, transposed bool, rows, cols int) {
	if transposed {
		panic("sgemm: the bytes of " + name + " cannot be transposed")
	}
	if rows == 0 || cols == 0 {
		return
	}
	last := rows - 1
	if b.Rows != nil {
		if len(b.Rows) < rows {
			panic("sgemm: " + name + " has fewer row numbers than rows")
		}
		last = 0
		for _, r := range b.Rows[:rows] {
			last = max(last, int(r))
		}
	}
	if b.LD < cols || last > (len(b.X)-cols)/b.LD || len(b.X) < cols {
		panic("sgemm: " + name + " has fewer bytes than its rows, or its rows overlap")
	}
}

// offsets lists where rows [lo, hi) begin in X.
func (b *Bytes) offsets(buf *[]int, lo, hi int) []int {
	if cap(*buf) < hi-lo {
		*buf = make([]int, hi-lo)
	}
	list := (*buf)[:hi-lo]
	for i := range list {
		list[i] = b.row(lo+i) * b.LD
	}
	return list
}

// numbers writes rows [i0, i1) and columns [j0, j1) to dst, whose rows are ld apart.
func (b *Bytes) numbers(dst []float32, ld, i0, i1, j0, j1 int) {
	for i := i0; i < i1; i++ {
		src := b.X[b.row(i)*b.LD:]
		for j, p := range src[j0:j1] {
			// The conversion keeps the compiler from fusing the product with the sum.
			dst[(i-i0)*ld+j] = float32(b.Scale*float32(p)) + b.Shift
		}
	}
}

// Gather writes rows×cols elements of b to dst, one row after another, on the caller's
// goroutine.
func (e *Engine) Gather(dst []float32, b *Bytes, rows, cols int) {
	b.check("what is gathered", false, rows, cols)
	if len(dst) < rows*cols {
		panic("sgemm: what is gathered does not fit")
	}
	if e.kernels == nil || rows == 0 || cols == 0 {
		b.numbers(dst, cols, 0, rows, 0, cols)
		return
	}
	mem := &e.workers[0]
	mem.gather(e.kernels, dst, cols, b, b.offsets(&mem.rows, 0, rows), 0, cols)
}

// gather writes columns [j0, j1) of the rows that begin at list to dst, whose rows are ld
// apart and which ends with the last element.
func (w *worker) gather(k *kernels, dst []float32, ld int, b *Bytes, list []int, j0, j1 int) {
	whole := (j1 - j0) &^ (k.lanes - 1)
	for j := 0; j < whole; j += k.panel() {
		k.gatherRows(&dst[j], ld, &b.X[j0+j], &list[0], min(k.panel(), whole-j), len(list), b.Scale, b.Shift)
	}
	// What the kernel writes beyond the last column would be the next row's.
	rest := &w.vector
	if n := j1 - j0 - whole; n > 0 {
		for i := range list {
			k.gatherRows(&rest[0], 0, &b.X[j0+whole], &list[i], n, 1, b.Scale, b.Shift)
			copy(dst[i*ld+whole:][:n], rest[:n])
		}
	}
}
