package cases

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// CheckQueuedSteps trains a network for 100 steps twice: with all steps queued together, and with a wait after each step.
// It returns an error if the results are not bit-identical.
func CheckQueuedSteps(b compute.Backend) error {
	p := judge.NewProblem("dependent runs")
	newStep(p, network{Step: Step{Sizes: []int{30, 20, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Loss: compute.CrossEntropy, Batch: 8, Biases: true, Momentum: true}, indexed: true, runs: 100}).train()
	for i := range p.Runs {
		p.Runs[i].LearningRate = 0.05
	}
	return judge.CheckQueue(b, p)
}

// CheckGradients compares a backend's gradients of whole networks with finite differences of losses, which do not use
// back-propagation.
func CheckGradients(b compute.Backend) error {
	for _, n := range []network{
		{Step: Step{Sizes: []int{6, 5, 3}, Hidden: compute.Tanh, Output: compute.Softmax, Loss: compute.CrossEntropy, Batch: 4, Biases: true}, runs: 1},
		{Step: Step{Sizes: []int{6, 7, 4, 1}, Hidden: compute.Sigmoid, Output: compute.Sigmoid, Loss: compute.SquaredError, Batch: 5, Biases: true}, runs: 1},
		{Step: Step{Sizes: []int{5, 6, 4}, Hidden: compute.ReLU, Output: compute.Softmax, Loss: compute.SquaredError, Batch: 3, Biases: true}, indexed: true, runs: 1},
		{Step: Step{Sizes: []int{6, 7, 3}, Hidden: compute.ScaledTanh, Output: compute.Softmax, Loss: compute.CrossEntropy, Batch: 4, Biases: true, DropInput: 0.2, Drop: 0.4}, runs: 1, backFirst: true},
		{Step: Step{Sizes: []int{3, 6, 2}, Hidden: compute.LeakyReLU, Output: compute.Identity, Loss: compute.SquaredError, Batch: 4, Biases: true, Numbers: true, Regression: true}, runs: 1},
	} {
		if err := differences(b, n); err != nil {
			return fmt.Errorf("network %s: %w", n, err)
		}
	}
	return nil
}

func differences(b compute.Backend, n network) error {
	p := judge.NewProblem(n.String())
	s := newStep(p, n)
	s.forward(true)
	s.backward(false)
	p.AddRun(compute.Args{})
	got, err := judge.Results(b, p)
	if err != nil {
		return err
	}
	for i, layer := range s.layers {
		for _, c := range []struct{ param, gradient compute.Mat }{{layer.w, layer.dw}, {layer.b, layer.db}} {
			g := got(c.gradient)
			for e := range c.param.Len() {
				want := s.difference(c.param, e)
				if math.Abs(float64(g[e])-want) > judge.Bound(1, want) {
					return fmt.Errorf("layer %d: the gradient of element %d of %s is %g, want %g by finite differences", i+1, e, c.param, g[e], want)
				}
			}
		}
	}
	return nil
}

// difference returns the derivative of the batch's mean loss by element e of a parameter, by central differences of
// the reference's losses.
func (s *step) difference(param compute.Mat, e int) float64 {
	const h = 1e-4
	return (s.meanLoss(param, e, h) - s.meanLoss(param, e, -h)) / (2 * h)
}

func (s *step) meanLoss(param compute.Mat, e int, h float64) float64 {
	s.p.Begin()
	s.p.Values(param)[e] += h
	for _, op := range s.p.Ops {
		s.p.Evaluate(op, s.p.Runs[0])
	}
	sum := 0.
	for i := range s.Batch {
		sum += s.p.Values(s.stats)[2*i]
	}
	return sum / float64(s.Batch)
}
