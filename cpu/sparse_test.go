package cpu_test

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"runtime"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/mlp"
	"shadegrad/internal/sample"
	"shadegrad/internal/simd"
)

// sparseCases are first layers that use bitmaps: of one pixel or unit; of as many as fill a word of a
// bitmap, a worker's part or a vector; and of one more or less. The batches fill the words of
// the transposed bitmap, or do not, or are larger than samplesAtATime.
var sparseCases = []struct {
	sizes   []int
	batches [2]int // of two programs on one network, which alternate
}{
	{[]int{1, 1}, [2]int{1, 2}},
	{[]int{63, 64, 10}, [2]int{64, 3}},
	{[]int{64, 129, 3}, [2]int{127, 64}},
	{[]int{65, 448, 10}, [2]int{65, 1}},
	{[]int{127, 17, 1}, [2]int{1000, 513}},
	{[]int{784, 256, 10}, [2]int{64, 32}},
}

// A sparseStep is training on images of which a few are black, a few white, and the others sparse.
type sparseStep struct {
	sizes    []int
	batches  [2]int
	ordered  bool
	training mlp.Training
	within   bool // each step updates the averages; otherwise a separate program does
}

// trainings have each rule and each part of a training at least once. With a small epsilon the
// quotients of tiny gradients would be rounding errors.
var trainings = map[string]mlp.Training{
	"sgd":      {},
	"momentum": {Velocity: true, Average: 0.9},
	"nesterov": {Rule: compute.Nesterov, L2: 0.01, L1: 0.001},
	"rmsprop":  {Rule: compute.RMSProp, Rho: 0.9, Epsilon: 0.1, MaxNorm: 1},
	"adam":     {Rule: compute.Adam, Rho: 0.99, Epsilon: 0.1, Average: 0.99},
	"adamw":    {Rule: compute.Adam, Rho: 0.99, Epsilon: 0.1, Decay: 0.1, Clip: 0.05},
	"bounded":  {L2: 0.01, Clip: 0.1, MaxNorm: 2, Average: 0.5},
}

// compile returns a new network, a step for each of the batches, and a program that updates the
// averages, if there are any. With keep another op reads the gathered numbers, so the steps are
// dense.
func (s sparseStep) compile(t *testing.T, keep bool) (compute.Backend, *mlp.Network, []compute.Executable) {
	t.Helper()
	b := cpu.New()
	config := mlp.Config{Sizes: s.sizes, Hidden: compute.Tanh, Output: compute.Sigmoid, Init: mlp.Normal, Scale: 1. / 255, On: 1}
	rows := max(s.batches[0], s.batches[1])
	n, err1 := mlp.New(b, config, rows, s.training)
	set, err2 := s.set(b, 2*rows+1, max(config.Outputs(), 2))
	for _, err := range []error{err1, err2, n.Load(n.Parameters(), config.InitialParameters(4))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var list []compute.Executable
	add := func(p compute.Program) {
		x, err := b.Compile(p)
		if err != nil {
			t.Fatal(err)
		}
		list = append(list, x)
	}
	for _, batch := range s.batches {
		p, err := n.TrainStep(set, batch)
		if err != nil {
			t.Fatal(err)
		}
		if s.within {
			p.Ops = append(p.Ops, n.AverageStep(1).Ops...)
		}
		if keep {
			x := p.Ops[0].(compute.Gather).Dst
			copied, err := b.Alloc(x.Rows, x.Cols)
			if err != nil {
				t.Fatal(err)
			}
			p.Ops = append(p.Ops, compute.Activate{Dst: copied, Src: x})
		}
		add(p)
	}
	if s.training.Average > 0 && !s.within {
		add(n.AverageStep(1))
	}
	return b, n, list
}

// set writes samples to a backend.
func (s sparseStep) set(b compute.Backend, samples, classes int) (set mlp.Set, err error) {
	r := rand.New(rand.NewPCG(6, 7))
	features := s.sizes[0]
	pixels, labels, order := make([]byte, samples*features), make([]byte, samples), make([]uint32, samples)
	for i := range samples {
		share := []float64{0, 1, 0.2, 0.2, 0.2, 0.2}[i%6]
		for j := range features {
			if r.Float64() < share {
				pixels[i*features+j] = byte(255 - r.IntN(255)*(i%6/2))
			}
		}
		labels[i], order[i] = byte(r.IntN(classes)), uint32(samples-1-i)
	}
	if set.Images, err = b.ShareBytes(samples, features, pixels); err != nil {
		return set, err
	}
	if set.Labels, err = b.ShareBytes(samples, 1, labels); err != nil {
		return set, err
	}
	if set.Stats, err = b.Alloc(samples, 2); err != nil || !s.ordered {
		return set, err
	}
	if set.Order, err = b.AllocIndex(samples, samples); err != nil {
		return set, err
	}
	return set, b.WriteIndex(set.Order, order)
}

// run returns the state of the network after steps of both batches in alternation.
func (s sparseStep) run(t *testing.T, keep bool) [][]float32 {
	t.Helper()
	b, n, list := s.compile(t, keep)
	defer b.Close()
	for i := range 4 {
		list[i%2].Run(compute.Args{Row: i * max(s.batches[0], s.batches[1]) / 4, LearningRate: 0.1, Momentum: 0.9, Step: uint32(i)})
		if len(list) > 2 {
			list[2].Run(compute.Args{Step: uint32(i)})
		}
	}
	values, err := n.Values(slices.Concat(n.Parameters(), n.Velocities(), n.Squares(), n.Averages()))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// eachSparse visits each case on each SIMD level.
func eachSparse(t *testing.T, visit func(t *testing.T, s sparseStep)) {
	before, level := runtime.GOMAXPROCS(0), simd.Current()
	defer runtime.GOMAXPROCS(before)
	defer simd.Set(level)
	turn := 0
	for _, l := range simd.Levels() {
		for _, c := range sparseCases {
			for _, name := range slices.Sorted(maps.Keys(trainings)) {
				if turn++; sample.Skip(turn, 5) {
					continue
				}
				training := trainings[name]
				s := sparseStep{c.sizes, c.batches, training.Velocity == (c.batches[1] > 2), training, false}
				t.Run(fmt.Sprintf("%v,%v,batches=%v,%s", l, c.sizes, c.batches, name), func(t *testing.T) {
					simd.Set(l)
					visit(t, s)
				})
			}
		}
	}
}

// TestSparseThreads compares a sparse first layer on several numbers of threads bit by bit, and
// with a dense layer up to rounding.
func TestSparseThreads(t *testing.T) {
	eachSparse(t, func(t *testing.T, s sparseStep) {
		runtime.GOMAXPROCS(1)
		want, dense := s.run(t, false), s.run(t, true)
		for i := range want {
			for j, v := range want[i] {
				if d := v - dense[i][j]; !(d < 2e-5 && d > -2e-5) {
					t.Fatalf("matrix %d, element %d: %g by bitmaps, %g without", i, j, v, dense[i][j])
				}
			}
		}
		for _, threads := range []int{2, 3, 7, 16} {
			runtime.GOMAXPROCS(threads)
			sameBits(t, fmt.Sprintf("%d threads", threads), s.run(t, false), want)
		}
	})
}

// TestSparseStepsAllocateNothing runs sparse steps of both batches, and averages between them.
// A change of a matrix's layout would allocate.
func TestSparseStepsAllocateNothing(t *testing.T) {
	eachSparse(t, func(t *testing.T, s sparseStep) {
		b, _, list := s.compile(t, false)
		defer b.Close()
		if n := testing.AllocsPerRun(5, func() {
			for _, x := range list {
				x.Run(compute.Args{LearningRate: 0.1, Momentum: 0.9})
			}
		}); n != 0 {
			t.Errorf("%v allocations a step", n)
		}
	})
}
