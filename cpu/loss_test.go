package cpu_test

import (
	"fmt"
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
)

// TestHitOfNaN computes the loss of outputs that contain NaN. No class is a hit, and the loss is
// NaN.
func TestHitOfNaN(t *testing.T) {
	nan := float32(math.NaN())
	b := cpu.New()
	defer b.Close()
	for _, f := range compute.Activations() {
		for _, kind := range []compute.LossKind{compute.CrossEntropy, compute.SquaredError} {
			if kind == compute.CrossEntropy && f != compute.Softmax && f != compute.Sigmoid {
				continue
			}
			for _, row := range [][]float32{{nan}, {nan, nan, nan}, {1, nan, 2}, {nan, 1, 2}, {2, 1, nan}} {
				t.Run(fmt.Sprint(f, ", ", kind, ", ", row), func(t *testing.T) {
					classes := max(2, len(row))
					z, stats := make([]float32, 0), make([]float32, 2*classes)
					labels := make([]byte, classes)
					for i := range labels {
						z, labels[i] = append(z, row...), byte(i)
					}
					zs := matrix(t, b, classes, len(row), false, z)
					to := matrix(t, b, classes, 2, false, stats)
					of, err := b.ShareBytes(classes, 1, labels)
					if err != nil {
						t.Fatal(err)
					}
					x, err := b.Compile(compute.Program{Ops: []compute.Op{compute.Loss{Z: zs, Stats: to, Labels: of, F: f, Kind: kind, On: 1, Weight: 1}}})
					if err != nil {
						t.Fatal(err)
					}
					x.Run(compute.Args{})
					if err := b.Read(stats, to); err != nil {
						t.Fatal(err)
					}
					for i := range labels {
						if stats[2*i+1] != 0 {
							t.Errorf("class %d is a hit", i)
						}
						// With one output class 0 has the target 0, and softmax's loss no term.
						if e := stats[2*i]; e == e && (f != compute.Softmax || kind != compute.CrossEntropy || len(row) > 1) {
							t.Errorf("the loss of class %d is %v", i, e)
						}
					}
				})
			}
		}
	}
}
