package diagnosis

import (
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// usual is the recipe of a command line without flags, except for a second hidden layer.
func usual() Recipe {
	return Recipe{Rate: 0.1, UsualRate: 0.1, Momentum: 0.9, Epochs: 5,
		Network: mlp.Config{Sizes: []int{784, 256, 64, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.He, On: 1}}
}

// healthy returns layers as a network by the usual recipe has them after an epoch.
func healthy() []Layer {
	return []Layer{
		{256, compute.ReLU, 0.012, Dead, 1.7, 0.4, 27, 0.003, 0.65},
		{64, compute.ReLU, 0, Dead, 1.3, 0.3, 12, 0.003, 0.5},
		{10, compute.Softmax, 0, NotFlat, 1, 0.24, 4, 0.004, 1.7},
	}
}

// first has the figures of a healthy first epoch.
var first = Epoch{Epoch: 1, TrainLoss: 0.41, TrainAcc: 0.886, HeldOut: "test", HeldLoss: 0.18, HeldAcc: 0.946, Rate: 0.08, TriedAcc: 0.95}

// TestKinds checks the kind and the layer of each finding.
func TestKinds(t *testing.T) {
	tests := []struct {
		kind   Kind
		layer  int
		change func(e *Epoch, l []Layer)
	}{
		{DeadLayer, 2, func(e *Epoch, l []Layer) { l[1].Flat = 0.9 }},
		{SaturatedLayer, 1, func(e *Epoch, l []Layer) { l[0].Of, l[0].Flat = Saturated, 0.9 }},
		{StuckOutputs, 3, func(e *Epoch, l []Layer) { l[2].Of, l[2].Flat = Stuck, 0.9 }},
		{ExplodingGradient, 1, func(e *Epoch, l []Layer) { l[0].Delta = 1e4 }},
		{ExplodingGradient, 2, func(e *Epoch, l []Layer) { l[1].Delta = math.NaN() }},
		{VanishingGradient, 1, func(e *Epoch, l []Layer) { l[0].Delta = 1e-4 }},
		{RateTooHigh, 0, func(e *Epoch, l []Layer) { e.TrainLoss = 9 }},
		{RateTooHigh, 2, func(e *Epoch, l []Layer) { l[1].Step = 0.9 }},
		{Overfitting, 0, func(e *Epoch, l []Layer) { e.TrainAcc, e.TriedAcc, e.HeldAcc = 1, 1, 0.8 }},
	}
	for _, tt := range tests {
		e, layers := first, healthy()
		tt.change(&e, layers)
		x := &Examiner{Recipe: usual()}
		if f := x.Examine(e, layers, 300).Findings; len(f) != 1 || f[0].Kind != tt.kind || f[0].Layer != tt.layer {
			t.Errorf("it finds %v, want %s of layer %d", f, tt.kind, tt.layer)
		}
	}
}

// TestExaminerRemembers examines epochs whose loss rises.
func TestExaminerRemembers(t *testing.T) {
	x := &Examiner{Recipe: usual()}
	for i, rises := range []bool{false, true, false} {
		e := first
		e.Epoch, e.TrainLoss = i+1, []float64{0.4, 0.9, 0.95}[i]
		f := x.Examine(e, healthy(), 300).Findings
		if rises != (len(f) == 1 && f[0].Kind == RateTooHigh) || !rises && len(f) > 0 {
			t.Errorf("of epoch %d it finds %v", i+1, f)
		}
	}
}

// TestTwoFindings checks that overfitting is reported together with a dead layer, which does not explain it.
func TestTwoFindings(t *testing.T) {
	e, layers := first, healthy()
	layers[0].Flat = 0.6
	e.TrainAcc, e.TriedAcc, e.HeldAcc = 1, 1, 0.8
	x := &Examiner{Recipe: usual()}
	f := x.Examine(e, layers, 300).Findings
	if len(f) != 2 || f[0].Kind != DeadLayer || f[1].Kind != Overfitting {
		t.Errorf("it finds %v", f)
	}
}

// TestFewImages checks that a unit does not count as dead because its output is 0 for a few images.
func TestFewImages(t *testing.T) {
	for images, want := range map[int]int{1: 0, 29: 0, 30: 1} {
		layers := healthy()
		layers[0].Flat = 0.6
		x := &Examiner{Recipe: usual()}
		if f := x.Examine(first, layers, images).Findings; len(f) != want {
			t.Errorf("of %d images it finds %v", images, f)
		}
	}
}
