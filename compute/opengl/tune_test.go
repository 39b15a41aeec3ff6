//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
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
// the machine is. measure may be nil; otherwise it stands for a GPU.
func openTuner(t *testing.T, o Options, measure func([]fuse.Dispatch, time.Duration) (rehearsed, error)) *Backend {
	t.Helper()
	o.Tune = true
	b := openTest(t, o, seams{measure: measure, hardware: measure != nil})
	b.tuner.timing, b.tuner.preparing = time.Hour, time.Hour
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

// slotCount matches the number of slots in the name of a choice.
var slotCount = regexp.MustCompile(`/[0-9]+`)

// chosen returns the names of the choices for a training step, with /n for numbers of slots, and stores
// them. It compiles nothing.
func chosen(t *testing.T, b *Backend, layers ...int) []string {
	t.Helper()
	var names []string
	for _, stage := range stages(t, b, layers...) {
		c, err := b.choose(stage)
		if err != nil {
			t.Fatal(err)
		}
		names = append(names, slotCount.ReplaceAllString(c.Name, "/n"))
	}
	if err := b.tuner.memory.save(); err != nil {
		t.Fatal(err)
	}
	return names
}

// stages returns the stages of a training step.
func stages(t *testing.T, b *Backend, layers ...int) []fuse.Stage {
	t.Helper()
	const samples, batch = 128, 64
	c := mlp.Config{Sizes: layers, Hidden: compute.ReLU, Output: compute.Softmax, Loss: compute.CrossEntropy, Init: mlp.He, Scale: 1. / 255, On: 1}
	n, err := mlp.New(b, c, batch, mlp.Training{Velocity: true})
	if err != nil {
		t.Fatal(err)
	}
	var s mlp.Set
	var errs [5]error
	s.Images, errs[0] = b.AllocBytes(samples, layers[0])
	s.Labels, errs[1] = b.AllocBytes(samples, 1)
	s.Order, errs[2] = b.AllocIndex(samples, samples)
	s.Stats, errs[3] = b.Alloc(samples, 2)
	p, err := n.TrainStep(s, batch)
	errs[4] = err
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return fuse.Stages(fuse.JoinUpdates(fuse.Groups(p, b.planning), b.planning), b.planning)
}

// A model is a GPU whose times are sums of those of its dispatches, in microseconds.
type model struct {
	tiles        map[string]int // of products
	other        int            // of other tiles
	narrow, wide int            // head
	timing       time.Duration  // that a try takes
	preparing    time.Duration
	tried        []string
}

// gpu returns a model on which T32, slots and a wide head are fastest.
func gpu() *model {
	return &model{tiles: map[string]int{"B8X8": 60, "B4X4": 40, "T16": 16, "T32": 14, "T64": 20, "T128": 30}, other: 99, narrow: 12, wide: 5}
}

func (m *model) measure(list []fuse.Dispatch, enough time.Duration) (rehearsed, error) {
	took, name := m.cost(list)
	m.tried = append(m.tried, name)
	return rehearsed{took: took, timing: m.timing, preparing: m.preparing}, nil
}

// cost returns the time of dispatches, and their name.
func (m *model) cost(list []fuse.Dispatch) (time.Duration, string) {
	name, micros := "", 0
	for _, d := range list {
		cost, known := m.tiles[d.Defines["TILE"]]
		switch {
		case d.Kernel == "head" && d.Defines["WIDE"] != "":
			cost = m.wide
		case d.Kernel == "head":
			cost = m.narrow
		case !known:
			cost = m.other
		case d.Defines["SLOTS"] != "":
			cost /= 4
		}
		micros += cost
		name += fmt.Sprint(d.Kernel, d.Defines["TILE"], d.Params["slotLength"], d.Defines["WIDE"], " ")
	}
	return time.Duration(micros) * time.Microsecond, name
}

// TestFastestIsChosen checks that the tuner takes the fastest choice, whichever it is. Package fuse tests
// the search on more models and networks.
func TestFastestIsChosen(t *testing.T) {
	for _, c := range []struct {
		fastest string
		cost    int
		wide    int
		want    string
	}{
		{"T32", 8, 5, "[T32/n groups T32]"},
		{"T64", 8, 5, "[T64/n groups T64]"},
		{"T16", 8, 50, "[T16/n rows T16]"},
		{"B8X8", 1, 5, "[B8X8 groups B8X8]"},
	} {
		m := gpu()
		m.tiles[c.fastest], m.wide = c.cost, c.wide
		b := openTuner(t, Options{CacheDir: t.TempDir()}, m.measure)
		if got := fmt.Sprint(chosen(t, b, 784, 128, 10)); got != c.want {
			t.Errorf("%s is fastest, but the choices are %s after %q", c.fastest, got, m.tried)
		}
	}
}

// TestTruncatedSearch checks that compiling is not charged to the time for timing; that a search without time
// is stored as partial, and continued by the next run and not by one that repeats an earlier run; and that
// a complete search is not repeated.
func TestTruncatedSearch(t *testing.T) {
	const complete = "[T32/n groups T32]"
	run := func(dir string, m *model, repeat bool) (*Backend, string) {
		b := openTest(t, Options{Tune: true, Repeat: repeat, CacheDir: dir}, seams{measure: m.measure, hardware: true})
		return b, fmt.Sprint(chosen(t, b, 784, 128, 10))
	}
	slowCompiler := gpu()
	slowCompiler.timing, slowCompiler.preparing = 8*time.Millisecond, 100*time.Millisecond
	b, got := run(t.TempDir(), slowCompiler, false)
	if _, settled := b.Kernels(); got != complete || !settled {
		t.Errorf("with a slow compiler the choices are %s after %d tries, settled %v; want %s", got, len(slowCompiler.tried), settled, complete)
	}

	// The fastest tile is tried last.
	slow := func() *model {
		m := gpu()
		m.tiles["T64"], m.timing = 1, 200*time.Millisecond
		return m
	}
	dir := t.TempDir()
	first := slow()
	b, started := run(dir, first, false)
	kernels, settled := b.Kernels()
	if len(first.tried) != 3 || settled || len(b.tuner.changed) > 0 {
		t.Errorf("tried %q, settled %v, changed %v; want 3 tries", first.tried, settled, b.tuner.changed)
	}
	for stage, r := range b.tuner.memory.choices {
		if want := strings.HasPrefix(stage, "layer"); !r.Partial || (len(r.Tried) == 3) != want {
			t.Errorf("%s is stored as %+v, want it partial", stage, r)
		}
	}

	repeated := slow()
	b, got = run(dir, repeated, true)
	if again, settled := b.Kernels(); got != started || len(repeated.tried) != 0 || settled || !maps.Equal(again, kernels) || b.Chooses(kernels) {
		t.Errorf("a repeated run tried %q and chose %s, want %s", repeated.tried, got, started)
	}

	tried := first.tried
	runs, changed := 1, 0
	for settled = false; !settled && runs < 20; runs++ {
		m := slow()
		b, got = run(dir, m, false)
		changed += len(b.tuner.changed)
		_, settled = b.Kernels()
		tried = append(tried, m.tried...)
	}
	// What is tried again is the usual choice in each run, for its results, and the two best of each stage, twice.
	slices.Sort(tried)
	if again := len(tried) - len(slices.Compact(tried)); again > runs+2*4 {
		t.Errorf("in %d runs %d tries were not new", runs, again)
	}
	if got != "[T64/n groups T64]" || !settled || runs < 4 || changed == 0 {
		t.Errorf("after %d runs the choices are %s, settled %v, changed %d", runs, got, settled, changed)
	}
	last := slow()
	if _, again := run(dir, last, false); again != got || len(last.tried) != 0 {
		t.Errorf("after a complete search, a run tried %q and chose %s, want %s", last.tried, again, got)
	}
	now, _ := b.Kernels()
	if !b.Chooses(now) || b.Chooses(kernels) {
		t.Errorf("of %v and %v, only the second are final", kernels, now)
	}
	for _, key := range []string{shadersKey, tuneKey} {
		other := maps.Clone(now)
		if other[key] = "other"; b.Chooses(other) {
			t.Errorf("other %s make no difference", key)
		}
	}
}

// TestWithoutTimer checks that a time of 0 is neither a result nor stored.
func TestWithoutTimer(t *testing.T) {
	m := gpu()
	b := openTuner(t, Options{CacheDir: t.TempDir()}, func(list []fuse.Dispatch, enough time.Duration) (rehearsed, error) {
		r, err := m.measure(list, enough)
		if list[0].Defines["TILE"] == "T64" {
			r.took = 0
		}
		return r, err
	})
	if got := fmt.Sprint(chosen(t, b, 784, 128, 10)); got != "[T32/n groups T32]" {
		t.Errorf("if T64 takes no time, the choices are %s", got)
	}
	b = openTuner(t, Options{CacheDir: t.TempDir()}, func([]fuse.Dispatch, time.Duration) (rehearsed, error) { return rehearsed{}, nil })
	chosen(t, b, 784, 128, 10)
	for stage, r := range b.tuner.memory.choices {
		if !r.Partial || len(r.Tried) != 0 {
			t.Errorf("without a clock, %s is stored as %+v", stage, r)
		}
	}
}

// TestRunoff checks that the winner is timed again, with the second.
func TestRunoff(t *testing.T) {
	m, lucky := gpu(), true
	b := openTuner(t, Options{CacheDir: t.TempDir()}, func(list []fuse.Dispatch, enough time.Duration) (rehearsed, error) {
		r, err := m.measure(list, enough)
		if list[0].Defines["TILE"] == "T16" && list[0].Kernel == "product_update" && lucky {
			r.took, lucky = time.Microsecond, false
		}
		return r, err
	})
	if got := fmt.Sprint(chosen(t, b, 784, 128, 10)); got != "[T32/n groups T32]" {
		t.Errorf("the choices are %s, after a first time of T16 that was too short", got)
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
			if turn++; turn%4 > 0 || sample.Skip(turn, 100) { // each has different choices
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
	t.Logf("%d choices in %v: %q", b.tuner.tried, time.Hour-b.tuner.timing, first.kernels())
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
		"of the future":  strings.Replace(string(written), `"version": 2`, `"version": 3`, 1),
		"other shaders":  strings.Replace(string(written), separator, separator+"x", 1),
		"another driver": strings.Replace(string(written), " (", " (x", 1),
		"unknown choice": strings.ReplaceAll(strings.ReplaceAll(string(written), `"B`, `"X`), `"T`, `"X`),
	} {
		if err := os.WriteFile(path, []byte(bad), 0o666); err != nil {
			t.Fatal(err)
		}
		b := openTuner(t, Options{CacheDir: dir}, gpu().measure)
		chosen(t, b, 784, 128, 10)
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
	b := openTuner(t, Options{CacheDir: file}, gpu().measure)
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
	b = openTuner(t, Options{}, gpu().measure)
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
	set := editedShaders(t, "tile_blocks.glsl", "sum[r][c] += av[s][r] * bv[s][c]", "sum[r][c] += TILE == B4X4 ? 1.0 : av[s][r] * bv[s][c]")
	b := openTuner(t, Options{CacheDir: t.TempDir(), Shaders: set}, nil)
	b.tuner.measure = func(list []fuse.Dispatch, enough time.Duration) (rehearsed, error) {
		r, err := b.rehearse(list, 0)
		modelled, _ := gpu().measure(list, enough)
		r.took = modelled.took
		return r, err
	}
	k := newTrainer(t, b, 128, 64, 0.9, 784, 128, 10).kernels()
	if len(b.tuner.wrong) == 0 || strings.Contains(strings.Join(k, " "), "_b4x4_") {
		t.Errorf("found wrong: %q; chosen: %q", b.tuner.wrong, k)
	}
}

// TestRehearsalGathersRows checks that a rehearsal has a limited part of the data set, from which it gathers
// different rows for each run, and that no kernel reads beyond it.
func TestRehearsalGathersRows(t *testing.T) {
	const samples, batch, inputs = 30000, 64, 784
	const rows = maxPixels / inputs
	var b *Backend
	seen := 0
	b = openTuner(t, Options{CacheDir: t.TempDir()}, func(list []fuse.Dispatch, _ time.Duration) (rehearsed, error) {
		if seen++; seen > 1 {
			return rehearsed{}, errors.New("one is enough")
		}
		err := b.call(func(w *worker) {
			r, err := w.newRehearsal(list)
			defer r.close(w)
			if err != nil {
				t.Error(err)
				return
			}
			pixels, index := r.stand[place{of: inPixels}], r.stand[place{of: inIndex}]
			if pixels == nil || pixels.elems != rows*inputs || index == nil || index.elems != 4*samples {
				t.Errorf("the rehearsal has pixels %+v, row numbers %+v; want %d rows", pixels, index, rows)
				return
			}
			order := make([]float32, samples)
			w.read(order, index.id, 0)
			for first := 0; first+batch <= rows; first += batch {
				if r.args.Row != first {
					t.Fatalf("a batch begins with row %d, want %d", r.args.Row, first)
				}
				distinct := map[uint32]bool{}
				for _, row := range order[first : first+batch] {
					distinct[math.Float32bits(row)] = true
				}
				for row := range distinct {
					if row >= rows {
						t.Fatalf("row %d of %d is gathered", row, rows)
					}
				}
				if len(distinct) < batch {
					t.Fatalf("a batch has %d different rows", len(distinct))
				}
				r.steps = nil // the kernels need not run
				r.play(w, 1)
			}
			if r.args.Row != 0 {
				t.Errorf("after the last batch, row is %d", r.args.Row)
			}
		})
		return rehearsed{}, err
	})
	newTrainer(t, b, samples, batch, 0.9, inputs, 128, 10)
	if seen == 0 {
		t.Error("nothing was tried")
	}
}

// TestRehearsalWarmsUp checks that the first rehearsal gives the device time to raise its clock rate, that this
// counts as timing, and that a choice which takes longer than enough is timed by the warm-up alone.
func TestRehearsalWarmsUp(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	out, err := b.Alloc(1, 1<<12)
	if err != nil {
		t.Fatal(err)
	}
	for i, enough := range []time.Duration{anyTime, 1} {
		warm := []time.Duration{firstWarmUp, warmUp}[i]
		r, err := b.rehearse(peakFMA(out, 16), enough)
		if err != nil || r.timing < warm || r.took <= 0 || r.took > r.timing || r.preparing <= 0 {
			t.Errorf("rehearsal %d: took %v, timing %v, preparing %v, error %v; want timing of %v or more", i+1, r.took, r.timing,
				r.preparing, err, warm)
		}
	}
}
