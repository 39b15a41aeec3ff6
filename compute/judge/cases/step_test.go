package cases

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/reference"
)

// halfRate is a backend that halves the learning rate.
type halfRate struct{ compute.Backend }

func (h halfRate) Compile(p compute.Program) (compute.Executable, error) {
	x, err := h.Backend.Compile(p)
	return halfRateRun{x}, err
}

type halfRateRun struct{ compute.Executable }

func (h halfRateRun) Run(a compute.Args) {
	a.LearningRate /= 2
	h.Executable.Run(a)
}

// TestStepCase requires that the reference passes the case of each step, and that a backend with another learning rate fails
// it.
func TestStepCase(t *testing.T) {
	for _, s := range []Step{
		{Sizes: []int{20, 7, 3}, Hidden: compute.ReLU, Output: compute.Softmax, Batch: 5, Momentum: true, Biases: true},
		{Sizes: []int{20, 7, 3}, Hidden: compute.Tanh, Output: compute.Sigmoid, Loss: compute.SquaredError, Batch: 1, Biases: true},
		{Sizes: []int{9, 2}, Output: compute.Softmax, Batch: 33},
		{Sizes: []int{63, 12, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Batch: 4, Biases: true, DropInput: 0.1, Drop: 0.5, MaxNorm: 2, Average: 0.9,
			Update: compute.Update{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7, L2: 1e-3, Clip: 1},
			Warp:   compute.Warp{Width: 9, Height: 7, Rotation: 0.2, Translation: 1, Alpha: [2]float32{8, 8}, Calm: 2}},
		{Sizes: []int{3, 8, 2}, Hidden: compute.Tanh, Output: compute.Identity, Loss: compute.SquaredError, Batch: 6, Numbers: true, Regression: true,
			Update: compute.Update{Rule: compute.Nesterov}},
	} {
		if err := s.Case().Check(reference.New()); err != nil {
			t.Errorf("%+v: %v", s, err)
		}
		var f *judge.Failure
		if err := s.Case().Check(halfRate{reference.New()}); !errors.As(err, &f) {
			t.Errorf("%+v: with half of the rate: error %v", s, err)
		}
	}
}

// noBias is a backend that omits the biases of activations.
type noBias struct{ compute.Backend }

func (n noBias) Compile(p compute.Program) (compute.Executable, error) {
	p.Ops = slices.Clone(p.Ops)
	for i, op := range p.Ops {
		if a, ok := op.(compute.Activate); ok {
			a.Bias = compute.Mat{}
			p.Ops[i] = a
		}
	}
	return n.Backend.Compile(p)
}

// TestCasesOfEval requires that the reference passes the cases of evaluations, and that a backend without biases fails
// the predictions.
func TestCasesOfEval(t *testing.T) {
	s := Step{Sizes: []int{20, 7, 3}, Hidden: compute.ReLU, Output: compute.Sigmoid, Loss: compute.SquaredError, Biases: true, Drop: 0.5}
	predictions := 0
	for _, c := range s.OfEval([]int{30, 7}, []compute.Activation{compute.Sigmoid, compute.Identity}) {
		if err := c.Check(reference.New()); err != nil {
			t.Errorf("%s: %v", c.Name, err)
		}
		if strings.HasPrefix(c.Name, "predict_") {
			predictions++
			if err := c.Check(noBias{reference.New()}); err == nil {
				t.Errorf("%s passes without biases", c.Name)
			}
		}
	}
	if predictions != 4 {
		t.Errorf("%d cases predict, want those of two functions and two batches", predictions)
	}
}
