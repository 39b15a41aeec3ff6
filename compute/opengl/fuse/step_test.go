package fuse

import (
	"fmt"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// TestStep counts the dispatches and barriers of a step. A network of L layers of weights takes L−1
// dispatches forward, one for its head, L−2 for the other deltas, and one or two for all updates, because
// the first layer's inputs are pixels. Only dispatches that depend on each other have a barrier between
// them: two dispatches of updates have none.
func TestStep(t *testing.T) {
	for _, c := range []struct {
		layers               []int
		dispatches, barriers int
	}{
		{[]int{784, 128, 10}, 3, 3},
		{[]int{784, 256, 128, 10}, 6, 5},
		{[]int{784, 100, 100, 100, 100, 100, 10}, 12, 11},
		{[]int{30, 21, 13, 9, 11, 7, 5}, 11, 11},
		{[]int{784, 10}, 3, 3},
	} {
		for _, momentum := range []float32{0, 0.9} {
			p := network{fmt.Sprint(c.layers), c.layers, 64, mlp.Training{Velocity: momentum != 0}, nil}.step(t)
			list := plan(p, usual, first)
			var h Hazards
			barriers := 0
			for run := range 2 { // in the second run, the step waits for the parameters of the first
				for _, d := range list {
					if h.Add(d.Accesses) && run == 1 {
						barriers++
					}
				}
			}
			if len(list) != c.dispatches || barriers != c.barriers {
				t.Errorf("%v: a step takes %d dispatches and %d barriers, want %d and %d", c.layers, len(list), barriers,
					c.dispatches, c.barriers)
			}
			if l := len(c.layers) - 1; l > 1 && len(list) > 3*l-1 {
				t.Errorf("%v: more than %d dispatches", c.layers, 3*l-1)
			}
		}
	}
}

// TestStepOfTrainings counts the dispatches of other steps. Every rule is part of the dispatch that makes
// the gradients, and dropout is part of other dispatches. Dropout of inputs and distorted images take a
// dispatch before the first layer; elastic distortion adds two products. Bounds on weights or gradients
// follow after all of these are complete.
func TestStepOfTrainings(t *testing.T) {
	adam := mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}
	with := func(change func(*mlp.Training)) mlp.Training {
		c := adam
		change(&c)
		return c
	}
	for _, c := range []struct {
		name       string
		training   mlp.Training
		layers     []int
		dispatches int
	}{
		{"adam", adam, []int{784, 128, 10}, 3},
		{"adam", adam, []int{784, 256, 128, 10}, 6},
		{"a large layer, whose V and S have separate buffers", adam, []int{784, 700, 10}, 3},
		{"adamW", with(func(t *mlp.Training) { t.Decay = 0.01 }), []int{784, 128, 10}, 3},
		{"L1", with(func(t *mlp.Training) { t.L1 = 1e-4 }), []int{784, 128, 10}, 3},
		{"rmsprop", mlp.Training{Rule: compute.RMSProp, Rho: 0.9, Epsilon: 1e-7}, []int{784, 128, 10}, 3},
		{"nesterov", mlp.Training{Rule: compute.Nesterov}, []int{784, 128, 10}, 3},
		{"dropout", with(func(t *mlp.Training) { t.Drop = 0.5 }), []int{784, 128, 10}, 3},
		{"dropout", with(func(t *mlp.Training) { t.Drop = 0.5 }), []int{784, 256, 128, 10}, 6},
		{"dropout of the inputs", with(func(t *mlp.Training) { t.DropInput, t.Drop = 0.2, 0.5 }), []int{784, 128, 10}, 4},
		{"elastic", with(func(t *mlp.Training) { t.Augment = mlp.Augment{Sigma: [2]float32{5, 5}, Alpha: [2]float32{8, 8}} }), []int{784, 128, 10}, 7},
		{"dropout of distorted inputs", with(func(t *mlp.Training) { t.DropInput, t.Augment.Rotation = 0.2, 10 }), []int{784, 128, 10}, 4},
		{"rotation", with(func(t *mlp.Training) { t.Augment.Rotation = 10 }), []int{784, 128, 10}, 4},
		{"max-norm", with(func(t *mlp.Training) { t.MaxNorm = 3 }), []int{784, 128, 10}, 5},
	} {
		list := plan(network{c.name, c.layers, 64, c.training, nil}.step(t), usual, first)
		if len(list) != c.dispatches {
			t.Errorf("%s %v: a step takes %d dispatches, want %d", c.name, c.layers, len(list), c.dispatches)
		}
	}
}
