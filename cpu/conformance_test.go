package cpu_test

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/cpu"
	"shadegrad/internal/simd"
)

// TestConformance runs on every kernel path that the machine has.
func TestConformance(t *testing.T) {
	before := simd.Current()
	defer simd.Set(before)
	for _, level := range simd.Levels() {
		t.Run(level.String(), func(t *testing.T) {
			simd.Set(level)
			computetest.Run(t, func(testing.TB) compute.Backend { return cpu.New() })
		})
	}
}
