package train

import (
	"errors"
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// Distorted returns the images of a set as the first batch of an epoch, counted from 0, of a run
// with a seed: computed by the backend, with the ops of a training step.
func Distorted(b compute.Backend, a mlp.Augment, d *dataset.Set, seed uint64, epoch int) ([]byte, error) {
	n := d.Len()
	c := mlp.Config{Sizes: []int{d.Features(), max(d.Classes, 2)}, Output: compute.Softmax, Init: mlp.Xavier,
		Scale: 1, On: 1, Width: d.Width, Height: d.Height}
	s := &session{backend: b}
	defer s.free()
	var err error
	if s.network, err = mlp.New(b, c, n, mlp.Training{Augment: a}); err != nil {
		return nil, err
	}
	set, err := Share(b, d, s.own)
	if err != nil {
		return nil, err
	}
	if set.Stats, err = s.alloc(n, 2); err != nil {
		return nil, err
	}
	if err := s.network.Blur(a.SigmaOf(seed, epoch)); err != nil {
		return nil, err
	}
	p, err := s.network.TrainStep(set, n)
	if err != nil {
		return nil, err
	}
	return warped(b, p, seed, epoch, n*d.Features())
}

// warped runs the ops of a training step up to the distortion, and returns the pixels.
func warped(b compute.Backend, p compute.Program, seed uint64, epoch, pixels int) ([]byte, error) {
	i := slices.IndexFunc(p.Ops, func(o compute.Op) bool { _, ok := o.(compute.Warp); return ok })
	if i < 0 {
		return nil, errors.New("the augmentation distorts nothing")
	}
	p.Name, p.Ops, p.Scratch = "distortion", p.Ops[:i+1], nil
	x, err := b.Compile(p)
	if err != nil {
		return nil, err
	}
	defer x.Release()
	x.Run(compute.Args{Step: uint32(epoch), Seed: seed})
	values := make([]float32, pixels)
	if err := b.Read(values, p.Ops[i].(compute.Warp).Dst); err != nil {
		return nil, err
	}
	bytes := make([]byte, pixels)
	for j, v := range values {
		bytes[j] = byte(v)
	}
	return bytes, nil
}
