package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// squares returns a data set of 4×4 images of noise with a bright square in one corner, which
// determines the class. It has at most four classes.
func squares(train, test, classes int) *dataset.Data {
	set := func(n int, stream uint64) dataset.Set {
		r := philox.Stream{Seed: 11, ID: stream}
		s := dataset.Set{Images: make([]byte, 16*n), Labels: make([]byte, n), Width: 4, Height: 4, Classes: classes}
		for i := range s.Images {
			s.Images[i] = byte(r.Uint64(uint64(i)) % 100)
		}
		for i := range s.Labels {
			class := i % classes
			s.Labels[i] = byte(class)
			for _, p := range []int{0, 1, 4, 5} {
				s.Images[16*i+p+[]int{0, 2, 8, 10}[class]] += 120
			}
		}
		return s
	}
	return &dataset.Data{Name: "squares", Train: set(train, 1), Test: set(test, 2)}
}

// options returns those of a network that learns squares.
func options(classes int) Options {
	return Options{
		Network: mlp.Config{Sizes: []int{16, 12, classes}, Hidden: compute.ReLU, Output: compute.Softmax,
			Init: mlp.He, Scale: 1. / 255, On: 1},
		Batch: 10, Epochs: 4, LearningRate: 0.2, Momentum: 0.9, Schedule: OneCycle, Seed: 1,
	}
}

// A recorder is a Reporter that stores all reports.
type recorder struct {
	started  []compute.Info
	progress []Progress
	epochs   []Epoch
	notices  []Notice
}

func (r *recorder) Started(i compute.Info) { r.started = append(r.started, i) }
func (r *recorder) Progress(p Progress)    { r.progress = append(r.progress, p) }
func (r *recorder) Finished(e Epoch)       { r.epochs = append(r.epochs, e) }
func (r *recorder) Noticed(n Notice)       { r.notices = append(r.notices, n) }

// figures returns the epochs without times and rates.
func (r *recorder) figures() []Epoch {
	list := slices.Clone(r.epochs)
	for i := range list {
		list[i].Seconds, list[i].EvalSeconds, list[i].Images = 0, 0, 0
	}
	return list
}

// begun returns the state of a run that has its first weights.
func begun(t *testing.T, o Options, d *dataset.Data) *State {
	t.Helper()
	s := NewState(o, d, "")
	if err := s.begin(context.Background()); err != nil {
		t.Fatal(err)
	}
	return s
}

// trainOn runs to the end on a backend, which it closes.
func trainOn(t *testing.T, b compute.Backend, o Options, d *dataset.Data) (*State, *recorder) {
	t.Helper()
	defer b.Close()
	r := &recorder{}
	run := &Run{Data: d, State: NewState(o, d, ""), Report: r, Backend: b}
	if err := run.Do(context.Background()); err != nil {
		t.Fatal(err)
	}
	return run.State, r
}

func trainCPU(t *testing.T, o Options, d *dataset.Data) (*State, *recorder) {
	t.Helper()
	return trainOn(t, cpu.New(), o, d)
}

// sameState compares the parameters and their training state bit by bit.
func sameState(t *testing.T, what string, got, want *State) {
	t.Helper()
	if got.Epoch != want.Epoch || got.Rows != want.Rows {
		t.Errorf("%s: at epoch %d, row %d; want epoch %d, row %d", what, got.Epoch, got.Rows, want.Epoch, want.Rows)
	}
	if !sameBits(got.Values, want.Values) {
		t.Errorf("%s: the weights differ", what)
	}
	if !sameBits(got.Velocities, want.Velocities) {
		t.Errorf("%s: the velocities differ", what)
	}
	if !sameBits(got.Squares, want.Squares) {
		t.Errorf("%s: the squared gradients differ", what)
	}
	if !sameBits(got.Averages, want.Averages) {
		t.Errorf("%s: the averages differ", what)
	}
}

func sameBits(a, b [][]float32) bool {
	return slices.EqualFunc(a, b, func(x, y []float32) bool {
		return slices.EqualFunc(x, y, func(v, w float32) bool { return math.Float32bits(v) == math.Float32bits(w) })
	})
}

// copyOf returns a state that shares nothing with s.
func copyOf(s *State) *State {
	c := *s
	clone := func(list [][]float32) [][]float32 {
		var out [][]float32
		for _, v := range list {
			out = append(out, slices.Clone(v))
		}
		return out
	}
	c.Values, c.Velocities, c.Stats = clone(s.Values), clone(s.Velocities), slices.Clone(s.Stats)
	c.Squares, c.Averages = clone(s.Squares), clone(s.Averages)
	return &c
}

// A countdown is a context that ends when it has been asked a number of times,
// which is once before each step.
type countdown struct {
	context.Context
	left int
}

func after(steps int) *countdown { return &countdown{context.Background(), steps} }

func (c *countdown) Err() error {
	if c.left == 0 {
		return context.Canceled
	}
	c.left--
	return nil
}

// errLost is how a fragile backend fails.
var errLost = errors.New("the device was lost")

// A fragile backend fails for good after a number of runs of programs.
type fragile struct {
	compute.Backend
	left   int
	closed int
}

func (b *fragile) lost() error {
	if b.left <= 0 {
		return errLost
	}
	return nil
}

func (b *fragile) Info() compute.Info {
	i := b.Backend.Info()
	i.Device = "fragile"
	return i
}

func (b *fragile) Compile(p compute.Program) (compute.Executable, error) {
	x, err := b.Backend.Compile(p)
	return fragileProgram{x, b}, err
}

func (b *fragile) Read(dst []float32, src compute.Mat) error {
	if err := b.lost(); err != nil {
		return err
	}
	return b.Backend.Read(dst, src)
}

func (b *fragile) Write(dst compute.Mat, src []float32) error {
	if err := b.lost(); err != nil {
		return err
	}
	return b.Backend.Write(dst, src)
}

func (b *fragile) WriteIndex(dst compute.Index, src []uint32) error {
	if err := b.lost(); err != nil {
		return err
	}
	return b.Backend.WriteIndex(dst, src)
}

func (b *fragile) Close() error {
	b.closed++
	return b.Backend.Close()
}

type fragileProgram struct {
	compute.Executable
	b *fragile
}

func (x fragileProgram) Run(args compute.Args) {
	if x.b.left--; x.b.left > 0 {
		x.Executable.Run(args)
	}
}
