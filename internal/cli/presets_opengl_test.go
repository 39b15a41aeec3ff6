//go:build cgo && !nogl && !darwin

package cli

import (
	"math"
	"slices"
	"testing"

	"shadegrad/internal/recipe"
	"shadegrad/internal/sample"
)

// TestPresetsOpenGL trains each preset for three epochs on a few samples, or a hundred on a toy, through OpenGL and on
// the CPU, and compares the training and test losses. Large hidden layers are smaller here: on software OpenGL they take
// most of the time.
//
// Weights, order, dropout and distortions are bit-identical on both, except a few pixels that round to the next grey. The
// remaining difference is the rounding of float32, 6e-8, in sums of some hundred terms over up to a hundred steps: about
// 1e-7 of a loss, 4e-7 at most. The bound of 1e-5 allows for devices whose exp and tanh are less exact.
func TestPresetsOpenGL(t *testing.T) {
	needGPU(t)
	for _, p := range sample.Of(recipe.Presets(), 5) {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			args := shortened(t, p, "-tune=off", "-json", "-epochs=3", "-every=1", "-test=each")
			if presetLine(t, "-preset="+p.Name).Path != "" { // a toy
				args = append(args, "-epochs=100")
			}
			f := presetLine(t, args[1:]...)
			args = append(args, "-hidden="+recipe.ShowSizes(capped(f.Hidden, 40)))
			train := func(backend string) []map[string]any {
				r := at(t).run(append(args, "-backend="+backend)...).is(0, "preset "+p.Name+": ", backend+": ")
				epochs := slices.DeleteFunc(events(t, r.stdout), func(e map[string]any) bool { return e["event"] != "epoch" })
				if len(epochs) != f.Epochs || epochs[0]["backend"] != backend {
					t.Fatalf("%d epochs, the first %v", len(epochs), epochs[0])
				}
				return epochs
			}
			gpu, cpu := train("gpu"), train("cpu")
			worst := 0.
			for i, want := range cpu {
				for _, name := range []string{"train_loss", "test_loss"} {
					got, want := gpu[i][name].(float64), want[name].(float64)
					worst = max(worst, math.Abs(got-want)/want)
					if !(math.Abs(got-want) <= 1e-5*want) {
						t.Errorf("epoch %d: the %s is %v through OpenGL, %v on the CPU", i+1, name, got, want)
					}
				}
			}
			first, last := cpu[0]["test_loss"].(float64), cpu[len(cpu)-1]["test_loss"].(float64)
			t.Logf("losses differ by %.1g of theirs at most; the test loss goes from %.4g to %.4g", worst, first, last)
			// For a network that does not change the two would agree for any step.
			if math.Abs(first-last) < 1e-4*first {
				t.Errorf("the test loss goes from %v to %v: this agreement shows little", first, last)
			}
		})
	}
}

// TestDigitsOpenGL draws the same distorted digits through OpenGL as on the CPU, except a few pixels
// that round to the next grey.
func TestDigitsOpenGL(t *testing.T) {
	needGPU(t)
	t.Parallel()
	p := at(t)
	sheet := func(backend string) func(x, y int) uint32 {
		p.run("digits", "-data="+smallData(t), "-augment=ciresan,shear=0.1,shift=1", "-count=3", "-backend="+backend, "-o=sheet.png").is(0)
		_, _, grey := greys(t, contents(t, p.path("sheet.png")))
		return grey
	}
	gpu, host := sheet("gpu"), sheet("cpu")
	differ := 0
	const cell = 3*28 + 4
	for y := 4; y < 10*cell; y += 3 {
		for x := 4; x < 3*cell; x += 3 {
			switch a, b := gpu(x, y), host(x, y); {
			case a > b+1 || b > a+1:
				t.Fatalf("the pixel at (%d,%d) is %d, and %d on the CPU", x, y, a, b)
			case a != b:
				differ++
			}
		}
	}
	if differ > 100 {
		t.Errorf("%d pixels are another grey than on the CPU", differ)
	}
}
