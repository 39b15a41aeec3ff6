//go:build cgo && !nogl

package opengl

import (
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/compute/judge"
	"shadegrad/cpu"
)

func TestConformance(t *testing.T) {
	computetest.Run(t, func(t testing.TB) compute.Backend { return openTest(t, Options{}, seams{}) })
}

func TestAgainstCPU(t *testing.T) {
	computetest.Compare(t,
		func(t testing.TB) compute.Backend { return openTest(t, Options{}, seams{}) },
		func(testing.TB) compute.Backend { return cpu.New() })
}

// The plain product is the documentation of the other, so it must be right too.
func TestConformanceOfNaiveMatMul(t *testing.T) {
	b := openTest(t, Options{MatMul: Naive}, seams{})
	judged := 0
	for _, c := range judge.Cases() {
		if c.Op == "matmul" {
			judged++
			if err := c.Check(b); err != nil {
				t.Error(err)
			}
		}
	}
	if judged == 0 {
		t.Error("the judge has no products")
	}
}

// With a grid of two groups nearly every case makes kernels step on by the grid,
// and with slices of 100 terms products take several dispatches. Otherwise either
// takes matrices too large for a test.
func TestConformanceOfLargeShapes(t *testing.T) {
	for _, kernel := range []MatMulKernel{Blocked, Naive} {
		b := openTest(t, Options{MatMul: kernel}, seams{groups: 2, slice: 100})
		for _, c := range judge.Cases() {
			if kernel == Naive && c.Op != "matmul" {
				continue
			}
			if err := c.Check(b); err != nil {
				t.Errorf("grid of 2×2 groups: %v", err)
			}
		}
	}
}

// Without a display the context is EGL's, whatever the rest of the tests run on.
func TestWithoutDisplay(t *testing.T) {
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	b := openTest(t, Options{}, seams{})
	if detail := b.Info().Detail; !strings.HasPrefix(detail, "EGL") {
		t.Errorf("Info().Detail is %q without a display, want EGL", detail)
	}
	for _, c := range judge.SelfTest() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
}
