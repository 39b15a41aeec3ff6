package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/mlp"
	"shadegrad/internal/mlp/mlptest"
	"shadegrad/internal/sample"
)

// diagnosed runs to the end on the CPU, from a state, and returns the reports too.
func diagnosed(t *testing.T, s *State, d *dataset.Data) (*recorder, []*diagnosis.Report) {
	t.Helper()
	b := cpu.New()
	defer b.Close()
	var reports []*diagnosis.Report
	r := &recorder{}
	run := &Run{Data: d, State: s, Report: r, Backend: b,
		Diagnosed: func(d *diagnosis.Report) { reports = append(reports, d) }}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(r.notices) > 0 {
		t.Errorf("there are notices: %+v", r.notices)
	}
	return r, reports
}

// TestDiagnosisChangesNothing compares runs bit by bit: weights, velocities, losses and
// accuracies.
func TestDiagnosisChangesNothing(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"default":          func(o *Options) {},
		"without momentum": func(o *Options) { o.Momentum = 0 },
		"one at a time":    func(o *Options) { o.Momentum, o.Batch, o.LearningRate = 0, 1, 0.02 },
		"the whole set":    func(o *Options) { o.Momentum, o.Batch = 0, 0 },
		"deep, no biases":  func(o *Options) { o.Network.Sizes, o.Network.NoBias = []int{16, 12, 9, 7, 4}, true },
		"squared error": func(o *Options) {
			o.Network.Loss, o.Network.Output, o.Network.Hidden = compute.SquaredError, compute.Sigmoid, compute.Tanh
		},
	} {
		t.Run(name, func(t *testing.T) {
			o, d := options(4), squares(403, 50, 4)
			change(&o)
			want, plain := trainCPU(t, o, d)
			got := NewState(o, d, "")
			told, reports := diagnosed(t, got, d)
			sameState(t, "with reports", got, want)
			if a, b := fmt.Sprint(told.figures()), fmt.Sprint(plain.figures()); a != b {
				t.Errorf("the epochs are\n%s\nwant\n%s", a, b)
			}
			if len(reports) != o.Epochs {
				t.Errorf("%d reports of %d epochs", len(reports), o.Epochs)
			}
		})
	}
}

// TestDiagnosisOfPieces feeds the data set piece by piece: the probe has its own images.
func TestDiagnosisOfPieces(t *testing.T) {
	defer func(n int64) { pieceBytes = n }(pieceBytes)
	o, d := options(4), squares(403, 50, 4)
	whole := NewState(o, d, "")
	_, want := diagnosed(t, whole, d)
	pieceBytes = 1000
	b := blocked{cpu.New()}
	defer b.Close()
	var got []*diagnosis.Report
	run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: b,
		Diagnosed: func(d *diagnosis.Report) { got = append(got, d) }}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	sameState(t, "by pieces", run.State, whole)
	if len(got) != len(want) {
		t.Fatalf("%d reports, want %d", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("report %d is\n%+v\nwant\n%+v", i, got[i], want[i])
		}
	}
}

// A blocked backend has a limit of a shader's memory that is less than the images of squares need.
type blocked struct{ compute.Backend }

func (b blocked) Info() compute.Info {
	i := b.Backend.Info()
	i.MaxBuffer = 5000
	return i
}

// TestFigures compares a report with the figures of the plain network in float64. The set is so
// small that the probe uses all of it.
func TestFigures(t *testing.T) {
	for _, momentum := range []float64{0, 0.9} {
		o, d := options(4), squares(80, 50, 4)
		o.Epochs, o.Momentum, o.Network.Sizes, o.Schedule = 1, momentum, []int{16, 6, 5, 4}, Constant
		o.Batch, o.LearningRate = 20, 0.05
		first := begun(t, o, d)
		before := copyOf(first)
		r, reports := diagnosed(t, first, d)
		report := reports[0]
		if report.Images != 80 || !report.HasGap || report.Gap() != r.epochs[0].TrainAcc-r.epochs[0].TestAcc {
			t.Errorf("%d images, a gap of %v", report.Images, report.Gap())
		}
		var samples []mlptest.Sample
		for i, label := range d.Train.Labels {
			samples = append(samples, mlptest.Sample{Pixels: d.Train.Images[16*i : 16*i+16], Label: label})
		}
		plain := mlptest.New(o.Network, first.Values)
		g := plain.Gradient(samples)
		var squaredSteps [3]float64 // mean over the batches
		for k := range 4 {
			for i, v := range plain.Gradient(samples[20*k : 20*k+20]) {
				if i%2 == 0 {
					squaredSteps[i/2] += norm(v) * norm(v) / 4
				}
			}
		}
		for i, l := range report.Layers {
			w := diagnosis.Norm(first.Values[2*i])
			step := o.LearningRate * math.Sqrt(squaredSteps[i]) / w
			if momentum != 0 {
				step = o.LearningRate * diagnosis.Norm(first.Velocities[2*i]) / w
			}
			moved := diagnosis.Distance(first.Values[2*i], before.Values[2*i]) / diagnosis.Norm(before.Values[2*i])
			for what, v := range map[string][2]float64{"gradient": {l.Gradient, norm(g[2*i])}, "weights": {l.Weights, w}, "step": {l.Step, step}, "moved": {l.Moved, moved}} {
				if !(math.Abs(v[0]-v[1]) <= 1e-4*v[1]) || v[1] == 0 {
					t.Errorf("momentum %v, layer %d: %s is %v, want %v", momentum, i+1, what, v[0], v[1])
				}
			}
			if l.Units != o.Network.Sizes[i+1] || l.Delta <= 0 {
				t.Errorf("layer %d: %+v", i+1, l)
			}
		}
		if l := report.Layers[2]; l.Delta != 1 || l.F != compute.Softmax || l.Of != diagnosis.NotFlat {
			t.Errorf("the last layer is %+v", l)
		}
		if l := report.Layers[0]; l.F != compute.ReLU || l.Of != diagnosis.Dead {
			t.Errorf("the first layer is %+v", l)
		}
	}
}

func norm(v []float64) float64 {
	sum := 0.
	for _, x := range v {
		sum += x * x
	}
	return math.Sqrt(sum)
}

// digits returns the beginning of MNIST, and a network for it by the usual recipe.
func digits(t *testing.T, train, test int) (*dataset.Data, Options) {
	t.Helper()
	d := goldenData(t, curve{TrainImages: train, TestImages: test})
	c := mlp.Config{Sizes: []int{784, 256, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.He, Scale: 1. / 255, On: 1}
	return d, Options{Network: c, Batch: 64, Epochs: 1, LearningRate: DefaultRate(c, 64, 0.9), Momentum: 0.9, Schedule: OneCycle, Seed: 1}
}

// TestHealthy checks that runs with the default options have no findings.
func TestHealthy(t *testing.T) {
	d, o := digits(t, 3000, 1000)
	for _, o.Epochs = range []int{1, 5} {
		for o.Seed = range uint64(sample.Count(4, 1)) {
			_, reports := diagnosed(t, NewState(o, d, ""), d)
			for _, r := range reports {
				for _, f := range r.Findings {
					t.Errorf("seed %d, epoch %d of %d: %+v", o.Seed, r.Epoch.Epoch, o.Epochs, f)
				}
			}
		}
	}
}

// wholeLayer reports whether a finding is about all units or images.
func wholeLayer(f diagnosis.Finding) bool { return f.Value == 1 }

// recommends returns a function that reports whether a finding has a remedy.
func recommends(action diagnosis.Action, field string, value any, usual float64) func(diagnosis.Finding) bool {
	return func(f diagnosis.Finding) bool {
		return slices.ContainsFunc(f.Remedies, func(r diagnosis.Remedy) bool {
			return r.Action == action && r.Field == field && r.Value == value && r.Usual == usual
		})
	}
}

// TestUnhealthy makes networks unhealthy on purpose: the last report of each has the expected
// finding, and no other.
func TestUnhealthy(t *testing.T) {
	tests := []struct {
		name   string
		kind   diagnosis.Kind
		layer  int
		train  int
		change func(*Options)
		state  func(*State)
		says   func(diagnosis.Finding) bool
	}{
		{"hidden biases far below zero", diagnosis.DeadLayer, 1, 1000, func(o *Options) {}, func(s *State) {
			for j := range s.Values[1] {
				s.Values[1][j] = -1000
			}
		}, wholeLayer},
		{"ReLUs at a high rate", diagnosis.DeadLayer, 1, 3000, func(o *Options) { o.LearningRate = 3 }, nil, recommends(diagnosis.Lower, "LearningRate", 3., 0.1)},
		{"tanh at a high rate", diagnosis.SaturatedLayer, 1, 3000,
			func(o *Options) {
				o.Network.Hidden, o.Network.Init, o.LearningRate = compute.Tanh, mlp.Xavier, 3
			}, nil, recommends(diagnosis.Lower, "LearningRate", 3., 0.1)},
		{"squared error at a high rate", diagnosis.StuckOutputs, 2, 3000, func(o *Options) {
			o.Network.Loss, o.Network.Output, o.LearningRate, o.Momentum = compute.SquaredError, compute.Sigmoid, 200, 0
		}, nil, recommends(diagnosis.Set, "Network.Loss", compute.CrossEntropy, 0)},
		{"output biases far below zero", diagnosis.StuckOutputs, 2, 1000, func(o *Options) {
			o.Network.Loss, o.Network.Output, o.Momentum = compute.SquaredError, compute.Sigmoid, 0
		}, func(s *State) {
			for j := range s.Values[3] {
				s.Values[3][j] = -1000
			}
		}, wholeLayer},
		{"eight layers of sigmoids", diagnosis.VanishingGradient, 1, 1000, func(o *Options) {
			o.Network.Sizes = []int{784, 64, 64, 64, 64, 64, 64, 64, 64, 10}
			o.Network.Hidden, o.Network.Init = compute.Sigmoid, mlp.Xavier
		}, nil, recommends(diagnosis.Set, "Network.Hidden", compute.ReLU, 0)},
		{"large first weights in five layers", diagnosis.ExplodingGradient, 1, 1000, func(o *Options) {
			o.Network.Sizes = []int{784, 128, 128, 128, 128, 10}
			o.Network.Init, o.LearningRate = mlp.Normal, 1e-8
		}, nil, recommends(diagnosis.Set, "Network.Init", mlp.He, 0)},
		{"no hidden layer at a high rate", diagnosis.RateTooHigh, 0, 3000, func(o *Options) {
			o.Network.Sizes, o.LearningRate = []int{784, 10}, 50
		}, nil, recommends(diagnosis.Lower, "LearningRate", 50., 0.1)},
		{"a low rate", diagnosis.RateTooLow, 0, 3000, func(o *Options) { o.LearningRate = 1e-6 }, nil, recommends(diagnosis.Raise, "LearningRate", 1e-6, 0.1)},
		{"squared error at a low rate, worse than guessing", diagnosis.RateTooLow, 0, 3000, func(o *Options) {
			o.Network.Loss, o.Network.Output, o.LearningRate, o.Momentum = compute.SquaredError, compute.Sigmoid, 0.01, 0
		}, nil, recommends(diagnosis.Raise, "LearningRate", 0.01, 8)},
		{"a small set", diagnosis.Overfitting, 0, 200, func(o *Options) { o.Epochs = 10 }, nil, recommends(diagnosis.Add, "Training.Drop", nil, 0)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			d, o := digits(t, tt.train, 1000)
			tt.change(&o)
			s := begun(t, o, d)
			if tt.state != nil {
				tt.state(s)
			}
			_, reports := diagnosed(t, s, d)
			found := reports[len(reports)-1].Findings
			if len(found) != 1 || found[0].Kind != tt.kind || found[0].Layer != tt.layer || !tt.says(found[0]) {
				t.Errorf("the findings are %+v, want %s of layer %d", found, tt.kind, tt.layer)
			}
		})
	}
}

// TestTooLittleForProbe checks that a run with just enough memory for itself continues without
// reports, and notes it.
func TestTooLittleForProbe(t *testing.T) {
	defer func(f func() int64) { available = f }(available)
	o, d := options(4), squares(40, 20, 4)
	want, _ := trainCPU(t, o, d)
	b := cpu.New()
	defer b.Close()
	r := &recorder{}
	run := &Run{Data: d, State: NewState(o, d, ""), Report: r, Backend: b, Diagnosed: func(*diagnosis.Report) { t.Error("there is a report") }}
	n := runMemory(b.Info(), run.State, d, feedPlan{40, 0, 20})
	available = func() int64 { return n.host + n.device }
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	var short *compute.MemoryError
	if len(r.notices) != 1 || r.notices[0].Kind != NotDiagnosed || !errors.As(r.notices[0].Err, &short) {
		t.Errorf("the notices are %+v", r.notices)
	}
	sameState(t, "without room", run.State, want)
}

// TestProbeFails refuses the programs of a probe, one after another: the run continues without
// reports.
func TestProbeFails(t *testing.T) {
	o, d := options(4), squares(400, 20, 4)
	o.Momentum = 0 // so that there are two
	want, _ := trainCPU(t, o, d)
	for refuse := range 2 {
		b := &unprobed{Backend: cpu.New(), left: refuse}
		r := &recorder{}
		run := &Run{Data: d, State: NewState(o, d, ""), Report: r, Backend: b, Diagnosed: func(*diagnosis.Report) { t.Error("there is a report") }}
		if err := run.Do(context.Background()); err != nil {
			t.Fatal(err)
		}
		if len(r.notices) != 1 || r.notices[0].Kind != NotDiagnosed || r.notices[0].Err.Error() != "this is refused" {
			t.Errorf("the notices are %+v", r.notices)
		}
		sameState(t, "without a probe", run.State, want)
		if err := b.Close(); err != nil {
			t.Error(err)
		}
	}
}

// An unprobed backend refuses to compile the programs of a probe after a number of compilations.
type unprobed struct {
	compute.Backend
	left int
}

func (b *unprobed) Compile(p compute.Program) (compute.Executable, error) {
	if strings.HasPrefix(p.Name, "gradients of ") {
		if b.left--; b.left < 0 {
			return nil, errors.New("this is refused")
		}
	}
	return b.Backend.Compile(p)
}

// TestDiagnosisResumes resumes a run whose first epoch had a better training loss and test
// accuracy than any later one, and loses the device in a later epoch. The examiner must know
// the earlier epochs as in a run without the loss.
func TestDiagnosisResumes(t *testing.T) {
	o, d := options(4), squares(400, 20, 4)
	o.Epochs = 6
	resumed := func() *State {
		s := begun(t, o, d)
		s.Epoch = 1
		s.Last = Epoch{Epoch: 1, TrainLoss: 0.9, TestLoss: 1e-9, TestAcc: 2}
		return s
	}
	all := resumed()
	_, want := diagnosed(t, all, d)
	if f := want[4].Findings; len(f) == 0 || f[len(f)-1].Sign != diagnosis.HeldLossRises || f[len(f)-1].Since.TrainLoss != 0.9 {
		t.Fatalf("without a failure the last findings are %+v", f)
	}
	var got []*diagnosis.Report
	const perEpoch = 400/10 + 5 // its steps, and a little more
	run := &Run{Data: d, State: resumed(), Report: &recorder{}, Backend: &fragile{Backend: cpu.New(), left: 4*perEpoch + 20},
		Diagnosed: func(d *diagnosis.Report) { got = append(got, d) }}
	reportsBefore := -1
	run.Fallback = func(error) (compute.Backend, error) {
		reportsBefore = len(got)
		return cpu.New(), nil
	}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := run.Backend.Close(); err != nil {
		t.Error(err)
	}
	if reportsBefore != 4 {
		t.Fatalf("the device was lost after %d reports, want 4", reportsBefore)
	}
	sameState(t, "after a failure", run.State, all)
	if len(got) != len(want) {
		t.Fatalf("%d reports of %d epochs", len(got), len(want))
	}
	for i := range want {
		if !reflect.DeepEqual(got[i], want[i]) {
			t.Errorf("report %d is\n%+v\nwant\n%+v", i, got[i], want[i])
		}
	}
}

// TestProbeSpreads measures on a set that is sorted by class.
func TestProbeSpreads(t *testing.T) {
	o, d := options(4), squares(1200, 20, 4)
	for i := range d.Train.Labels {
		d.Train.Labels[i] = byte(i / 300)
	}
	b := cpu.New()
	defer b.Close()
	p, err := newProbe(b, o, &d.Train)
	if err != nil {
		t.Fatal(err)
	}
	defer p.free()
	var counts [4]int
	for _, label := range p.labels {
		counts[label]++
	}
	if counts != [4]int{75, 75, 75, 75} {
		t.Errorf("of the classes there are %v", counts)
	}
}

func TestMeanRate(t *testing.T) {
	o := options(4)
	o.Epochs, o.Schedule = 3, OneCycle
	sum := 0.
	for i := range 7 {
		sum += o.Rate(7+i, 65)
	}
	if v := o.meanRate(1, 65); math.Abs(v-sum/7) > 1e-15 {
		t.Errorf("mean rate %v, want %v", v, sum/7)
	}
	o.Schedule = Constant
	if v := o.meanRate(2, 65); math.Abs(v-o.LearningRate) > 1e-15 {
		t.Errorf("mean of a constant rate %v, want %v", v, o.LearningRate)
	}
}

// TestStepOfRules compares the reported length of a step with the change of the weights if an
// epoch is a single step, and otherwise with the rule's formula.
func TestStepOfRules(t *testing.T) {
	for name, tr := range map[string]mlp.Training{
		"adam":         {Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-4},
		"adam of sums": {Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-4, Sum: true},
		"sums":         {Velocity: true, Sum: true},
	} {
		o, d := options(4), squares(60, 20, 4)
		o.Training, o.Batch, o.Epochs, o.LearningRate, o.Schedule = tr, 0, 1, 0.01, Constant
		st := begun(t, o, d)
		before := copyOf(st)
		_, reports := diagnosed(t, st, d)
		for i, l := range reports[0].Layers {
			went := diagnosis.Distance(st.Values[2*i], before.Values[2*i]) / diagnosis.Norm(st.Values[2*i])
			if !(math.Abs(l.Step-went) <= 1e-4*went) {
				t.Errorf("%s, layer %d: a step is %v of the weights, it went %v", name, i+1, l.Step, went)
			}
		}
	}
	// The steps of the others are those of gradients now, which no step has followed yet.
	for name, tr := range map[string]mlp.Training{
		"rmsprop": {Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-3}, "rmsprop of sums": {Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-3, Sum: true},
		"plain sums": {Sum: true},
	} {
		o, d := options(4), squares(60, 20, 4)
		o.Training, o.Batch, o.Epochs, o.LearningRate, o.Schedule, o.Momentum = tr, 0, 1, 0.01, Constant, 0
		st := begun(t, o, d)
		_, reports := diagnosed(t, st, d)
		var samples []mlptest.Sample
		for i, label := range d.Train.Labels {
			samples = append(samples, mlptest.Sample{Pixels: d.Train.Image(i), Label: label})
		}
		g := mlptest.New(o.Network, st.Values).Gradient(samples)
		for i, l := range reports[0].Layers {
			sum := 0.
			for j, v := range g[2*i] {
				if tr.Sum {
					v *= 60
				}
				if tr.Squares() {
					v /= math.Sqrt(float64(st.Squares[2*i][j])) + float64(tr.Epsilon)
				}
				sum += v * v
			}
			want := 0.01 * math.Sqrt(sum) / diagnosis.Norm(st.Values[2*i])
			if !(math.Abs(l.Step-want) <= 1e-4*want) {
				t.Errorf("%s, layer %d: a step is %v of the weights, want %v", name, i+1, l.Step, want)
			}
		}
	}
}
