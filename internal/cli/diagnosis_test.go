package cli

import (
	"bytes"
	"encoding/json"
	"math"
	"regexp"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/train"
)

// aReport has each kind of figure.
var aReport = &diagnosis.Report{Epoch: 2, Images: 300, Gap: -0.0581, HeldOut: "validation",
	Layers: []diagnosis.Layer{
		{Units: 256, F: compute.ReLU, Flat: 0.012, Of: diagnosis.Dead, Delta: 1.7431, Gradient: 0.3979, Weights: 27.2, Step: 0.00292, Moved: 0.654},
		{Units: 64, F: compute.Tanh, Flat: 0.5, Of: diagnosis.Saturated, Delta: 1.2e-5, Gradient: math.Inf(1), Weights: 12, Step: 4e-8, Moved: 0},
		{Units: 10, F: compute.Softmax, Delta: 1, Gradient: 0.241, Weights: 10.3, Step: 0.00423, Moved: 16.94},
	},
	Findings: []diagnosis.Finding{{Kind: diagnosis.SaturatedLayer, Layer: 2, Text: "layer 2 is saturated; try this"}, {Kind: diagnosis.Overfitting, Text: "the network overfits; try that"}}}

// aState is of a run on images.
var aState = &train.State{Data: train.DataInfo{Width: 28, Height: 28}}

func TestDiagnosisText(t *testing.T) {
	var notes bytes.Buffer
	(&textReporter{notes: &notes, state: aState}).diagnosed(aReport)
	const want = `after epoch 2, tried on 300 training images; training accuracy 5.81 points below the validation accuracy
  layer  units                            delta  gradient   weights      step     moved
  1      256 relu, 1.2% dead               1.74     0.398      27.2    0.292%     65.4%
  2      64 tanh, 50.0% saturated       1.2e-05      +Inf        12    4e-06%        0%
  3      10 softmax                           1     0.241      10.3    0.423%     1694%
diagnosis: layer 2 is saturated; try this
diagnosis: the network overfits; try that
`
	if got := notes.String(); got != want {
		t.Errorf("it is\n%s\nwant\n%s", got, want)
	}
}

// TestDiagnosisJSON has a figure that JSON has no number for.
func TestDiagnosisJSON(t *testing.T) {
	var out, notes bytes.Buffer
	r := &jsonReporter{textReporter: &textReporter{notes: &notes, state: aState}, out: json.NewEncoder(&out)}
	r.diagnosed(aReport)
	const want = `{"event":"diagnosis","epoch":2,"images":300,"gap":-0.0581,"layers":[` +
		`{"layer":1,"units":256,"act":"relu","dead":0.012,"delta":1.7431,"gradient":0.3979,"weights":27.2,"step":0.00292,"moved":0.654},` +
		`{"layer":2,"units":64,"act":"tanh","saturated":0.5,"delta":0.000012,"gradient":null,"weights":12,"step":4e-8,"moved":0},` +
		`{"layer":3,"units":10,"act":"softmax","delta":1,"gradient":0.241,"weights":10.3,"step":0.00423,"moved":16.94}],` +
		`"findings":[{"kind":"saturated_layer","layer":2,"text":"layer 2 is saturated; try this"},{"kind":"overfitting","text":"the network overfits; try that"}]}` + "\n"
	if got := out.String(); got != want || r.err != nil {
		t.Errorf("it is (%v)\n%s\nwant\n%s", r.err, got, want)
	}
	if !strings.Contains(notes.String(), "diagnosis: layer 2 is saturated; try this\n") {
		t.Errorf("stderr has\n%s", notes.String())
	}
}

// clocks is what differs between two runs of the same, on stdout.
var clocks = regexp.MustCompile(`"(seconds|eval_seconds|images_per_second)":[-+.e\d]+|[.\d]+ s\b|[.\d]+ images/s`)

// TestVerboseChangesNothing compares what is printed, and the network that is saved, with
// and without -v.
func TestVerboseChangesNothing(t *testing.T) {
	for _, args := range [][]string{
		{"-epochs=2"},
		{"-epochs=1", "-batch=1", "-hidden=30", "-act=sigmoid", "-loss=mse"},
	} {
		p := at(t)
		args = append([]string{"train", "-backend=cpu", "-data=" + smallData(t)}, args...)
		plain := p.run(append(args, "-save="+p.path("plain"))...).is(0)
		told := p.run(append(args, "-v", "-save="+p.path("told"))...).is(0, "\nafter epoch 1, tried on 300 training images\n")
		p.run(append(args, "-v", "-test=each")...).is(0, "\nafter epoch 1, tried on 300 training images; training accuracy ", " the test accuracy\n")
		p.run(append(args, "-v", "-validation=50")...).is(0, "\nafter epoch 1, tried on 250 training images; training accuracy ", " the validation accuracy\n")
		if !bytes.Equal(contents(t, p.path("plain")), contents(t, p.path("told"))) {
			t.Errorf("%s: with -v another network comes out", plain.command)
		}
		if a, b := clocks.ReplaceAllString(plain.stdout, ""), clocks.ReplaceAllString(told.stdout, ""); a != b {
			t.Errorf("with -v stdout is\n%s\nwithout\n%s", b, a)
		}
		if strings.Contains(plain.stderr, "after epoch") {
			t.Errorf("without -v stderr is\n%s", plain.stderr)
		}
	}
}

// diagnoses returns the events of a run with -v -json, and checks that each follows its
// epoch's.
func diagnoses(t *testing.T, r result) []diagnosisEvent {
	t.Helper()
	var list []diagnosisEvent
	last := ""
	for _, line := range strings.Split(strings.TrimSpace(r.stdout), "\n") {
		var e diagnosisEvent
		if err := json.Unmarshal([]byte(line), &e); err != nil && strings.HasPrefix(line, `{"event":"diagnosis"`) {
			t.Fatal(err)
		}
		if e.Event == "diagnosis" {
			if last != "epoch" {
				t.Errorf("a diagnosis follows the event %q", last)
			}
			list = append(list, e)
		}
		last = e.Event
	}
	return list
}

// TestDiagnosis trains a healthy network, and one at a rate that kills its ReLUs.
func TestDiagnosis(t *testing.T) {
	p := at(t)
	args := []string{"train", "-backend=cpu", "-data=" + middleData(t), "-epochs=2", "-json"}
	r := p.run(append(args, "-v")...).is(0)
	if strings.Contains(r.stderr, "diagnosis") {
		t.Errorf("of a healthy run stderr says\n%s", r.stderr)
	}
	events := diagnoses(t, r)
	if len(events) != 2 {
		t.Fatalf("there are %d diagnoses of 2 epochs", len(events))
	}
	for i, e := range events {
		if e.Epoch != i+1 || e.Images != 300 || len(e.Layers) != 2 || e.Layers[0].Dead == nil || e.Layers[1].Dead != nil || e.Findings == nil || len(e.Findings) > 0 {
			t.Errorf("diagnosis %d is %+v", i+1, e)
		}
	}
	if len(diagnoses(t, p.run(args...).is(0))) > 0 {
		t.Error("there is a diagnosis without -v")
	}
	events = diagnoses(t, p.run(append(args, "-v", "-lr=3")...).is(0,
		"\ndiagnosis: layer 1 is dead: ", "% of its ReLUs are 0 for every image tried, and what is always 0 learns nothing; try a lower -lr than 3 (0.1 is usual here)\n"))
	if f := events[len(events)-1].Findings; len(f) != 1 || f[0].Kind != diagnosis.DeadLayer || f[0].Layer != 1 {
		t.Errorf("the findings are %+v", f)
	}
}
