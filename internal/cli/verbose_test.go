//go:build cgo && !nogl && !darwin

package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"shadegrad/internal/sample"
)

// TestVerbose checks the compiled step of -v, and the effect of -tune=off.
func TestVerbose(t *testing.T) {
	needGPU(t)
	t.Parallel()
	args := []string{"train", "-backend=gpu", "-data=" + smallData(t), "-hidden=128", "-epochs=1"}
	p := at(t)
	dir := p.path("cache")
	p.env = append(p.env, "SHADEGRAD_CACHE="+dir)
	r := p.run(append(args, "-v", "-tune=off")...).is(0)
	want := regexp.MustCompile(`\na training step: 3 dispatches, 3 barriers; on the device: \d+ bytes \(.*\)\n` +
		`  1\. layer_nt_\S+, \d+ groups, 12\.8 MFLOP: gather matmul activate\n` +
		`  2\. head_softmax_cross_entropy_relu_10_\S+, \d+ groups, 0\.328 MFLOP: matmul loss matmul delta\n` +
		`  3\. product_update_\S+, \d+ groups, 13 MFLOP: .*column_sum update\n`)
	if !want.MatchString(r.stderr) {
		t.Errorf("stderr is\n%swhich is not\n%s", r.stderr, want)
	}
	if _, err := os.Stat(dir); !os.IsNotExist(err) {
		t.Errorf("with -tune=off there is a cache: %v", err)
	}
	if r = p.run(args...).is(0); strings.Contains(r.stderr, "dispatch") {
		t.Errorf("without -v stderr is\n%s", r.stderr)
	}
	if files, err := os.ReadDir(dir); err != nil || len(files) != 1 {
		t.Errorf("%s has %v: %v", filepath.Base(dir), files, err)
	}
	p.run("train", "-tune=maybe").is(2, "-tune", "on or off")
}

// TestVerboseChangesNothingOnTheGPU is TestVerboseChangesNothing with kernels that depend on no clock,
// with and without velocities.
func TestVerboseChangesNothingOnTheGPU(t *testing.T) {
	needGPU(t)
	t.Parallel()
	for _, momentum := range sample.Of([]string{"0.9", "0"}, 2) {
		p := at(t)
		args := []string{"train", "-backend=gpu", "-data=" + smallData(t), "-hidden=40,30", "-epochs=2", "-tune=off", "-momentum=" + momentum}
		p.run(append(args, "-save="+p.path("plain"))...).is(0)
		p.run(append(args, "-v", "-save="+p.path("told"))...).is(0, "\nafter epoch 2, tried on 300 training images\n", "\n  2      30 relu, ")
		if !bytes.Equal(contents(t, p.path("plain")), contents(t, p.path("told"))) {
			t.Errorf("with momentum %s and -v another network comes out", momentum)
		}
	}
}
