package train

import (
	"encoding/json"
	"flag"
	"os"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/testdata"
)

var update = flag.Bool("update", false, "rewrite testdata/golden/curve.json with the results of the trainer in plain loops")

// A curve is a run with its results.
type curve struct {
	TrainImages int          `json:"train_images"` // the first of MNIST
	TestImages  int          `json:"test_images"`
	Options     Options      `json:"options"`
	Epochs      []curvePoint `json:"epochs"`
}

type curvePoint struct {
	TrainLoss float64 `json:"train_loss"`
	TrainAcc  float64 `json:"train_acc"`
	TestLoss  float64 `json:"test_loss"`
	TestAcc   float64 `json:"test_acc"`
}

// goldenRun is the run whose curve is kept.
func goldenRun() curve {
	return curve{TrainImages: 2000, TestImages: 500, Options: Options{
		Network: mlp.Config{Sizes: []int{784, 32, 10}, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.He, Scale: 1. / 255, On: 1},
		Batch:   64, Epochs: 3, LearningRate: 0.05, Momentum: 0.9, Schedule: OneCycle, Seed: 1}}
}

// goldenData returns the beginning of MNIST.
func goldenData(t *testing.T, c curve) *dataset.Data {
	t.Helper()
	d, err := dataset.Open("")
	if err != nil {
		t.Fatal(err)
	}
	for set, n := range map[*dataset.Set]int{&d.Train: c.TrainImages, &d.Test: c.TestImages} {
		set.Images, set.Labels = set.Images[:n*set.Features()], set.Labels[:n]
	}
	return d
}

func points(epochs []Epoch) []curvePoint {
	var list []curvePoint
	for _, e := range epochs {
		list = append(list, curvePoint{e.TrainLoss, e.TrainAcc, e.TestLoss, e.TestAcc})
	}
	return list
}

// TestGoldenCurve trains on MNIST and compares each epoch with a trainer in float64 and plain
// loops: with its stored results and with those it computes now.
func TestGoldenCurve(t *testing.T) {
	run := goldenRun()
	d := goldenData(t, run)
	if *update {
		plain := plainRun(run.Options, d)
		run.Epochs = points(plain)
		text, err := json.MarshalIndent(run, "", "\t")
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile("../../testdata/golden/curve.json", append(text, '\n'), 0o644); err != nil {
			t.Fatal(err)
		}
		t.Log("the curve was written; test again to compare with it")
		return
	}
	text, err := testdata.Golden.ReadFile("golden/curve.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden curve
	if err := json.Unmarshal(text, &golden); err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(golden.Options.Network.Sizes, run.Options.Network.Sizes) || golden.Options.Seed != run.Options.Seed ||
		golden.TrainImages != run.TrainImages || len(golden.Epochs) != run.Options.Epochs {
		t.Fatalf("the curve is of another run, %+v", golden)
	}
	_, report := trainCPU(t, run.Options, d)
	// Float32 rounds 2⁻²⁴ in each of 96 steps; where a sample is on the edge
	// between two classes, it may fall to either side.
	compareCurve(t, "the CPU backend", points(report.epochs), golden.Epochs, 1e-4, 1./500)
	if !testing.Short() {
		compareCurve(t, "plain loops", points(plainRun(run.Options, d)), golden.Epochs, 1e-9, 0)
	}
	if acc := golden.Epochs[len(golden.Epochs)-1].TestAcc; acc < 0.8 {
		t.Errorf("it has learnt little: accuracy %v", acc)
	}
}

// compareCurve compares losses within a relative tolerance and accuracies within
// an absolute one.
func compareCurve(t *testing.T, what string, got, want []curvePoint, relative, hits float64) {
	t.Helper()
	within := func(a, b, tolerance float64) bool { return a-b <= tolerance && b-a <= tolerance }
	for i, w := range want {
		g := got[i]
		if !within(g.TrainLoss, w.TrainLoss, relative*w.TrainLoss) || !within(g.TestLoss, w.TestLoss, relative*w.TestLoss) ||
			!within(g.TrainAcc, w.TrainAcc, hits) || !within(g.TestAcc, w.TestAcc, hits) {
			t.Errorf("%s, epoch %d: %+v\nwant %+v", what, i+1, g, w)
		}
	}
}
