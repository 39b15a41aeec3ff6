package sgemm

// kernels are the micro-kernels for one instruction set.
type kernels struct {
	name  string
	lanes int // elements of a vector; B's panels are two vectors wide
	// tiles[r-1] computes r rows and n columns of C = α·A·B + β·C.
	// A's rows are rs and its columns ks elements apart. B comes in panels, stepb
	// elements apart, whose rows are ldb elements apart.
	// The same elements of near0 and near1, which may be nil, are fetched meanwhile.
	tiles []func(n, k int, a *float32, rs, ks int, b *float32, ldb, stepb int, c *float32, ldc int, alpha, beta float32, near0 *float32, ld0 int, near1 *float32, ld1 int)
	// packRows copies the first n elements of each of k rows, and zeros to the
	// end of the vector.
	packRows func(dst *float32, ds int, src *float32, ld, n, k int)
	// packTransposed copies the first k elements of each of n rows, at most lanes,
	// to the columns of dst, and something to the columns beyond n.
	packTransposed func(dst *float32, ds int, src *float32, ld, n, k int)
	// gatherRows makes scale·p + shift of the first n bytes p of each of k rows, which begin
	// rows[0], rows[1], … after src, and something to the end of the vector.
	gatherRows func(dst *float32, ds int, src *byte, rows *int, n, k int, scale, shift float32)
	// gatherTransposed does so with the first k bytes of each of n rows, at most lanes,
	// and writes them to the columns of dst, and something to the columns beyond n.
	gatherTransposed func(dst *float32, ds int, src *byte, rows *int, n, k int, scale, shift float32)
	// prefetch has the first n elements of each of k rows fetched to the
	// second-level cache.
	prefetch func(src *float32, ld, n, k int)
	// dots computes C = α·A·Bᵀ + β·C for one row of A. A sum has 16 partial sums.
	dots func(n, k int, a, b *float32, ldb int, c *float32, alpha, beta float32)
}

// panel is the width of B's panels.
func (k *kernels) panel() int { return 2 * k.lanes }
