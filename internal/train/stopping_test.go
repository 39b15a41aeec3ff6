package train

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
)

// heldOut returns squares with a validation set, and options that use it.
func heldOut(t *testing.T) (*dataset.Data, Options) {
	t.Helper()
	d, o := squares(77, 20, 4), options(4)
	o.Validation, o.Test = 30, TestAtEnd
	// Noisy images and a high learning rate make some epochs worse than the ones before.
	for _, s := range []*dataset.Set{&d.Train, &d.Test} {
		for i := range s.Images {
			s.Images[i] = s.Images[i]/2 + byte(60*((i*i/7)%3))
		}
	}
	o.Schedule, o.LearningRate, o.Momentum, o.Epochs = Constant, 0.5, 0.9, 12
	if err := d.Split(o.Validation, o.Seed); err != nil {
		t.Fatal(err)
	}
	return d, o
}

func TestBetter(t *testing.T) {
	was := &Best{Epoch: Epoch{ValLoss: 0.5, ValAcc: 0.9}}
	for _, tt := range []struct {
		name       string
		was        *Best
		loss, acc  float64
		regression bool
		want       bool
	}{
		{"the first", nil, 9, 0, false, true},
		{"more accurate", was, 0.9, 0.91, false, true},
		{"less accurate", was, 0.1, 0.89, false, false},
		{"as accurate, at a lower loss", was, 0.49, 0.9, false, true},
		{"as accurate, at a higher loss", was, 0.51, 0.9, false, false},
		{"the same", was, 0.5, 0.9, false, false},
		{"regression at a lower loss", was, 0.49, 0, true, true},
		{"regression at the same loss", was, 0.5, 1, true, false},
	} {
		var o Options
		o.Network.Regression = tt.regression
		if got := tt.was.better(Epoch{ValLoss: tt.loss, ValAcc: tt.acc}, o); got != tt.want {
			t.Errorf("%s: %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestPatience checks when a run with a curve of validation accuracies stops, and with which weights.
func TestPatience(t *testing.T) {
	for _, tt := range []struct {
		curve      []float64
		patience   int
		stop, best int
		early      bool
	}{
		{[]float64{0.1, 0.2, 0.3, 0.4, 0.5}, 1, 5, 5, false},
		{[]float64{0.1, 0.2, 0.15, 0.4, 0.5}, 1, 3, 2, true},
		{[]float64{0.1, 0.2, 0.15, 0.4, 0.3}, 2, 5, 4, false},
		{[]float64{0.5, 0.4, 0.4, 0.4, 0.9}, 3, 4, 1, true},
		{[]float64{0.5, 0.4, 0.4, 0.4, 0.9}, 4, 5, 5, false},
		{[]float64{0.5, 0.4, 0.4, 0.4, 0.4}, 4, 5, 1, false}, // at its last epoch anyway
		{[]float64{0.5, 0.4, 0.4, 0.4, 0.4}, 0, 5, 1, false}, // without early stopping
	} {
		o := Options{Epochs: len(tt.curve), Validation: 10, Patience: tt.patience, Test: TestAtEnd}
		s := &State{Options: o}
		shared := [][]float32{{0}, {0, 0}} // the states of a run reuse memory too
		for !s.Trained() {
			s.Epoch++
			shared[0][0], shared[1][1] = float32(s.Epoch), float32(-s.Epoch)
			s.Values, s.Last = shared, Epoch{Epoch: s.Epoch, ValAcc: tt.curve[s.Epoch-1], ValLoss: 1}
			s.choose()
		}
		if s.Epoch != tt.stop || s.Best.Epoch.Epoch != tt.best || s.StoppedEarly() != tt.early {
			t.Errorf("%v, patience %d: stopped after epoch %d (early: %v), the best is %d; want %d (%v) and %d",
				tt.curve, tt.patience, s.Epoch, s.StoppedEarly(), s.Best.Epoch.Epoch, tt.stop, tt.early, tt.best)
		}
		want := float32(tt.best)
		if v := s.Chosen(); v[0][0] != want || v[1][0] != 0 || v[1][1] != -want {
			t.Errorf("%v, patience %d: the weights are %v, not those of epoch %d", tt.curve, tt.patience, v, tt.best)
		}
		if o := s.Outcome(); o.Epoch != tt.best || s.Done() {
			t.Errorf("%v, patience %d: the outcome is that of epoch %d, done: %v", tt.curve, tt.patience, o.Epoch, s.Done())
		}
	}
}

// TestBestIsTested trains a network that becomes worse again. The weights that are tested and
// returned must be bit-identical to those of the best validation epoch.
func TestBestIsTested(t *testing.T) {
	for _, average := range []float32{0, 0.9} {
		t.Run(fmt.Sprint("average=", average), func(t *testing.T) {
			d, o := heldOut(t)
			o.Training.Average, o.Epochs = average, 14
			b, report := cpu.New(), &recorder{}
			defer b.Close()
			var kept [][][]float32 // weights that were evaluated after each epoch
			run := &Run{Data: d, State: NewState(o, d, ""), Report: report, Backend: b}
			run.Save = func(s *State) error {
				if s.Epoch > len(kept) {
					c := copyOf(s)
					kept = append(kept, c.evaluated())
				}
				return nil
			}
			if err := run.Do(context.Background()); err != nil {
				t.Fatal(err)
			}
			s := run.State
			best := 0
			for i, e := range report.epochs {
				was := report.epochs[best]
				if e.ValAcc > was.ValAcc || e.ValAcc == was.ValAcc && e.ValLoss < was.ValLoss {
					best = i
				}
				if scores, err := Evaluate(b, o.Network, kept[i], &d.Validation); err != nil || scores.Loss != e.ValLoss || scores.Acc != e.ValAcc {
					t.Errorf("epoch %d has validation loss %v, accuracy %v; evaluated, %+v (%v)", i+1, e.ValLoss, e.ValAcc, scores, err)
				}
				if e.TestLoss != 0 || e.TestAcc != 0 {
					t.Errorf("epoch %d has test figures, %v and %v", i+1, e.TestLoss, e.TestAcc)
				}
			}
			if best == o.Epochs-1 {
				t.Fatal("the last epoch is the best, so the test shows nothing")
			}
			if !sameBits(s.Chosen(), kept[best]) || s.Best.Epoch != report.epochs[best] {
				t.Errorf("the best epoch is %[2]d, want %[1]d", best+1, s.Best.Epoch.Epoch)
			}
			scores, err := Evaluate(b, o.Network, kept[best], &d.Test)
			if out := s.Outcome(); err != nil || out.Epoch != best+1 || out.TestLoss != scores.Loss || out.TestAcc != scores.Acc || out.ValAcc != s.Best.Epoch.ValAcc {
				t.Errorf("the outcome is %+v, that of epoch %d evaluated %+v (%v)", out, best+1, scores, err)
			}
			if !s.Done() {
				t.Error("the run is not done")
			}
		})
	}
}

// A watcher counts how often each of two sets is evaluated.
type watcher struct {
	compute.Backend
	sets map[compute.Buffer]*dataset.Set
	runs map[*dataset.Set]int
}

func watch(b compute.Backend) *watcher {
	return &watcher{b, map[compute.Buffer]*dataset.Set{}, map[*dataset.Set]int{}}
}

// of returns d with its sets identified by their images.
func (w *watcher) of(d *dataset.Data) *watchedData { return &watchedData{w, d} }

type watchedData struct {
	*watcher
	data *dataset.Data
}

func (w *watchedData) ShareBytes(rows, cols int, data []byte) (compute.Bytes, error) {
	m, err := w.Backend.ShareBytes(rows, cols, data)
	for _, s := range []*dataset.Set{&w.data.Train, &w.data.Validation, &w.data.Test} {
		if len(data) > 0 && len(s.Images) > 0 && &data[0] == &s.Images[0] {
			w.sets[m.Buf] = s
		}
	}
	return m, err
}

func (w *watchedData) Compile(p compute.Program) (compute.Executable, error) {
	x, err := w.Backend.Compile(p)
	for _, op := range p.Ops {
		for _, o := range compute.Operands(op) {
			if s := w.sets[o.Buf()]; s != nil {
				return watchedProgram{x, w, s}, err
			}
		}
	}
	return x, err
}

type watchedProgram struct {
	compute.Executable
	w   *watchedData
	set *dataset.Set
}

func (x watchedProgram) Run(args compute.Args) {
	x.w.runs[x.set]++
	x.Executable.Run(args)
}

// TestTestedOnce checks that a run evaluates the validation set once per epoch and, without
// -test=each, the test set once, however often it is interrupted.
func TestTestedOnce(t *testing.T) {
	for _, tt := range []struct {
		name       string
		change     func(*Options)
		test, held int
		pieces     []int
	}{
		{"at the end", func(o *Options) {}, 1, 12, []int{-1}},
		{"interrupted", func(o *Options) {}, 1, 12, []int{7, 20, 0, -1}},
		{"interrupted before the test", func(o *Options) {}, 1, 12, []int{60, 0, -1}},
		{"after each", func(o *Options) { o.Test = TestEach }, 12, 12, []int{-1}},
		{"by the options of older files", func(o *Options) { o.Test = "" }, 12, 12, []int{-1}},
	} {
		d, o := heldOut(t)
		tt.change(&o)
		w := watch(cpu.New())
		state := NewState(o, d, "")
		for _, steps := range tt.pieces {
			err := (&Run{Data: d, State: state, Report: &recorder{}, Backend: w.of(d)}).Do(after(steps))
			if steps < 0 && err != nil || steps >= 0 && !errors.Is(err, ErrInterrupted) {
				t.Fatalf("%s: after %d steps: error %v", tt.name, steps, err)
			}
		}
		if w.runs[&d.Test] != tt.test || w.runs[&d.Validation] != tt.held {
			t.Errorf("%s: the test set was evaluated %d times, want %d; the validation set %d times, want %d",
				tt.name, w.runs[&d.Test], tt.test, w.runs[&d.Validation], tt.held)
		}
		if err := w.Close(); err != nil {
			t.Error(err)
		}
	}
}

// TestResumePatience interrupts a run with early stopping. The resumed run ends in the same
// epoch with the same result, bit-identical to an uninterrupted run.
func TestResumePatience(t *testing.T) {
	d, o := heldOut(t)
	o.Patience, o.Epochs = 3, 40
	want, whole := trainCPU(t, o, d)
	if !want.StoppedEarly() || !want.Done() {
		t.Fatalf("the run continued to epoch %d, so the test shows nothing", want.Epoch)
	}
	steps := 5 * want.Epoch
	for _, pieces := range [][]int{{1}, {5}, {steps - 1}, {steps}, {steps, 0, 0}, {7, 3, 5, 1}, {steps - 5, 5}} {
		t.Run(fmt.Sprint(pieces), func(t *testing.T) {
			got, report := interrupted(t, o, d, pieces)
			sameState(t, "resumed", got, want)
			if !sameBits(got.Chosen(), want.Chosen()) || withoutClock(got.Outcome()) != withoutClock(want.Outcome()) ||
				withoutClock(got.Best.Epoch) != withoutClock(want.Best.Epoch) || !got.Done() {
				t.Errorf("the result is %+v\nwant %+v", got.Outcome(), want.Outcome())
			}
			if !slices.Equal(report.figures(), whole.figures()) {
				t.Errorf("figures %+v\nwant    %+v", report.figures(), whole.figures())
			}
		})
	}
}

// withoutClock returns an epoch without times and rates, which differ between identical runs.
func withoutClock(e Epoch) Epoch {
	return (&recorder{epochs: []Epoch{e}}).figures()[0]
}

// TestInterruptedBeforeTest checks that a run that is trained but not tested is saved in this state,
// and that resuming it only tests.
func TestInterruptedBeforeTest(t *testing.T) {
	d, o := heldOut(t)
	path := filepath.Join(t.TempDir(), "checkpoint")
	b := cpu.New()
	defer b.Close()
	run := &Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: b, Save: func(s *State) error { return SaveCheckpoint(path, s) }}
	if err := run.Do(after(5 * o.Epochs)); !errors.Is(err, ErrInterrupted) {
		t.Fatalf("error %v, want ErrInterrupted", err)
	}
	s, err := LoadCheckpoint(path)
	if err != nil {
		t.Fatal(err)
	}
	if !s.Trained() || s.Done() || s.Tested != nil || s.Epoch != o.Epochs {
		t.Errorf("after epoch %d it is trained: %v, done: %v, tested: %v", s.Epoch, s.Trained(), s.Done(), s.Tested)
	}
	report := &recorder{}
	run = &Run{Data: d, State: s, Report: report, Backend: b, Save: func(s *State) error { return SaveCheckpoint(path, s) }}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if len(report.epochs) != 0 || !s.Done() || s.Outcome().TestLoss == 0 {
		t.Errorf("%d epochs were trained, done: %v, the outcome is %+v", len(report.epochs), s.Done(), s.Outcome())
	}
	if again, err := LoadCheckpoint(path); err != nil || !again.Done() || again.Outcome() != s.Outcome() {
		t.Errorf("the last checkpoint says done: %v, %+v (%v)", again.Done(), again.Outcome(), err)
	}
}

// TestDeviceLostInTest loses the device during the test. The fallback repeats it.
func TestDeviceLostInTest(t *testing.T) {
	d, o := heldOut(t)
	want, _ := trainCPU(t, o, d)
	// Enough for the epochs: steps, and each epoch's evaluation, sums and clearing.
	const perEpoch = 5 + 1 + 2 + 1
	b, report := &fragile{Backend: cpu.New(), left: 12*perEpoch + 1}, &recorder{}
	run := &Run{Data: d, State: NewState(o, d, ""), Report: report, Backend: b}
	failed := 0
	run.Fallback = func(error) (compute.Backend, error) {
		failed++
		return cpu.New(), nil
	}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	if err := b.Close(); err != nil {
		t.Error(err)
	}
	if failed != 1 || len(report.epochs) != o.Epochs || len(report.started) != 2 {
		t.Fatalf("%d failures, %d epochs, %d starts; want 1, %d, 2", failed, len(report.epochs), len(report.started), o.Epochs)
	}
	sameState(t, "after the failure", run.State, want)
	if withoutClock(run.State.Outcome()) != withoutClock(want.Outcome()) {
		t.Errorf("the outcome is %+v, want %+v", run.State.Outcome(), want.Outcome())
	}
}

// TestWrongSplit checks that options must fit the data.
func TestWrongSplit(t *testing.T) {
	d, o := heldOut(t)
	o.Validation = 29
	b := cpu.New()
	defer b.Close()
	err := (&Run{Data: d, State: NewState(o, d, ""), Report: &recorder{}, Backend: b}).Do(context.Background())
	if err == nil || err.Error() != "the options hold out 29 samples for validation, the data set has 30" {
		t.Errorf("error %v", err)
	}
}

// TestValidationLossDiverges evaluates validation images that are so much brighter than the
// training images that their loss overflows.
func TestValidationLossDiverges(t *testing.T) {
	d := squares(50, 10, 4)
	o := options(4)
	o.Validation = 10
	if err := d.Split(10, 1); err != nil {
		t.Fatal(err)
	}
	o.Network.Output, o.Network.Loss, o.Network.Hidden = compute.Identity, compute.SquaredError, compute.Identity
	clear(d.Train.Images)
	o.Network.Scale = 1e17
	for i := range d.Validation.Images {
		d.Validation.Images[i] = 255
	}
	run := &Run{Data: d, State: begun(t, o, d), Report: &recorder{}, Backend: cpu.New()}
	defer run.Backend.Close()
	err := run.Do(context.Background())
	const want = "training diverged: after epoch 1 the loss on the validation set is +Inf"
	if err == nil || err.Error() != want {
		t.Errorf("error %v, want %q", err, want)
	}
}
