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

// regularisers are what a training may add to the gradient of its loss, or take from it, one at a
// time and together, with each rule that a gradient is read from.
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

// A target is a loss with the targets that its labels stand for.
type target struct {
	kind      compute.LossKind
	reduction mlp.Reduction
	on, off   float32
}

func (g target) String() string {
	return fmt.Sprintf("%s %s of targets %v and %v", g.kind, g.reduction, g.on, g.off)
}

// targetsOf lists every loss that an activation of outputs goes with, with label smoothing and without.
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

// TestEveryTraining checks every activation of hidden layers and outputs with every loss it goes
// with, with label smoothing and without, and every regulariser. Each part of each network has a gradient to
// be compared: where units were dead, or differences lay across kinks, a wrong one could pass.
// So the seeds are ones that leave every ReLU some of the samples, and that make no gradient of large terms which cancel,
// whose rounding would show.
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
							t.Errorf("%s: of %s little was compared: %d tried with a norm of %.2g beside a noise of %.2g, %d kinks",
								what, p.Name, p.Tried, p.Norm, p.Noise, p.Kinks)
						}
					}
				}
			}
		}
	}
	// Softmax and sigmoid go with four losses, the other five outputs with three.
	if want := 6 * (2*4 + 5*3) * 2 * len(regularisers); turn+1 != want {
		t.Errorf("%d cases, want %d", turn+1, want)
	}
	if kinks*1000 > tried {
		t.Errorf("%d kinks beside %d parameters", kinks, tried)
	}
}

// TestLeftOut has what bounds gradients or weights, or takes from weights, be no part of the gradient that
// is checked. Plain descent would show all three: its gradient is read from the weights.
func TestLeftOut(t *testing.T) {
	b := cpu.New()
	defer b.Close()
	c := config(images(), compute.Tanh, compute.Softmax, compute.CrossEntropy)
	s := Subject{Network: c, Training: mlp.Training{L2: 0.1}, Seed: 7, Samples: 5, Weights: 20}
	want := check(t, b, s, images(), "as it is")
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
