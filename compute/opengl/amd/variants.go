package main

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/opengl/fuse"
	"shadegrad/internal/mlp"
	"shadegrad/shaders"
)

// networks are the layers whose training steps have the variants of the table: all sizes that decide which tiles and
// slots are candidates, and the heads of a narrow and of a wide layer.
var networks = [][]int{{784, 128, 10}, {784, 256, 10}, {841, 2500, 2000, 1500, 1000, 500, 10}}

// batch is the number of rows of a step.
const batch = 64

// variants returns the kernels of all stages and choices of the networks' steps, each once, as the tuner would compile
// them.
func variants() ([]shaders.Source, error) {
	var list []shaders.Source
	seen := map[string]bool{}
	for _, sizes := range networks {
		p, err := step(sizes)
		if err != nil {
			return nil, err
		}
		options := fuse.Options{MaxTerms: 16384}
		for _, s := range fuse.Stages(fuse.JoinUpdates(fuse.Groups(p, options), options), options) {
			for _, c := range s.Choices {
				if c.Scratch.Cols > 0 {
					c.Scratch.Buf = &buffer{elements: c.Scratch.Cols}
				}
				for _, d := range fuse.Bind(fuse.Kernels(fuse.Dispatches([]fuse.Stage{s}, []fuse.Choice{c}))) {
					source, err := shaders.Embedded().Specialise(d.Kernel, d.Defines)
					if err != nil {
						return nil, err
					}
					if !seen[source.Name] {
						seen[source.Name] = true
						list = append(list, source)
					}
				}
			}
		}
	}
	return list, nil
}

// step returns the training step of a network with ReLU and momentum.
func step(sizes []int) (compute.Program, error) {
	m := &memory{}
	config := mlp.Config{Sizes: sizes, Hidden: compute.ReLU, Output: compute.Softmax, Loss: compute.CrossEntropy,
		Init: mlp.He, Scale: 1. / 255, On: 1}
	network, err := mlp.New(m, config, batch, mlp.Training{Velocity: true})
	if err != nil {
		return compute.Program{}, fmt.Errorf("network %v: %w", sizes, err)
	}
	var set mlp.Set
	set.Order, _ = m.AllocIndex(batch, batch)
	set.Stats, _ = m.Alloc(batch, 2)
	set.Images, _ = m.AllocBytes(batch, sizes[0])
	set.Labels, _ = m.AllocBytes(batch, 1)
	return network.TrainStep(set, batch)
}

// memory is a backend that only allocates, and only places. All matrices have places in one OpenGL buffer.
type memory struct {
	compute.Backend
	end int
}

type buffer struct{ first, elements int }

func (b *buffer) Elems() int   { return b.elements }
func (b *buffer) First() int   { return b.first }
func (b *buffer) Name() uint32 { return 1 }

func (m *memory) take(n int) *buffer {
	b := &buffer{m.end, n}
	m.end += (n + 3) / 4 * 4
	return b
}

func (m *memory) Alloc(rows, cols int) (compute.Mat, error) {
	return compute.Mat{Buf: m.take(rows * cols), Rows: rows, Cols: cols}, nil
}

func (m *memory) AllocBytes(rows, cols int) (compute.Bytes, error) {
	return compute.Bytes{Buf: &buffer{elements: rows * cols}, Rows: rows, Cols: cols}, nil
}

func (m *memory) AllocIndex(n, limit int) (compute.Index, error) {
	return compute.Index{Buf: &buffer{elements: n}, Len: n, Limit: limit}, nil
}
