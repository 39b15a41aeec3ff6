//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"slices"
	"testing"

	"shadegrad/compute"
)

// TestProfile times steps by the device's timer and by the host's clock. It expects every dispatch once,
// with its work, and no other change.
func TestProfile(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	plain := newTrainer(t, b, 128, 16, 0.9, 784, 32, 10)
	const steps = 100
	plain.run(steps)
	want, err := plain.network.Values(plain.network.Parameters())
	if err != nil {
		t.Fatal(err)
	}
	for _, queried := range []bool{true, false} {
		r := newTrainer(t, b, 128, 16, 0.9, 784, 32, 10)
		if err := b.StartProfile(); err != nil {
			t.Fatal(err)
		}
		if stalled := b.call(func(w *worker) { w.profiler.queried, w.profiler.most = queried, 64 }); stalled != nil {
			t.Fatal(stalled)
		}
		before := b.Counts()
		r.run(steps)
		p, err := b.StopProfile()
		if err != nil {
			t.Fatal(err)
		}
		calls := 0
		for _, k := range p.Kernels {
			calls += k.Calls
			if k.Calls != steps || k.Time < 0 || k.Bytes <= 0 || k.Kernel == "" || k.Ops == "" {
				t.Errorf("queried %t: %+v", queried, k)
			}
		}
		if done := int(b.Counts().Dispatches - before.Dispatches); calls != done || calls != 3*steps {
			t.Errorf("queried %t: %d calls are timed of %d", queried, calls, done)
		}
		if p.Device != queried || p.Wall < p.Busy && !queried || p.Busy <= 0 && !queried {
			t.Errorf("queried %t: %+v", queried, p)
		}
		if p.PeakFlops < 1e6 || p.PeakBytes < 1e6 {
			t.Errorf("peaks of %g operations and %g bytes a second", p.PeakFlops, p.PeakBytes)
		}
		if !slices.IsSortedFunc(p.Kernels, func(x, y compute.KernelTime) int { return int(y.Time - x.Time) }) {
			t.Errorf("queried %t: the kernels are not in order", queried)
		}
		got, err := r.network.Values(r.network.Parameters())
		if err != nil {
			t.Fatal(err)
		}
		for i := range want {
			if !slices.Equal(got[i], want[i]) {
				t.Errorf("queried %t: parameter %d has other values than without a profile", queried, i)
			}
		}
	}
}

// TestProfileBytes counts the bytes that a step of known shapes reads and writes.
func TestProfileBytes(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	r := newTrainer(t, b, 128, 64, 0, 784, 32, 10)
	if err := b.StartProfile(); err != nil {
		t.Fatal(err)
	}
	r.run(1)
	p, err := b.StopProfile()
	if err != nil {
		t.Fatal(err)
	}
	var bytes, flops float64
	for _, k := range p.Kernels {
		bytes, flops = bytes+k.Bytes, flops+k.Flops
	}
	// The pixels twice, the weights read twice and written once, and the other operands.
	least := 2.*64*784 + 3*4*32*784
	if bytes < least || bytes > 2*least {
		t.Errorf("%g bytes, want some more than %g", bytes, least)
	}
	if products := 2. * 64 * (2*784*32 + 3*32*10); flops < products || flops > 1.2*products {
		t.Errorf("%g operations, want some more than %g", flops, products)
	}
}

// TestProfileMisuse stops a profile that was not started, starts one twice, and profiles a closed
// backend.
func TestProfileMisuse(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	if _, err := b.StopProfile(); !errors.Is(err, errNotProfiling) {
		t.Errorf("error %v", err)
	}
	for range 2 {
		if err := b.StartProfile(); err != nil {
			t.Fatal(err)
		}
	}
	if p, err := b.StopProfile(); err != nil || len(p.Kernels) != 0 {
		t.Errorf("%+v, error %v", p, err)
	}
	closed := openTest(t, Options{}, seams{})
	closed.Close()
	if err := closed.StartProfile(); !errors.Is(err, compute.ErrClosed) {
		t.Errorf("closed: error %v", err)
	}
	if _, err := closed.PeakFlops(); !errors.Is(err, compute.ErrClosed) {
		t.Errorf("closed: error %v", err)
	}
}

// TestPeakCopy checks that the kernel that measures memory copies.
func TestPeakCopy(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	m, err := b.Alloc(2, 4*peakVectors)
	if err != nil {
		t.Fatal(err)
	}
	src := make([]float32, 4*peakVectors)
	for i := range src {
		src[i] = float32(i % 1000)
	}
	if err := b.Write(m.RowRange(1, 1), src); err != nil {
		t.Fatal(err)
	}
	stalled := b.call(func(w *worker) {
		var steps []dispatch
		var params uint32
		if steps, params, err = w.assemble(peakCopy(m)); err == nil {
			w.settle()
			w.dispatch(&steps[0], params, compute.Args{})
			w.deleteBuffer(params)
		}
	})
	if err = errors.Join(stalled, err); err != nil {
		t.Fatal(err)
	}
	got := make([]float32, len(src))
	if err := b.Read(got, m.RowRange(0, 1)); err != nil || !slices.Equal(got, src) {
		t.Errorf("not a copy, error %v", err)
	}
}
