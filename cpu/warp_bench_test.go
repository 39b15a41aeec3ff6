package cpu_test

import (
	"testing"
	"time"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/mlp"
)

// affine and elastic are the kinds of distortions in published results on digits. The time does not
// depend on the amounts.
var (
	affine  = mlp.Augment{Rotation: 15, Scaling: 0.15, Shear: 0.1, Translation: 1, Calm: []int{1, 7}}
	elastic = mlp.Augment{Sigma: [2]float32{5, 6}, Alpha: [2]float32{36, 38}, Rotation: 15, Scaling: 0.15, Calm: []int{1, 7}}
)

// BenchmarkDistortedStep runs training steps on distorted and on original images.
func BenchmarkDistortedStep(b *testing.B) {
	d, err := dataset.Open("")
	if err != nil {
		b.Fatal(err)
	}
	for _, a := range []mlp.Augment{{}, affine, elastic} {
		for _, sizes := range [][]int{{784, 800, 10}, {784, 128, 10}} {
			for _, dense := range []bool{false, true} {
				t := polyak
				t.Augment = a
				c := stepCase{sizes, compute.ReLU, 128, t, dense}
				b.Run(c.name(), func(b *testing.B) { c.run(b, d.Train) })
			}
		}
	}
}

// BenchmarkDropoutStep runs training steps with and without dropout.
func BenchmarkDropoutStep(b *testing.B) {
	d, err := dataset.Open("")
	if err != nil {
		b.Fatal(err)
	}
	for _, drop := range [][2]float32{{0, 0}, {0, 0.5}, {0.2, 0.5}} {
		t := polyak
		t.DropInput, t.Drop = drop[0], drop[1]
		c := stepCase{[]int{784, 800, 800, 10}, compute.ReLU, 100, t, false}
		b.Run(c.name(), func(b *testing.B) { c.run(b, d.Train) })
	}
}

// BenchmarkWarp distorts batches of MNIST: with each op alone, with all ops and their intermediate
// results, and fused.
func BenchmarkWarp(b *testing.B) {
	d, err := dataset.Open("")
	if err != nil {
		b.Fatal(err)
	}
	const batch, side = 128, 28
	be := cpu.New()
	defer be.Close()
	mat := func(rows, cols int) compute.Mat {
		m, err := be.Alloc(rows, cols)
		if err != nil {
			b.Fatal(err)
		}
		return m
	}
	images, err := be.ShareBytes(d.Train.Len(), side*side, d.Train.Images)
	if err != nil {
		b.Fatal(err)
	}
	noise, smooth, field := mat(2*batch*side, side), mat(2*batch*side, side), mat(side, 2*batch*side)
	blur, x := mat(side, side), mat(batch, side*side)
	if err := be.Write(blur, smoothing(side, 5)); err != nil {
		b.Fatal(err)
	}
	across := compute.Mat{Buf: smooth.Buf, Rows: side, Cols: 2 * batch * side}
	draw := compute.Noise{Dst: noise, Stream: 1}
	alongX := compute.MatMul{Dst: smooth, A: noise, B: blur, TransB: true}
	alongY := compute.MatMul{Dst: field, A: blur, B: across}
	warp := compute.Warp{Dst: x, Src: images, Field: field, Width: side, Height: side, Scale: 1. / 255,
		Alpha: [2]float32{36, 38}, Rotation: 0.26, Scaling: 0.15}
	plain := warp
	plain.Field = compute.Mat{}
	for _, c := range []struct {
		name    string
		ops     []compute.Op
		scratch []compute.Mat
	}{
		{"noise", []compute.Op{draw}, nil},
		{"blur", []compute.Op{alongX, alongY}, nil},
		{"warp", []compute.Op{warp}, nil},
		{"affine", []compute.Op{plain}, nil},
		{"composed", []compute.Op{draw, alongX, alongY, warp}, nil},
		{"fused", []compute.Op{draw, alongX, alongY, warp}, []compute.Mat{noise, smooth, field}},
	} {
		b.Run(c.name, func(b *testing.B) {
			run, err := be.Compile(compute.Program{Ops: c.ops, Scratch: c.scratch})
			if err != nil {
				b.Fatal(err)
			}
			best := time.Hour
			for i := 0; b.Loop(); i++ {
				begin := time.Now()
				run.Run(compute.Args{Row: i % 400 * batch, Step: uint32(i)})
				best = min(best, time.Since(begin))
			}
			b.ReportMetric(float64(best.Nanoseconds())/batch, "best-ns/image")
			b.ReportMetric(best.Seconds()/batch*60000, "best-s/60000")
		})
	}
}
