package cpu

import (
	"shadegrad/compute"
	"shadegrad/internal/workers"
)

// A buffer that is one whole matrix may be kept transposed: the first layer's
// weights are, where most inputs are zero, so that the weights of an input that is
// not lie side by side. The units that are a worker's lie apart from the others: beside
// each other, a core that reads on past its own, as processors do, takes from the
// other what that one has just changed. Only this package knows; Read and Write turn
// it round.

// A layout is what a program needs of a buffer when it runs.
type layout struct {
	buf        *buffer[float32]
	rows, cols int
	transposed bool
	like       *buffer[float32] // nil, or one whose layout this one needs, whatever it is
}

// arrange brings a buffer into a layout, if it is not in it already.
func (l *layout) arrange() {
	b := l.buf
	if l.like != nil {
		l.rows, l.cols, l.transposed = l.like.rows, l.like.cols, l.like.transposed
	}
	if b.transposed == l.transposed && (!b.transposed || b.rows == l.rows) {
		return
	}
	if b.transposed {
		turned := make([]float32, len(b.data))
		b.turnBack(turned, b.data)
		copy(b.data, turned) // in place: others hold on to the memory
	}
	if l.transposed {
		b.rows, b.cols = l.rows, l.cols
		turned := make([]float32, len(b.data))
		b.turn(turned, b.data)
		copy(b.data, turned)
	}
	b.transposed = l.transposed
}

// A unitPart is units [lo, hi) of a layer. Its transposed weights are a matrix of their
// own, hi − lo columns wide, that begins lo times the inputs into the buffer.
type unitPart struct{ lo, hi int }

// fewUnits is the least that a worker's units may be: with fewer the kernels have too
// few sums to keep the processor busy.
const fewUnits = 64

// unitParts divides units among workers. Where there are not units enough for all,
// several workers share a part.
func unitParts(units, size int) []unitPart {
	n := 1
	for p := size; p > 1; p-- {
		if size%p == 0 && units >= p*fewUnits {
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

// turn writes the transpose of src, which is rows×cols, to dst, part by part of the
// rows.
func (b *buffer[T]) turn(dst, src []float32) {
	for _, p := range unitParts(b.rows, b.owner.pool.Size()) {
		at, end := p.lo*b.cols, p.hi*b.cols
		transpose(dst[at:end], src[at:end], p.hi-p.lo, b.cols)
	}
}

// turnBack undoes turn.
func (b *buffer[T]) turnBack(dst, src []float32) {
	for _, p := range unitParts(b.rows, b.owner.pool.Size()) {
		at, end := p.lo*b.cols, p.hi*b.cols
		transpose(dst[at:end], src[at:end], b.cols, p.hi-p.lo)
	}
}

// turned tells whether a matrix is the whole of a buffer that is kept transposed.
// If it is another view of such a buffer, that becomes row-major first.
func (b *buffer[T]) turned(m compute.Mat) bool {
	if !b.transposed || m.Rows == b.rows && m.Cols == b.cols {
		return b.transposed
	}
	if f, ok := any(b).(*buffer[float32]); ok {
		(&layout{buf: f}).arrange()
	}
	return false
}

// whole tells whether a matrix is all of its buffer.
func whole(m compute.Mat) bool { return m.Off == 0 && m.Len() == m.Buf.Elems() }

// block is the side of the squares that transpose moves, so that the lines it
// writes stay in the cache until they are full.
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
