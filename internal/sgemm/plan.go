package sgemm

import (
	"github.com/klauspost/cpuid/v2"

	"shadegrad/internal/workers"
)

// kc is the longest chain of additions in one accumulator. The rounding error of a
// float32 sum grows with the number of its terms; sums of sums of kc terms stay accurate
// for products over a whole data set. It is a constant so that results are equal on all
// machines that have kernels. Anything from 192 to 384 is about as fast.
const kc = 288

// dotLanes is how many partial sums, each such a chain, a product of one row has.
const dotLanes = 16

// What follows changes speed alone. The figures are measured, on Zen 4.
const (
	// partFlops is how many operations, at least, are given to a worker: less than a
	// microsecond's work, in which workers that are awake can begin and report.
	partFlops = 1 << 16
	// rowGrain is what the rows are divided among workers in multiples of.
	rowGrain = 4
	// packCost is how many rows of C can be made with a panel of B in the time that
	// it takes to pack it.
	packCost = 6
	// readCost is the same for reading B where it is, which another worker may have in
	// its cache.
	readCost = 3
	// farCost is the part of its time by which an update takes longer where other workers
	// had half of the weights in their caches.
	farCost = 4

	// panelRows is up to how many rows of C bands are made panel by panel, if B is
	// large.
	panelRows = 256
	// panelElements is how many elements of C such a band has, so that it stays in
	// the second-level cache.
	panelElements = 32768
	// blockElements is how many elements of C, at least, an epilogue is given at a
	// time otherwise, unless there are no more.
	blockElements = 4096

	// fewTiles is up to how many tiles of rows it does not pay to pack B.
	fewTiles = 2
	// fewColumns is up to how many columns it does not pay to pack a tile of A.
	fewColumns = 64
	// conflict is the distance in elements, and its multiples, at which rows share
	// so few sets of the first-level cache that tiles of A are packed.
	conflict = 512
	// longTile is how many steps along k a tile must have for memory to answer
	// meanwhile.
	longTile = 48
)

// level2 is how much of B, in bytes, is kept in the second-level cache while A
// passes by: half of what there is.
var level2 = min(max(cpuid.CPU.Cache.L2, 256<<10), 2<<20) / 2

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
		rows, cols := largest(p.M, rowGrain, tall), largest(p.N, e.columnGrain(), wide)
		cost := (rows + packCost) * cols
		if e.kernels != nil && p.turns(e.kernels.lanes, rows, cols) {
			cost = rows*(cols+packCost) + readCost*cols
		}
		if wide > 1 && p.updates() {
			cost += cost / farCost
		}
		if best < 0 || cost < best {
			best, e.tall, e.wide = cost, tall, wide
		}
	}
}

// updates reports whether the product looks like the gradient of weights that it then
// changes. Its rows are theirs, and so are the columns of the product that uses them, which
// is divided among the same workers: each should have its rows in its own cache.
func (p *Product) updates() bool {
	return p.TransA && !p.TransB && (p.Beta != 0 || p.Near[0].X != nil)
}

// columnGrain is what the columns are divided in multiples of.
func (e *Engine) columnGrain() int {
	if e.kernels == nil {
		return portableCols
	}
	return e.kernels.lanes
}

// largest is the size of the largest of so many parts of n.
func largest(n, grain, parts int) int {
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
	turned
)

// method chooses how the worker's part, columns [j0, j1), is made: in which order, how
// many products are added up at a time, and in bands of how many columns. How many
// products, on which the bits depend, is a matter of the product alone.
func (d *band) method(cache, j0, j1 int) (m method, step, cols int) {
	p, panel, rows := d.p, d.ker.panel(), d.i1-d.i0
	if p.M == 1 && p.TransB && (!p.TransA || p.LDA == 1) {
		return byRow, chunk(p.K, kc*dotLanes, dotLanes), j1 - j0
	}
	if p.M == 1 && !p.TransB {
		// Few rows of B at a time, each read from end to end, are what memory likes.
		return byTiles, max(16, (p.K+kc-1)/kc), j1 - j0
	}
	step = chunk(p.K, kc, 4)
	if p.turns(d.ker.lanes, rows, j1-j0) {
		return turned, step, j1 - j0
	}
	limit := cache / (4 * step)
	if rows <= panelRows && 4*p.K*(j1-j0) > 2*cache && (p.TransB || rows > fewTiles*len(d.ker.tiles)) {
		m, limit = byPanels, panelElements/rows
	}
	return m, step, chunk(j1-j0, max(limit/panel, 4)*panel, d.ker.lanes)
}

// chunk divides n into as few parts as a limit allows and makes them about equal;
// it returns their size, a multiple of grain. grain divides limit.
func chunk(n, limit, grain int) int {
	parts := (n + limit - 1) / limit
	size := (n + parts - 1) / parts
	return (size + grain - 1) / grain * grain
}
