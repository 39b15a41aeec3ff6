package cpu_test

import (
	"fmt"
	"maps"
	"runtime"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/mlp"
	"shadegrad/internal/sample"
	"shadegrad/internal/simd"
)

// TestByteOperandsAreExact compares steps whose products read bytes with steps that gather float32
// numbers first, because the numbers are not scratch. The results must be bit-identical.
func TestByteOperandsAreExact(t *testing.T) {
	before, level := runtime.GOMAXPROCS(0), simd.Current()
	defer runtime.GOMAXPROCS(before)
	defer simd.Set(level)
	turn := 0
	for _, l := range simd.Levels() {
		for _, c := range append(threadCases, struct {
			sizes []int
			rows  int
		}{[]int{784, 300, 10}, 64}) {
			t.Run(fmt.Sprintf("%v,%v,rows=%d", l, c.sizes, c.rows), func(t *testing.T) {
				simd.Set(l)
				for _, threads := range []int{1, 3} {
					runtime.GOMAXPROCS(threads)
					for _, ordered := range []bool{false, true} {
						for _, name := range []string{"sgd", "momentum", "adam"} {
							if turn++; sample.Skip(turn, 5) {
								continue
							}
							s := denseStep{c.sizes, c.rows, ordered, trainings[name]}
							want, got := s.run(t, true), s.run(t, false)
							sameBits(t, fmt.Sprintf("bytes, %+v, %d threads", s, threads), got, want)
						}
					}
				}
			})
		}
	}
}

// A denseStep is a training step on random bytes.
type denseStep struct {
	sizes    []int
	rows     int
	ordered  bool
	training mlp.Training
}

// compile returns a step of a new network. With keep the gathered numbers are not scratch.
func (s denseStep) compile(t *testing.T, keep bool) (compute.Backend, *mlp.Network, compute.Executable) {
	t.Helper()
	b := cpu.New()
	config := mlp.Config{Sizes: s.sizes, Hidden: compute.Tanh, Output: compute.Sigmoid, Init: mlp.Normal, Scale: 1. / 255, Shift: -0.3, On: 1}
	n, err := mlp.New(b, config, s.rows, s.training)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Load(n.Parameters(), config.InitialParameters(4)); err != nil {
		t.Fatal(err)
	}
	samples := 2*s.rows + 1
	set := dataSet(t, b, samples, s.sizes[0], config.Outputs())
	if s.ordered {
		if set.Order, err = b.AllocIndex(samples, samples); err != nil {
			t.Fatal(err)
		}
		order := make([]uint32, samples)
		for i := range order {
			order[i] = uint32(samples - 1 - i)
		}
		if err := b.WriteIndex(set.Order, order); err != nil {
			t.Fatal(err)
		}
	}
	p, err := n.TrainStep(set, s.rows)
	if err != nil {
		t.Fatal(err)
	}
	if keep {
		x := p.Ops[0].(compute.Gather).Dst
		var others []compute.Mat
		for _, m := range p.Scratch {
			if m != x {
				others = append(others, m)
			}
		}
		if len(others) == len(p.Scratch) {
			t.Fatal("the step does not gather into scratch, so the test shows nothing")
		}
		p.Scratch = others
	}
	x, err := b.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	return b, n, x
}

// run returns the parameters and velocities after two steps.
func (s denseStep) run(t *testing.T, keep bool) [][]float32 {
	t.Helper()
	b, n, x := s.compile(t, keep)
	defer b.Close()
	for i := range 2 {
		x.Run(compute.Args{Row: i * (s.rows + 1), LearningRate: 0.1, Momentum: 0.9})
	}
	values, err := n.Values(append(n.Parameters(), append(n.Velocities(), n.Squares()...)...))
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// TestStepsAllocateNothing runs steps on bytes of which few are zero.
func TestStepsAllocateNothing(t *testing.T) {
	level := simd.Current()
	defer simd.Set(level)
	turn := 0
	for _, l := range simd.Levels() {
		for _, c := range threadCases {
			for _, name := range slices.Sorted(maps.Keys(trainings)) {
				if turn++; sample.Skip(turn, 3) {
					continue
				}
				training := trainings[name]
				t.Run(fmt.Sprintf("%v,%v,rows=%d,%s", l, c.sizes, c.rows, name), func(t *testing.T) {
					simd.Set(l)
					b, _, x := denseStep{c.sizes, c.rows, true, training}.compile(t, false)
					defer b.Close()
					if n := testing.AllocsPerRun(5, func() { x.Run(compute.Args{LearningRate: 0.1, Momentum: 0.9}) }); n != 0 {
						t.Errorf("%v allocations a step", n)
					}
				})
			}
		}
	}
}
