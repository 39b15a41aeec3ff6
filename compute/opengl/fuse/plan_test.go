package fuse

import (
	"bytes"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// usual are the options of software OpenGL, and hardware those of a GPU.
var usual, hardware = Options{MaxTerms: 16384, Software: true}, Options{MaxTerms: 16384}

// plan returns the dispatches of a program, each stage done by the choice that choose returns.
func plan(p compute.Program, o Options, choose func(Stage) Choice) []Dispatch {
	stages := Stages(JoinUpdates(Groups(p, o), o), o)
	choices := make([]Choice, len(stages))
	m := &memory{names: 1 << 16}
	for i, s := range stages {
		choices[i] = choose(s)
		if n := choices[i].Scratch.Cols; n > 0 {
			choices[i].Scratch.Buf = m.own(n)
		}
	}
	return Bind(Kernels(Dispatches(stages, choices)))
}

// first chooses the usual way to do a stage.
func first(s Stage) Choice { return s.Choices[0] }

// A network is one whose training step a test plans.
type network struct {
	name     string
	sizes    []int
	batch    int
	training mlp.Training
	change   func(*mlp.Config)
}

// step returns the training step of a network, with buffers in a new memory.
func (n network) step(t *testing.T) compute.Program {
	t.Helper()
	m := &memory{}
	c := mlp.Config{Sizes: n.sizes, Hidden: compute.ReLU, Output: compute.Softmax, Loss: compute.CrossEntropy,
		Init: mlp.He, Scale: 1. / 255, On: 1}
	if side := int(math.Sqrt(float64(n.sizes[0]))); side*side == n.sizes[0] {
		c.Width, c.Height = side, side
	}
	if n.change != nil {
		n.change(&c)
	}
	net, err := mlp.New(m, c, n.batch, n.training)
	if err != nil {
		t.Fatal(n.name, err)
	}
	const samples = 128
	var s mlp.Set
	s.Order, _ = m.AllocIndex(samples, samples)
	s.Stats, _ = m.Alloc(samples, 2)
	if c.Regression {
		s.Values, _ = m.Alloc(samples, n.sizes[0])
		s.Targets, _ = m.Alloc(samples, n.sizes[len(n.sizes)-1])
	} else {
		s.Images, _ = m.AllocBytes(samples, n.sizes[0])
		s.Labels, _ = m.AllocBytes(samples, 1)
	}
	p, err := net.TrainStep(s, n.batch)
	if err != nil {
		t.Fatal(n.name, err)
	}
	return p
}

var updateGolden = flag.Bool("update", false, "write testdata/steps.txt again")

// TestPlans compares the stages and dispatches of training steps with testdata/steps.txt, which
// go test -update writes. Names of stages and choices key a cache on the user's disk, so a change of
// one makes devices time their kernels again.
func TestPlans(t *testing.T) {
	adam := mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}
	dropout, clip, maxNorm, elastic := adam, adam, adam, adam
	dropout.DropInput, dropout.Drop = 0.2, 0.5
	clip.Clip, clip.L2 = 1, 1e-3
	maxNorm.MaxNorm, maxNorm.Decay = 3, 0.01
	elastic.Augment = mlp.Augment{Sigma: [2]float32{4, 4}, Alpha: [2]float32{5, 20}, Rotation: 10, Scaling: 0.1, Calm: []int{1, 7}}
	momentum := mlp.Training{Velocity: true}
	regression := func(c *mlp.Config) {
		c.Output, c.Loss, c.Hidden, c.Regression = compute.Identity, compute.SquaredError, compute.Tanh, true
	}
	plain := Options{MaxTerms: 200, Plain: true}
	slots := Options{MaxTerms: 16384, Tile: "B4X4", Slots: 3, Wide: true}
	var text bytes.Buffer
	for _, c := range []struct {
		network
		options Options
	}{
		{network{"784-256-10", []int{784, 256, 10}, 64, momentum, nil}, usual},
		{network{"784-128-10", []int{784, 128, 10}, 64, mlp.Training{}, nil}, usual},
		{network{"784-128-10, a GPU", []int{784, 128, 10}, 64, momentum, nil}, hardware},
		{network{"784-256-128-10, a GPU", []int{784, 256, 128, 10}, 64, dropout, nil}, hardware},
		{network{"784-128-10, sums in slots", []int{784, 128, 10}, 64, mlp.Training{}, nil}, slots},
		{network{"784-128-10, plain", []int{784, 128, 10}, 64, momentum, nil}, plain},
		{network{"841-2500-2000-1500-1000-500-10", []int{841, 2500, 2000, 1500, 1000, 500, 10}, 1, momentum, nil}, usual},
		{network{"121-45-33-7, Adam", []int{121, 45, 33, 7}, 16, adam, nil}, usual},
		{network{"784-256-128-10, dropout", []int{784, 256, 128, 10}, 64, dropout, nil}, usual},
		{network{"784-256-128-10, dropout, sums in slots", []int{784, 256, 128, 10}, 64, dropout, nil}, slots},
		{network{"784-128-10, clipped gradients", []int{784, 128, 10}, 64, clip, nil}, usual},
		{network{"784-128-10, max-norm", []int{784, 128, 10}, 64, maxNorm, nil}, usual},
		{network{"784-128-10, distorted", []int{784, 128, 10}, 64, elastic, nil}, usual},
		{network{"20-12-3, regression", []int{20, 12, 3}, 16, momentum, regression}, usual},
	} {
		p := c.step(t)
		fmt.Fprintf(&text, "== %s\n", c.name)
		for _, s := range Stages(JoinUpdates(Groups(p, c.options), c.options), c.options) {
			var names []string
			for _, choice := range s.Choices {
				names = append(names, choice.Name)
			}
			fmt.Fprintf(&text, "stage %q to op %d: %s\n", s.Name, s.Op, strings.Join(names, ", "))
		}
		var h Hazards
		for _, d := range plan(p, c.options, first) {
			describe(&text, d, h.Add(d.Accesses))
		}
	}
	path := filepath.Join("testdata", "steps.txt")
	if *updateGolden {
		if err := os.WriteFile(path, text.Bytes(), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	got, wanted := strings.Split(text.String(), "\n"), strings.Split(string(want), "\n")
	title := ""
	for i := range max(len(got), len(wanted)) {
		g, w := "", ""
		if i < len(got) {
			g = got[i]
		}
		if i < len(wanted) {
			w = wanted[i]
		}
		if strings.HasPrefix(g, "== ") {
			title = g
		}
		if g != w {
			t.Fatalf("%s:%d (%s):\ngot  %s\nwant %s", path, i+1, title, g, w)
		}
	}
}

// describe writes a dispatch, on a few lines.
func describe(w *bytes.Buffer, d Dispatch, barrier bool) {
	fmt.Fprintf(w, "%s %d×%d invocations, %d groups, %d loops, work %g, cost %g, %d bytes of pixels, barrier %v: %s\n",
		d.Kernel, d.X, d.Y, d.Groups, d.Loops, d.Work, d.Cost(), d.Pixels, barrier, strings.Join(d.Ops, " "))
	for _, name := range slices.Sorted(maps.Keys(d.Defines)) {
		fmt.Fprintf(w, " %s=%s", name, d.Defines[name])
	}
	fmt.Fprint(w, "\n")
	for _, name := range slices.Sorted(maps.Keys(d.Params)) {
		fmt.Fprintf(w, " %s=%d", name, d.Params[name])
	}
	fmt.Fprint(w, "\n")
	for _, name := range slices.Sorted(maps.Keys(d.Blocks)) {
		fmt.Fprintf(w, " %s:%d", name, d.Blocks[name].(Buffer).Name())
	}
	for _, a := range d.Accesses {
		fmt.Fprintf(w, " %s %d[%d:%d]", map[bool]string{false: "reads", true: "writes"}[a.Write], a.Buffer, a.Lo, a.Hi)
	}
	if d.StepValues != nil {
		x, y := d.StepValues(compute.Args{Step: 3, LearningRate: 0.1, Momentum: 0.5})
		fmt.Fprintf(w, " step values %g %g", x, y)
	}
	fmt.Fprint(w, "\n")
}
