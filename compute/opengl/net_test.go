//go:build cgo && !nogl && !darwin

package opengl

import (
	"testing"

	"shadegrad/compute"
)

// A net is a small network with a step of training: every op but Fill.
type net struct {
	step  compute.Executable
	stats compute.Mat
	total compute.Mat // of stats' columns
	sum   compute.Executable
}

// newNet returns a 20-12-4 network and data to train it. The backend frees everything when it closes.
func newNet(t testing.TB, b compute.Backend) *net {
	t.Helper()
	const samples, batch, in, hidden, out = 64, 16, 20, 12, 4
	mat := func(rows, cols int) compute.Mat {
		m, err := b.Alloc(rows, cols)
		if err != nil {
			t.Fatal(err)
		}
		values := make([]float32, m.Len())
		for i := range values {
			values[i] = float32((i*37)%41-20) / 50
		}
		if err := b.Write(m, values); err != nil {
			t.Fatal(err)
		}
		return m
	}
	images, err := b.AllocBytes(samples, in)
	if err != nil {
		t.Fatal(err)
	}
	labels, err := b.AllocBytes(samples, 1)
	if err != nil {
		t.Fatal(err)
	}
	order, err := b.AllocIndex(samples, samples)
	if err != nil {
		t.Fatal(err)
	}
	pixels, classes, rows := make([]byte, samples*in), make([]byte, samples), make([]uint32, samples)
	for i := range samples {
		classes[i], rows[i] = byte(i%out), uint32(samples-1-i)
		for j := range in {
			pixels[i*in+j] = byte(i%out*60 + j)
		}
	}
	for _, err := range []error{b.WriteBytes(images, pixels), b.WriteBytes(labels, classes), b.WriteIndex(order, rows)} {
		if err != nil {
			t.Fatal(err)
		}
	}

	n := &net{stats: mat(samples, 2), total: mat(1, 2)}
	x, w1, b1, h := mat(batch, in), mat(in, hidden), mat(1, hidden), mat(batch, hidden)
	w2, b2, z, d := mat(hidden, out), mat(1, out), mat(batch, out), mat(batch, hidden)
	g1, g2, gb1, gb2, v1 := mat(in, hidden), mat(hidden, out), mat(1, hidden), mat(1, out), mat(in, hidden)
	n.step = mustCompile(t, b, "step",
		compute.Gather{Dst: x, Src: images, Index: order, Scale: 1. / 255},
		compute.MatMul{Dst: h, A: x, B: w1},
		compute.Activate{Dst: h, Src: h, Bias: b1, F: compute.ReLU},
		compute.MatMul{Dst: z, A: h, B: w2},
		compute.Loss{Delta: z, Stats: n.stats, Z: z, Bias: b2, Labels: labels, Index: order,
			F: compute.Softmax, Kind: compute.CrossEntropy, On: 1, Weight: 1, Scale: 1. / batch},
		compute.MatMul{Dst: d, A: z, B: w2, TransB: true},
		compute.Delta{Dst: d, Back: d, Y: h, F: compute.ReLU},
		compute.MatMul{Dst: g2, A: h, B: z, TransA: true},
		compute.ColumnSum{Dst: gb2, Src: z},
		compute.MatMul{Dst: g1, A: x, B: d, TransA: true},
		compute.ColumnSum{Dst: gb1, Src: d},
		compute.Update{W: w1, V: v1, G: g1},
		compute.Update{W: w2, G: g2},
		compute.Update{W: b1, G: gb1},
		compute.Update{W: b2, G: gb2},
	)
	n.sum = mustCompile(t, b, "sum", compute.ColumnSum{Dst: n.total, Src: n.stats})
	return n
}

func mustCompile(t testing.TB, b compute.Backend, name string, ops ...compute.Op) compute.Executable {
	t.Helper()
	e, err := b.Compile(compute.Program{Name: name, Ops: ops})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// epoch runs four steps and adds up their losses.
func (n *net) epoch() {
	for row := 0; row < 64; row += 16 {
		n.step.Run(compute.Args{Row: row, LearningRate: 0.1, Momentum: 0.9})
	}
	n.sum.Run(compute.Args{})
}
