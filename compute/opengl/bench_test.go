//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"testing"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
)

// BenchmarkMatMul times both kernels on the products of a step of 784-128-10 with batches of 64.
func BenchmarkMatMul(b *testing.B) {
	shapes := []struct {
		form    string
		m, n, k int
	}{
		{"NN", 64, 128, 784}, // forward, first layer
		{"NN", 64, 10, 128},  // forward, second
		{"NT", 64, 128, 10},  // deltas of the first
		{"TN", 128, 10, 64},  // gradients of the second
		{"TN", 784, 128, 64}, // gradients of the first
		{"TN", 128, 784, 64}, // the same, transposed
		{"NT", 64, 128, 784}, // forward, weights stored by output
	}
	for name, plain := range map[string]bool{"tiles": false, "plain": true} {
		for _, s := range shapes {
			b.Run(fmt.Sprintf("%s/%s/m=%d,n=%d,k=%d", name, s.form, s.m, s.n, s.k), func(b *testing.B) {
				backend := openTest(b, Options{Plain: plain}, seams{})
				op := compute.MatMul{TransA: s.form[0] == 'T', TransB: s.form[1] == 'T'}
				op.Dst = random(b, backend, s.m, s.n)
				op.A, op.B = random(b, backend, s.m, s.k), random(b, backend, s.k, s.n)
				if op.TransA {
					op.A.Rows, op.A.Cols = s.k, s.m
				}
				if op.TransB {
					op.B.Rows, op.B.Cols = s.n, s.k
				}
				benchmark(b, backend, op)
				flop := 2 * float64(s.m) * float64(s.n) * float64(s.k)
				b.ReportMetric(flop*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

// BenchmarkStep times training steps with batches of 64: fused, tuned, and op by op with the plain
// kernels.
func BenchmarkStep(b *testing.B) {
	for _, layers := range [][]int{{784, 128, 10}, {784, 256, 10}} {
		for name, options := range map[string]Options{
			"fused": {}, "tuned": {Tune: true, CacheDir: b.TempDir()}, "plain": {Plain: true},
		} {
			b.Run(fmt.Sprintf("%d-%d-%d/%s", layers[0], layers[1], layers[2], name), func(b *testing.B) {
				backend := openTest(b, options, seams{})
				r := newTrainer(b, backend, 6400, 64, 0.9, layers...)
				r.run(1) // the first one compiles, on some drivers
				if err := backend.Sync(); err != nil {
					b.Fatal(err)
				}
				b.ResetTimer()
				r.run(b.N)
				if err := backend.Sync(); err != nil {
					b.Fatal(err)
				}
				flop := 2 * 64 * float64(2*layers[0]*layers[1]+3*layers[1]*layers[2])
				b.ReportMetric(flop*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}

// BenchmarkTraining times steps of 784-128-10 with batches of 64, for several kinds of training.
func BenchmarkTraining(b *testing.B) {
	adam := mlp.Training{Rule: compute.Adam, Rho: 0.999, Epsilon: 1e-7}
	dropped, elastic, bounded, clipped := adam, adam, adam, adam
	dropped.DropInput, dropped.Drop = 0.2, 0.5
	elastic.Augment = mlp.Augment{Sigma: [2]float32{5, 5}, Alpha: [2]float32{8, 8}, Rotation: 10}
	bounded.MaxNorm, clipped.Clip = 3, 1
	for _, c := range []struct {
		name     string
		training mlp.Training
	}{
		{"momentum", mlp.Training{Velocity: true}}, {"adam", adam}, {"adam,dropout", dropped}, {"adam,elastic", elastic},
		{"adam,max-norm", bounded}, {"adam,clip", clipped},
	} {
		b.Run(c.name, func(b *testing.B) {
			backend := openTest(b, Options{}, seams{})
			r := newTrainerOf(b, backend, 6400, 64, recipe{compute.ReLU, compute.Args{LearningRate: 1e-3, Momentum: 0.9}, c.training}, 784, 128, 10)
			r.run(1) // the first one compiles, on some drivers
			if err := backend.Sync(); err != nil {
				b.Fatal(err)
			}
			b.ResetTimer()
			r.run(b.N)
			if err := backend.Sync(); err != nil {
				b.Fatal(err)
			}
			b.ReportMetric(float64(len(r.step.(*executable).steps)), "dispatches")
		})
	}
}

// BenchmarkDispatch times the overhead of a program without arithmetic.
func BenchmarkDispatch(b *testing.B) {
	backend := openTest(b, Options{}, seams{})
	benchmark(b, backend, compute.Fill{Dst: random(b, backend, 1, 1)})
}

// random returns a matrix of numbers that are neither zero nor subnormal, which some processors handle
// slowly.
func random(b *testing.B, backend compute.Backend, rows, cols int) compute.Mat {
	b.Helper()
	m, err := backend.Alloc(rows, cols)
	if err != nil {
		b.Fatal(err)
	}
	values := make([]float32, m.Len())
	for i := range values {
		values[i] = float32(i*7919%1000+1) / 1000
	}
	if err := backend.Write(m, values); err != nil {
		b.Fatal(err)
	}
	return m
}

func benchmark(b *testing.B, backend compute.Backend, op compute.Op) {
	b.Helper()
	e := mustCompile(b, backend, "benchmark", op)
	e.Run(compute.Args{}) // the first run compiles, on some drivers
	if err := backend.Sync(); err != nil {
		b.Fatal(err)
	}
	b.ResetTimer()
	for range b.N {
		e.Run(compute.Args{})
	}
	if err := backend.Sync(); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
}
