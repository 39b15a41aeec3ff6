//go:build cgo && !nogl && !darwin

package opengl

import (
	"strings"
	"testing"

	"shadegrad/compute"
)

// TestSources checks that Sources has the text of each kernel of a step, by its name.
func TestSources(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	r := newTrainer(t, b, 64, 64, 0.9, 20, 12, 4)
	texts, err := r.step.(compute.Sourcer).Sources()
	if err != nil {
		t.Fatal(err)
	}
	kernels := map[string]bool{}
	for _, d := range r.step.(compute.Describer).Describe().Dispatches {
		kernels[d.Kernel] = true
		if text := texts[d.Kernel]; !strings.HasPrefix(text, "#version 430") || !strings.Contains(text, "void main()") {
			t.Errorf("the source of %s is %.60q", d.Kernel, text)
		}
	}
	if len(texts) != len(kernels) {
		t.Errorf("%d sources of %d kernels", len(texts), len(kernels))
	}
}
