package cli

import (
	"errors"
	"strings"
	"sync/atomic"

	"shadegrad/compute"
	"shadegrad/compute/opengl"
	"shadegrad/cpu"
	"shadegrad/internal/backends"
)

// A fakeGPU is the CPU backend under the name of a GPU. A test can break it.
type fakeGPU struct {
	compute.Backend
	info    compute.Info
	openErr error                 // the error of opening, or nil for a working GPU
	lost    atomic.Pointer[error] // what every call returns, once it is set
	alloc   func(rows, cols int) error
	wrong   bool // products are wrong
	closed  atomic.Bool
}

const fakeRenderer = "Fake GPU 9000"

func newFakeGPU() *fakeGPU {
	return &fakeGPU{Backend: cpu.New(), info: compute.Info{Backend: "gpu", Device: fakeRenderer, Driver: "OpenGL 4.6 fake"}}
}

// opener opens the fake as a GPU.
func (f *fakeGPU) opener() backends.Opener {
	return backends.Opener{
		OpenGPU: func() (compute.Backend, error) {
			if f.openErr != nil {
				return nil, f.openErr
			}
			return f, nil
		},
		OtherGPU: func(string) string { return "" },
	}
}

// loseAt returns a tap that loses the GPU when stdout gets text.
func (f *fakeGPU) loseAt(text string) func(string) {
	return func(s string) {
		if strings.Contains(s, text) {
			err := error(&opengl.ContextLostError{Device: fakeRenderer, Cause: errors.New("the GPU was reset")})
			f.lost.Store(&err)
		}
	}
}

func (f *fakeGPU) fault() error {
	if err := f.lost.Load(); err != nil {
		return *err
	}
	return nil
}

func (f *fakeGPU) Info() compute.Info { return f.info }

func (f *fakeGPU) Alloc(rows, cols int) (compute.Mat, error) {
	if f.alloc != nil {
		if err := f.alloc(rows, cols); err != nil {
			return compute.Mat{}, err
		}
	}
	return f.Backend.Alloc(rows, cols)
}

func (f *fakeGPU) WriteIndex(dst compute.Index, src []uint32) error {
	return errors.Join(f.fault(), f.Backend.WriteIndex(dst, src))
}

func (f *fakeGPU) Read(dst []float32, src compute.Mat) error {
	if err := f.fault(); err != nil {
		return err
	}
	return f.Backend.Read(dst, src)
}

func (f *fakeGPU) Sync() error { return errors.Join(f.fault(), f.Backend.Sync()) }

func (f *fakeGPU) Close() error {
	f.closed.Store(true)
	return f.Backend.Close()
}

// Compile plants the wrong numbers: a product is followed by a sigmoid.
func (f *fakeGPU) Compile(p compute.Program) (compute.Executable, error) {
	if !f.wrong {
		return f.Backend.Compile(p)
	}
	q := compute.Program{Name: p.Name}
	for _, op := range p.Ops {
		q.Ops = append(q.Ops, op)
		if m, ok := op.(compute.MatMul); ok {
			q.Ops = append(q.Ops, compute.Activate{Dst: m.Dst, Src: m.Dst, F: compute.Sigmoid})
		}
	}
	return f.Backend.Compile(q)
}

// stopped returns the checkpoint of a run of three epochs on the small data whose GPU was lost after
// the first.
func (p place) stopped(extra ...string) string {
	p.t.Helper()
	f := newFakeGPU()
	path := p.path("stopped.safetensors")
	args := append([]string{"train", "-backend=gpu", "-data=" + smallData(p.t), "-epochs=3", "-schedule=constant", "-save=" + path}, extra...)
	tapped(p.t, f.opener(), f.loseAt("epoch 1/"), args...).is(1)
	return path + ".checkpoint"
}
