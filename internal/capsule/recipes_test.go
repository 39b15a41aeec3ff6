package capsule

import (
	"context"
	"errors"
	"path/filepath"
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/philox"
	"shadegrad/compute/reference"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
	"shadegrad/internal/train"
)

// silence reports nothing.
type silence struct{}

func (silence) Started(compute.Info)    {}
func (silence) Progress(train.Progress) {}
func (silence) Finished(train.Epoch)    {}
func (silence) Noticed(train.Notice)    {}

// noise has images of 5×4 random pixels in two classes.
func noise(n int) dataset.Set {
	s := dataset.Set{Images: make([]byte, 20*n), Labels: make([]byte, n), Width: 5, Height: 4, Classes: 2}
	for i := range s.Images {
		s.Images[i] = byte(philox.Stream{Seed: 4}.Uint64(uint64(i)))
	}
	for i := range s.Labels {
		s.Labels[i] = byte(i % 2)
	}
	return s
}

// TestReplays stores steps of every kind of training in the middle of a run and replays them.
// The replay must be bit-identical, including random numbers, Gaussians and squares.
func TestReplays(t *testing.T) {
	for name, tr := range map[string]mlp.Training{
		"adam":     {Rule: compute.Adam, Rho: 0.99, Epsilon: 1e-3},
		"rmsprop":  {Rule: compute.RMSProp, Rho: 0.99, Epsilon: 1e-3},
		"nesterov": {Rule: compute.Nesterov, Clip: 0.1, MaxNorm: 1, L2: 0.1},
		"dropout":  {DropInput: 0.3, Drop: 0.5, Average: 0.9},
		"distorted": {Augment: mlp.Augment{Sigma: [2]float32{1, 2}, Alpha: [2]float32{2, 4}, Rotation: 20, Scaling: 0.2, Shear: 0.1,
			Translation: 1, Calm: []int{1}}},
	} {
		t.Run(name, func(t *testing.T) {
			n := mlp.Config{Sizes: []int{20, 7, 2}, Hidden: compute.Tanh, Output: compute.Softmax, Init: mlp.Xavier, Scale: 1. / 255, On: 1}
			o := train.Options{Network: n, Batch: 4, Epochs: 3, LearningRate: 0.05, Schedule: train.Constant, Seed: 1 << 50, Training: tr}
			if tr.Rule != compute.RMSProp {
				o.Momentum = 0.9
			}
			d := &dataset.Data{Name: "noise", Train: noise(10), Test: noise(4)}
			b := &spoiler{Backend: cpu.New(), at: 6}
			defer b.Close()
			run := &train.Run{Data: d, State: train.NewState(o, d, ""), Report: silence{}, Backend: b, Shadow: 1}
			var found *train.BreachError
			if err := run.Do(context.Background()); !errors.As(err, &found) || found.Record.Epoch != 2 || found.Record.Step != 3 {
				t.Fatalf("error %v, want a *train.BreachError in step 3 of epoch 2", err)
			}
			path := filepath.Join(t.TempDir(), "capsule")
			if err := OfBreach(found).Save(path); err != nil {
				t.Fatal(err)
			}
			c, err := Load(path)
			if err != nil {
				t.Fatal(err)
			}
			trial, err := c.Replay()
			if err != nil {
				t.Fatal(err)
			}
			if d, err := trial.Recorded(); err != nil || d == nil {
				t.Errorf("the file lacks the wrong element: %v, %v", d, err)
			}
			for _, sound := range []compute.Backend{cpu.New(), reference.New()} {
				v, err := trial.Check(sound)
				if err != nil {
					t.Fatal(err)
				}
				if wrong := v.Wrong(); wrong != "" {
					t.Errorf("%s: %s", sound.Info().Backend, wrong)
				}
				sound.Close()
			}
		})
	}
}

// A spoiler is a backend that computes a wrong weight in step number at, from 1.
type spoiler struct {
	compute.Backend
	at int
}

func (b *spoiler) Compile(p compute.Program) (compute.Executable, error) {
	x, err := b.Backend.Compile(p)
	for _, op := range p.Ops {
		if u, ok := op.(compute.Update); ok && err == nil {
			return &spoiled{x, b, u.W}, nil
		}
	}
	return x, err
}

type spoiled struct {
	compute.Executable
	b *spoiler
	w compute.Mat
}

func (x *spoiled) Run(args compute.Args) {
	x.Executable.Run(args)
	if x.b.at--; x.b.at != 0 {
		return
	}
	v := make([]float32, x.w.Len())
	if x.b.Read(v, x.w) == nil {
		v[0]++
		_ = x.b.Write(x.w, v) // the run returns a failure
	}
}
