//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/mlp"
	"shadegrad/internal/sample"
)

// A reversal holds dispatches until the next memory barrier and then starts them in reverse order. OpenGL
// allows this order and llvmpipe never uses it.
type reversal struct {
	off     bool   // nothing is held
	omitted int    // the number of a barrier that is not made; -1: none
	site    string // of barriers that are not made; "": none

	held  []func()
	sites []string // of the barriers so far
	mixed int      // how often several dispatches were reversed
}

func (r *reversal) dispatch(w *worker, d *dispatch, params uint32, args compute.Args) {
	if r.off {
		w.start(d, params, args)
		return
	}
	r.held = append(r.held, func() { w.start(d, params, args) })
}

func (r *reversal) barrier(*worker) bool {
	n, site := len(r.sites), barrierSite()
	r.sites = append(r.sites, site)
	if site == r.site || n == r.omitted {
		return false
	}
	r.release()
	return true
}

func (r *reversal) deleting(*worker) { r.release() }

func (r *reversal) release() {
	if len(r.held) > 1 {
		r.mixed++
	}
	for _, start := range slices.Backward(r.held) {
		start()
	}
	r.held = r.held[:0]
}

// barrierSite returns the function that asks for the barrier, such as (*worker).run.
func barrierSite() string {
	var callers [1]uintptr
	runtime.Callers(4, callers[:]) // barrierSite, reversal.barrier, worker.barrier
	frame, _ := runtime.CallersFrames(callers[:]).Next()
	_, name, _ := strings.Cut(frame.Function, "opengl.")
	return name
}

// A training is a recipe for a small network, under some options.
type training struct {
	name     string
	planning fuse.Options
	recipe
}

// trainings have each rule and each op of a training step at least once.
func trainings() []training {
	elastic := mlp.Augment{Sigma: [2]float32{4, 4}, Alpha: [2]float32{5, 20}, Rotation: 10, Scaling: 0.1, Calm: []int{1, 7}}
	adam := mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}
	all := adam
	all.L2, all.Clip, all.MaxNorm, all.DropInput, all.Drop, all.Augment = 1e-3, 0.1, 0.2, 0.1, 0.3, elastic
	args := compute.Args{LearningRate: 0.02, Momentum: 0.9, Seed: 1<<33 + 7}
	slots := fuse.Options{Tile: "B4X4", Slots: 3}
	return []training{
		{"momentum", fuse.Options{}, recipe{compute.ReLU, args, mlp.Training{Velocity: true}}},
		{"everything", fuse.Options{}, recipe{compute.Tanh, args, all}},
		{"adam", fuse.Options{}, recipe{compute.ReLU, args, adam}},
		{"rmsprop", fuse.Options{}, recipe{compute.ReLU, args, mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7}}},
		{"nesterov", fuse.Options{}, recipe{compute.ReLU, args, mlp.Training{Rule: compute.Nesterov, L2: 1e-3, L1: 1e-4, Decay: 1e-2}}},
		{"clip and max-norm", fuse.Options{}, recipe{compute.ReLU, args, mlp.Training{Velocity: true, Clip: 0.01, MaxNorm: 0.5}}},
		{"dropout/slots", slots, recipe{compute.ReLU, args, mlp.Training{Velocity: true, Drop: 0.5}}},
		{"plain", fuse.Options{Plain: true}, recipe{compute.ReLU, args, mlp.Training{Velocity: true}}},
	}
}

// run trains a new network for a few steps and returns its parameters and losses. begin is called on the
// context's thread before the first step.
func (tr training) run(t *testing.T, b *Backend, steps int, begin func()) string {
	t.Helper()
	b.planning = tr.planning
	b.planning.MaxTerms = b.limits.slice
	n := newTrainerOf(t, b, 48, 16, tr.recipe, 36, 20, 12, 10)
	defer n.free()
	if err := b.call(func(*worker) { begin() }); err != nil {
		t.Fatal(err)
	}
	n.run(steps)
	stats := make([]float32, n.set.Stats.Len())
	if err := b.Read(stats, n.set.Stats); err != nil {
		t.Fatal(err)
	}
	values, err := n.network.Values(n.network.Parameters())
	if err != nil {
		t.Fatal(err)
	}
	return fmt.Sprint(values, stats)
}

// train runs a training, without barrier number omitted, counted from the first step on, if it is not
// negative. It returns the sites of all barriers.
func (r *reversal) train(t *testing.T, b *Backend, tr training, omitted int) (result string, sites []string) {
	t.Helper()
	result = tr.run(t, b, 3, func() { r.sites, r.omitted = nil, omitted })
	if err := b.call(func(*worker) { sites, r.omitted = r.sites, -1 }); err != nil {
		t.Fatal(err)
	}
	return result, sites
}

// TestReverseOrder trains networks with dispatches in reverse order, which changes no bit, and without each
// of the barriers, which does.
func TestReverseOrder(t *testing.T) {
	t.Parallel()
	r := &reversal{omitted: -1}
	b := openTest(t, Options{}, seams{instrument: r})
	for _, tr := range sample.Of(trainings(), 4) {
		r.off = true
		want, _ := r.train(t, b, tr, -1)
		r.off, r.mixed = false, 0
		got, sites := r.train(t, b, tr, -1)
		if got != want {
			t.Errorf("%s: training in reverse order differs", tr.name)
		}
		for i, site := range sites {
			if got, _ := r.train(t, b, tr, i); got == want {
				t.Errorf("%s: training without barrier %d of %d, of %s, does not differ", tr.name, i, len(sites), site)
			}
		}
		t.Logf("%s: %d barriers, %d reversals of several dispatches", tr.name, len(sites), r.mixed)
	}
}

// TestRehearsalInReverseOrder checks that the tuner's results do not depend on the order of dispatches
// either, and that they do without the barriers of one of its functions.
func TestRehearsalInReverseOrder(t *testing.T) {
	r := &reversal{omitted: -1}
	b := openTest(t, Options{}, seams{instrument: r, planning: fuse.Options{Tile: "B4X4", Slots: 3}})
	var m [3]compute.Mat
	for i, shape := range [][2]int{{20, 24}, {20, 200}, {200, 24}} {
		var err error
		if m[i], err = b.Alloc(shape[0], shape[1]); err != nil {
			t.Fatal(err)
		}
	}
	p := compute.Program{Ops: []compute.Op{compute.MatMul{Dst: m[0], A: m[1], B: m[2]}}}
	stage := fuse.Stages(fuse.Groups(p, b.planning), b.planning)[0]
	results := func(off bool, site string) string {
		plans := rehearsalOf(stage, stage.Choices[0])
		if len(plans) != 2 {
			t.Fatalf("a product with its sums in slots takes %d dispatches, want 2", len(plans))
		}
		r.off, r.site = off, site
		got, err := b.rehearse(plans, 0)
		if err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(got.results)
	}
	want := results(true, "")
	if got := results(false, ""); got != want {
		t.Error("a rehearsal in reverse order has other results")
	}
	for _, site := range []string{"(*rehearsal).play", "(*rehearsal).results"} {
		if got := results(false, site); got == want {
			t.Errorf("a rehearsal without the barriers of %s has the same results", site)
		}
	}
}

// TestJudgeInReverseOrder judges programs with dispatches in reverse order. Most fail without barriers
// between dispatches.
func TestJudgeInReverseOrder(t *testing.T) {
	t.Parallel()
	r := &reversal{omitted: -1}
	b := openTest(t, Options{}, seams{instrument: r, slice: 100})
	tried, failed := 0, 0
	for i, c := range smallPrograms() {
		if sample.Skip(i, 40) {
			continue
		}
		r.site = ""
		if err := c.Check(b); err != nil {
			t.Error(err)
		}
		r.site = "(*worker).run"
		if tried++; c.Check(b) != nil {
			failed++
		}
	}
	t.Logf("%d cases, %d fail without barriers", tried, failed)
	if failed <= tried/2 {
		t.Errorf("without barriers %d of %d cases fail, want most", failed, tried)
	}
}

// smallPrograms returns the judge's programs that software OpenGL does in milliseconds.
func smallPrograms() []judge.Case {
	var list []judge.Case
	for _, c := range cases.All() {
		if c.Op == "program" && rank(c)%2 == 0 {
			list = append(list, c.Cached())
		}
	}
	return list
}
