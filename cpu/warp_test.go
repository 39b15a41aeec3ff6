package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/sample"
	"shadegrad/internal/simd"
)

// A distortion is a training step of a first layer on distorted images.
type distortion struct {
	width, height, batch int
	units                int
	share                float64 // of pixels that are not zero
	shift                float32
	ordered, calm        bool
	plain                bool // gathered instead of distorted
	drop                 bool // of half of the pixels
	// The matrices that are scratch: the images, and the field with its parts.
	noNumbers, noField bool
}

var distortions = []distortion{
	{width: 28, height: 28, batch: 128, units: 100, share: 0.15, ordered: true, calm: true},
	{width: 28, height: 28, batch: 37, units: 17, share: 0.9, calm: true},
	{width: 29, height: 29, batch: 19, units: 130, share: 0.2, ordered: true},
	{width: 28, height: 28, batch: 64, units: 200, share: 0.15, shift: -0.5},
	{width: 5, height: 9, batch: 100, units: 64, share: 0.2},
	{width: 9, height: 13, batch: 67, units: 80, share: 0.1, ordered: true, plain: true, drop: true},
	{width: 28, height: 28, batch: 64, units: 100, share: 0.15, ordered: true, drop: true},
	{width: 11, height: 7, batch: 8, units: 30, share: 1, shift: -1, plain: true, drop: true},
	{width: 28, height: 28, batch: 31, units: 100, share: 1, drop: true},
	{width: 9, height: 13, batch: 67, units: 80, share: 0.1, plain: true, drop: true},
	{width: 1, height: 7, batch: 1, units: 3, share: 0.2, shift: 1},
	{width: 17, height: 1, batch: 3, units: 65, share: 0.2, calm: true},
}

func (d distortion) pixels() int { return d.width * d.height }

// factor is the factor of dropout, which is exact.
func (d distortion) factor() float32 {
	if d.drop {
		return 2
	}
	return 1
}

// warp returns the distortion of the images, with typical parameters.
func (d distortion) warp() compute.Warp {
	w := compute.Warp{Width: d.width, Height: d.height, Scale: 1. / 255, Shift: d.shift, Alpha: [2]float32{30, 40},
		Rotation: 0.3, Scaling: 0.15, Shear: 0.2, Translation: 1.5, Stream: 4}
	if d.calm {
		w.Calm = 1<<1 | 1<<7
	}
	return w
}

// A distorting is a distortion on a backend.
type distorting struct {
	b        *cpu.Backend
	x        compute.Mat
	weights  []compute.Mat
	run      compute.Executable
	original []byte
}

// smoothing returns a matrix whose rows are a Gaussian around the diagonal.
func smoothing(n int, sigma float64) []float32 {
	list := make([]float32, n*n)
	for i := range list {
		x := float64(i/n-i%n) / sigma
		list[i] = float32(math.Exp(-x*x/2) / (sigma * math.Sqrt(2*math.Pi)))
	}
	return list
}

func (d distortion) compile(t testing.TB) *distorting {
	t.Helper()
	b := cpu.New()
	m := func(rows, cols int, values []float32) compute.Mat {
		mat, err := b.Alloc(rows, cols)
		if err == nil && values != nil {
			err = b.Write(mat, values)
		}
		if err != nil {
			t.Fatal(err)
		}
		return mat
	}
	r := rand.New(rand.NewPCG(3, 4))
	samples := 2*d.batch + 3
	s := &distorting{b: b, original: make([]byte, samples*d.pixels())}
	for i := range s.original {
		if r.Float64() < d.share {
			s.original[i] = byte(1 + r.IntN(255))
		}
	}
	labels := make([]byte, samples)
	order := make([]uint32, samples)
	for i := range labels {
		labels[i], order[i] = byte(r.IntN(10)), uint32(samples-1-i)
	}
	w := d.warp()
	var err1, err2, err3 error
	w.Src, err1 = b.ShareBytes(samples, d.pixels(), s.original)
	w.Labels, err2 = b.ShareBytes(samples, 1, labels)
	if d.ordered {
		if w.Index, err3 = b.AllocIndex(samples, samples); err3 == nil {
			err3 = b.WriteIndex(w.Index, order)
		}
	}
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	wide := compute.Mat{Rows: d.height, Cols: 2 * d.batch * d.width}
	view := func(m compute.Mat, like compute.Mat) compute.Mat {
		return compute.Mat{Buf: m.Buf, Off: m.Off, Rows: like.Rows, Cols: like.Cols}
	}
	noise, smooth := m(wide.Rows, wide.Cols, nil), m(wide.Rows*2*d.batch, d.width, nil)
	field, x := m(wide.Rows, wide.Cols, nil), m(d.batch, d.pixels(), nil)
	start := make([]float32, d.units*d.pixels())
	for i := range start {
		start[i] = float32(r.NormFloat64()) / 30
	}
	weights, velocity, gradient := m(d.units, d.pixels(), start), m(d.units, d.pixels(), nil), m(d.units, d.pixels(), nil)
	z, delta := m(d.batch, d.units, nil), m(d.batch, d.units, nil)
	w.Dst, w.Field = x, field
	s.x, s.weights = x, []compute.Mat{weights, velocity}
	ops := []compute.Op{
		compute.Noise{Dst: noise, Stream: 5},
		compute.MatMul{Dst: smooth, A: view(noise, smooth), B: m(d.width, d.width, smoothing(d.width, 4)), TransB: true},
		compute.MatMul{Dst: field, A: m(d.height, d.height, smoothing(d.height, 4)), B: view(smooth, wide)},
		w,
	}
	if d.plain {
		ops = []compute.Op{compute.Gather{Dst: x, Src: w.Src, Index: w.Index, Scale: w.Scale, Shift: w.Shift}}
	}
	if d.drop {
		s.x = m(d.batch, d.pixels(), nil)
		ops = append(ops, compute.Dropout{Dst: s.x, Src: x, Rate: 0.5, Stream: 6})
	}
	ops = append(ops,
		compute.MatMul{Dst: z, A: s.x, B: weights, TransB: true},
		compute.Activate{Dst: delta, Src: z, F: compute.Tanh},
		compute.MatMul{Dst: gradient, A: delta, B: s.x, TransA: true},
		compute.Update{W: weights, V: velocity, G: gradient})
	p := compute.Program{Ops: ops, Scratch: []compute.Mat{gradient, z, delta}}
	if d.noField {
		p.Scratch = append(p.Scratch, noise, smooth, field)
	}
	if d.noNumbers {
		p.Scratch = append(p.Scratch, x, s.x)
	}
	var err error
	if s.run, err = b.Compile(p); err != nil {
		t.Fatal(err)
	}
	return s
}

// step runs a step and returns its results.
func (s *distorting) step(t *testing.T, i int, row int) (x []float32, weights [][]float32) {
	t.Helper()
	s.run.Run(compute.Args{Row: row, LearningRate: 0.01, Momentum: 0.5, Step: uint32(i), Seed: 77})
	return s.read(t, s.x), [][]float32{s.read(t, s.weights[0]), s.read(t, s.weights[1])}
}

func (s *distorting) read(t *testing.T, m compute.Mat) []float32 {
	t.Helper()
	v := make([]float32, m.Len())
	if err := s.b.Read(v, m); err != nil {
		t.Fatal(err)
	}
	return v
}

// eachDistortion visits each case on each SIMD level.
func eachDistortion(t *testing.T, visit func(t *testing.T, d distortion)) {
	before, level := runtime.GOMAXPROCS(0), simd.Current()
	defer runtime.GOMAXPROCS(before)
	defer simd.Set(level)
	for _, l := range simd.Levels() {
		for _, d := range sample.Of(distortions, 3) {
			t.Run(fmt.Sprintf("%v,%+v", l, d), func(t *testing.T) {
				simd.Set(l)
				visit(t, d)
			})
		}
	}
}

// TestDistortionsFused compares programs whose field is scratch with programs that write it, and
// programs whose images are scratch with programs that read the same images from a data set. The
// results must be bit-identical.
func TestDistortionsFused(t *testing.T) {
	eachDistortion(t, func(t *testing.T, d distortion) {
		runtime.GOMAXPROCS(2)
		composed := d.compile(t)
		defer composed.b.Close()
		var images [2][]float32
		var learnt [2][][]float32
		for i := range images {
			images[i], learnt[i] = composed.step(t, i, i*(d.batch+3))
			d.looksDistorted(t, images[i])
		}
		for _, threads := range []int{1, 2, 3, 8} {
			runtime.GOMAXPROCS(threads)
			d.noField, d.noNumbers = true, false
			fused := d.compile(t)
			defer fused.b.Close()
			d.noNumbers = true
			bytes := d.compile(t)
			defer bytes.b.Close()
			given := d.given(t, fused)
			defer given.b.Close()
			for i := range 2 {
				row := i * (d.batch + 3)
				x, _ := fused.step(t, i, row)
				sameBits(t, "fused", [][]float32{x}, images[i:i+1])
				numbers, weights := bytes.step(t, i, row)
				want := learnt[i]
				if !d.drop || d.shift == 0 { // otherwise no byte stands for a dropped 0
					want = given.learn(t, d, i, x)
				}
				sameBits(t, fmt.Sprintf("bytes, %d threads", threads), weights, want)
				if d.share <= 0.2 && d.shift == 0 && !isZero(numbers) {
					t.Error("the float32 images were written, although they are scratch")
				}
			}
		}
	})
}

// looksDistorted fails if the images have no ink, or too much.
func (d distortion) looksDistorted(t *testing.T, x []float32) {
	t.Helper()
	ink := 0
	for _, v := range x {
		if p := (v/d.factor() - d.shift) * 255; p > 0.5 {
			ink++
		}
	}
	if d.width > 1 && d.height > 1 && (ink == 0 || float64(ink) > 3.9*d.share*float64(len(x))) {
		t.Fatalf("%d of %d pixels have ink", ink, len(x))
	}
}

// A learner is the same layer with op Gather, on images that are written to its data set.
type learner struct {
	b       *cpu.Backend
	set     compute.Bytes
	weights []compute.Mat
	run     compute.Executable
}

// given returns a learner with the same weights. When it is compiled, its data set has as many zeros
// as that of the distortion.
func (d distortion) given(t *testing.T, s *distorting) *learner {
	t.Helper()
	b := cpu.New()
	m := func(rows, cols int) compute.Mat {
		mat, err := b.Alloc(rows, cols)
		if err != nil {
			t.Fatal(err)
		}
		return mat
	}
	g := &learner{b: b, weights: []compute.Mat{m(d.units, d.pixels()), m(d.units, d.pixels())}}
	set, err := b.AllocBytes(d.batch, d.pixels())
	if err != nil {
		t.Fatal(err)
	}
	g.set = set
	for _, err := range []error{b.WriteBytes(set, s.original[:d.batch*d.pixels()]), b.Write(g.weights[0], s.read(t, s.weights[0]))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	x, z, delta, gradient := m(d.batch, d.pixels()), m(d.batch, d.units), m(d.batch, d.units), m(d.units, d.pixels())
	g.run, err = b.Compile(compute.Program{Ops: []compute.Op{
		compute.Gather{Dst: x, Src: set, Scale: d.factor() / 255, Shift: d.shift},
		compute.MatMul{Dst: z, A: x, B: g.weights[0], TransB: true},
		compute.Activate{Dst: delta, Src: z, F: compute.Tanh},
		compute.MatMul{Dst: gradient, A: delta, B: x, TransA: true},
		compute.Update{W: g.weights[0], V: g.weights[1], G: gradient},
	}, Scratch: []compute.Mat{x, z, delta, gradient}})
	if err != nil {
		t.Fatal(err)
	}
	return g
}

// learn does step i on the images x.
func (g *learner) learn(t *testing.T, d distortion, i int, x []float32) (weights [][]float32) {
	t.Helper()
	bytes := make([]byte, len(x))
	for i, v := range x {
		bytes[i] = byte(math.Round(float64(v-d.shift) * 255 / float64(d.factor())))
	}
	if err := g.b.WriteBytes(g.set, bytes); err != nil {
		t.Fatal(err)
	}
	g.run.Run(compute.Args{LearningRate: 0.01, Momentum: 0.5, Step: uint32(i), Seed: 77})
	for _, m := range g.weights {
		v := make([]float32, m.Len())
		if err := g.b.Read(v, m); err != nil {
			t.Fatal(err)
		}
		weights = append(weights, v)
	}
	return weights
}

// TestDistortionsAllocateNothing runs steps with and without scratch matrices.
func TestDistortionsAllocateNothing(t *testing.T) {
	eachDistortion(t, func(t *testing.T, d distortion) {
		for _, fused := range []bool{false, true} {
			d.noField, d.noNumbers = fused, fused
			s := d.compile(t)
			defer s.b.Close()
			if n := testing.AllocsPerRun(5, func() { s.run.Run(compute.Args{LearningRate: 0.01, Momentum: 0.5}) }); n != 0 {
				t.Errorf("fused=%t: %v allocations a step", fused, n)
			}
		}
	})
}
