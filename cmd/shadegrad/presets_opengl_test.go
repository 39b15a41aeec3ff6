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
