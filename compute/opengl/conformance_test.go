//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"runtime"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/cpu"
	"shadegrad/internal/sample"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	computetest.Run(t, func(t testing.TB) compute.Backend { return openTest(t, Options{}, seams{}) })
}

func TestAgainstCPU(t *testing.T) {
	t.Parallel()
	computetest.Compare(t,
		func(t testing.TB) compute.Backend { return openTest(t, Options{}, seams{}) },
		func(testing.TB) compute.Backend { return cpu.New() })
}

// TestConformanceOfPlainKernels checks the plain product, which documents the others.
func TestConformanceOfPlainKernels(t *testing.T) {
	t.Parallel()
	b := openTest(t, Options{Plain: true}, seams{})
	judged := 0
	for _, c := range computetest.Cases() {
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

// TestConformanceOfEveryTile checks every kernel of a product, with sums in one part and in several, and
// every kernel of a network's head, not only the ones this device would choose.
func TestConformanceOfEveryTile(t *testing.T) {
	for i, tile := range fuse.TileNames() {
		shared := tile[0] == 'T'
		p := fuse.Options{Tile: tile, Slots: 1 + 2*(i%2), Wide: shared}
		t.Run(fmt.Sprintf("%s/slots=%d", tile, p.Slots), func(t *testing.T) {
			t.Parallel()
			b := openTest(t, Options{}, seams{planning: p})
			// Software OpenGL takes longer to compile larger tiles.
			every := map[string]int{"program": 4, "matmul": 16}
			if shared {
				every = map[string]int{"program": 16, "matmul": 80}
			}
			if shared && tile != "T16" && tile != "T32" {
				every = map[string]int{"program": 40, "matmul": 160}
			}
			chosen := map[string]int{}
			for turn, c := range cases.All() {
				if n := every[c.Op]; n == 0 || turn%n != i%4 {
					continue
				}
				if chosen[c.Op]++; sample.Skip(chosen[c.Op]-1, 100) {
					continue
				}
				if err := c.Check(b); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// TestConformanceOfLargeShapes uses a grid of two groups, so that nearly every case makes kernels step by
// the grid, and slices of 100 terms, so that products take several dispatches. Otherwise this would need
// matrices too large for a test.
func TestConformanceOfLargeShapes(t *testing.T) {
	t.Parallel()
	for _, plain := range []bool{false, true} {
		b := openTest(t, Options{Plain: plain}, seams{groups: 2, slice: 100})
		for _, c := range computetest.Cases() {
			if plain && c.Op != "matmul" {
				continue
			}
			c.Whole = true // its ops by themselves are other cases
			if err := c.Check(b); err != nil {
				t.Errorf("grid of 2×2 groups: %v", err)
			}
		}
	}
}

// TestWithoutDisplay checks that the context is EGL's without a display.
func TestWithoutDisplay(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("its display is always there")
	}
	t.Setenv("DISPLAY", "")
	t.Setenv("WAYLAND_DISPLAY", "")
	b := openTest(t, Options{}, seams{})
	if detail := b.Info().Detail; !strings.HasPrefix(detail, "EGL") {
		t.Errorf("Info().Detail is %q without a display, want EGL", detail)
	}
	for _, c := range sample.Of(cases.SelfTest(), 12) {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
}
