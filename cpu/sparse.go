package cpu

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/simd"
	"shadegrad/internal/workers"
)

// The units of the first layer are divided among the workers, so that each core finds
// its part of the weights in its own cache, forward and at the update (see unitParts).
// Workers that share a part divide the samples (forward) or the pixels (update)
// between them.

// mine returns the parts of the units, and of n other items in multiples of grain,
// that are a worker's.
func (p *divided) mine(n, grain, worker, size int) (parts []unitPart, lo, hi int) {
	if size == 1 {
		return p.parts, 0, n
	}
	own := worker % len(p.parts)
	lo, hi = workers.Share(n, grain, worker/len(p.parts), size/len(p.parts))
	return p.parts[own : own+1], lo, hi
}

// place returns where the weights of a part's units from pixel i on begin.
func (p *divided) place(u unitPart, i int) int { return u.lo*p.features + i*(u.hi-u.lo) }

// weights returns the weights of a part's units from pixel i on, and how far apart
// those of two pixels are.
func (p *divided) weights(w []float32, u unitPart, i int) ([]float32, int) {
	return w[p.place(u, i):], u.hi - u.lo
}

// pixels is what the layer's nodes know of the images.
type pixels struct {
	from  pictures
	src   []byte
	index []uint32
	value [256]float32 // of each byte
	own   []bitmapped  // of each worker
	divided
}

// A divided is a matrix of a row for each unit and a column for each pixel, which is kept
// transposed.
type divided struct {
	features int
	units    int
	parts    []unitPart // of the units, as they are laid out
}

// A bitmapped is a worker's bytes of a few rows, with their bitmap, and its sums.
type bitmapped struct {
	bytes   []byte
	bits    []uint64
	natural []uint32
	sums    []float32
	_       [64]byte // keeps the next worker's off this one's cache line
}

func (l *plan) pixels(g pictures, units int) pixels {
	p := pixels{from: g, src: g.bytes(), index: g.index, divided: l.divided(units, g.set.Cols),
		own: make([]bitmapped, len(l.backend.alone))}
	for b := range p.value {
		p.value[b] = g.value(b)
	}
	return p
}

func (l *plan) divided(units, features int) divided {
	return divided{features: features, units: units, parts: unitParts(units, l.backend.pool.Size())}
}

// words is how many words of a bitmap n columns take.
func words(n int) int { return (n + simd.WordBits - 1) / simd.WordBits }

// sparse returns rows of some words in a worker's memory, which it makes large enough.
// What was never written there is zero.
func (p *pixels) sparse(worker, rows, words int) simd.Sparse {
	b, n := &p.own[worker], rows*words
	if len(b.bits) < n {
		b.bytes, b.bits = make([]byte, n*simd.WordBits), make([]uint64, n)
	}
	return simd.Sparse{Rows: rows, Words: words, Stride: words * simd.WordBits,
		Bytes: b.bytes[:n*simd.WordBits], Bits: b.bits[:n], Value: &p.value}
}

// batch returns rows [lo, hi) of the batch that begins at a row, and has as many that
// follow, perhaps the next batch's, brought near.
func (p *pixels) batch(worker, row, lo, hi int) simd.Sparse {
	s := p.sparse(worker, hi-lo, words(p.features))
	for i := range hi - lo {
		from := rowNumber(p.index, row+lo+i) * p.features
		copy(s.Bytes[i*s.Stride:], p.src[from:from+p.features])
	}
	simd.Bitmap(s.Bits, s.Bytes)
	if from, to := row+hi, min(row+2*hi-lo, p.count()); from < to {
		simd.PrefetchRows(p.src, p.features, p.numbers(worker, from, to-from))
	}
	return s
}

// count is how many rows there are in all.
func (p *pixels) count() int {
	if p.index != nil {
		return len(p.index)
	}
	return len(p.src) / p.features
}

// numbers returns the numbers of n rows from a row of the batch on.
func (p *pixels) numbers(worker, row, n int) []uint32 {
	if p.index != nil {
		return p.index[row : row+n]
	}
	b := &p.own[worker]
	b.natural = slices.Grow(b.natural[:0], n)[:n]
	for i := range b.natural {
		b.natural[i] = uint32(row + i)
	}
	return b.natural
}

// sparseCost is what the layer costs for each operation of a dense one.
const sparseCost = 0.25

func (f *firstLayer) forwardNode(l *plan) *node {
	d := f.forward.Dst
	return &node{wide: &sparseForward{pixels: l.pixels(f.from, d.Cols), wt: data(f.forward.B), dst: data(d), rows: d.Rows},
		cost: sparseCost * 2 * float64(d.Len()) * float64(f.from.set.Cols),
		in:   append(spans(f.forward.B), f.from.made(false)...), out: spans(d)}
}

// sparseForward is the layer's product.
type sparseForward struct {
	pixels
	wt, dst []float32
	rows    int
}

// wordsAtATime is with how many words of their bitmaps all rows of a chunk are done
// before the next, so that the weights of their pixels stay in a core's first caches. For
// fewRows it is not worth the calls.
const (
	wordsAtATime = 2
	fewRows      = 4
)

func (s *sparseForward) share(worker, size int, args *compute.Args) {
	parts, lo, end := s.mine(s.rows, 4, worker, size)
	for ; lo < end; lo += chunk {
		hi := min(lo+chunk, end)
		x := s.batch(worker, s.from.row(args), lo, hi)
		for _, u := range parts {
			s.multiply(worker, x, lo, u)
		}
	}
}

// multiply makes the sums of a part's units for the samples from i on. They are made in
// the worker's own memory and go to the matrix once: its rows are other workers' as
// well, and the caches would exchange them each time.
func (s *sparseForward) multiply(worker int, x simd.Sparse, i int, u unitPart) {
	out, step := s.dst[i*s.units+u.lo:], wordsAtATime
	if x.Rows <= fewRows {
		step = x.Words
	}
	b, n := &s.own[worker], x.Rows*(u.hi-u.lo)
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
	return &sparseUpdate{pixels: l.pixels(f.from, d.Cols), descent: descentOf(f.update), delta: data(d), rows: d.Rows}
}

func (f *firstLayer) updateNode(l *plan) *node {
	s := f.sparseUpdate(l)
	in, out := s.spans()
	n := &node{wide: s, cost: s.cost() + s.descent.cost(), in: append(append(in, spans(f.deltas)...), f.from.made(false)...), out: out}
	if s.rows == 1 && s.plain && s.v == nil {
		n.wide = &onlineUpdate{s}
	}
	return n
}

// sparseUpdate is the layer's gradient and the update by it.
type sparseUpdate struct {
	pixels
	descent // of transposed matrices
	delta   []float32
	rows    int
}

// cost is that of the gradient.
func (s *sparseUpdate) cost() float64 {
	return sparseCost * 2 * float64(s.rows) * float64(s.units) * float64(s.features)
}

const (
	// samplesAtATime is how many samples' gradient is summed at a time: their deltas stay in
	// the second cache, and sums of sums round less than long ones.
	samplesAtATime = 512
	// transposedAtATime is how many bytes are transposed before they are used.
	transposedAtATime = 1 << 16
)

// pixelsAtATime is how many pixels are transposed before they are used.
func (s *sparseUpdate) pixelsAtATime() int {
	return max(1, transposedAtATime/(simd.WordBits*words(min(s.rows, samplesAtATime))))
}

func (s *sparseUpdate) share(worker, size int, args *compute.Args) {
	parts, lo, end := s.mine(s.features, 4, worker, size)
	m := s.begin(args)
	step := s.pixelsAtATime()
	for ; lo < end; lo += step {
		hi := min(lo+step, end)
		if s.rows > samplesAtATime {
			g := s.long(worker, parts, lo, hi, args)
			for _, u := range parts {
				n := (hi - lo) * (u.hi - u.lo)
				m.do(s.place(u, lo), g[:n])
				g = g[n:]
			}
			continue
		}
		x := s.transposed(worker, s.from.row(args), s.rows, lo, hi)
		for _, u := range parts {
			s.step(worker, x, lo, u, &m)
		}
	}
}

// long returns the gradient of more samples than are summed at a time, of some parts' units and
// pixels [lo, hi), part after part. The sums are added up before the weights see them, which
// would otherwise be rounded once for each.
func (s *sparseUpdate) long(worker int, parts []unitPart, lo, hi int, args *compute.Args) []float32 {
	pixels, first := hi-lo, parts[0].lo
	all, some := s.twoSums(worker, pixels*(parts[len(parts)-1].hi-first))
	clear(all)
	for i := 0; i < s.rows; i += samplesAtATime {
		x := s.transposed(worker, s.from.row(args)+i, min(samplesAtATime, s.rows-i), lo, hi)
		for _, u := range parts {
			n := u.hi - u.lo
			at, end := (u.lo-first)*pixels, (u.hi-first)*pixels
			simd.SparseMul(some[at:end], n, n, x, s.delta[i*s.units+u.lo:], s.units)
			simd.Add(all[at:end], some[at:end])
		}
	}
	return all
}

// twoSums returns room for n sums twice, in a worker's memory.
func (s *sparseUpdate) twoSums(worker, n int) (a, b []float32) {
	own := &s.own[worker]
	if len(own.sums) < 2*n {
		own.sums = make([]float32, 2*n)
	}
	return own.sums[:n], own.sums[n : 2*n]
}

// transposed returns pixels [lo, hi) of n rows from a row of the index on.
func (s *sparseUpdate) transposed(worker, row, n, lo, hi int) simd.Sparse {
	x := s.sparse(worker, hi-lo, words(n))
	if n%simd.WordBits != 0 {
		// Other numbers of rows may have left something where this has none.
		for i := range x.Rows {
			clear(x.Bytes[i*x.Stride+n : (i+1)*x.Stride])
		}
	}
	simd.GatherTranspose(x.Bytes, x.Stride, s.src, s.features, lo, hi, s.numbers(worker, row, n))
	simd.Bitmap(x.Bits, x.Bytes)
	return x
}

// gradientAtATime is how many elements of the gradient are made before they are used, so that
// they are still in the first cache.
const gradientAtATime = 1 << 13

// step updates the weights of the pixels from p on to a part's units.
func (s *sparseUpdate) step(worker int, x simd.Sparse, p int, u unitPart, m *move) {
	delta, n := s.delta[u.lo:], u.hi-u.lo
	at, end := s.place(u, p), s.place(u, p+x.Rows)
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
		m.do(at+i*n, g)
	}
}

// onlineUpdate is sparseUpdate for one sample at a time: only the rows of the
// pixels that are not zero are touched.
type onlineUpdate struct{ *sparseUpdate }

func (s *onlineUpdate) share(worker, size int, args *compute.Args) {
	parts, lo, hi := s.mine(1, 1, worker, size)
	if lo == hi {
		return
	}
	x := s.batch(worker, s.from.row(args), 0, 1)
	for _, u := range parts {
		w, ld := s.weights(s.w, u, 0)
		simd.SparseRank1(w, ld, x, s.delta[u.lo:u.hi], -args.LearningRate)
	}
}
