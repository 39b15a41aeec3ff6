package sgemm

// kc is the longest chain of additions in one accumulator. A float32 sum of n terms
// has a rounding error that grows with n; sums of sums of kc terms stay accurate for
// products over a whole data set. It is a constant so that results are equal on all
// machines.
const kc = 288

// worker is the memory of one worker.
type worker struct {
	c   []float32 // a block of C, where the caller has none
	sum []float32
	_   [64]byte // keeps the next worker's fields off this one's cache line
}

// scratch returns n elements of memory that is kept in *buf.
func (*worker) scratch(buf *[]float32, n int) []float32 {
	if cap(*buf) < n {
		*buf = make([]float32, n)
	}
	return (*buf)[:n]
}

// plan decides how C is divided among the workers.
func (e *Engine) plan() { e.planPortable() }

// Work makes one worker's part of the product.
func (e *Engine) Work(w, workers int) {
	if w >= e.tall*e.wide {
		return
	}
	i0, i1, j0, j1 := e.partPortable(w)
	e.workPortable(w, i0, i1, j0, j1)
}

// kernels are the micro-kernels for one machine.
type kernels struct{}

func current() *kernels { return nil }
