package sgemm

import (
	"github.com/klauspost/cpuid/v2"

	"shadegrad/internal/workers"
)

// kc is the longest chain of additions in one accumulator. A float32 sum of n terms
// has a rounding error that grows with n; sums of sums of kc terms stay accurate for
// products over a whole data set. It is a constant so that results are equal on all
// machines.
const kc = 288

const (
	// partFlops is how many operations, at least, are given to a worker: less than a
	// microsecond's work, in which those that are awake can begin and report.
	partFlops = 1 << 16
	// blockElements is how many elements of C, at least, an epilogue is given at a
	// time, unless there are no more.
	blockElements = 4096
	// panelRows is up to how many rows of C bands are made panel by panel.
	panelRows = 256
	// panelElements is how many elements of C such a band has, so that it stays in
	// the second-level cache.
	panelElements = 32768
	// fewRows is up to how many tiles of rows it does not pay to pack B.
	fewRows = 2
	// longTile is how many steps along k a tile must have for memory to answer
	// meanwhile.
	longTile = 48
	// dotLanes is how many partial sums a product of one row has.
	dotLanes = 16
	// conflict is the distance in elements at which rows begin to share too few sets
	// of the first-level cache.
	conflict = 512
	// packedAround is for how many columns it pays to copy a piece of A first that
	// is not laid out well.
	packedAround = 64
)

// level2 is how much of B, in bytes, is kept in the second-level cache while A
// passes by: half of what there is.
var level2 = func() int {
	size := cpuid.CPU.Cache.L2
	if size < 256<<10 {
		size = 256 << 10
	}
	return min(size, 2<<20) / 2
}()

// plan decides how C is divided among the workers: tall parts of the rows times wide
// parts of the columns. The largest part is what takes the time, and the work of
// packing B, which each does for its columns.
func (e *Engine) plan() {
	p := &e.product
	e.tall, e.wide = 1, 1
	flops := 2 * float64(p.M) * float64(p.N) * float64(max(p.K, 1))
	parts := int(min(float64(e.pool.Size()), flops/partFlops))
	best := -1
	for tall := 1; tall <= parts; tall++ {
		wide := parts / tall
		rows, cols := e.largest(p.M, rowGrain, tall), e.largest(p.N, e.columnGrain(), wide)
		if cost := (rows + packCost) * cols; best < 0 || cost < best {
			best, e.tall, e.wide = cost, tall, wide
		}
	}
}

const (
	// rowGrain is what the rows are divided in multiples of.
	rowGrain = 4
	// packCost is how many rows of C could be made of a panel of B in the time that
	// it takes to pack it.
	packCost = 6
)

// columnGrain is what the columns are divided in multiples of.
func (e *Engine) columnGrain() int {
	if e.kernels == nil {
		return portableCols
	}
	return e.kernels.lanes
}

// largest is the size of the largest of so many parts of n.
func (*Engine) largest(n, grain, parts int) int {
	blocks := (n + grain - 1) / grain
	return (blocks + parts - 1) / parts * grain
}

// part returns the rows [i0, i1) and columns [j0, j1) that a worker makes.
func (e *Engine) part(w int) (i0, i1, j0, j1 int) {
	i0, i1 = workers.Share(e.product.M, rowGrain, w/e.wide, e.tall)
	j0, j1 = workers.Share(e.product.N, e.columnGrain(), w%e.wide, e.wide)
	return
}

// A method is an order of the loops.
type method int

const (
	byTiles method = iota
	byPanels
	byRow
)

// method chooses how a band is made, how many products are added up at a time, which
// the worker's part has no say in, and how wide the bands of columns [j0, j1) are.
func (d *band) method(cache, j0, j1 int) (m method, cols int) {
	p, panel, rows := d.p, d.ker.panel(), d.i1-d.i0
	d.step = chunk(p.K, kc, 4)
	limit := cache / (4 * d.step)
	switch {
	case p.M == 1 && p.TransB && (!p.TransA || p.LDA == 1):
		d.step = chunk(p.K, kc*dotLanes, dotLanes)
		return byRow, j1 - j0
	case p.M == 1 && !p.TransB:
		// Few rows of B at a time, read from end to end, are what memory likes.
		d.step = max(16, (p.K+kc-1)/kc)
		return byTiles, j1 - j0
	case rows <= panelRows && 4*p.K*(j1-j0) > 2*cache && (p.TransB || rows > fewRows*len(d.ker.tiles)):
		m, limit = byPanels, panelElements/rows
	}
	return m, chunk(j1-j0, max(limit/panel, 4)*panel, d.ker.lanes)
}

// chunk divides n into as few parts as a limit allows and makes them about equal;
// it returns their size, a multiple of grain. grain divides limit.
func chunk(n, limit, grain int) int {
	parts := (n + limit - 1) / limit
	size := (n + parts - 1) / parts
	return (size + grain - 1) / grain * grain
}
