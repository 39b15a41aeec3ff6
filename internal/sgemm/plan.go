package sgemm

import (
	"github.com/klauspost/cpuid/v2"

	"shadegrad/internal/workers"
)

// kc is the longest chain of additions in one accumulator. The rounding error of a
// float32 sum grows with the number of its terms. Sums of sums of kc terms stay accurate
// for products over a whole data set. kc is a constant so that all machines with
// kernels compute the same results. Values from 192 to 384 are about equally fast.
const kc = 288

// dotLanes is the number of partial sums of an element in a product of one row. Each is a
// chain of at most kc additions.
const dotLanes = 16

// These constants affect only the speed. They were measured on Zen 4.
const (
	// partFlops is the smallest number of operations for a worker. They take less than a
	// microsecond, about the time in which a running worker can start and report.
	partFlops = 1 << 16
	// rowGrain is the granularity at which rows are divided among workers.
	rowGrain = 4
	// packCost is the cost of packing a panel of B, in rows of C computed with it.
	packCost = 6
	// readCost is the cost of reading B in place, in the same unit. B may be in the cache of
	// another worker.
	readCost = 3
	// An update takes 1/farCost longer if half of the weights are in the caches of other
	// workers.
	farCost = 4

	// panelRows is the largest number of rows of C that computePanels computes.
	panelRows = 256
	// panelElements is the number of elements of C in such a band, so that it stays in the
	// second-level cache.
	panelElements = 32768
	// blockElements is the smallest number of elements of C in a block for the epilogue in
	// computeTiles, except for the last block.
	blockElements = 4096

	// fewTiles is the largest number of tiles of A for which B is not packed.
	fewTiles = 2
	// fewColumns is the largest number of columns for which a tile of A is not packed.
	fewColumns = 64
	// Rows at distances of a multiple of conflict elements share so few sets of the
	// first-level cache that tiles of A are packed.
	conflict = 512
	// longTile is the smallest number of steps along k during which a prefetch from memory
	// completes.
	longTile = 48
)

// level2 is the number of bytes of B that computeTiles keeps in the second-level cache:
// half of the cache.
var level2 = min(max(cpuid.CPU.Cache.L2, 256<<10), 2<<20) / 2

// plan divides C among the workers: tall parts of the rows times wide parts of the
// columns. The cost of a division is the time of its largest part, including packing B,
// which each worker does for its columns.
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
		if e.kernels != nil && p.fasterTransposed(e.kernels.lanes, rows, cols) {
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

// updates reports whether the product looks like a gradient that updates weights. Then its rows are
// rows of the weights, and columns of the product that uses the weights. Both products are divided
// among the same workers, so that each worker finds its rows in its cache.
func (p *Product) updates() bool {
	return p.TransA && !p.TransB && (p.Beta != 0 || p.Prefetch[0].X != nil)
}

// columnGrain returns the granularity at which columns are divided among workers.
func (e *Engine) columnGrain() int {
	if e.kernels == nil {
		return portableCols
	}
	return e.kernels.lanes
}

// largest returns the size of the largest part if n is divided into parts.
func largest(n, grain, parts int) int {
	blocks := (n + grain - 1) / grain
	return (blocks + parts - 1) / parts * grain
}

// part returns the rows [i0, i1) and columns [j0, j1) of a worker.
func (e *Engine) part(w int) (i0, i1, j0, j1 int) {
	i0, i1 = workers.Share(e.product.M, rowGrain, w/e.wide, e.tall)
	j0, j1 = workers.Share(e.product.N, e.columnGrain(), w%e.wide, e.wide)
	return
}

// A loopOrder is an order of the loops over tiles, panels and chunks.
type loopOrder int

const (
	tileOrder loopOrder = iota
	panelOrder
	rowOrder
	transposedOrder
)

// loops chooses the loop order for a worker's part, columns [j0, j1), the number of products
// that are summed at a time, and the columns of a band. The number of products determines
// the rounding, so it depends only on the product.
func (d *band) loops(cache, j0, j1 int) (order loopOrder, step, cols int) {
	p, panel, rows := d.p, d.ker.panel(), d.i1-d.i0
	if p.M == 1 && p.TransB && (!p.TransA || p.LDA == 1) {
		return rowOrder, chunk(p.K, kc*dotLanes, dotLanes), j1 - j0
	}
	if p.M == 1 && !p.TransB {
		// Reading few rows of B at a time, each from end to end, uses the memory best.
		return tileOrder, max(16, (p.K+kc-1)/kc), j1 - j0
	}
	step = chunk(p.K, kc, 4)
	if p.fasterTransposed(d.ker.lanes, rows, j1-j0) {
		return transposedOrder, step, j1 - j0
	}
	limit := cache / (4 * step)
	if rows <= panelRows && 4*p.K*(j1-j0) > 2*cache && (p.TransB || rows > fewTiles*len(d.ker.tiles)) {
		order, limit = panelOrder, panelElements/rows
	}
	return order, step, chunk(j1-j0, max(limit/panel, 4)*panel, d.ker.lanes)
}

// chunk divides n into the fewest about equal parts of at most limit elements. It returns
// the size of a part, a multiple of grain, which divides limit.
func chunk(n, limit, grain int) int {
	parts := (n + limit - 1) / limit
	size := (n + parts - 1) / parts
	return (size + grain - 1) / grain * grain
}
