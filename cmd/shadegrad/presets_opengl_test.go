//go:build cgo && !nogl

package main

import (
	"strings"
	"testing"

	"shadegrad/internal/preset"
)

// TestPresetsOpenGL trains each preset on a few samples through OpenGL. The hidden layers are
// smaller where there are many units: on software OpenGL most of the time goes to them.
func TestPresetsOpenGL(t *testing.T) {
	needGPU(t)
	for _, p := range preset.All() {
		t.Run(p.Name, func(t *testing.T) {
			t.Parallel()
			args := shortened(t, p, "-backend=gpu", "-tune=off", "-limit=5")
			f := presetLine(t, args[1:]...)
			sizes := f.recipe.hidden
			for i := range sizes {
				sizes[i] = min(sizes[i], 40)
			}
			r := at(t).run(append(args, "-hidden="+showSizes(sizes))...).is(0, "preset "+p.Name+": ", "gpu: ")
			if !strings.Contains(r.stdout, "epoch 1/1: training loss ") || !strings.Contains(r.stdout, "test accuracy ") {
				t.Errorf("stdout:\n%s", r.stdout)
			}
		})
	}
}

// TestDigitsOpenGL draws the same distorted digits through OpenGL as on the CPU, but for a few
// pixels that round to the next grey.
func TestDigitsOpenGL(t *testing.T) {
	needGPU(t)
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
