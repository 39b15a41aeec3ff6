package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train/shuffle"
)

// A stepper trains step by step with separate programs, and reads everything after each step.
type stepper struct {
	t     *testing.T
	b     compute.Backend
	n     *mlp.Network
	set   mlp.Set
	test  mlp.Set
	o     Options
	rows  int // of the set
	batch int
	eval  compute.Executable
	steps map[int]compute.Executable // by size of the batch
}

func newStepper(t *testing.T, o Options, d *dataset.Data) *stepper {
	t.Helper()
	s := &stepper{t: t, b: cpu.New(), o: o, rows: d.Train.Len(), batch: o.Batch, steps: make(map[int]compute.Executable)}
	if s.batch == 0 {
		s.batch = s.rows
	}
	var err error
	if s.n, err = mlp.New(s.b, o.Network, max(s.batch, d.Test.Len()), o.StepTraining()); err != nil {
		t.Fatal(err)
	}
	s.set, s.test = s.upload(&d.Train), s.upload(&d.Test)
	if s.set.Order, err = s.b.AllocIndex(s.rows, s.rows); err != nil {
		t.Fatal(err)
	}
	if err := s.n.Load(s.n.Parameters(), o.Network.InitialParameters(o.Seed)); err != nil {
		t.Fatal(err)
	}
	p, err := s.n.EvalStep(s.test, d.Test.Len())
	if err != nil {
		t.Fatal(err)
	}
	if s.eval, err = s.b.Compile(p); err != nil {
		t.Fatal(err)
	}
	for _, rows := range []int{s.batch, s.rows % s.batch} {
		if rows == 0 {
			continue
		}
		p, err := s.n.TrainStep(s.set, rows)
		if err != nil {
			t.Fatal(err)
		}
		if s.steps[rows], err = s.b.Compile(p); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *stepper) upload(d *dataset.Set) mlp.Set {
	images, err1 := s.b.AllocBytes(d.Len(), d.Features())
	labels, err2 := s.b.AllocBytes(d.Len(), 1)
	stats, err3 := s.b.Alloc(d.Len(), 2)
	for _, err := range []error{err1, err2, err3, s.b.WriteBytes(images, d.Images), s.b.WriteBytes(labels, d.Labels)} {
		if err != nil {
			s.t.Fatal(err)
		}
	}
	return mlp.Set{Images: images, Labels: labels, Stats: stats}
}

// first returns the first of several matrices with a value that is not finite,
// or −1.
func (s *stepper) first(mats []compute.Mat, rows int) int {
	for i, m := range mats {
		if rows > 0 {
			m = m.RowRange(0, rows)
		}
		v := make([]float32, m.Len())
		if err := s.b.Read(v, m); err != nil {
			s.t.Fatal(err)
		}
		if slices.ContainsFunc(v, func(x float32) bool { return x-x != 0 }) {
			return i
		}
	}
	return -1
}

// sum returns the sum of the losses, rounded to float32.
func (s *stepper) sum(stats compute.Mat) float32 {
	v := make([]float32, stats.Len())
	if err := s.b.Read(v, stats); err != nil {
		s.t.Fatal(err)
	}
	sum := 0.
	for i := 0; i < len(v); i += 2 {
		sum += float64(v[i])
	}
	return float32(sum)
}

// parameter returns the kind and the layer of a parameter.
func (s *stepper) parameter(i int) (Quantity, int) {
	var number int
	var what string
	name := s.o.Network.Shapes()[i].Name
	if _, err := fmt.Sscanf(strings.Replace(name, ".", " ", 1), "%d %s", &number, &what); err != nil {
		s.t.Fatal(err)
	}
	return map[string]Quantity{"weight": Weights, "bias": Biases}[what], number/2 + 1
}

// divergence trains until a value is not finite. Within an epoch, a step with such a loss takes precedence
// over a step that only left such a parameter.
func (s *stepper) divergence() *DivergedError {
	perEpoch := (s.rows + s.batch - 1) / s.batch
	order := make([]uint32, s.rows)
	for epoch := range s.o.Epochs {
		philox.Stream{Seed: s.o.Seed, ID: shuffle.Stream + uint64(epoch)}.Shuffle(order)
		if err := s.b.WriteIndex(s.set.Order, order); err != nil {
			s.t.Fatal(err)
		}
		var update *DivergedError
		for step := range perEpoch {
			row := step * s.batch
			rows := min(s.batch, s.rows-row)
			rate := s.o.Rate(epoch*perEpoch+step, s.rows)
			d := &DivergedError{Epoch: epoch + 1, Step: step + 1, LearningRate: rate}
			before := s.first(s.n.Parameters(), 0)
			s.steps[rows].Run(compute.Args{Row: row, LearningRate: float32(rate), Momentum: float32(s.o.Momentum)})
			stats := make([]float32, 2*rows)
			if err := s.b.Read(stats, s.set.Stats.RowRange(row, rows)); err != nil {
				s.t.Fatal(err)
			}
			if i := slices.IndexFunc(stats, func(v float32) bool { return v-v != 0 }); i >= 0 {
				d.Loss = stats[i]
				if before >= 0 {
					d.What, d.Layer = s.parameter(before)
				} else if i := s.first(s.n.Outputs(), rows); i >= 0 {
					d.What, d.Layer = Outputs, i+1
				} else {
					d.What, d.Layer = SampleLoss, s.o.Network.Layers()
				}
				return d
			}
			if i := s.first(s.n.Parameters(), 0); i >= 0 && update == nil {
				update = d
				d.What, d.Layer = s.parameter(i)
			}
		}
		if update != nil {
			return update
		}
		if v := s.sum(s.set.Stats); v-v != 0 {
			return &DivergedError{Epoch: epoch + 1, What: TrainSum, Loss: v}
		}
		s.eval.Run(compute.Args{})
		if v := s.sum(s.test.Stats); v-v != 0 {
			return &DivergedError{Epoch: epoch + 1, What: TestLoss, Loss: v}
		}
	}
	return nil
}

// wild lists options under which training diverges, each in another way.
func wild() map[string]Options {
	list := make(map[string]Options)
	add := func(name string, change func(*Options)) {
		o := options(4)
		o.Epochs, o.Schedule, o.Network.Output, o.Network.Loss = 30, Constant, compute.Identity, compute.SquaredError
		change(&o)
		list[name] = o
	}
	add("relu", func(o *Options) { o.LearningRate = 50 })
	add("relu, softmax", func(o *Options) {
		o.LearningRate, o.Network.Output, o.Network.Loss = 1e30, compute.Softmax, compute.CrossEntropy
	})
	add("relu, a small rate and a high momentum", func(o *Options) { o.LearningRate, o.Momentum = 10, 0.99 })
	add("relu, whole set", func(o *Options) { o.LearningRate, o.Batch = 50, 0 })
	add("relu, one at a time", func(o *Options) { o.LearningRate, o.Batch = 20, 1 })
	add("relu, one cycle", func(o *Options) { o.LearningRate, o.Schedule = 20, OneCycle })
	add("relu, three hidden layers", func(o *Options) { o.LearningRate, o.Network.Sizes = 1e20, []int{16, 10, 9, 8, 4} })
	add("relu, no biases", func(o *Options) { o.LearningRate, o.Network.NoBias = 3e38, true })
	add("identity", func(o *Options) { o.LearningRate, o.Network.Hidden = 3, compute.Identity })
	add("no hidden layer", func(o *Options) { o.LearningRate, o.Network.Sizes = 5, []int{16, 4} })
	add("tanh", func(o *Options) { o.LearningRate, o.Network.Hidden = 100, compute.Tanh })
	add("sigmoid", func(o *Options) { o.LearningRate, o.Network.Hidden = 100, compute.Sigmoid })
	add("tanh, maximum rate", func(o *Options) { o.LearningRate, o.Network.Hidden = 3e38, compute.Tanh })
	// The only update of the epoch overflows the weights after the loss was computed.
	add("relu, whole set, raw pixels", func(o *Options) { o.LearningRate, o.Batch, o.Network.Scale = 3e38, 0, 1 })
	// Biases become infinite in the first step. Then every unit is saturated, and all other values stay finite.
	add("saturated", func(o *Options) {
		o.LearningRate, o.Network.Scale, o.Network.On = 3e38, 0, 100
		o.Network.Hidden, o.Network.Output = compute.Tanh, compute.Sigmoid
	})
	return list
}

func TestDiverges(t *testing.T) {
	d := squares(47, 20, 4)
	kinds := make(map[Quantity]bool)
	for name, o := range wild() {
		t.Run(name, func(t *testing.T) {
			s := newStepper(t, o, d)
			want := s.divergence()
			if err := s.b.Close(); err != nil {
				t.Error(err)
			}
			if want == nil {
				t.Fatal("it does not diverge")
			}
			kinds[want.What] = true
			last := begun(t, o, d)
			run := &Run{Data: d, State: last, Report: &recorder{}, Backend: cpu.New(), Fallback: refuse(t)}
			defer run.Backend.Close()
			last = copyOf(last)
			run.Save = func(s *State) error {
				last = copyOf(s)
				return nil
			}
			err := run.Do(context.Background())
			var got *DivergedError
			if !errors.As(err, &got) {
				t.Fatalf("error %v, want a *DivergedError", err)
			}
			equal := got.Loss == want.Loss || math.IsNaN(float64(got.Loss)) && math.IsNaN(float64(want.Loss))
			g, w := *got, *want
			g.Loss, w.Loss = 0, 0
			if g != w || !equal {
				t.Errorf("got  %+v\nwant %+v", *got, *want)
			}
			sameState(t, "diverged", run.State, last)
			if run.State.Epoch != want.Epoch-1 || !run.State.finite() {
				t.Errorf("the state is of epoch %d, finite: %t", run.State.Epoch, run.State.finite())
			}
		})
	}
	for _, what := range []Quantity{Weights, Biases, Outputs, SampleLoss, TestLoss} {
		if !kinds[what] {
			t.Errorf("no network diverges by its %s, so the test lacks a case", what)
		}
	}
}

// TestDivergesResumed resumes in the middle of the epoch that diverges, and resumes a run that
// has already diverged. Both must report the same step.
func TestDivergesResumed(t *testing.T) {
	d := squares(47, 20, 4)
	o := wild()["relu"]
	s := newStepper(t, o, d)
	defer s.b.Close()
	want := s.divergence()
	if want == nil || want.Step < 3 {
		t.Fatalf("it diverges at %+v, too early for this test", want)
	}
	bad := (want.Epoch-1)*5 + want.Step // the number of the bad step
	for _, tt := range []struct{ first, second int }{
		{bad - 2, -1}, {bad - 1, -1}, {bad, -1}, {bad - 2, 2},
	} {
		run := &Run{Data: d, State: begun(t, o, d), Report: &recorder{}, Backend: cpu.New()}
		defer run.Backend.Close()
		err := run.Do(after(tt.first))
		if tt.first < bad {
			if !errors.Is(err, ErrInterrupted) {
				t.Fatalf("%+v: error %v, want ErrInterrupted", tt, err)
			}
			before := copyOf(run.State)
			err = run.Do(after(tt.second))
			sameState(t, "diverged", run.State, before)
		}
		var got *DivergedError
		if !errors.As(err, &got) || got.Epoch != want.Epoch || got.Step != want.Step || got.What != want.What || got.Layer != want.Layer {
			t.Errorf("%+v: error %v, want %v", tt, err, want)
		}
	}
}

// TestUnreliable trains on a device that produces one NaN and does not repeat it.
func TestUnreliable(t *testing.T) {
	d := squares(47, 20, 4)
	b := &flaky{Backend: cpu.New(), bad: 3}
	run := &Run{Data: d, State: begun(t, options(4), d), Report: &recorder{}, Backend: b}
	defer b.Close()
	err := run.Do(context.Background())
	var device *DeviceError
	const want = "a loss was not finite in epoch 1, but not when its steps were repeated: the device is not reliable"
	if !errors.As(err, &device) || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
	if run.State.Epoch != 0 || !run.State.finite() {
		t.Errorf("the state is of epoch %d, finite: %t", run.State.Epoch, run.State.finite())
	}
}

// A flaky backend writes NaN to the statistics of one run of a program.
type flaky struct {
	compute.Backend
	bad int // counts down
}

type flakyProgram struct {
	compute.Executable
	b     *flaky
	stats compute.Mat
}

func (b *flaky) Compile(p compute.Program) (compute.Executable, error) {
	x, err := b.Backend.Compile(p)
	for _, op := range p.Ops {
		if l, ok := op.(compute.Loss); ok {
			return flakyProgram{x, b, l.Stats}, err
		}
	}
	return x, err
}

func (x flakyProgram) Run(args compute.Args) {
	x.Executable.Run(args)
	if x.b.bad--; x.b.bad == 0 {
		nan := float32(math.NaN())
		// The next Read reports any error.
		_ = x.b.Write(x.stats.RowRange(args.Row, 1), []float32{nan, 0})
	}
}

// TestTestLossDiverges tests on an image that is so much brighter than the training images that
// only its loss overflows.
func TestTestLossDiverges(t *testing.T) {
	d := squares(40, 10, 4)
	o := options(4)
	o.Network.Output, o.Network.Loss, o.Network.Hidden = compute.Identity, compute.SquaredError, compute.Identity
	// Training images are black, and an input of 0 changes no weight.
	clear(d.Train.Images)
	o.Network.Scale = 1e17
	for i := range d.Test.Images {
		d.Test.Images[i] = 255
	}
	run := &Run{Data: d, State: begun(t, o, d), Report: &recorder{}, Backend: cpu.New()}
	defer run.Backend.Close()
	err := run.Do(context.Background())
	const want = "training diverged: after epoch 1 the loss on the test set is +Inf"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

// TestSumDiverges trains with finite losses whose sum overflows.
func TestSumDiverges(t *testing.T) {
	d := squares(40, 10, 2)
	o := options(2)
	o.Network.Sizes, o.Network.Output, o.Network.Loss, o.Network.Init = []int{16, 1}, compute.Identity, compute.SquaredError, mlp.Uniform
	o.Network.On, o.Network.Off = 4e18, 4e18
	o.LearningRate = 1e-30
	run := &Run{Data: d, State: begun(t, o, d), Report: &recorder{}, Backend: cpu.New()}
	defer run.Backend.Close()
	err := run.Do(context.Background())
	const want = "training diverged: the losses of epoch 1 add up to +Inf"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}

// TestSquaresDiverge trains with gradients whose squares overflow float32, although weights and
// losses are finite. Without an error the weights would stop changing, and no checkpoint could be
// read.
func TestSquaresDiverge(t *testing.T) {
	d := squares(40, 10, 4)
	for _, rule := range []compute.Rule{compute.RMSProp, compute.Adam} {
		o := options(4)
		o.Network.Sizes, o.Network.Scale = []int{16, 4}, 1e20
		o.Momentum, o.Training = 0, mlp.Training{Rule: rule, Rho: 0.99, Epsilon: 1e-7}
		run := &Run{Data: d, State: begun(t, o, d), Report: &recorder{}, Backend: cpu.New()}
		defer run.Backend.Close()
		err := run.Do(context.Background())
		var got *DivergedError
		if !errors.As(err, &got) || got.What != Squares || got.Layer != 1 || got.Epoch != 1 || got.Step != 1 {
			t.Errorf("%s: error %v, want an error about the squares of layer 1 in step 1", rule, err)
		}
		if !run.State.finite() {
			t.Errorf("%s: the state is not finite", rule)
		}
	}
}

func TestDivergedText(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, tt := range []struct {
		err  DivergedError
		want string
	}{
		{DivergedError{2, 31, 0.12345, Weights, 1, nan},
			"training diverged: the loss is NaN in epoch 2, step 31 (learning rate 0.123), and the weights of layer 1 are the first that are not finite"},
		{DivergedError{1, 3, 50, Outputs, 2, inf},
			"training diverged: the loss is +Inf in epoch 1, step 3 (learning rate 50), and the outputs of layer 2 are the first that are not finite"},
		{DivergedError{1, 3, 50, Biases, 2, 0},
			"training diverged in epoch 1, step 3 (learning rate 50): the biases of layer 2 are not finite"},
		{DivergedError{1, 3, 0.001, Squares, 1, 0},
			"training diverged in epoch 1, step 3 (learning rate 0.001): the mean squared gradients of layer 1 are not finite"},
		{DivergedError{1, 3, 50, SampleLoss, 2, inf},
			"training diverged: the loss is +Inf in epoch 1, step 3 (learning rate 50), where the outputs of layer 2 are finite but too large for it"},
	} {
		if got := tt.err.Error(); got != tt.want {
			t.Errorf("got  %q\nwant %q", got, tt.want)
		}
	}
}

// TestOtherRowsAreNotBlamed writes infinities into the rows after the batch's, as an evaluation
// of more rows may do. They must not count as a divergence.
func TestOtherRowsAreNotBlamed(t *testing.T) {
	_, s, b, _ := slowRun(t)
	row, err := s.runStep(0, 0)
	if err != nil {
		t.Fatal(err)
	}
	hidden := s.network.Outputs()[0]
	spoiled := make([]float32, hidden.Cols)
	spoiled[3] = float32(math.Inf(1))
	d := &DivergedError{}
	for _, tt := range []struct {
		row  int
		want bool
	}{{row, false}, {row - 1, true}} {
		if err := b.Write(hidden.RowRange(tt.row, 1), spoiled); err != nil {
			t.Fatal(err)
		}
		if found, err := s.badOutput(d, row); err != nil || found != tt.want {
			t.Errorf("row %d of a batch of %d is infinite: found %t, error %v", tt.row, row, found, err)
		}
	}
	if d.What != Outputs || d.Layer != 1 {
		t.Errorf("found the %s of layer %d, want the outputs of layer 1", d.What, d.Layer)
	}
}
