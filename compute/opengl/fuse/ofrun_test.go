package fuse

import (
	"testing"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/judge/cases"
	"shadegrad/internal/mlp"
	"shadegrad/shaders"
)

// TestKernelsOfRun plans steps of networks and the cases that a self-test judges before such a run, on
// software OpenGL and on a GPU: the cases must have every kernel of the step. On a GPU, layers of more
// than a million weights take larger tiles than the cases have, unless these were as large.
func TestKernelsOfRun(t *testing.T) {
	for _, n := range []struct {
		network
		step cases.Step
	}{
		{network{"one hidden layer", []int{784, 128, 10}, 64, mlp.Training{Velocity: true}, nil}, cases.Step{Momentum: true}},
		{network{"a small last batch", []int{784, 128, 10}, 3, mlp.Training{}, nil}, cases.Step{}},
		{network{"six layers", []int{841, 2500, 2000, 1500, 1000, 500, 10}, 100, mlp.Training{}, nil}, cases.Step{}},
		{network{"odd sizes", []int{785, 99, 33, 7}, 50, mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7, Drop: 0.5, DropInput: 0.2}, nil},
			cases.Step{Update: compute.Update{Rule: compute.Adam}, Drop: 0.5, DropInput: 0.2}},
	} {
		n.step.Sizes, n.step.Hidden, n.step.Output, n.step.Batch, n.step.Biases = n.sizes, compute.ReLU, compute.Softmax, n.batch, true
		for name, o := range map[string]Options{"software": usual, "hardware": hardware} {
			if !o.Software && len(n.sizes) > 4 {
				continue
			}
			judged := map[string]bool{}
			for _, p := range judge.Programs(n.step.OfRun([]int{n.batch}, nil)) {
				for _, d := range plan(onMemory(t, p), o, first) {
					judged[kernelName(t, d)] = true
				}
			}
			for _, d := range plan(n.network.step(t), o, first) {
				if kernel := kernelName(t, d); !judged[kernel] {
					t.Errorf("%s, %s: the self-test does not judge %s", n.name, name, kernel)
				}
			}
		}
	}
}

// onMemory returns a program with buffers in a new memory.
func onMemory(t *testing.T, p compute.Program) compute.Program {
	t.Helper()
	m, of := &memory{}, map[compute.Buffer]compute.Buffer{}
	buffer := func(b compute.Buffer) compute.Buffer {
		if of[b] == nil {
			mat, err := m.Alloc(1, b.Elems())
			if err != nil {
				t.Fatal(err)
			}
			of[b] = mat.Buf
		}
		return of[b]
	}
	q := compute.Program{Name: p.Name}
	for _, op := range p.Ops {
		q.Ops = append(q.Ops, compute.Rebind(op, buffer))
	}
	for _, s := range p.Scratch {
		s.Buf = buffer(s.Buf)
		q.Scratch = append(q.Scratch, s)
	}
	return q
}

// kernelName returns the name of the specialised kernel of a dispatch.
func kernelName(t *testing.T, d Dispatch) string {
	t.Helper()
	source, err := shaders.Embedded().Specialise(d.Kernel, d.Defines)
	if err != nil {
		t.Fatal(err)
	}
	return source.Name
}
