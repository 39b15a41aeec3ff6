package cpu_test

import (
	"fmt"
	"runtime"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
	"shadegrad/cpu"
	"shadegrad/internal/sample"
	"shadegrad/internal/simd"
)

// TestLongBatches judges steps on so many samples that gradients are summed in parts. The weights
// must not be rounded once for each part.
func TestLongBatches(t *testing.T) {
	before, level := runtime.GOMAXPROCS(0), simd.Current()
	defer runtime.GOMAXPROCS(before)
	defer simd.Set(level)
	for i, l := range simd.Levels() {
		simd.Set(l)
		for _, batch := range []int{513, 4000, 10000}[:sample.Count(3, 2)] {
			for _, momentum := range []bool{false, true} {
				s := cases.Step{Sizes: []int{100, 20, 10}, Hidden: compute.ReLU, Output: compute.Softmax,
					Batch: batch, Momentum: momentum, Biases: true}
				t.Run(fmt.Sprintf("%v,batch=%d,momentum=%t", l, batch, momentum), func(t *testing.T) {
					runtime.GOMAXPROCS(1 + i)
					b := cpu.New()
					defer b.Close()
					if err := s.Case().Check(b); err != nil {
						t.Error(err)
					}
				})
			}
		}
	}
}
