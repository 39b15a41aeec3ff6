package report

import (
	"bytes"
	"encoding/json"
	"math"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/train"
)

// aReport has every kind of figure.
var aReport = &diagnosis.Report{Epoch: diagnosis.Epoch{Epoch: 2, TrainAcc: 0.5, HeldAcc: 0.75, HeldOut: "validation"}, Images: 300, HasGap: true,
	Layers: []diagnosis.Layer{
		{Units: 256, F: compute.ReLU, Flat: 0.012, Of: diagnosis.Dead, Delta: 1.7431, Gradient: 0.3979, Weights: 27.2, Step: 0.00292, Moved: 0.654},
		{Units: 64, F: compute.Tanh, Flat: 0.5, Of: diagnosis.Saturated, Delta: 1.2e-5, Gradient: math.Inf(1), Weights: 12, Step: 4e-8, Moved: 0},
		{Units: 10, F: compute.Softmax, Delta: 1, Gradient: 0.241, Weights: 10.3, Step: 0.00423, Moved: 16.94},
	},
	Findings: []diagnosis.Finding{
		{Kind: diagnosis.RateTooHigh, Sign: diagnosis.LongSteps, Layer: 2, Value: 0.5, Reference: 0.001,
			Remedies: []diagnosis.Remedy{{Action: diagnosis.Lower, Field: "LearningRate", Value: 3.}}},
		{Kind: diagnosis.Overfitting, Sign: diagnosis.AccuracyGap, Value: 0.5, Reference: 0.75,
			Remedies: []diagnosis.Remedy{{Action: diagnosis.MoreSamples}, {Action: diagnosis.Lower, Field: "Epochs"}}},
	}}

// aState is the state of a run on images.
var aState = &train.State{Data: train.DataInfo{Width: 28, Height: 28}}

func TestDiagnosisText(t *testing.T) {
	var notes bytes.Buffer
	(&Text{notes: &notes, state: aState}).Diagnosed(aReport)
	const want = `after epoch 2, tried on 300 training images; training accuracy 25.00 points below the validation accuracy
  layer  units                            delta  gradient   weights      step     moved
  1      256 relu, 1.2% dead               1.74     0.398      27.2    0.292%     65.4%
  2      64 tanh, 50.0% saturated       1.2e-05      +Inf        12    4e-06%        0%
  3      10 softmax                           1     0.241      10.3    0.423%     1694%
diagnosis: the learning rate is too high: a step changes the weights of layer 2 by 50%, where 0.1% is usual; try a lower -lr than 3
diagnosis: the network overfits: it has 50% of the training images right, but 75% of the validation images; try more training images or fewer -epochs
`
	if got := notes.String(); got != want {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}
}

// TestDiagnosisJSON includes a figure that JSON cannot represent.
func TestDiagnosisJSON(t *testing.T) {
	var out, notes bytes.Buffer
	r := &JSON{Text: &Text{notes: &notes, state: aState}, out: json.NewEncoder(&out)}
	r.Diagnosed(aReport)
	const want = `{"event":"diagnosis","epoch":2,"images":300,"gap":-0.25,"layers":[` +
		`{"layer":1,"units":256,"act":"relu","dead":0.012,"delta":1.7431,"gradient":0.3979,"weights":27.2,"step":0.00292,"moved":0.654},` +
		`{"layer":2,"units":64,"act":"tanh","saturated":0.5,"delta":0.000012,"gradient":null,"weights":12,"step":4e-8,"moved":0},` +
		`{"layer":3,"units":10,"act":"softmax","delta":1,"gradient":0.241,"weights":10.3,"step":0.00423,"moved":16.94}],` +
		`"findings":[{"kind":"rate_too_high","layer":2,"text":"the learning rate is too high: a step changes the weights of layer 2 by 50%, where 0.1% is usual; try a lower -lr than 3"},` +
		`{"kind":"overfitting","text":"the network overfits: it has 50% of the training images right, but 75% of the validation images; try more training images or fewer -epochs"}]}` + "\n"
	if got := out.String(); got != want || r.err != nil {
		t.Errorf("it is (%v)\n%s\nwant\n%s", r.err, got, want)
	}
	if !strings.Contains(notes.String(), "diagnosis: the learning rate is too high: a step changes the weights of layer 2 by 50%, where 0.1% is usual; try a lower -lr than 3\n") {
		t.Errorf("stderr has\n%s", notes.String())
	}
}
