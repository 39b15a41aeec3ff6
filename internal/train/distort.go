package train

import (
	"errors"
	"slices"

	"shadegrad/compute"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// Distorted returns the images of a set as a run with a seed would see them if they were the
// first batch of an epoch, which is counted from 0: drawn by the backend, with the ops of a training step.
func Distorted(b compute.Backend, a mlp.Augment, d *dataset.Set, seed uint64, epoch int) ([]byte, error) {
	n := d.Len()
	c := mlp.Config{Sizes: []int{d.Features(), max(d.Classes, 2)}, Output: compute.Softmax, Init: mlp.Xavier,
		Scale: 1, On: 1, Width: d.Width, Height: d.Height}
	network, err := mlp.New(b, c, n, mlp.Training{Augment: a})
	if err != nil {
		return nil, err
	}
	defer network.Free()
	var set mlp.Set
	defer func() {
		for _, buf := range []compute.Buffer{set.Images.Buf, set.Labels.Buf, set.Stats.Buf} {
			b.Free(buf)
		}
	}()
	if set.Images, err = b.ShareBytes(n, d.Features(), d.Images); err != nil {
		return nil, err
	}
	if set.Labels, err = b.ShareBytes(n, 1, d.Labels); err != nil {
		return nil, err
	}
	if set.Stats, err = b.Alloc(n, 2); err != nil {
		return nil, err
	}
	if a.Elastic() {
		if err := network.Blur(a.SigmaOf(seed, epoch)); err != nil {
			return nil, err
		}
	}
	p, err := network.TrainStep(set, n)
	if err != nil {
		return nil, err
	}
	return warped(b, p, seed, epoch, n*d.Features())
}

// warped does the ops of a training step up to the distortion, and returns the pixels that it makes.
func warped(b compute.Backend, p compute.Program, seed uint64, epoch, pixels int) ([]byte, error) {
	i := slices.IndexFunc(p.Ops, func(o compute.Op) bool { _, ok := o.(compute.Warp); return ok })
	if i < 0 {
		return nil, errors.New("the images are not distorted")
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
