package judge

import (
	"hash/fnv"
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/philox"
)

// A problem is a program on matrices in the judge's own memory, with what they
// hold before it runs. Loaded on a backend it is run there; the reference runs
// it where it is.
type problem struct {
	draws philox.Stream
	drawn uint64
	// lead is how far into its buffer a matrix begins: at a place that no
	// vector load would like, or at one that it would.
	lead int
	// arena, where it is set, is the one buffer all matrices lie in.
	arena  *floats
	shared bool
	// bare matrices fill their buffers, without a guard: a backend may keep
	// those as it likes.
	bare bool
	// scratch are the matrices that a program only uses within a run.
	scratch []compute.Mat

	floats []*floats
	octets []*octets
	orders []*order
	views  []view
	ops    []compute.Op
	runs   []compute.Args
}

// A view is a matrix, with the name it has in messages.
type view struct {
	name string
	mat  compute.Mat
}

// floats is a buffer of float32. Around the matrices in it lies a guard.
type floats struct {
	init []float32 // before the program runs
	// After it has run in the reference:
	val, tol, mag []float64
	written       []bool
}

type octets struct{ data []byte }

type order struct {
	data  []uint32
	limit int
}

func (f *floats) Elems() int { return len(f.init) }
func (o *octets) Elems() int { return len(o.data) }
func (o *order) Elems() int  { return len(o.data) }

// The guards. A kernel that reads beside an input finds NaN, which no product
// with 0 can hide; one that adds to what lies beside its result would leave a NaN
// as it was, so there the guard is a number.
var (
	nanGuard = math.Float32frombits(0x7fc0beef)
	outGuard = float32(-12345.678)
)

// newProblem returns an empty problem whose random numbers follow from a name.
func newProblem(name string) *problem {
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	sum := h.Sum64()
	// Half of all problems are aligned, the others are not at all.
	lead := []int{16, 13, 0, 7, 4, 3, 64, 1}[sum>>8%8]
	return &problem{draws: philox.Stream{Seed: 1, ID: sum}, lead: lead}
}

// normal draws from a normal distribution of the given standard deviation.
func (p *problem) normal(sigma float64) float32 {
	p.drawn++
	return float32(sigma * p.draws.Normal(p.drawn))
}

// intn draws a whole number below n.
func (p *problem) intn(n int) int {
	p.drawn++
	return int(p.draws.Uint64(p.drawn) % uint64(n))
}

// input adds a matrix that is only read.
func (p *problem) input(name string, rows, cols int, value func(e int) float32) compute.Mat {
	return p.place(name, rows, cols, nanGuard, value)
}

// state adds a matrix that is read and written.
func (p *problem) state(name string, rows, cols int, value func(e int) float32) compute.Mat {
	return p.place(name, rows, cols, outGuard, value)
}

// output adds a matrix that is only written.
func (p *problem) output(name string, rows, cols int) compute.Mat {
	return p.place(name, rows, cols, outGuard, func(int) float32 { return float32(math.NaN()) })
}

// place puts a matrix between two guards. The one behind it has room for two
// rows too many.
func (p *problem) place(name string, rows, cols int, guard float32, value func(e int) float32) compute.Mat {
	f := p.arena
	if f == nil {
		f = &floats{}
		p.floats = append(p.floats, f)
		if p.shared {
			p.arena = f
		}
	}
	lead, trail := p.lead, 2*cols+5
	if p.bare {
		lead, trail = 0, 0
	}
	for range lead {
		f.init = append(f.init, guard)
	}
	m := compute.Mat{Buf: f, Off: len(f.init), Rows: rows, Cols: cols}
	for e := range rows * cols {
		f.init = append(f.init, value(e))
	}
	for range trail {
		f.init = append(f.init, guard)
	}
	p.views = append(p.views, view{name, m})
	return m
}

// random is a value function for input and state.
func (p *problem) random(sigma float64) func(int) float32 {
	return func(int) float32 { return p.normal(sigma) }
}

// newBytes adds a matrix of bytes below limit.
func (p *problem) newBytes(rows, cols, limit int) compute.Bytes {
	o := &octets{make([]byte, rows*cols)}
	for e := range o.data {
		o.data[e] = byte(p.intn(limit))
	}
	p.octets = append(p.octets, o)
	return compute.Bytes{Buf: o, Rows: rows, Cols: cols}
}

// newSparseBytes adds a matrix of bytes of which four in five are zero, as in
// MNIST, and some rows and columns are all zero.
func (p *problem) newSparseBytes(rows, cols int) compute.Bytes {
	b := p.newBytes(rows, cols, 256)
	data := p.bytes(b)
	for e := range data {
		if row, col := e/cols, e%cols; p.intn(5) > 0 || row%7 == 3 || col%5 == 2 {
			data[e] = 0
		}
	}
	return b
}

// newIndex adds a list of n rows below limit, in random order and some twice.
func (p *problem) newIndex(n, limit int) compute.Index {
	o := &order{make([]uint32, n), limit}
	for i := range o.data {
		o.data[i] = uint32(p.intn(limit))
	}
	p.orders = append(p.orders, o)
	return compute.Index{Buf: o, Len: n, Limit: limit}
}

// run adds a run of the program.
func (p *problem) run(args compute.Args) { p.runs = append(p.runs, args) }

// forget makes matrices scratch.
func (p *problem) forget(mats ...compute.Mat) { p.scratch = append(p.scratch, mats...) }

// do adds an op to the program.
func (p *problem) do(op compute.Op) { p.ops = append(p.ops, op) }

// solve runs the program in the reference.
func (p *problem) solve() {
	p.begin()
	for _, args := range p.runs {
		for _, op := range p.ops {
			evaluate(op, args, p)
		}
	}
}

// begin sets the reference's values to what was there before any run.
func (p *problem) begin() {
	for _, f := range p.floats {
		n := len(f.init)
		f.val, f.tol, f.mag, f.written = make([]float64, n), make([]float64, n), make([]float64, n), make([]bool, n)
		for e, v := range f.init {
			f.val[e] = float64(v)
		}
	}
}

// buffer returns the place of a matrix's buffer in p.floats.
func (p *problem) buffer(m compute.Mat) int {
	return slices.Index(p.floats, m.Buf.(*floats))
}

// The methods of memory: the reference computes where the problem is.

func (p *problem) load(m compute.Mat) *grid {
	if m.IsZero() {
		return nil
	}
	f, end := m.Buf.(*floats), m.Off+m.Len()
	return &grid{rows: m.Rows, cols: m.Cols, val: f.val[m.Off:end:end], tol: f.tol[m.Off:end:end], mag: f.mag[m.Off:end:end]}
}

func (p *problem) store(m compute.Mat, g *grid) {
	f := m.Buf.(*floats)
	copy(f.val[m.Off:], g.val)
	copy(f.tol[m.Off:], g.tol)
	copy(f.mag[m.Off:], g.mag)
	for e := range g.val {
		f.written[m.Off+e] = true
	}
}

func (p *problem) bytes(b compute.Bytes) []byte { return b.Buf.(*octets).data }

func (p *problem) index(x compute.Index) []uint32 {
	if x.IsZero() {
		return nil
	}
	return x.Buf.(*order).data
}
