package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// A recipe has the options and the data of a run.
type recipe struct {
	o Options
	d *dataset.Data
}

// recipes returns runs with every option of a training. Each has four epochs of five steps with a
// smaller last batch.
func recipes() map[string]recipe {
	list := map[string]recipe{}
	add := func(name string, change func(*Options)) {
		r := recipe{options(4), squares(47, 20, 4)}
		r.o.Schedule, r.o.LearningRate = Constant, 0.02
		change(&r.o)
		list[name] = r
	}
	adam := mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}
	add("adam", func(o *Options) { o.Training = adam })
	add("adamw, averaged", func(o *Options) { o.Training, o.Training.Decay, o.Training.Average = adam, 0.1, 0.99; adam.Decay = 0 })
	add("rmsprop", func(o *Options) {
		o.Training, o.Momentum = mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7}, 0
	})
	add("nesterov, clipped", func(o *Options) { o.Training = mlp.Training{Rule: compute.Nesterov, Clip: 0.5} })
	add("penalties and bounds", func(o *Options) { o.Training = mlp.Training{L2: 0.01, L1: 0.001, Decay: 0.1, MaxNorm: 2} })
	add("dropout", func(o *Options) { o.Training = mlp.Training{DropInput: 0.2, Drop: 0.5} })
	add("average of plain steps", func(o *Options) { o.Training, o.Momentum = mlp.Training{Average: 0.9}, 0 })
	add("momentum that changes", func(o *Options) { o.Momentum, o.MomentumEnd, o.MomentumEpochs = 0, 0.9, 3 })
	add("affine", func(o *Options) {
		o.Training.Augment = mlp.Augment{Rotation: 20, Scaling: 0.2, Shear: 0.2, Translation: 0.5, Calm: []int{1}}
	})
	everything := func(o *Options) {
		o.Training = mlp.Training{Rule: compute.Adam, Rho: 0.99, Epsilon: 1e-3, L2: 0.001, L1: 0.0001, Decay: 0.01, Clip: 1, MaxNorm: 3,
			DropInput: 0.1, Drop: 0.2, Average: 0.95,
			Augment: mlp.Augment{Sigma: [2]float32{1, 2}, Alpha: [2]float32{0.5, 1.5}, Rotation: 10, Scaling: 0.1, Translation: 0.5}}
	}
	add("everything", everything)
	add("everything, one step an epoch", func(o *Options) { everything(o); o.Batch = 0 })
	add("everything, one at a time", func(o *Options) { everything(o); o.Batch = 1 })
	numbers := list["everything"]
	numbers.d, numbers.o.Training.Augment = asNumbers(numbers.d), mlp.Augment{}
	list["numbers"] = numbers
	list["lines"] = recipe{linesOptions(), lines(47, 20)}
	held := list["everything"]
	held.d = squares(47, 20, 4)
	held.d.Validation, held.o.Validation = squares(1, 13, 4).Test, 13
	list["everything, validation"] = held
	return list
}

// asNumbers returns the same data as rows of numbers.
func asNumbers(d *dataset.Data) *dataset.Data {
	convert := func(s dataset.Set) dataset.Set {
		for _, p := range s.Images {
			s.Values = append(s.Values, float32(1./255)*float32(p))
		}
		s.Images, s.Width, s.Height = nil, s.Features(), 1
		return s
	}
	return &dataset.Data{Name: d.Name, Train: convert(d.Train), Test: convert(d.Test)}
}

// lines has points of y = (3x₀ − 2x₁ + 1, x₁/2).
func lines(train, test int) *dataset.Data {
	set := func(n, from int) dataset.Set {
		s := dataset.Set{Width: 2, Height: 1, Outputs: 2}
		for i := range n {
			x := [2]float32{float32((i+from)*7%20)/10 - 1, float32((i+from)*11%30)/15 - 1}
			s.Values = append(s.Values, x[:]...)
			s.Targets = append(s.Targets, 3*x[0]-2*x[1]+1, x[1]/2)
		}
		return s
	}
	return &dataset.Data{Name: "lines", Train: set(train, 0), Test: set(test, 3)}
}

func linesOptions() Options {
	return Options{
		Network: mlp.Config{Sizes: []int{2, 2}, Output: compute.Identity, Loss: compute.SquaredError, Init: mlp.Xavier, Regression: true},
		Batch:   10, Epochs: 4, LearningRate: 0.1, Momentum: 0.9, Schedule: Constant, Seed: 1,
	}
}

// TestRecipesResume interrupts and resumes runs of every kind of training. The results must be
// bit-identical to those of uninterrupted runs.
func TestRecipesResume(t *testing.T) {
	for name, r := range recipes() {
		t.Run(name, func(t *testing.T) {
			steps := r.o.steps(47)
			want, whole := trainCPU(t, r.o, r.d)
			for _, pieces := range [][]int{{1}, {steps}, {steps + 1}, {2 * steps, 1}, {steps / 2, steps, steps}} {
				got, report := interrupted(t, r.o, r.d, pieces)
				sameState(t, fmt.Sprint("resumed after ", pieces), got, want)
				if !slices.Equal(report.figures(), whole.figures()) {
					t.Errorf("figures %+v\nwant    %+v", report.figures(), whole.figures())
				}
				if (got.Best == nil) != (want.Best == nil) || want.Best != nil && !sameBits(got.Best.Values, want.Best.Values) {
					t.Error("the best epoch's weights differ")
				}
			}
		})
	}
}

// TestRecipesMemoryNeed compares the memory computed in advance with the memory taken.
func TestRecipesMemoryNeed(t *testing.T) {
	for name, r := range recipes() {
		for _, backend := range []string{"cpu", "gpu"} {
			m := &meter{Backend: cpu.New(), info: compute.Info{Backend: backend, HostMemory: backend == "cpu"}}
			state := NewState(r.o, r.d, "")
			n := runMemory(m.info, state, r.d, all(r.d))
			trainOn(t, m, r.o, r.d)
			if m.taken != n.device {
				t.Errorf("%s, %s: %d bytes are taken, %d were said to be needed", name, backend, m.taken, n.device)
			}
			kinds := int64(1)
			for _, has := range []bool{r.o.StepTraining().Velocities(), r.o.Training.Squares(), r.o.Training.Average > 0} {
				if has {
					kinds++
				}
			}
			want := 2 * 4 * kinds * int64(r.o.Network.Parameters())
			if r.o.Validation > 0 {
				want += 4 * int64(r.o.Network.Parameters())
			}
			if n.host != want {
				t.Errorf("%s: %d bytes of the host, want %d", name, n.host, want)
			}
		}
	}
}

// TestRecipesByPieces feeds images in pieces. The results must be bit-identical.
func TestRecipesByPieces(t *testing.T) {
	smallPieces(t, 2*10*17)
	for name, r := range recipes() {
		if !divisible(&r.d.Train) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			want, whole := trainCPU(t, r.o, r.d)
			m := device(0, 16*47-1)
			defer m.Close()
			got, report := fed(t, m, 0, r.o, r.d)
			sameState(t, "by pieces", got, want)
			if !slices.Equal(report.figures(), whole.figures()) {
				t.Errorf("figures %+v\nwant    %+v", report.figures(), whole.figures())
			}
			if r.o.Batch == 10 && len(report.notices) != 1 {
				t.Errorf("the notices are %+v: nothing goes by pieces", report.notices)
			}
		})
	}
}

// TestRecipesShadow replays every step of runs of every kind of training. It must find no
// breach, and the results must be bit-identical to those of runs without -shadow.
func TestRecipesShadow(t *testing.T) {
	for name, r := range recipes() {
		t.Run(name, func(t *testing.T) {
			want, _ := trainCPU(t, r.o, r.d)
			run := &Run{Data: r.d, State: NewState(r.o, r.d, ""), Report: &recorder{}, Backend: cpu.New(), Shadow: 1}
			defer run.Backend.Close()
			if err := run.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			sameState(t, "with a shadow", run.State, want)
			if steps := r.o.Epochs * r.o.steps(47); run.Shadowed != steps {
				t.Errorf("%d of %d steps were replayed", run.Shadowed, steps)
			}
		})
	}
}

// TestRecipesDiagnosis diagnoses runs of every kind of training. This must not change the
// results.
func TestRecipesDiagnosis(t *testing.T) {
	for name, r := range recipes() {
		t.Run(name, func(t *testing.T) {
			want, _ := trainCPU(t, r.o, r.d)
			got := NewState(r.o, r.d, "")
			_, reports := diagnosed(t, got, r.d)
			sameState(t, "with reports", got, want)
			if len(reports) != r.o.Epochs {
				t.Errorf("%d reports of %d epochs", len(reports), r.o.Epochs)
			}
		})
	}
}

// TestRecipesDiverge finds the step at which runs diverge, for every rule.
func TestRecipesDiverge(t *testing.T) {
	for name, r := range recipes() {
		if r.o.Training.Clip > 0 {
			continue // bounds every step
		}
		t.Run(name, func(t *testing.T) {
			r.o.LearningRate = 1e36 // 1/(1−μ) times as much is finite
			run := &Run{Data: r.d, State: NewState(r.o, r.d, ""), Report: &recorder{}, Backend: cpu.New()}
			defer run.Backend.Close()
			var kept *StepRecord
			run.Keep = func(m *StepRecord) error {
				kept = m
				return nil
			}
			var diverged *DivergedError
			if err := run.Do(context.Background()); !errors.As(err, &diverged) || diverged.Epoch != 1 || diverged.Step < 1 {
				t.Fatalf("error %v, want a *DivergedError in epoch 1", err)
			}
			if kept == nil {
				t.Fatal("the step was not kept")
			}
			trial, err := kept.Replay()
			if err != nil {
				t.Fatal(err)
			}
			if d, err := trial.Recorded(); err != nil || d != nil {
				t.Errorf("the device is blamed: %v, %v", d, err)
			}
		})
	}
}

// TestDropoutDiverges trains a network whose outputs overflow only because dropout scales up the
// kept values. The search must therefore examine the outputs of the step itself, not of an
// evaluation.
func TestDropoutDiverges(t *testing.T) {
	o, d := options(4), squares(47, 20, 4)
	o.Network.Sizes, o.Network.Hidden, o.Network.NoBias, o.Network.Scale = []int{16, 2, 4}, compute.Identity, true, 0
	o.Network.Shift = 1 // so that every input is 1
	o.Training.Drop, o.LearningRate, o.Momentum, o.Schedule = 0.75, 1e-30, 0, Constant
	st := begun(t, o, d)
	for i := range st.Values[0] {
		st.Values[0][i] = 1. / 16 // hidden outputs are 1, or 0 and 4
	}
	copy(st.Values[1], []float32{1.2e38, 1e37, 0, 0, 0, 0, 0, 0})
	run := &Run{Data: d, State: st, Report: &recorder{}, Backend: cpu.New()}
	defer run.Backend.Close()
	err := run.Do(context.Background())
	var diverged *DivergedError
	if !errors.As(err, &diverged) {
		t.Fatalf("error %v, want a *DivergedError", err)
	}
	if diverged.Epoch != 1 || diverged.Step > 3 || diverged.What != Outputs || diverged.Layer != 2 {
		t.Errorf("%+v", diverged)
	}
}

// TestRecipesLearn trains each recipe for some epochs to a low loss.
func TestRecipesLearn(t *testing.T) {
	for name, r := range recipes() {
		t.Run(name, func(t *testing.T) {
			r.o.Epochs = 40
			if r.o.Batch == 0 {
				r.o.Epochs = 200
			}
			s, _ := trainCPU(t, r.o, r.d)
			switch {
			case r.o.Network.Regression:
				if s.Last.TestLoss > 1e-4 || s.Last.TestAcc != 0 {
					t.Errorf("test loss %v, accuracy %v", s.Last.TestLoss, s.Last.TestAcc)
				}
			case s.Last.TestAcc < 0.9:
				t.Errorf("test accuracy %v", s.Last.TestAcc)
			}
		})
	}
}

// TestNumbers trains on the same data as images and as numbers. The results may differ by
// rounding.
func TestNumbers(t *testing.T) {
	d := squares(47, 20, 4)
	o := options(4)
	_, images := trainCPU(t, o, d)
	_, numbers := trainCPU(t, o, asNumbers(d))
	for i, e := range numbers.epochs {
		compareEpoch(t, e, images.epochs[i], 1e-4)
	}
}

// TestAverages computes the moving averages from the weights after each step. The decay is
// raised to the number of steps since the last update.
func TestAverages(t *testing.T) {
	for _, samples := range []int{47, 80, 130, 201} { // 5, 8, 13 and 21 steps
		o, d := options(4), squares(samples, 20, 4)
		o.Training.Average = 0.97
		b := cpu.New()
		defer b.Close()
		st := begun(t, o, d)
		s, err := newSession(b, o, d, all(d))
		if err != nil {
			t.Fatal(err)
		}
		defer s.free()
		if err := s.load(st); err != nil {
			t.Fatal(err)
		}
		read := func(mats []compute.Mat) [][]float32 {
			v, err := s.network.Values(mats)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		var want [][]float64
		for _, list := range st.Values {
			wide := make([]float64, len(list))
			for j, v := range list {
				wide[j] = float64(v)
			}
			want = append(want, wide)
		}
		count, steps := 0., o.steps(samples)
		for st.Epoch = range 2 {
			if err := s.beginEpoch(st); err != nil {
				t.Fatal(err)
			}
			since := 0
			for step := range steps {
				if _, err := s.runStep(st.Epoch, step*10); err != nil {
					t.Fatal(err)
				}
				if since++; since < 8 && step < steps-1 {
					continue
				}
				beta := min(math.Pow(0.97, float64(since)), (1+count)/(10+count))
				for i, list := range read(s.network.Parameters()) {
					for j, v := range list {
						want[i][j] = beta*want[i][j] + (1-beta)*float64(v)
					}
				}
				since, count = 0, count+1
			}
		}
		for i, list := range read(s.network.Averages()) {
			for j, v := range list {
				if math.Abs(float64(v)-want[i][j]) > 1e-6*max(1, math.Abs(want[i][j])) {
					t.Fatalf("%d steps: average %d of parameter %d is %v, want %v", steps, j, i, v, want[i][j])
				}
			}
		}
	}
}

// TestAveragesAreTested checks that the averages are tested, and are the result of the run.
func TestAveragesAreTested(t *testing.T) {
	r := recipes()["everything"]
	s, _ := trainCPU(t, r.o, r.d)
	b := cpu.New()
	defer b.Close()
	scores, err := Evaluate(b, r.o.Network, s.Averages, &r.d.Test)
	if err != nil {
		t.Fatal(err)
	}
	if scores.Loss != s.Last.TestLoss || scores.Acc != s.Last.TestAcc {
		t.Errorf("the averages have loss %v and accuracy %v, the run reported %v and %v", scores.Loss, scores.Acc, s.Last.TestLoss, s.Last.TestAcc)
	}
	if !sameBits(s.Chosen(), s.Averages) || sameBits(s.Values, s.Averages) {
		t.Error("the result of the run is not its averages")
	}
}

// TestScoresOfRegression checks that regression has a loss, but no accuracy and no confusion
// matrix.
func TestScoresOfRegression(t *testing.T) {
	s, _ := trainCPU(t, linesOptions(), lines(47, 20))
	b := cpu.New()
	defer b.Close()
	scores, err := Evaluate(b, s.Options.Network, s.Values, &lines(47, 20).Test)
	if err != nil {
		t.Fatal(err)
	}
	if scores.Loss != s.Last.TestLoss || scores.Acc != 0 || scores.Confusion != nil || scores.Samples != 20 {
		t.Errorf("the scores are %+v, the run reported %v", scores, s.Last.TestLoss)
	}
}
