package judge

import (
	"hash/fnv"
	"math"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/philox"
)

// A Problem is a program with its matrices, in the judge's own memory. Load copies it to a backend;
// Solve computes it in float64.
//
// The methods that add matrices draw random numbers from one stream, which follows from the problem's name.
// So the order of the calls decides the values.
type Problem struct {
	// Ops is the program, and Runs are the arguments of its runs.
	Ops  []compute.Op
	Runs []compute.Args
	// Lead is the number of guard elements before a matrix. An odd lead defeats vector loads.
	Lead int
	// Shared places all matrices in one buffer. Bare matrices fill their buffers and have no guards,
	// so a backend may choose their layout.
	Shared, Bare bool

	draws   philox.Stream
	drawn   uint64
	arena   *floats // the buffer of all matrices if Shared
	scratch []compute.Mat
	floats  []*floats
	octets  []*octets
	orders  []*order
	views   []view
}

// A view is a matrix with its name in messages.
type view struct {
	name string
	mat  compute.Mat
}

// floats is a buffer of float32 values. Guards surround the matrices in it.
type floats struct {
	init []float32 // before the first run
	// The reference's results:
	val, tol, mag []float64
	written       []bool
}

// octets is a buffer of bytes.
type octets struct{ data []byte }

// order is a buffer of row numbers below limit.
type order struct {
	data  []uint32
	limit int
}

func (f *floats) Elems() int { return len(f.init) }
func (o *octets) Elems() int { return len(o.data) }
func (o *order) Elems() int  { return len(o.data) }

// The guards. Around an input the guard is NaN, which remains NaN even if a kernel multiplies it by 0.
// Around a result the guard is a number, because adding to a NaN would leave it unchanged.
var (
	nanGuard = math.Float32frombits(0x7fc0beef)
	outGuard = float32(-12345.678)
)

// NewProblem returns an empty problem. The name seeds its random numbers and decides the alignment: about half
// of all problems are aligned.
func NewProblem(name string) *Problem {
	h := fnv.New64a()
	h.Write([]byte(name)) // never fails
	sum := h.Sum64()
	lead := []int{16, 13, 0, 7, 4, 3, 64, 1}[sum>>8%8]
	return &Problem{draws: philox.Stream{Seed: 1, ID: sum}, Lead: lead}
}

// Normal draws from a normal distribution with standard deviation sigma.
func (p *Problem) Normal(sigma float64) float32 {
	p.drawn++
	return float32(sigma * p.draws.Normal(p.drawn))
}

// Intn draws an integer in [0, n).
func (p *Problem) Intn(n int) int {
	p.drawn++
	return int(p.draws.Uint64(p.drawn) % uint64(n))
}

// Random returns a value function for Input and State that draws from Normal.
func (p *Problem) Random(sigma float64) func(int) float32 {
	return func(int) float32 { return p.Normal(sigma) }
}

// Input adds a matrix that ops only read. value returns element e, counted row by row.
func (p *Problem) Input(name string, rows, cols int, value func(e int) float32) compute.Mat {
	return p.place(name, rows, cols, nanGuard, value)
}

// State adds a matrix that ops read and write.
func (p *Problem) State(name string, rows, cols int, value func(e int) float32) compute.Mat {
	return p.place(name, rows, cols, outGuard, value)
}

// Output adds a matrix that ops only write. It is NaN before the first run.
func (p *Problem) Output(name string, rows, cols int) compute.Mat {
	return p.place(name, rows, cols, outGuard, func(int) float32 { return float32(math.NaN()) })
}

// place adds a matrix between two guards. The second guard has room for two more rows.
func (p *Problem) place(name string, rows, cols int, guard float32, value func(e int) float32) compute.Mat {
	f := p.arena
	if f == nil {
		f = &floats{}
		p.floats = append(p.floats, f)
		if p.Shared {
			p.arena = f
		}
	}
	lead, trail := p.Lead, 2*cols+5
	if p.Bare {
		lead, trail = 0, 0
	}
	f.init = append(f.init, slices.Repeat([]float32{guard}, lead)...)
	m := compute.Mat{Buf: f, Off: len(f.init), Rows: rows, Cols: cols}
	for e := range rows * cols {
		f.init = append(f.init, value(e))
	}
	f.init = append(f.init, slices.Repeat([]float32{guard}, trail)...)
	p.views = append(p.views, view{name, m})
	return m
}

// NewBytes adds a matrix of random bytes below limit.
func (p *Problem) NewBytes(rows, cols, limit int) compute.Bytes {
	o := &octets{make([]byte, rows*cols)}
	for e := range o.data {
		o.data[e] = byte(p.Intn(limit))
	}
	p.octets = append(p.octets, o)
	return compute.Bytes{Buf: o, Rows: rows, Cols: cols}
}

// NewSparseBytes adds a matrix of bytes of which more than 80% are zero, like MNIST's pixels. Some rows and columns are
// all zero.
func (p *Problem) NewSparseBytes(rows, cols int) compute.Bytes {
	b := p.NewBytes(rows, cols, 256)
	data := p.Bytes(b)
	for e := range data {
		if row, col := e/cols, e%cols; p.Intn(5) > 0 || row%7 == 3 || col%5 == 2 {
			data[e] = 0
		}
	}
	return b
}

// NewIndex adds a list of n random row numbers below limit. Some occur twice.
func (p *Problem) NewIndex(n, limit int) compute.Index {
	o := &order{make([]uint32, n), limit}
	for i := range o.data {
		o.data[i] = uint32(p.Intn(limit))
	}
	p.orders = append(p.orders, o)
	return compute.Index{Buf: o, Len: n, Limit: limit}
}

// Add appends ops to the program.
func (p *Problem) Add(ops ...compute.Op) { p.Ops = append(p.Ops, ops...) }

// AddRun appends a run of the program.
func (p *Problem) AddRun(args compute.Args) { p.Runs = append(p.Runs, args) }

// Scratch marks matrices as scratch: the program uses them within a run only, and their results are not compared.
// It ignores zero matrices.
func (p *Problem) Scratch(mats ...compute.Mat) {
	for _, m := range mats {
		if !m.IsZero() && !p.IsScratch(m) {
			p.scratch = append(p.scratch, m)
		}
	}
}

// IsScratch reports whether m is marked as scratch.
func (p *Problem) IsScratch(m compute.Mat) bool { return slices.Contains(p.scratch, m) }

// Matrices returns the matrices in the order in which they were added.
func (p *Problem) Matrices() []compute.Mat {
	list := make([]compute.Mat, len(p.views))
	for i, v := range p.views {
		list[i] = v.mat
	}
	return list
}

// Initial returns the elements of m before the first run. Changing them changes the problem.
func (p *Problem) Initial(m compute.Mat) []float32 {
	return m.Buf.(*floats).init[m.Off : m.Off+m.Len()]
}

// buffer returns the index in p.floats of a matrix's buffer.
func (p *Problem) buffer(m compute.Mat) int {
	return slices.Index(p.floats, m.Buf.(*floats))
}

// Bytes returns the elements of a matrix of bytes. Changing them changes the problem.
func (p *Problem) Bytes(b compute.Bytes) []byte {
	if b.Buf == nil {
		return nil
	}
	return b.Buf.(*octets).data
}

// Index returns row numbers, or nil for the natural order.
func (p *Problem) Index(x compute.Index) []uint32 {
	if x.IsZero() {
		return nil
	}
	return x.Buf.(*order).data
}

// Solve computes the results of all runs, with their bounds.
func (p *Problem) Solve() {
	p.Begin()
	for _, args := range p.Runs {
		for _, op := range p.Ops {
			p.Evaluate(op, args)
		}
	}
}

// Begin resets the reference's values to those before the first run.
func (p *Problem) Begin() {
	for _, f := range p.floats {
		n := len(f.init)
		f.val, f.tol, f.mag, f.written = make([]float64, n), make([]float64, n), make([]float64, n), make([]bool, n)
		for e, v := range f.init {
			f.val[e] = float64(v)
		}
	}
}

// Values returns the reference's values of m. Changing them changes what later ops read.
func (p *Problem) Values(m compute.Mat) []float64 { return p.load(m).Val }

// Bounds returns by how much each element of m may differ from its reference value.
func (p *Problem) Bounds(m compute.Mat) []float64 { return p.load(m).tol }
