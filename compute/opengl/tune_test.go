//go:build cgo && !nogl

package opengl

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"shadegrad/compute"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/cache"
	"shadegrad/internal/mlp"
	"shadegrad/internal/sample"
)

// openTuner opens a backend that times its choices without a limit, so that no test depends on how busy
// the machine is. measure may be nil.
func openTuner(t *testing.T, o Options, measure func([]fuse.Dispatch) (time.Duration, []float32, error)) *Backend {
	t.Helper()
	o.Tune = true
	b := openTest(t, o, seams{measure: measure})
	b.tuner.limit = time.Hour
	return b
}

// kernels returns the kernels of a trainer's step.
func (r *trainer) kernels() []string {
	var list []string
	for _, s := range r.step.(*executable).steps {
		list = append(list, s.program.name)
	}
	return list
}

// clock returns a measure by which dispatches take longer the later in words the first tile or option is
// that they have.
func clock(words ...string) func([]fuse.Dispatch) (time.Duration, []float32, error) {
	return func(plans []fuse.Dispatch) (time.Duration, []float32, error) {
		took := time.Second
		for _, p := range plans {
			for i, w := range words {
				if p.Defines["TILE"] == w || p.Defines[w] != "" {
					took = min(took, time.Duration(i+1)*time.Millisecond)
				}
			}
		}
		return took, nil, nil
	}
}

// TestFastestIsChosen checks that the tuner takes the fastest choice, whichever it is.
func TestFastestIsChosen(t *testing.T) {
	for _, c := range []struct {
		fastest string
		want    string // in the names of the layer's and the update's kernel
	}{
		{"T32", "_t32_"}, {"T64", "_t64_"}, {"T16", "_t16_"}, {"B4X4", "_b4x4_"}, {"B8X8", "_b8x8_"},
	} {
		b := openTuner(t, Options{CacheDir: t.TempDir()}, clock(c.fastest, "T32", "B8X8"))
		k := newTrainer(t, b, 128, 64, 0.9, 784, 128, 10).kernels()
		if len(k) != 3 || !strings.Contains(k[0], c.want) || !strings.Contains(k[2], c.want) {
			t.Errorf("%s is fastest, but the kernels are %q", c.fastest, k)
		}
	}
	// The fastest head may need slots.
	b := openTuner(t, Options{CacheDir: t.TempDir()}, clock("WIDE", "SLOTS"))
	if k := newTrainer(t, b, 128, 64, 0.9, 784, 128, 10).kernels(); !strings.Contains(k[1], "_wide_") {
		t.Errorf("a wide head is fastest, but the kernels are %q", k)
	}
}

// TestHopelessFamily checks that one hopeless kernel with barriers rules out the others, each of which would
// take a third of a second to compile on software OpenGL.
func TestHopelessFamily(t *testing.T) {
	tried := map[string]int{}
	b := openTuner(t, Options{CacheDir: t.TempDir()}, func(plans []fuse.Dispatch) (time.Duration, []float32, error) {
		tile := plans[0].Defines["TILE"]
		tried[tile]++
		if tile[0] == 'T' {
			return 10 * time.Millisecond, nil, nil
		}
		return time.Millisecond, nil, nil
	})
	k := newTrainer(t, b, 128, 64, 0.9, 784, 128, 10).kernels()
	if tried["T32"] != 1 || tried["T16"]+tried["T64"]+tried["T128"] != 0 || tried["B4X4"] == 0 || strings.Contains(k[1], "wide") {
		t.Errorf("tried %v, chose %q", tried, k)
	}
}

// TestTuning checks that the tuner times choices, that the fastest gives right results, and that it is
// stored.
func TestTuning(t *testing.T) {
	dir := t.TempDir()
	open := func() *Backend { return openTuner(t, Options{CacheDir: dir}, nil) }
	path := filepath.Join(dir, choicesFile)

	b := open()
	first := newTrainer(t, b, 128, 64, 0.9, 784, 128, 10)
	if b.tuner.tried < 2 {
		t.Errorf("%d choices were timed", b.tuner.tried)
	}
	turn := -1
	for _, c := range cases.All() {
		if c.Op == "program" && strings.Contains(c.Name, "784-128-10") {
			if turn++; sample.Skip(turn, 100) { // each has different choices
				continue
			}
			if err := c.Check(b); err != nil {
				t.Error(err)
			}
		}
	}
	if len(b.tuner.wrong) > 0 {
		t.Errorf("results of choices differ: %q", b.tuner.wrong)
	}
	t.Logf("%d choices in %v: %q", b.tuner.tried, b.tuner.spent, first.kernels())
	written, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}

	b = open()
	if again := newTrainer(t, b, 128, 64, 0.9, 784, 128, 10); b.tuner.tried != 0 || !slices.Equal(again.kernels(), first.kernels()) {
		t.Errorf("the second time %d choices were timed, and chosen %q, after %q", b.tuner.tried, again.kernels(), first.kernels())
	}

	for name, bad := range map[string]string{
		"empty":          "",
		"cut off":        string(written[:len(written)/2]),
		"not JSON":       "kernels\x00",
		"another type":   `{"version": 1, "value": [3]}`,
		"of the future":  strings.Replace(string(written), `"version": 1`, `"version": 2`, 1),
		"other shaders":  strings.Replace(string(written), separator, separator+"x", 1),
		"another driver": strings.Replace(string(written), " (", " (x", 1),
		"unknown choice": strings.ReplaceAll(strings.ReplaceAll(string(written), `"B`, `"X`), `"T`, `"X`),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o666); err != nil {
			t.Fatal(err)
		}
		b := openTuner(t, Options{CacheDir: dir}, clock("B8X8"))
		newTrainer(t, b, 128, 64, 0.9, 784, 128, 10)
		if b.tuner.tried == 0 {
			t.Errorf("a cache that is %s was believed", name)
		}
		text, err := os.ReadFile(path)
		if err != nil || string(text) == bad {
			t.Errorf("a cache that is %s was not written again: %v", name, err)
		}
		if kept := strings.Contains(string(text), " (x"); kept != (name == "another driver") {
			t.Errorf("after a cache that is %s: what is said of another device is kept: %v", name, kept)
		}
		if strings.Contains(string(text), separator+"x") {
			t.Error("what was timed with other shaders is kept")
		}
	}
}

// TestTuningOfLargeLayers checks that choices give alike results for matrices in separate buffers, and that
// squares stay squares.
func TestTuningOfLargeLayers(t *testing.T) {
	if testing.Short() {
		t.Skip("software OpenGL takes long to compile the choices; make test-long does")
	}
	b := openTuner(t, Options{CacheDir: t.TempDir()}, nil)
	adam := mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7, Drop: 0.5}
	newTrainerOf(t, b, 64, 16, recipe{training: adam}, 784, 700, 10)
	if b.tuner.tried < 3 || len(b.tuner.wrong) > 0 {
		t.Errorf("%d choices were timed, whose results differ for %q", b.tuner.tried, b.tuner.wrong)
	}
}

// TestNoCache checks that choices are not stored if the directory cannot be written.
func TestNoCache(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	b := openTuner(t, Options{CacheDir: file}, clock("B8X8"))
	newTrainer(t, b, 128, 64, 0, 784, 128, 10).run(1)
	if err := b.Sync(); err != nil || b.tuner.tried == 0 {
		t.Errorf("with a file for a directory %d choices were timed: %v", b.tuner.tried, err)
	}
}

// TestTuneOff checks that nothing is timed or written without Tune.
func TestTuneOff(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(cache.Variable, dir)
	b := openTest(t, Options{}, seams{})
	newTrainer(t, b, 128, 64, 0, 784, 128, 10)
	if entries, err := os.ReadDir(dir); b.tuner.tried != 0 || err != nil || len(entries) != 0 {
		t.Errorf("%d choices were timed, %d files written: %v", b.tuner.tried, len(entries), err)
	}
	b = openTuner(t, Options{}, clock("B8X8"))
	newTrainer(t, b, 128, 64, 0, 784, 128, 10)
	if entries, err := os.ReadDir(dir); err != nil || len(entries) != 1 || entries[0].Name() != choicesFile {
		t.Errorf("%s=%s has %v: %v", cache.Variable, dir, entries, err)
	}
}

// TestSmallProgramsAreNotTuned checks that small programs, such as those of the self-test, are
// not timed.
func TestSmallProgramsAreNotTuned(t *testing.T) {
	b := openTuner(t, Options{CacheDir: t.TempDir()}, nil)
	for _, c := range cases.SelfTest() {
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
	}
	if b.tuner.tried != 0 {
		t.Errorf("the self-test had %d choices timed", b.tuner.tried)
	}
}

// TestWrongChoice checks that a choice is not taken if its results differ from those of the
// default, however fast it is.
func TestWrongChoice(t *testing.T) {
	if testing.Short() {
		t.Skip("software OpenGL takes long to compile the choices; make test-long does")
	}
	set := editedShaders(t, "tile_shared.glsl", "av[r / 4][r % 4] * bv[c]", "av[r / 4][r % 4] + bv[c]")
	b := openTuner(t, Options{CacheDir: t.TempDir(), Shaders: set}, nil)
	fastest := clock("T32", "T16")
	b.tuner.measure = func(plans []fuse.Dispatch) (time.Duration, []float32, error) {
		_, made, err := b.rehearse(plans)
		took, _, _ := fastest(plans)
		return took, made, err
	}
	k := newTrainer(t, b, 128, 64, 0.9, 784, 128, 10).kernels()
	if len(b.tuner.wrong) == 0 || strings.Contains(strings.Join(k, " "), "_t32_") {
		t.Errorf("found wrong: %q; chosen: %q", b.tuner.wrong, k)
	}
}

// TestRehearsalHasABatchOfPixels checks that a rehearsal has one batch of the data set, however large
// the set is, and that no kernel reads beyond it.
func TestRehearsalHasABatchOfPixels(t *testing.T) {
	const samples, batch, inputs = 512, 64, 784
	var b *Backend
	seen := 0
	b = openTuner(t, Options{CacheDir: t.TempDir()}, func(plans []fuse.Dispatch) (time.Duration, []float32, error) {
		failed := error(nil)
		err := b.call(func(w *worker) {
			r, err := w.newRehearsal(plans)
			defer r.close(w)
			failed = err
			if pixels := r.stand[place{of: inPixels}]; pixels != nil {
				seen++
				if pixels.elems != batch*inputs {
					t.Errorf("%s sees %d bytes of pixels, want %d", plans[0].Kernel, pixels.elems, batch*inputs)
				}
			}
		})
		return time.Millisecond, nil, errors.Join(err, failed)
	})
	newTrainer(t, b, samples, batch, 0.9, inputs, 128, 10)
	if seen == 0 {
		t.Error("nothing that was tried gathers pixels")
	}
}
