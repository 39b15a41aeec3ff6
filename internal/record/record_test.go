package record

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/diagnosis"
	"shadegrad/internal/page"
	"shadegrad/internal/recipe"
	"shadegrad/internal/train"
)

// A follower passes the reports of a run to a recorder and keeps the epochs.
type follower struct {
	*Recorder
	list []train.Epoch
}

func (f *follower) Finished(e train.Epoch) {
	f.list = append(f.list, e)
	f.Recorder.Finished(e)
}
func (f *follower) Noticed(train.Notice) {}

// prepared returns a run on built-in data, with its recorder.
func prepared(t testing.TB, name string, epochs int, change func(*recipe.Recipe)) (*train.Run, *follower) {
	t.Helper()
	r := recipe.Default()
	r.Path, r.Hidden, r.Epochs, r.Batch = name, []int{8}, epochs, 32
	if change != nil {
		change(&r)
	}
	d, err := r.Open()
	if err != nil {
		t.Fatal(err)
	}
	o, err := r.OptionsOn(&d.Train)
	if err != nil {
		t.Fatal(err)
	}
	state := train.NewState(o, d, name)
	f := &follower{Recorder: New(state, d, About{Command: "again", Why: "of a test", Seconds: func() float64 { return 1 }})}
	run := &train.Run{Data: d, State: state, Report: f, Diagnosed: func(r *diagnosis.Report) { f.Diagnosed(r, []string{"a finding"}) }}
	if f.Traces() {
		run.Traced = f.Traced
	}
	return run, f
}

// do runs a run on the CPU and returns its page.
func do(t *testing.T, run *train.Run, f *follower) *page.Run {
	t.Helper()
	b := cpu.New()
	t.Cleanup(func() { b.Close() })
	run.Backend = b
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	p, err := f.Page(b, run.Data, End{State: page.Complete})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestRun checks the figures of a page against those of its run.
func TestRun(t *testing.T) {
	run, f := prepared(t, "spiral", 6, func(r *recipe.Recipe) { r.HoldOut(100) })
	p := do(t, run, f)
	steps := 16 // 500 samples in batches of 32
	if n := len(p.Steps.X); n != 6*steps || p.Steps.X[n-1] != float64(n) || p.Steps.Each != 1 {
		t.Fatalf("%d steps up to %v", n, p.Steps.X[n-1])
	}
	for i, e := range f.list {
		loss, acc := 0., 0.
		for j := range steps {
			size := 32.
			if j == steps-1 {
				size = 500 - 15*32
			}
			loss, acc = loss+size*p.Steps.Loss[i*steps+j], acc+size*p.Steps.Acc[i*steps+j]
		}
		if math.Abs(loss/500-e.TrainLoss) > 1e-5 || math.Abs(acc/500-e.TrainAcc) > 1e-9 {
			t.Errorf("the steps of epoch %d have a loss of %v and an accuracy of %v, want %v and %v", i+1, loss/500, acc/500, e.TrainLoss, e.TrainAcc)
		}
		if p.PerEpoch.TrainLoss[i] != e.TrainLoss || p.PerEpoch.ValAcc[i] != e.ValAcc || p.PerEpoch.TestLoss != nil {
			t.Errorf("epoch %d: %+v, want %+v", i+1, p.PerEpoch, e)
		}
	}
	if p.Rates.Rate[0] != run.State.Options.Rate(0, 500) || p.Rates.X[len(p.Rates.X)-1] != float64(6*steps) {
		t.Errorf("the learning rates are %v", p.Rates)
	}
	if len(p.Layers) != 2 || len(p.Layers[0].X) != 6 || p.Findings[0] != "a finding" {
		t.Errorf("the health is %+v", p.Layers)
	}
	q, tested := p.Predictions, run.State.Outcome()
	if acc := float64(q.Hits) / 1500; q.Samples != 1500 || acc != tested.TestAcc || float64(p.PerEpoch.Outcome.Acc) != acc {
		t.Errorf("%d hits of %d, want an accuracy of %v", q.Hits, q.Samples, tested.TestAcc)
	}
	if len(q.Mistakes) == 0 || len(q.Mistakes[0].Likely) != 3 || q.Mistakes[0].Likely[0].Class == q.Mistakes[0].True || len(q.Mistakes[0].Values) != 2 {
		t.Errorf("the mistakes are %+v", q.Mistakes)
	}
	if !slices.IsSortedFunc(q.Mistakes, func(a, b page.Example) int { return int(1e6 * (b.Likely[0].Value - a.Likely[0].Value)) }) {
		t.Error("the mistakes are not sorted by confidence")
	}
	sum := 0
	for _, c := range q.Cells {
		if sum += c.Count; c.Count != q.Confusion[c.True][c.Class] {
			t.Errorf("cell %+v, want %d samples", c, q.Confusion[c.True][c.Class])
		}
	}
	if sum != 1500 || p.Boundary == nil || len(p.Boundary.Points) != 500 {
		t.Errorf("cells of %d samples, a boundary %v", sum, p.Boundary != nil)
	}
}

// TestFractions checks how outputs become fractions of classes.
func TestFractions(t *testing.T) {
	c := recipe.Default().Network
	c.Sizes, c.On, c.Output = []int{2, 1}, 1, compute.Sigmoid
	if f := fractions(c, []float32{0.25}); f[0] != 0.75 || f[1] != 0.25 {
		t.Errorf("one output of 0.25 gives %v", f)
	}
	c.Sizes = []int{2, 3}
	c.Off, c.On = -1, 1
	if f := fractions(c, []float32{1, -1, 1}); f[0] != 0.5 || f[1] != 0 {
		t.Errorf("outputs of 1, −1 and 1 give %v", f)
	}
}

// TestRegression checks that a page of regression has targets and outputs, and no classes.
func TestRegression(t *testing.T) {
	run, f := prepared(t, "../../testdata/examples/houses.csv", 2, func(r *recipe.Recipe) {
		r.Form = dataset.Form{Targets: dataset.Columns{Count: 1}, Standardize: true}
	})
	p := do(t, run, f)
	if s := p.Predictions.Scatter; s == nil || len(s.Target) != 48 || s.Target[3] != float64(run.Data.Test.Targets[3]) {
		t.Errorf("the predictions are %+v", p.Predictions)
	}
	if p.PerEpoch.TrainAcc != nil || p.Steps.Acc != nil || p.Classes != nil {
		t.Error("there are accuracies or classes")
	}
	for _, tile := range p.Tiles {
		if strings.Contains(tile.Name, "accuracy") {
			t.Errorf("there is a tile %s", tile.Name)
		}
	}
}

// TestGrowth checks that following an epoch allocates nothing, and that a recorder of 10,000 epochs is as large as one of
// 1,000: its series are full.
func TestGrowth(t *testing.T) {
	run, f := prepared(t, "xor", 10_000, func(r *recipe.Recipe) { r.Batch = 0 })
	if run.Traced != nil {
		t.Fatal("the steps of a long run are traced")
	}
	r, snapshot := f.Recorder, f.NewSnapshot()
	epoch := 0
	follow := func() {
		epoch++
		r.Progress(train.Progress{Epoch: epoch, Rows: 4, Samples: 4, Loss: 1, Seconds: 1, Fresh: 4})
		r.Finished(train.Epoch{Epoch: epoch, TrainLoss: 1 / float64(epoch)})
		r.Copy(snapshot)
	}
	for range 3000 {
		follow()
	}
	if n := testing.AllocsPerRun(7000, follow); n != 0 {
		t.Errorf("an epoch allocates %v times", n)
	}
	if r.steps.Len() > stepPoints || r.epochs.Len() > epochPoints || r.epoch != epoch || snapshot.epochs.Len() != r.epochs.Len() {
		t.Errorf("%d steps and %d epochs are kept", r.steps.Len(), r.epochs.Len())
	}
}

// TestSmallEpochs requires that a long run of tiny epochs has points of its curve from the start, few enough not to slow it
// down.
func TestSmallEpochs(t *testing.T) {
	for _, c := range []struct{ epochs, points int }{{100, 100}, {2000, 250}, {100_000_000, 125}} {
		_, r := prepared(t, "xor", c.epochs, func(r *recipe.Recipe) { r.Hidden = []int{2}; r.Batch = 0 })
		for i := range min(c.epochs, 2000) {
			r.Finished(train.Epoch{Epoch: i + 1, TrainLoss: 1})
		}
		if n := len(r.epochs.X()); n != c.points {
			t.Errorf("%d epochs: %d points after 2000, want %d", c.epochs, n, c.points)
		}
		if r.last.Epoch != min(c.epochs, 2000) {
			t.Errorf("%d epochs: the last one is %d", c.epochs, r.last.Epoch)
		}
	}
}
