package sgemm

// Bytes is an operand stored as bytes, which the engine converts to numbers when it packs
// them. Element (i, j) is
//
//	float32(Scale·p) + Shift    with p = X[r·LD + j], r = Rows[i], or i if Rows is nil
//
// The product and then the sum are rounded, as in compute.Gather. The result of a product
// is bit-identical to that with the numbers as its operand.
type Bytes struct {
	X            []byte
	LD           int
	Rows         []uint32
	Scale, Shift float32
}

// row returns the row of X that is row i of the operand.
func (b *Bytes) row(i int) int {
	if b.Rows == nil {
		return i
	}
	return int(b.Rows[i])
}

// check panics unless b has rows×cols elements and is not transposed.
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

// offsets returns the offsets in X of rows [lo, hi).
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

// numbers writes rows [i0, i1) and columns [j0, j1) to dst, whose rows are ld elements apart.
func (b *Bytes) numbers(dst []float32, ld, i0, i1, j0, j1 int) {
	for i := i0; i < i1; i++ {
		src := b.X[b.row(i)*b.LD:]
		for j, p := range src[j0:j1] {
			// The conversion keeps the compiler from fusing the product with the sum.
			dst[(i-i0)*ld+j] = float32(b.Scale*float32(p)) + b.Shift
		}
	}
}

// Gather writes rows×cols elements of b to dst, row-major, on the calling goroutine.
func (e *Engine) Gather(dst []float32, b *Bytes, rows, cols int) {
	b.check("the gathered operand", false, rows, cols)
	if len(dst) < rows*cols {
		panic("sgemm: Gather: dst is shorter than the result")
	}
	if e.kernels == nil || rows == 0 || cols == 0 {
		b.numbers(dst, cols, 0, rows, 0, cols)
		return
	}
	mem := &e.workers[0]
	mem.gather(e.kernels, dst, cols, b, b.offsets(&mem.rows, 0, rows), 0, cols)
}

// gather writes columns [j0, j1) of the rows at the offsets list to dst, whose rows are ld
// elements apart. dst ends with the last element.
func (w *worker) gather(k *kernels, dst []float32, ld int, b *Bytes, list []int, j0, j1 int) {
	whole := (j1 - j0) &^ (k.lanes - 1)
	for j := 0; j < whole; j += k.panel() {
		k.gatherRows(&dst[j], ld, &b.X[j0+j], &list[0], min(k.panel(), whole-j), len(list), b.Scale, b.Shift)
	}
	// The kernel writes whole vectors, which would overwrite the start of the next row.
	rest := &w.vector
	if n := j1 - j0 - whole; n > 0 {
		for i := range list {
			k.gatherRows(&rest[0], 0, &b.X[j0+whole], &list[i], n, 1, b.Scale, b.Shift)
			copy(dst[i*ld+whole:][:n], rest[:n])
		}
	}
}
