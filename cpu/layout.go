package cpu

import "shadegrad/compute"

// A buffer that is one whole matrix may be kept transposed: the first layer's
// weights are, where most inputs are zero, so that the weights of an input that is
// not lie side by side. Only this package knows; Read and Write turn it round.

// A layout is what a program needs of a buffer when it runs.
type layout struct {
	buf        *buffer[float32]
	rows, cols int
	transposed bool
}

// arrange brings a buffer into a layout, if it is not in it already.
func (l *layout) arrange() {
	b := l.buf
	if b.transposed == l.transposed && (!b.transposed || b.rows == l.rows) {
		return
	}
	if b.transposed {
		turn(b.data, b.cols, b.rows)
	}
	if l.transposed {
		turn(b.data, l.rows, l.cols)
		b.rows, b.cols = l.rows, l.cols
	}
	b.transposed = l.transposed
}

// turn replaces a rows×cols matrix by its transpose, in place: others hold on to
// the memory.
func turn(data []float32, rows, cols int) {
	turned := make([]float32, len(data))
	transpose(turned, data, rows, cols)
	copy(data, turned)
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
