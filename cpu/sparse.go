package cpu

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// The units of the first layer are divided among the workers, so that each core has its part of
// the weights in its cache, forward and at the update (see unitParts). Workers that share a
// part divide the samples (forward) or the pixels (update).

// workerParts returns a worker's parts of the units, and its range of n other items in multiples
// of grain.
func (p *transposedMatrix) workerParts(n, grain, worker, size int) (parts []unitPart, lo, hi int) {
	if size == 1 {
		return p.parts, 0, n
	}
	own := worker % len(p.parts)
	lo, hi = workers.Share(n, grain, worker/len(p.parts), size/len(p.parts))
	return p.parts[own : own+1], lo, hi
}

// offset returns the element at which the weights of a part's units for pixel i begin.
func (p *transposedMatrix) offset(u unitPart, i int) int { return u.lo*p.features + i*(u.hi-u.lo) }

// weights returns the weights of a part's units from pixel i on, and the distance between those of
// two pixels.
func (p *transposedMatrix) weights(w []float32, u unitPart, i int) ([]float32, int) {
	return w[p.offset(u, i):], u.hi - u.lo
}

// pixels is the input of the layer.
type pixels struct {
	input     byteMatrix
	src       []byte
	index     []uint32
	value     [256]float32 // of each byte
	perWorker []bitmapBuffer
	transposedMatrix
}

// A transposedMatrix is the shape of a matrix that is kept transposed: a row for each unit and a
// column for each pixel.
type transposedMatrix struct {
	features int
	units    int
	parts    []unitPart // of the units, in the order of the memory
}

// A bitmapBuffer is a worker's memory: bytes of a few rows, their bitmap, and sums.
type bitmapBuffer struct {
	bytes   []byte
	bits    []uint64
	natural []uint32
	sums    []float32
	_       [64]byte // padding: the next worker's is on another cache line
}

func (l *plan) pixels(g byteMatrix, units int) pixels {
	p := pixels{input: g, src: g.bytes(), index: g.index, transposedMatrix: l.transposedMatrix(units, g.set.Cols),
		perWorker: make([]bitmapBuffer, len(l.backend.engines))}
	for b := range p.value {
		p.value[b] = g.value(b)
	}
	return p
}

func (l *plan) transposedMatrix(units, features int) transposedMatrix {
	return transposedMatrix{features: features, units: units, parts: unitParts(units, l.backend.pool.Size())}
}

// words returns the number of bitmap words that n columns take.
func words(n int) int { return (n + simd.WordBits - 1) / simd.WordBits }

// sparse returns rows of some words in a worker's memory, which it enlarges if necessary. New
// memory is zero.
func (p *pixels) sparse(worker, rows, words int) simd.Sparse {
	b, n := &p.perWorker[worker], rows*words
	if len(b.bits) < n {
		b.bytes, b.bits = make([]byte, n*simd.WordBits), make([]uint64, n)
	}
	return simd.Sparse{Rows: rows, Words: words, Stride: words * simd.WordBits,
		Bytes: b.bytes[:n*simd.WordBits], Bits: b.bits[:n], Value: &p.value}
}

// batch returns rows [lo, hi) of the batch that begins at a row. It prefetches as many rows that
// follow, which may belong to the next batch.
func (p *pixels) batch(worker, row, lo, hi int) simd.Sparse {
	s := p.sparse(worker, hi-lo, words(p.features))
	for i := range hi - lo {
		from := rowNumber(p.index, row+lo+i) * p.features
		copy(s.Bytes[i*s.Stride:], p.src[from:from+p.features])
	}
	simd.Bitmap(s.Bits, s.Bytes)
	if from, to := row+hi, min(row+2*hi-lo, p.count()); from < to {
		simd.PrefetchRows(p.src, p.features, p.rowsFrom(worker, from, to-from))
	}
	return s
}

// count returns the number of rows of the data set or of the index.
func (p *pixels) count() int {
	if p.index != nil {
		return len(p.index)
	}
	return len(p.src) / p.features
}

// rowsFrom returns the row numbers of n entries from row on.
func (p *pixels) rowsFrom(worker, row, n int) []uint32 {
	if p.index != nil {
		return p.index[row : row+n]
	}
	b := &p.perWorker[worker]
	b.natural = slices.Grow(b.natural[:0], n)[:n]
	for i := range b.natural {
		b.natural[i] = uint32(row + i)
	}
	return b.natural
}

// sparseCost is the ratio of the layer's cost to that of a dense one.
const sparseCost = 0.25

func (f *firstLayer) forwardNode(l *plan) *node {
	d := f.forward.Dst
	return &node{wide: &sparseForward{pixels: l.pixels(f.input, d.Cols), wt: data(f.forward.B), dst: data(d), rows: d.Rows},
		cost: sparseCost * 2 * float64(d.Len()) * float64(f.input.set.Cols),
		in:   append(spans(f.forward.B), f.input.byteSpans(false)...), out: spans(d)}
}

// sparseForward is the layer's product.
type sparseForward struct {
	pixels
	wt, dst []float32
	rows    int
}

// All rows of a chunk are multiplied with the pixels of wordsAtATime words before the next words,
// so that the weights of those pixels stay in the first caches. Up to fewRows rows the calls
// cost more than that saves.
const (
	wordsAtATime = 2
	fewRows      = 4
)

func (s *sparseForward) share(worker, size int, args *compute.Args) {
	parts, lo, end := s.workerParts(s.rows, 4, worker, size)
	for ; lo < end; lo += chunk {
		hi := min(lo+chunk, end)
		x := s.batch(worker, s.input.row(args), lo, hi)
		for _, u := range parts {
			s.multiply(worker, x, lo, u)
		}
	}
}

// multiply computes the sums of a part's units for the samples from i on. It sums in the worker's
// memory and writes the matrix once: other workers write to the same rows, and the caches would
// exchange the lines each time.
func (s *sparseForward) multiply(worker int, x simd.Sparse, i int, u unitPart) {
	out, step := s.dst[i*s.units+u.lo:], wordsAtATime
	if x.Rows <= fewRows {
		step = x.Words
	}
	b, n := &s.perWorker[worker], x.Rows*(u.hi-u.lo)
	if len(b.sums) < n {
		b.sums = make([]float32, n)
	}
	dst := b.sums[:n]
	for k := 0; k < x.Words; k += step {
		part := x.Part(0, x.Rows, k, min(step, x.Words-k))
		if w, ld := s.weights(s.wt, u, k*simd.WordBits); k == 0 {
			simd.SparseMul(dst, ld, ld, part, w, ld)
		} else {
			simd.SparseMulAdd(dst, ld, ld, part, w, ld)
		}
	}
	for r, n := 0, u.hi-u.lo; r < x.Rows; r++ {
		copy(out[r*s.units:], dst[r*n:(r+1)*n])
	}
}

func (f *firstLayer) sparseUpdate(l *plan) *sparseUpdate {
	d := f.deltas
	return &sparseUpdate{pixels: l.pixels(f.input, d.Cols), updater: newUpdater(f.update), delta: data(d), rows: d.Rows}
}

func (f *firstLayer) updateNode(l *plan) *node {
	s := f.sparseUpdate(l)
	in, out := s.spans()
	n := &node{wide: s, cost: s.cost() + s.updater.cost(), in: append(append(in, spans(f.deltas)...), f.input.byteSpans(false)...), out: out}
	if s.rows == 1 && s.plain && s.v == nil {
		n.wide = &onlineUpdate{s}
	}
	return n
}

// sparseUpdate is the layer's gradient and the update by it.
type sparseUpdate struct {
	pixels
	updater // of transposed matrices
	delta   []float32
	rows    int
}

// cost is the cost of the gradient.
func (s *sparseUpdate) cost() float64 {
	return sparseCost * 2 * float64(s.rows) * float64(s.units) * float64(s.features)
}

const (
	// samplesAtATime is the number of samples in a partial sum of the gradient. Their deltas stay
	// in the second cache, and sums of partial sums round less.
	samplesAtATime = 512
	// transposedAtATime is the number of bytes that are transposed before they are used.
	transposedAtATime = 1 << 16
)

// pixelsAtATime is the number of pixels that are transposed before they are used.
func (s *sparseUpdate) pixelsAtATime() int {
	return max(1, transposedAtATime/(simd.WordBits*words(min(s.rows, samplesAtATime))))
}

func (s *sparseUpdate) share(worker, size int, args *compute.Args) {
	parts, lo, end := s.workerParts(s.features, 4, worker, size)
	m := s.begin(args)
	step := s.pixelsAtATime()
	for ; lo < end; lo += step {
		hi := min(lo+step, end)
		if s.rows > samplesAtATime {
			g := s.longGradient(worker, parts, lo, hi, args)
			for _, u := range parts {
				n := (hi - lo) * (u.hi - u.lo)
				m.update(s.offset(u, lo), g[:n])
				g = g[n:]
			}
			continue
		}
		x := s.transposed(worker, s.input.row(args), s.rows, lo, hi)
		for _, u := range parts {
			s.step(worker, x, lo, u, &m)
		}
	}
}

// longGradient returns the gradient of more than samplesAtATime samples, for the units of some
// parts and pixels [lo, hi), part after part. The partial sums are added before the weights
// change, which rounds the weights only once.
func (s *sparseUpdate) longGradient(worker int, parts []unitPart, lo, hi int, args *compute.Args) []float32 {
	pixels, first := hi-lo, parts[0].lo
	all, some := s.twoSums(worker, pixels*(parts[len(parts)-1].hi-first))
	clear(all)
	for i := 0; i < s.rows; i += samplesAtATime {
		x := s.transposed(worker, s.input.row(args)+i, min(samplesAtATime, s.rows-i), lo, hi)
		for _, u := range parts {
			n := u.hi - u.lo
			at, end := (u.lo-first)*pixels, (u.hi-first)*pixels
			simd.SparseMul(some[at:end], n, n, x, s.delta[i*s.units+u.lo:], s.units)
			simd.Add(all[at:end], some[at:end])
		}
	}
	return all
}

// twoSums returns two slices of n sums in a worker's memory.
func (s *sparseUpdate) twoSums(worker, n int) (a, b []float32) {
	own := &s.perWorker[worker]
	if len(own.sums) < 2*n {
		own.sums = make([]float32, 2*n)
	}
	return own.sums[:n], own.sums[n : 2*n]
}

// transposed returns the transpose of pixels [lo, hi) of n rows from row on.
func (s *sparseUpdate) transposed(worker, row, n, lo, hi int) simd.Sparse {
	x := s.sparse(worker, hi-lo, words(n))
	if n%simd.WordBits != 0 {
		// A batch of another size may have left bytes behind the last row.
		for i := range x.Rows {
			clear(x.Bytes[i*x.Stride+n : (i+1)*x.Stride])
		}
	}
	simd.GatherTranspose(x.Bytes, x.Stride, s.src, s.features, lo, hi, s.rowsFrom(worker, row, n))
	simd.Bitmap(x.Bits, x.Bytes)
	return x
}

// gradientAtATime is the number of elements of the gradient that are computed before they are
// used. They stay in the first cache.
const gradientAtATime = 1 << 13

// step updates the weights between the pixels from p on and the units of a part.
func (s *sparseUpdate) step(worker int, x simd.Sparse, p int, u unitPart, m *updateRun) {
	delta, n := s.delta[u.lo:], u.hi-u.lo
	at, end := s.offset(u, p), s.offset(u, p+x.Rows)
	switch {
	case s.plain && s.v == nil:
		simd.SparseSGD(s.w[at:end], n, n, x, delta, s.units, m.args.LearningRate)
		return
	case s.plain:
		simd.SparseMomentum(s.w[at:end], s.v[at:end], n, n, x, delta, s.units, m.args.LearningRate, m.args.Momentum)
		return
	}
	rows := min(max(1, gradientAtATime/n), x.Rows)
	g, _ := s.twoSums(worker, rows*n)
	for i := 0; i < x.Rows; i += rows {
		some := x.Part(i, min(rows, x.Rows-i), 0, x.Words)
		g := g[:some.Rows*n]
		simd.SparseMul(g, n, n, some, delta, s.units)
		m.update(at+i*n, g)
	}
}

// onlineUpdate is sparseUpdate for a batch of one sample. It changes only the rows of the pixels
// that are not zero.
type onlineUpdate struct{ *sparseUpdate }

func (s *onlineUpdate) share(worker, size int, args *compute.Args) {
	parts, lo, hi := s.workerParts(1, 1, worker, size)
	if lo == hi {
		return
	}
	x := s.batch(worker, s.input.row(args), 0, 1)
	for _, u := range parts {
		w, ld := s.weights(s.w, u, 0)
		simd.SparseRank1(w, ld, x, s.delta[u.lo:u.hi], -args.LearningRate)
	}
}
