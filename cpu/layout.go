package cpu

import (
	"shadegrad/compute"
	"shadegrad/internal/workers"
)

// A buffer that is one whole matrix may be kept transposed. The weights of a sparse first
// layer are, so that the weights of an input are contiguous. The units of each worker are one
// contiguous block. Otherwise a core that prefetches beyond its units would take cache lines that
// another core has just changed. The layout is internal: Read and
// Write convert.

// A layout is how a program needs a buffer when it runs.
type layout struct {
	buf        *buffer[float32]
	rows, cols int
	transposed bool
	like       *buffer[float32] // if set, the buffer needs the same layout as this one
}

// arrange converts a buffer to a layout, unless it has it.
func (l *layout) arrange() {
	b := l.buf
	if l.like != nil {
		l.rows, l.cols, l.transposed = l.like.rows, l.like.cols, l.like.transposed
	}
	if b.transposed == l.transposed && (!b.transposed || b.rows == l.rows) {
		return
	}
	if b.transposed {
		moved := make([]float32, len(b.data))
		b.fromTransposed(moved, b.data)
		copy(b.data, moved) // in place: compiled programs refer to the memory
	}
	if l.transposed {
		b.rows, b.cols = l.rows, l.cols
		moved := make([]float32, len(b.data))
		b.toTransposed(moved, b.data)
		copy(b.data, moved)
	}
	b.transposed = l.transposed
}

// A unitPart is units [lo, hi) of a layer. Its transposed weights are a matrix of hi − lo columns
// that begins at element lo·inputs of the buffer.
type unitPart struct{ lo, hi int }

// minUnits is the smallest number of units of a part. With fewer, the kernels have too few sums to
// keep the processor busy.
const minUnits = 64

// unitParts divides units among workers. If there are too few units, several workers share a
// part.
func unitParts(units, size int) []unitPart {
	n := 1
	for p := size; p > 1; p-- {
		if size%p == 0 && units >= p*minUnits {
			n = p
			break
		}
	}
	parts := make([]unitPart, n)
	for i := range parts {
		parts[i].lo, parts[i].hi = workers.Share(units, simdWidth, i, n)
	}
	return parts
}

// toTransposed writes the transpose of src, which is rows×cols, to dst, part by part.
func (b *buffer[T]) toTransposed(dst, src []float32) {
	for _, p := range unitParts(b.rows, b.owner.pool.Size()) {
		at, end := p.lo*b.cols, p.hi*b.cols
		transpose(dst[at:end], src[at:end], p.hi-p.lo, b.cols)
	}
}

// fromTransposed is the inverse of toTransposed.
func (b *buffer[T]) fromTransposed(dst, src []float32) {
	for _, p := range unitParts(b.rows, b.owner.pool.Size()) {
		at, end := p.lo*b.cols, p.hi*b.cols
		transpose(dst[at:end], src[at:end], b.cols, p.hi-p.lo)
	}
}

// isTransposed reports whether a matrix is the whole of a transposed buffer. If it is another view
// of such a buffer, the buffer becomes row-major first.
func (b *buffer[T]) isTransposed(m compute.Mat) bool {
	if !b.transposed || m.Rows == b.rows && m.Cols == b.cols {
		return b.transposed
	}
	if f, ok := any(b).(*buffer[float32]); ok {
		(&layout{buf: f}).arrange()
	}
	return false
}

// whole reports whether a matrix fills its buffer.
func whole(m compute.Mat) bool { return m.Off == 0 && m.Len() == m.Buf.Elems() }

// block is the side of the squares that transpose moves. The cache lines that it writes stay in
// the cache until they are full.
const block = 16

// transpose writes the cols×rows transpose of src, which is rows×cols, to dst.
func transpose(dst, src []float32, rows, cols int) {
	for i0 := 0; i0 < rows; i0 += block {
		i1 := min(i0+block, rows)
		for j0 := 0; j0 < cols; j0 += block {
			j1 := min(j0+block, cols)
			for j := j0; j < j1; j++ {
				for i := i0; i < i1; i++ {
					dst[j*rows+i] = src[i*cols+j]
				}
			}
		}
	}
}
