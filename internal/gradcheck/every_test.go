package gradcheck

import (
	"fmt"
	"reflect"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/sample"
)

// regularisers are the options of a training that change the gradient, one at a
// time and together, with each rule that reveals a gradient.
var regularisers = []struct {
	name string
	t    mlp.Training
}{
	{"none", mlp.Training{}},
	{"l2", mlp.Training{L2: 0.1, Sum: true}},
	{"l1", mlp.Training{Rule: compute.Nesterov, L1: 0.05}},
	{"l2 and l1", mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7, L2: 0.1, L1: 0.02}},
	{"dropout of the input", mlp.Training{Velocity: true, DropInput: 0.2}},
	{"dropout", mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-8, Drop: 0.25}},
	{"all", mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-8, L2: 0.05, L1: 0.01, Drop: 0.25, DropInput: 0.1, Sum: true}},
}

// A target is a loss with the targets for its labels.
type target struct {
	kind      compute.LossKind
	reduction mlp.Reduction
	on, off   float32
}

func (g target) String() string {
	return fmt.Sprintf("%s %s of targets %v and %v", g.kind, g.reduction, g.on, g.off)
}

// targetsOf lists every loss of an output activation, with and without label smoothing.
func targetsOf(output compute.Activation) (list []target) {
	for _, t := range []target{{on: 1}, {on: 0.925, off: 0.025}} {
		if output == compute.Softmax || output == compute.Sigmoid {
			t.kind = compute.CrossEntropy
			list = append(list, t)
		}
		for _, t.reduction = range mlp.Reductions() {
			t.kind = compute.SquaredError
			list = append(list, t)
		}
	}
	return list
}

// few are samples of 3×2 pixels and of three classes.
func few() *dataset.Set { return pictures(6, dataset.Set{Width: 3, Height: 2, Classes: 3}, 3) }

// TestEveryTraining checks every activation of hidden layers and outputs with each of its losses,
// with and without label smoothing, and every regulariser. Each part of each network must have a gradient to
// compare: with dead units, or differences across kinks, a wrong gradient could pass.
// So the seeds keep every ReLU active for some of the samples, and avoid gradients whose large terms
// cancel.
func TestEveryTraining(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	data := few()
	turn, tried, kinks := -1, 0, 0
	for _, hidden := range compute.Activations() {
		if hidden == compute.Softmax {
			continue
		}
		for _, output := range compute.Activations() {
			for _, goal := range targetsOf(output) {
				for i, r := range regularisers {
					if turn++; sample.Skip(turn, 11) {
						continue
					}
					c := mlp.Config{Sizes: []int{6, 5, 4, 3}, Hidden: hidden, Output: output, Loss: goal.kind, Reduction: goal.reduction,
						On: goal.on, Off: goal.off, Init: mlp.Xavier, Scale: 1. / 255}
					what := fmt.Sprintf("%s, %s, %s, %s", hidden, output, goal, r.name)
					report := check(t, b, Subject{Network: c, Training: r.t, Seed: uint64(i + 2), Samples: 4, Weights: 3}, data, what)
					for _, p := range report.Parts {
						tried, kinks = tried+p.Tried, kinks+p.Kinks
						if p.Hidden() || p.Kinks > p.Tried {
							t.Errorf("%s: too little of %s was compared: %d tried with a norm of %.2g and a noise of %.2g, %d kinks",
								what, p.Name, p.Tried, p.Norm, p.Noise, p.Kinks)
						}
					}
				}
			}
		}
	}
	// Softmax and sigmoid have four losses, the other five outputs three.
	if want := 6 * (2*4 + 5*3) * 2 * len(regularisers); turn+1 != want {
		t.Errorf("%d cases, want %d", turn+1, want)
	}
	if kinks*1000 > tried {
		t.Errorf("%d kinks, %d parameters compared", kinks, tried)
	}
}

// TestOmittedOptions requires that the gradient check ignores options that bound gradients or weights or decay weights. With plain
// descent all of them would show, since its gradient is read from the weights.
func TestOmittedOptions(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	c := config(images(), compute.Tanh, compute.Softmax, compute.CrossEntropy)
	s := Subject{Network: c, Training: mlp.Training{L2: 0.1}, Seed: 7, Samples: 5, Weights: 20}
	want := check(t, b, s, images(), "unchanged")
	for name, change := range map[string]func(*mlp.Training){
		"clip":     func(t *mlp.Training) { t.Clip = 1e-3 },
		"max-norm": func(t *mlp.Training) { t.MaxNorm = 1e-3 },
		"decay":    func(t *mlp.Training) { t.Decay = 0.5 },
	} {
		with := s
		change(&with.Training)
		if got := check(t, b, with, images(), name); !reflect.DeepEqual(got, want) {
			t.Errorf("with %s: %+v, want %+v", name, got, want)
		}
	}
}
