package bench

import (
	"errors"
	"math"
	"testing"
	"time"

	"shadegrad/compute"
	"shadegrad/compute/computetest"
	"shadegrad/cpu"
	"shadegrad/internal/clock"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

func step() Step {
	return Step{Network: mlp.Config{Sizes: []int{16, 12, 4}, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.He, Scale: 1. / 255, On: 1},
		Batch: 10, Training: mlp.Training{Velocity: true}}
}

func data(n int) *dataset.Set {
	d := &dataset.Set{Images: make([]byte, 16*n), Labels: make([]byte, n), Width: 4, Height: 4, Classes: 4}
	for i := range d.Images {
		d.Images[i] = byte(i * i)
	}
	for i := range d.Labels {
		d.Labels[i] = byte(i % 4)
	}
	return d
}

func TestFlops(t *testing.T) {
	s := step()
	// 2·10·(2·16·12 + 3·12·4)
	if got := s.Flops(); got != 10560 {
		t.Errorf("%g operations, want 10560", got)
	}
}

// TestMeasure checks the number of steps and runs, and the rows at which steps begin.
func TestMeasure(t *testing.T) {
	var subjects []*Subject
	var counters []*counter
	for range 2 {
		c := &counter{Backend: cpu.New()}
		defer c.Close()
		s, err := NewSubject(c, step(), data(47))
		if err != nil {
			t.Fatal(err)
		}
		defer s.Free()
		subjects, counters = append(subjects, s), append(counters, c)
	}
	for _, c := range counters {
		c.runs, c.rows = 0, map[int]bool{}
	}
	figures, err := Measure(clock.Now, subjects, 11, time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range figures {
		if len(f.Seconds) != 11 || f.Steps < 1 || !(f.Median() > 0) || !(f.Spread() >= 0) {
			t.Errorf("figures %+v", f)
		}
		if least := 11 * f.Steps; counters[i].runs < least {
			t.Errorf("%d steps were run, want at least %d", counters[i].runs, least)
		}
		for _, row := range []int{0, 10, 20, 30} {
			if !counters[i].rows[row] {
				t.Errorf("no step began at row %d", row)
			}
		}
		if len(counters[i].rows) != 4 {
			t.Errorf("steps began at rows %v of 47", counters[i].rows)
		}
	}
}

// A counter counts the steps that begin at each row.
type counter struct {
	compute.Backend
	runs int
	rows map[int]bool
}

func (c *counter) Compile(p compute.Program) (compute.Executable, error) {
	x, err := c.Backend.Compile(p)
	return counted{x, c}, err
}

type counted struct {
	compute.Executable
	c *counter
}

func (x counted) Run(a compute.Args) {
	x.c.runs++
	if x.c.rows != nil {
		x.c.rows[a.Row] = true
	}
	x.Executable.Run(a)
}

func TestStatistics(t *testing.T) {
	f := Figure{Seconds: []float64{5, 1, 2, 4, 3}}
	if f.Median() != 3 || math.Abs(f.Spread()-1./3) > 1e-15 {
		t.Errorf("median %g, spread %g; want 3, 1/3", f.Median(), f.Spread())
	}
	f = Figure{Seconds: []float64{4, 1}}
	if f.Median() != 2.5 {
		t.Errorf("median %g, want 2.5", f.Median())
	}
	if f = (Figure{Seconds: []float64{7}}); f.Median() != 7 || f.Spread() != 0 {
		t.Errorf("median %g, spread %g of one run", f.Median(), f.Spread())
	}
}

// TestWrongIsRefused plants each of the judge's faults and requires that at least 40 are refused. Not every fault affects a
// training step.
func TestWrongIsRefused(t *testing.T) {
	refused := 0
	for _, f := range computetest.Faults() {
		b := f.Wrap(cpu.New())
		var wrong *WrongError
		if errors.As(step().Check(b), &wrong) {
			refused++
		}
		b.Close()
	}
	if refused < 40 {
		t.Errorf("%d faults were refused", refused)
	}
	t.Logf("%d of %d planted faults show in a training step", refused, len(computetest.Faults()))
}

func TestTooLargeBatch(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	if _, err := NewSubject(b, step(), data(9)); err == nil || err.Error() != "a batch of 10 needs more than 9 images" {
		t.Errorf("error %v", err)
	}
}

// TestTrainings times every kind of step on a correct backend, and requires that a wrong backend is
// refused.
func TestTrainings(t *testing.T) {
	elastic := mlp.Augment{Sigma: [2]float32{2, 2}, Alpha: [2]float32{5, 6}, Rotation: 15, Calm: []int{1}}
	for name, change := range map[string]func(*Step){
		"adam":     func(s *Step) { s.Training = mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-8, Decay: 0.01} },
		"rmsprop":  func(s *Step) { s.Training = mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7, Clip: 1} },
		"nesterov": func(s *Step) { s.Training = mlp.Training{Rule: compute.Nesterov, L2: 0.01, L1: 0.01} },
		"dropout":  func(s *Step) { s.Training = mlp.Training{Drop: 0.5, DropInput: 0.2, MaxNorm: 2, Average: 0.99} },
		"elastic":  func(s *Step) { s.Training.Augment, s.Network.Width, s.Network.Height = elastic, 4, 4 },
	} {
		s := step()
		change(&s)
		b := cpu.New()
		defer b.Close()
		if err := s.Check(b); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		j, err := NewSubject(b, s, data(40))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := j.Run(5); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		j.Free()
		var wrong *WrongError
		if err := s.Check(otherRate{b}); !errors.As(err, &wrong) {
			t.Errorf("%s: a backend with another learning rate is not refused: %v", name, err)
		}
	}
}

// TestNumbers times a network for regression on rows of numbers.
func TestNumbers(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	s := Step{Network: mlp.Config{Sizes: []int{3, 5, 2}, Hidden: compute.Tanh, Loss: compute.SquaredError, Init: mlp.Xavier, Regression: true}, Batch: 4, Numbers: true}
	if err := s.Check(b); err != nil {
		t.Error(err)
	}
	d := &dataset.Set{Values: make([]float32, 3*9), Targets: make([]float32, 2*9), Outputs: 2, Width: 3, Height: 1}
	j, err := NewSubject(b, s, d)
	if err != nil {
		t.Fatal(err)
	}
	defer j.Free()
	if err := j.Run(3); err != nil {
		t.Error(err)
	}
}

// otherRate is a backend with a slightly larger learning rate.
type otherRate struct{ compute.Backend }

func (o otherRate) Compile(p compute.Program) (compute.Executable, error) {
	x, err := o.Backend.Compile(p)
	return otherRateRun{x}, err
}

type otherRateRun struct{ compute.Executable }

func (o otherRateRun) Run(a compute.Args) {
	a.LearningRate *= 1.01
	o.Executable.Run(a)
}
