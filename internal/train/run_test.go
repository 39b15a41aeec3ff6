package train

import (
	"fmt"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp/mlptest"
	"shadegrad/internal/train/shuffle"
)

func TestLearns(t *testing.T) {
	d := squares(97, 41, 4)
	for _, tt := range []struct {
		name   string
		change func(*Options)
	}{
		{"default", func(*Options) {}},
		{"one at a time", func(o *Options) { o.Batch, o.LearningRate = 1, 0.02 }},
		{"the whole set", func(o *Options) { o.Batch, o.Epochs = 0, 60 }},
		{"a batch larger than the set", func(o *Options) { o.Batch, o.Epochs = 1000, 60 }},
		{"a batch that divides the set", func(o *Options) { o.Batch, o.Epochs = 97, 60 }},
		{"constant rate", func(o *Options) { o.Schedule, o.LearningRate = Constant, 0.05 }},
		{"no momentum", func(o *Options) { o.Momentum, o.Epochs = 0, 20 }},
		{"sigmoid and squared error", func(o *Options) {
			o.Network.Hidden, o.Network.Output, o.Network.Loss = compute.Sigmoid, compute.Sigmoid, compute.SquaredError
			o.LearningRate, o.Epochs = 3, 20
		}},
		{"no hidden layer", func(o *Options) { o.Network.Sizes = []int{16, 4} }},
		{"three hidden layers, no biases", func(o *Options) {
			o.Network.Sizes, o.Network.NoBias, o.Epochs = []int{16, 12, 10, 8, 4}, true, 8
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o := options(4)
			o.Epochs = 12
			tt.change(&o)
			s, r := trainCPU(t, o, d)
			if s.Last.TestAcc != 1 || s.Last.TrainAcc != 1 {
				t.Errorf("after %d epochs accuracies are %v and %v, want 1 and 1", o.Epochs, s.Last.TrainAcc, s.Last.TestAcc)
			}
			if len(r.epochs) != o.Epochs || r.epochs[o.Epochs-1] != s.Last || len(r.started) != 1 {
				t.Errorf("%d starts and %d epochs reported, want 1 and %d", len(r.started), len(r.epochs), o.Epochs)
			}
			for i, e := range r.epochs {
				if e.Epoch != i+1 || e.Images != 97 {
					t.Errorf("epoch %d is reported as number %d, of %d images", i+1, e.Epoch, e.Images)
				}
			}
		})
	}
}

// TestOneOutput trains a single sigmoid output to separate two classes.
func TestOneOutput(t *testing.T) {
	o := options(2)
	o.Network.Sizes, o.Network.Output = []int{16, 6, 1}, compute.Sigmoid
	s, _ := trainCPU(t, o, squares(60, 20, 2))
	if s.Last.TestAcc != 1 {
		t.Errorf("test accuracy %v, want 1", s.Last.TestAcc)
	}
	// Classes the other way round: On is below Off.
	o.Network.On, o.Network.Off = 0, 1
	s, _ = trainCPU(t, o, squares(60, 20, 2))
	if s.Last.TestAcc != 1 {
		t.Errorf("with On below Off: test accuracy %v, want 1", s.Last.TestAcc)
	}
}

// TestAgainstPlainLoops compares whole runs with a network in plain loops, also for batches
// that do not divide the set: the smaller last batch counts with its true size.
func TestAgainstPlainLoops(t *testing.T) {
	d := squares(23, 9, 3)
	for _, batch := range []int{0, 1, 4, 22, 23, 24} {
		t.Run(fmt.Sprintf("batch=%d", batch), func(t *testing.T) {
			o := options(3)
			o.Batch, o.LearningRate, o.Network.Hidden = batch, 0.05, compute.Tanh
			_, r := trainCPU(t, o, d)
			for i, want := range plainRun(o, d) {
				compareEpoch(t, r.epochs[i], want, 1e-4)
			}
		})
	}
}

// compareEpoch compares losses within a relative tolerance, accuracies exactly.
func compareEpoch(t *testing.T, got, want Epoch, tolerance float64) {
	t.Helper()
	far := func(a, b float64) bool { return !(a-b <= tolerance*b && b-a <= tolerance*b) }
	if far(got.TrainLoss, want.TrainLoss) || far(got.TestLoss, want.TestLoss) {
		t.Errorf("epoch %d: losses %v and %v, want %v and %v", want.Epoch, got.TrainLoss, got.TestLoss, want.TrainLoss, want.TestLoss)
	}
	if far(got.TrainAcc, want.TrainAcc) || far(got.TestAcc, want.TestAcc) {
		t.Errorf("epoch %d: accuracies %v and %v, want %v and %v", want.Epoch, got.TrainAcc, got.TestAcc, want.TrainAcc, want.TestAcc)
	}
	if far(got.LearningRate, want.LearningRate) {
		t.Errorf("epoch %d: learning rate %v, want %v", want.Epoch, got.LearningRate, want.LearningRate)
	}
}

func plainSamples(s *dataset.Set) []mlptest.Sample {
	list := make([]mlptest.Sample, s.Len())
	for i := range list {
		list[i] = mlptest.Sample{Pixels: s.Image(i), Label: s.Labels[i]}
	}
	return list
}

// plainRun is a run in float64 and plain loops.
func plainRun(o Options, d *dataset.Data) []Epoch {
	n := mlptest.New(o.Network, o.Network.InitialParameters(o.Seed))
	velocity, train, test := n.Zeros(), plainSamples(&d.Train), plainSamples(&d.Test)
	batch := o.Batch
	if batch == 0 {
		batch = len(train)
	}
	steps := 0
	for row := 0; row < len(train); row += batch {
		steps++
	}
	hits := func(list []mlptest.Sample) (hits int) {
		for _, s := range list {
			if n.Class(s.Pixels) == int(s.Label) {
				hits++
			}
		}
		return hits
	}
	order := make([]uint32, len(train))
	var epochs []Epoch
	for epoch := range o.Epochs {
		philox.Stream{Seed: o.Seed, ID: shuffle.Stream + uint64(epoch)}.Shuffle(order)
		e, trainHits := Epoch{Epoch: epoch + 1}, 0
		for step := range steps {
			var list []mlptest.Sample
			for _, i := range order[step*batch : min((step+1)*batch, len(order))] {
				list = append(list, train[i])
			}
			e.LearningRate = o.Rate(epoch*steps+step, len(train))
			trainHits += hits(list)
			e.TrainLoss += n.Step(velocity, list, e.LearningRate, o.Momentum) / float64(len(train))
		}
		e.TrainAcc = float64(trainHits) / float64(len(train))
		e.TestLoss, e.TestAcc = n.MeanLoss(test), float64(hits(test))/float64(len(test))
		epochs = append(epochs, e)
	}
	return epochs
}

func TestSeeds(t *testing.T) {
	d := squares(50, 20, 4)
	o := options(4)
	a, ra := trainCPU(t, o, d)
	b, rb := trainCPU(t, o, d)
	sameState(t, "the same seed", a, b)
	if !slices.Equal(ra.figures(), rb.figures()) {
		t.Errorf("figures differ with the same seed: %v and %v", ra.figures(), rb.figures())
	}
	o.Seed++
	c, rc := trainCPU(t, o, d)
	for i := range c.Values {
		if sameBits(c.Values[i:i+1], a.Values[i:i+1]) {
			t.Errorf("parameter %d is the same with another seed", i)
		}
	}
	if rc.epochs[0].TrainLoss == ra.epochs[0].TrainLoss {
		t.Error("the loss is the same with another seed")
	}
}

// A spy backend keeps the permutations that are written to it.
type spy struct {
	compute.Backend
	orders [][]uint32
}

func (b *spy) WriteIndex(dst compute.Index, src []uint32) error {
	b.orders = append(b.orders, slices.Clone(src))
	return b.Backend.WriteIndex(dst, src)
}

func TestShuffle(t *testing.T) {
	d := squares(50, 20, 4)
	runs := make([]*spy, 3)
	for i, seed := range []uint64{1, 1, 2} {
		o := options(4)
		o.Seed = seed
		runs[i] = &spy{Backend: cpu.New()}
		trainOn(t, runs[i], o, d)
		if len(runs[i].orders) != o.Epochs {
			t.Fatalf("%d permutations in %d epochs", len(runs[i].orders), o.Epochs)
		}
	}
	for e, order := range runs[0].orders {
		sorted := slices.Clone(order)
		slices.Sort(sorted)
		for i, row := range sorted {
			if int(row) != i {
				t.Fatalf("epoch %d: no permutation: %v", e+1, order)
			}
		}
		for f, other := range runs[0].orders[:e] {
			if slices.Equal(order, other) {
				t.Errorf("epochs %d and %d have one order", f+1, e+1)
			}
		}
		if !slices.Equal(order, runs[1].orders[e]) {
			t.Errorf("epoch %d: another order with the same seed", e+1)
		}
		if slices.Equal(order, runs[2].orders[e]) {
			t.Errorf("epoch %d: the same order with another seed", e+1)
		}
	}
}

// TestNothingLeft checks that a run frees everything that it allocates on its backend.
func TestNothingLeft(t *testing.T) {
	b := &ledger{Backend: cpu.New()}
	trainOn(t, b, options(4), squares(35, 20, 4))
	if b.buffers != 0 || b.programs != 0 {
		t.Errorf("%d buffers and %d programs are left", b.buffers, b.programs)
	}
}

type ledger struct {
	compute.Backend
	buffers, programs int
	compiled          int // programs, released or not
}

func (l *ledger) Alloc(rows, cols int) (compute.Mat, error) {
	l.buffers++
	return l.Backend.Alloc(rows, cols)
}

func (l *ledger) AllocBytes(rows, cols int) (compute.Bytes, error) {
	l.buffers++
	return l.Backend.AllocBytes(rows, cols)
}

func (l *ledger) ShareBytes(rows, cols int, data []byte) (compute.Bytes, error) {
	l.buffers++
	return l.Backend.ShareBytes(rows, cols, data)
}

func (l *ledger) AllocIndex(n, limit int) (compute.Index, error) {
	l.buffers++
	return l.Backend.AllocIndex(n, limit)
}

func (l *ledger) Free(b compute.Buffer) {
	l.buffers--
	l.Backend.Free(b)
}

func (l *ledger) Compile(p compute.Program) (compute.Executable, error) {
	x, err := l.Backend.Compile(p)
	l.programs++
	l.compiled++
	return ledgerProgram{x, l}, err
}

type ledgerProgram struct {
	compute.Executable
	l *ledger
}

func (x ledgerProgram) Release() {
	x.l.programs--
	x.Executable.Release()
}
