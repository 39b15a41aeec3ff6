package train

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/compute/reference"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/sample"
)

// shadowCases are networks of every kind, each with how it is trained.
func shadowCases() map[string]Options {
	list := map[string]Options{}
	add := func(name string, change func(*Options)) {
		o := options(4)
		o.Schedule = Constant
		change(&o)
		list[name] = o
	}
	mse := func(o *Options, output compute.Activation) {
		o.Network.Loss, o.Network.Output, o.Momentum = compute.SquaredError, output, 0
	}
	add("relu", func(*Options) {})
	add("one cycle", func(o *Options) { o.Schedule = OneCycle })
	add("no momentum", func(o *Options) { o.Momentum = 0 })
	add("no biases", func(o *Options) { o.Network.NoBias = true })
	add("one at a time", func(o *Options) { o.Batch, o.LearningRate, o.Momentum = 1, 0.05, 0 })
	add("one at a time, momentum", func(o *Options) { o.Batch, o.LearningRate = 1, 0.01 })
	add("whole set", func(o *Options) { o.Batch, o.Epochs = 0, 40 })
	add("tanh", func(o *Options) { o.Network.Hidden = compute.Tanh })
	add("sigmoid", func(o *Options) { o.Network.Hidden = compute.Sigmoid })
	add("mse of sigmoid", func(o *Options) { mse(o, compute.Sigmoid) })
	add("mse of softmax", func(o *Options) { mse(o, compute.Softmax) })
	add("mse of tanh", func(o *Options) { mse(o, compute.Tanh); o.Network.Hidden = compute.Tanh })
	add("mse of identity", func(o *Options) { mse(o, compute.Identity); o.LearningRate = 0.02 })
	add("cross-entropy of sigmoid", func(o *Options) { o.Network.Output = compute.Sigmoid })
	add("other targets and pixels", func(o *Options) {
		mse(o, compute.Tanh)
		o.Network.On, o.Network.Off, o.Network.Shift = 0.9, -0.9, -0.5
	})
	add("no hidden layer", func(o *Options) { o.Network.Sizes = []int{16, 4} })
	add("three hidden layers", func(o *Options) { o.Network.Sizes = []int{16, 33, 20, 9, 4} })
	return list
}

// TestShadowOfSoundRun replays every step of runs on a correct device. It must find no breach,
// and the results must be bit-identical to those of a run without -shadow.
func TestShadowOfSoundRun(t *testing.T) {
	d := squares(47, 20, 4)
	for name, o := range shadowCases() {
		t.Run(name, func(t *testing.T) {
			o.Epochs = max(o.Epochs, sample.Count(20, 4))
			want, whole := trainCPU(t, o, d)
			r := &recorder{}
			run := &Run{Data: d, State: NewState(o, d, ""), Report: r, Backend: cpu.New(), Shadow: 1}
			defer run.Backend.Close()
			if err := run.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			if want := o.Epochs * o.steps(47); run.Shadowed != want {
				t.Errorf("%d steps were replayed, want %d", run.Shadowed, want)
			}
			sameState(t, "with -shadow", run.State, want)
			if !slices.Equal(r.figures(), whole.figures()) {
				t.Error("other figures than without")
			}
		})
	}
}

// TestShadowTurns checks that exactly every Nth step is replayed, across epochs and resumed
// runs.
func TestShadowTurns(t *testing.T) {
	d := squares(47, 20, 4) // 5 steps an epoch, 20 in all
	o := options(4)
	want, _ := trainCPU(t, o, d)
	for every, replayed := range map[int]int{1: 20, 2: 10, 3: 7, 7: 3, 19: 2, 20: 1, 1000: 1} {
		run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: cpu.New(), Shadow: every}
		defer run.Backend.Close()
		if err := run.Do(after(8)); !errors.Is(err, ErrInterrupted) {
			t.Fatal(err)
		}
		if err := run.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		if run.Shadowed != replayed {
			t.Errorf("-shadow=%d: %d steps were replayed, want %d", every, run.Shadowed, replayed)
		}
		sameState(t, fmt.Sprintf("-shadow=%d", every), run.State, want)
	}
}

// TestShadowByPieces replays steps whose data are on the device only for a part of the epoch.
func TestShadowByPieces(t *testing.T) {
	d := squares(200, 33, 4)
	o := options(4)
	want, _ := trainCPU(t, o, d)
	smallPieces(t, 3*10*17)
	m := device(0, 16*200-1)
	defer m.Close()
	run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: m, Shadow: 1}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if run.Shadowed != 80 {
		t.Errorf("%d steps were replayed, want 80", run.Shadowed)
	}
	sameState(t, "with -shadow", run.State, want)
}

// breach trains on a backend until the judge objects.
func breach(t *testing.T, b compute.Backend, o Options, d *dataset.Data) *BreachError {
	t.Helper()
	run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: b, Shadow: 1, Fallback: refuse(t)}
	err := run.Do(context.Background())
	var found *BreachError
	if err != nil && !errors.As(err, &found) {
		t.Fatalf("error %v, want a *BreachError", err)
	}
	return found
}

// oddSquares are squares without their last pixel: nothing is a multiple of four.
func oddSquares() *dataset.Data {
	d := squares(47, 20, 4)
	for _, s := range []*dataset.Set{&d.Train, &d.Test} {
		var images []byte
		for row := range slices.Chunk(s.Images, 16) {
			images = append(images, row[:15]...)
		}
		s.Images, s.Width, s.Height = images, 5, 3
	}
	return d
}

// TestShadowFindsFaults plants each fault of an op that affects a training step. The shadow
// must find it and name the op.
func TestShadowFindsFaults(t *testing.T) {
	const (
		nothing = "each matrix has a separate buffer"
		absent  = "no training step does this"
	)
	silent := map[string]string{
		"matmul: one element past the result is written":                   nothing,
		"matmul: one element before the result is written":                 nothing,
		"matmul: what lies past A is read, times 0":                        nothing,
		"matmul: the offset of the result is ignored":                      nothing,
		"matmul: the offset of B is rounded down to a vector":              nothing,
		"matmul: the last bit differs from run to run":                     "each run is within its bounds",
		"activate: the result overwrites the input":                        "steps work in place",
		"activate: tanh overflows":                                         "no sum is so large",
		"activate: softmax does not take the largest off":                  absent,
		"activate: softmax sums no more than 32 columns":                   absent,
		"fill: the value is 0":                                             absent,
		"fill: the last row is skipped":                                    absent,
		"loss: statistics of other batches are cleared":                    "a step is judged by its own",
		"loss: without a gradient nothing is done":                         absent,
		"loss: an invalid label is learnt as no class":                     absent,
		"loss: the loss is of an output that rounds to 0":                  "no output is so small",
		"loss: of equal outputs the last is the answer":                    "no outputs are equal",
		"loss: the answer is that of the sums, not of the outputs":         "no outputs are equal",
		"loss: of one output class 0 has the middle":                       "no output is in the middle",
		"gather: rows begin at whole words":                                "batches have an order",
		"gather: the bytes of a word are in the wrong order":               "batches have an order",
		"gather: the product is not rounded before the sum":                "no pixel is so",
		"column_sum: rows past 1024 are left out":                          "batches are small",
		"column_sum: long sums are added one by one":                       "batches are small",
		"square_sum: elements past 2048 are left out":                      "layers are small",
		"square_sum: long sums are added one by one":                       "layers are small",
		"activate: scaled tanh's slope is two thirds":                      "the bounds of tanh are wider",
		"delta: leaky ReLU's derivative at 0 is 1":                         "no output is 0",
		"update: the sign of 0 is 1":                                       "no weight is 0",
		"update: a gradient of an infinite norm is made 0":                 "no norm is infinite",
		"loss: targets of cross-entropy are a class's":                     absent,
		"dropout: a number equal to the threshold drops its element":       "no number hits it",
		"warp: halves are rounded down":                                    "no value is a half",
		"activate: ReLU of NaN is 0":                                       "no value is NaN",
		"delta: an error that is NaN becomes 0":                            "no value is NaN",
		"loss: the answer is the largest sum, even if the outputs are NaN": "no value is NaN",
	}
	cases, turns := faultCases(), make(map[string]int)
	for _, f := range computetest.Faults() {
		switch f.Op {
		case "program", "backend":
			continue
		case "average": // belongs to no step
			continue
		}
		turns[f.Op]++
		if sample.Skip(turns[f.Op]-1, 6) {
			continue
		}
		b := f.Wrap(reference.New())
		var found *BreachError
		for _, r := range append(cases[f.Op], cases[""]...) {
			if found == nil {
				found = breach(t, b, r.o, r.d)
			}
		}
		b.Close()
		_, expected := silent[f.Name]
		switch {
		case found == nil && !expected:
			t.Errorf("not found: %s", f.Name)
		case found != nil && expected:
			t.Errorf("found after all: %s: %v", f.Name, found)
		case found != nil:
			// A fault of the second run only is attributed to the last op that wrote the matrix.
			if op := found.First().Kernel; !strings.HasPrefix(op, f.Op) && !strings.HasSuffix(f.Name, "the second time") {
				t.Errorf("%s: %v", f.Name, found)
			}
		}
	}
}

// faultCases lists runs in which planted faults show, by the op that has the fault. The runs of an op use its
// options; the runs without a name are plain steps.
func faultCases() map[string][]recipe {
	d, two := oddSquares(), oddSquares()
	for _, s := range []*dataset.Set{&two.Train, &two.Test} {
		for i := range s.Labels {
			s.Labels[i] %= 2
		}
		s.Classes = 2
	}
	plain := shadowCases()
	one := plain["mse of sigmoid"]
	one.Epochs, one.Network.Sizes = 1, []int{15, 7, 1}
	list := map[string][]recipe{"": {{one, two}}}
	for _, name := range []string{"relu", "tanh", "sigmoid", "mse of sigmoid", "mse of softmax", "other targets and pixels"} {
		o := plain[name]
		o.Epochs, o.Network.Sizes = 2, []int{15, 33, 21, 4} // with terms past a multiple of 16
		list[""] = append(list[""], recipe{o, d})
	}
	change := func(c func(*Options)) recipe {
		o := plain["relu"]
		o.Epochs, o.Network.Sizes, o.Network.Hidden = 2, []int{15, 33, 21, 4}, compute.Tanh
		o.Network.Shift, o.Seed = -0.25, 1<<40+1
		c(&o)
		return recipe{o, d}
	}
	hidden := func(f compute.Activation) recipe { return change(func(o *Options) { o.Network.Hidden = f }) }
	of := func(t mlp.Training) recipe {
		return change(func(o *Options) {
			o.Training = t
			if t.Squares() {
				o.LearningRate = 0.01
			}
			if t.Rule == compute.RMSProp {
				o.Momentum = 0
			}
		})
	}
	penalties := mlp.Training{Rule: compute.Nesterov, L2: 0.1, L1: 0.05, Decay: 0.2}
	adam := mlp.Training{Rule: compute.Adam, Rho: 0.99, Epsilon: 0.01, L2: 0.1, Decay: 0.3, Clip: 0.5}
	list["activate"] = []recipe{hidden(compute.ScaledTanh), hidden(compute.LeakyReLU)}
	list["delta"] = list["activate"]
	plainAdam := mlp.Training{Rule: compute.Adam, Rho: 0.99, Epsilon: 0.01}
	list["update"] = []recipe{of(penalties), of(adam), of(plainAdam), of(mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 0.01}),
		of(mlp.Training{Clip: 0.05, L2: 0.5, Decay: 0.5}), of(mlp.Training{Clip: 1000})}
	list["square_sum"] = []recipe{change(func(o *Options) { // each element counts
		o.Network.Sizes, o.Training.Clip = []int{15, 4}, 0.05
	})}
	list["max_norm"] = []recipe{of(mlp.Training{MaxNorm: 0.5})}
	list["dropout"] = []recipe{of(mlp.Training{DropInput: 0.3, Drop: 0.5})}
	list["warp"] = []recipe{
		of(mlp.Training{Augment: mlp.Augment{Rotation: 30, Scaling: 0.2, Shear: 0.3, Translation: 1, Calm: []int{1, 2}}}),
		of(mlp.Training{Augment: mlp.Augment{Sigma: [2]float32{1, 1}, Alpha: [2]float32{2, 5}}})}
	list["noise"] = list["warp"]
	numbers := linesOptions()
	numbers.Network.Sizes = []int{2, 9, 2}
	list["take"] = []recipe{{numbers, lines(47, 20)}}
	list["loss"] = list["take"]
	return list
}

// A firstWrong backend has a fault in the first program that trains, and then no more.
type firstWrong struct {
	compute.Backend
	wrong compute.Backend
}

func (b *firstWrong) Compile(p compute.Program) (compute.Executable, error) {
	for _, op := range p.Ops {
		if _, ok := op.(compute.Update); ok && b.wrong != nil {
			x, err := b.wrong.Compile(p)
			b.wrong = nil
			return x, err
		}
	}
	return b.Backend.Compile(p)
}

// TestShadowNotRepeated checks the report about a device that computes a step wrongly once and
// correctly when it is repeated.
func TestShadowNotRepeated(t *testing.T) {
	for _, f := range computetest.Faults() {
		if f.Name != "update: the step goes uphill" {
			continue
		}
		b := cpu.New()
		defer b.Close()
		found := breach(t, &firstWrong{b, f.Wrap(b)}, options(4), squares(47, 20, 4))
		if found == nil || found.Verdict.Wrong() != "" || found.Result == nil || found.First() != found.Result {
			t.Fatalf("%+v", found)
		}
		if text := found.Error(); !strings.Contains(text, " computed step 1 of epoch 1 wrongly: op 9, update: element (0,0) of the weights of layer 2 is ") ||
			!strings.HasSuffix(text, "; it computed the step correctly when it was repeated") {
			t.Error(text)
		}
		return
	}
	t.Error("the fault no longer exists")
}

// TestKeepsDivergingStep checks that a run that diverges keeps the step that produced the first
// number that is not finite. The judge must find this step correct.
func TestKeepsDivergingStep(t *testing.T) {
	d := squares(47, 20, 4)
	for name, o := range wild() {
		t.Run(name, func(t *testing.T) {
			var kept *StepRecord
			run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: cpu.New(), Shadow: 3}
			defer run.Backend.Close()
			run.Keep = func(m *StepRecord) error {
				kept = m
				return nil
			}
			var diverged *DivergedError
			if err := run.Do(context.Background()); !errors.As(err, &diverged) {
				t.Fatalf("error %v, want a *DivergedError", err)
			}
			if diverged.Step == 0 {
				return // no step is to blame
			}
			if kept == nil || kept.Epoch != diverged.Epoch || kept.Step > diverged.Step {
				t.Fatalf("kept %+v of %v", kept, diverged)
			}
			if !kept.Before.finite() || kept.After.finite() && firstNonFinite([][]float32{kept.Stats}) < 0 {
				t.Error("the step kept is not the one that left the finite numbers")
			}
			trial, err := kept.Replay()
			if err != nil {
				t.Fatal(err)
			}
			if d, err := trial.Recorded(); err != nil || d != nil {
				t.Errorf("the device is blamed: %v, %v", d, err)
			}
			for _, b := range []compute.Backend{run.Backend, reference.New()} {
				v, err := trial.Check(b)
				if err != nil {
					t.Fatal(err)
				}
				if v.Wrong() != "" || v.Limit == nil {
					t.Errorf("%s is blamed: %q, limit %v", b.Info().Device, v.Wrong(), v.Limit)
				}
			}
		})
	}
}
