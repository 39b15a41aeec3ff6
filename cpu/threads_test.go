package cpu_test

import (
	"fmt"
	"maps"
	"math"
	"runtime"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/cpu"
	"shadegrad/internal/mlp"
	"shadegrad/internal/sample"
)

// threadCases are steps that are divided among threads in different ways: some ops are too small
// to divide, some sums are computed in parts.
var threadCases = []struct {
	sizes []int
	rows  int
}{
	{[]int{7, 3}, 1},
	{[]int{784, 128, 10}, 64},
	{[]int{784, 33, 17, 10}, 129},
	{[]int{30, 1100, 1}, 200},
	{[]int{90, 65, 10}, 2500},
}

func TestThreadsDoNotChangeBits(t *testing.T) {
	before := runtime.GOMAXPROCS(0)
	defer runtime.GOMAXPROCS(before)
	turn := 0
	for _, c := range threadCases {
		for _, name := range slices.Sorted(maps.Keys(trainings)) {
			if turn++; sample.Skip(turn, 3) {
				continue
			}
			training := trainings[name]
			t.Run(fmt.Sprintf("%v,rows=%d,%s", c.sizes, c.rows, name), func(t *testing.T) {
				var want [][]float32
				for _, threads := range []int{1, 2, 3, 5} {
					runtime.GOMAXPROCS(threads)
					got := steps(t, c.sizes, c.rows, training)
					if want == nil {
						want = got
					}
					sameBits(t, fmt.Sprintf("%d threads", threads), got, want)
				}
			})
		}
	}
}

// steps trains a network for two steps and returns its state.
func steps(t *testing.T, sizes []int, rows int, training mlp.Training) [][]float32 {
	t.Helper()
	b := cpu.New()
	defer b.Close()
	config := mlp.Config{Sizes: sizes, Hidden: compute.Tanh, Output: compute.Sigmoid, Init: mlp.Normal, Scale: 1. / 255, On: 1}
	n, err := mlp.New(b, config, rows, training)
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Load(n.Parameters(), config.InitialParameters(4)); err != nil {
		t.Fatal(err)
	}
	p, err := n.TrainStep(dataSet(t, b, 2*rows, sizes[0], config.Outputs()), rows)
	if err != nil {
		t.Fatal(err)
	}
	x, err := b.Compile(p)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 2 {
		x.Run(compute.Args{Row: i * rows, LearningRate: 0.1, Momentum: 0.9, Step: uint32(i)})
	}
	mats := append(append(n.Parameters(), n.Velocities()...), append(n.Squares(), n.Outputs()...)...)
	values, err := n.Values(mats)
	if err != nil {
		t.Fatal(err)
	}
	return values
}

// dataSet returns n random samples in b's memory.
func dataSet(t *testing.T, b compute.Backend, n, features, classes int) mlp.Set {
	t.Helper()
	r := philox.Stream{Seed: 5}
	pixels, labels := make([]byte, n*features), make([]byte, n)
	for i := range pixels {
		pixels[i] = byte(r.Uint64(uint64(i)))
	}
	for i := range labels {
		labels[i] = byte(r.Uint64(uint64(i)) % uint64(max(classes, 2)))
	}
	images, err1 := b.AllocBytes(n, features)
	column, err2 := b.AllocBytes(n, 1)
	stats, err3 := b.Alloc(n, 2)
	for _, err := range []error{err1, err2, err3, b.WriteBytes(images, pixels), b.WriteBytes(column, labels)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	return mlp.Set{Images: images, Labels: column, Stats: stats}
}

func sameBits(t *testing.T, what string, got, want [][]float32) {
	t.Helper()
	for i := range want {
		for j := range want[i] {
			if math.Float32bits(got[i][j]) != math.Float32bits(want[i][j]) {
				t.Fatalf("%s: element %d of matrix %d is %v, with 1 thread it is %v", what, j, i, got[i][j], want[i][j])
			}
		}
	}
}
