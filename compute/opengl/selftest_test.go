//go:build cgo && !nogl && !darwin

package opengl

import (
	"testing"

	"shadegrad/compute/judge/cases"
	"shadegrad/internal/sample"
)

// TestSelfTestFindsMutants plants mistakes in code that kernels of several ops share, and expects the few
// cases of the self-test to find them. Dropout and rules exist for single values and for vectors.
func TestSelfTestFindsMutants(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	planned := b.planning
	list := cases.SelfTest()
	for _, m := range sample.Of([]mutant{
		{file: "dropout.glsl", old: "value * keep", new: "value * (keep * 1.001)"},
		{file: "dropout.glsl", old: "threshold ? value *", new: "threshold + 655u ? value *"},
		{file: "dropout.glsl", old: "values[q] * keep", new: "values[q] * (keep * 1.001)"},
		{file: "dropout.glsl", old: "threshold ? values[q]", new: "threshold + 655u ? values[q]"},
		{file: "dropout.glsl", old: "(e & 4u) + q", new: "q"},
		{file: "product_delta.comp", old: "back = dropped(i * n + j, back);", new: ""},
		{file: "product_delta.comp", old: "back = dropped4(i * n + j, back);", new: ""},
		{file: "layer.comp", old: "dropped(i * n + j, value)", new: "value"},
		{file: "layer.comp", old: "dropped4(i * n + j, values)", new: "values"},
		{file: "gather.comp", old: "value = dropped(i * cols + j, value);", new: ""},
		{file: "head.comp", old: "back = droppedOf(i * k + l, back);", new: ""},
		{file: "product_update.comp", old: "squares[q], g[q]", new: "squares[q], g[0]"},
		{file: "rules.glsl", old: "mean * stepValues.y", new: "mean * (stepValues.y * 1.01)"},
		{file: "loss.glsl", old: "targetsOffset + i * cols + j", new: "targetsOffset + j"},
	}, 6) {
		m.op = "the self-test"
		m.plant(t, b)
		b.planning = planned // what this device would choose
		m.found(t, b, list)
	}
}
