//go:build cgo && !nogl && !darwin

package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"shadegrad/internal/capsule"
	"shadegrad/internal/sample"
)

// TestShadowOpenGL checks steps of the machine's own OpenGL: all are within their bounds, and their
// bits are unchanged.
func TestShadowOpenGL(t *testing.T) {
	needGPU(t)
	t.Parallel()
	for _, more := range sample.Of([][]string{
		{"-hidden=32", "-batch=10", fmt.Sprintf("-epochs=%d", sample.Count(8, 2))}, // of 30 steps
		{"-hidden=24,12", "-act=tanh", "-loss=mse", "-batch=33", "-epochs=2"},
		{"-hidden=9", "-batch=1", "-epochs=1"},
		{"-hidden=8", "-batch=64", "-epochs=2", "-device-memory=600KiB"},
	}, 4) {
		p := at(t)
		args := append([]string{"train", "-backend=gpu", "-tune=off", "-data=" + smallData(t)}, more...)
		p.run(append(args, "-save=plain")...).is(0)
		p.run(append(args, "-save=shadowed", "-shadow=1")...).is(0, " checked in float64, all results within their bounds\n")
		if !bytes.Equal(contents(t, p.path("plain")), contents(t, p.path("shadowed"))) {
			t.Errorf("%q: another network", more)
		}
	}
}

// TestShadowShader catches a shader that is wrong only outside the self-tests, saves its source as
// compiled, and passes the correct shaders.
func TestShadowShader(t *testing.T) {
	info := needGPU(t)
	t.Parallel()
	const right = "w[(wOffset + e) >> 2u] = weights;"
	const wrong = "w[(wOffset + e) >> 2u] = (n >= 700u ? 1.01 : 1.0) * weights;"
	broken := at(t, "SHADEGRAD_SHADERS="+mutated(t, "product_update.comp", right, wrong))
	path := broken.path("m.capsule")
	broken.run("train", "-backend=gpu", "-data="+smallData(t), "-hidden=20", "-shadow=4", "-tune=off", "-save=m").is(1,
		"shadegrad: the device is wrong: "+info.Renderer+" computed step 1 of epoch 1 wrongly: op 13, update: element (", " of the weights of layer 1 is ")
	c, err := capsule.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	found := false
	for name, text := range c.Sources {
		found = found || strings.HasPrefix(name, "product_update_") && strings.HasPrefix(text, "#version 430") && strings.Contains(text, wrong)
	}
	if !found {
		t.Errorf("of %d sources none is that of the wrong kernel", len(c.Sources))
	}
	r := broken.run("replay", path).is(1, "with the sources of ", "computes the step wrongly\n")
	if !strings.HasPrefix(r.stdout, "the device is wrong: on "+info.Renderer+", in op 13, update: element (") || !strings.HasSuffix(r.stdout, ", although each op alone is right\n") {
		t.Error(r.stdout)
	}
	for _, backend := range []string{"gpu", "cpu"} {
		r = at(t).run("replay", "-backend="+backend, path).is(0)
		if !strings.HasPrefix(r.stdout, "this device is right: ") || !strings.Contains(r.stdout, "; "+info.Renderer+" did not: op 13, update: ") {
			t.Errorf("%s: %s", backend, r.stdout)
		}
	}
}
