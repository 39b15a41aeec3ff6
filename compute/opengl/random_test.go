//go:build cgo && !nogl && !darwin

package opengl

import (
	"fmt"
	"math"
	"testing"

	"shadegrad/compute"
)

// noiseOf returns the numbers that op Noise draws on a backend.
func noiseOf(t *testing.T, b compute.Backend, n int, stream uint32, args compute.Args) []float32 {
	t.Helper()
	m, err := b.Alloc(1, n)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Free(m.Buf)
	e := mustCompile(t, b, "noise", compute.Noise{Dst: m, Stream: stream})
	defer e.Release()
	e.Run(args)
	got := make([]float32, n)
	if err := b.Read(got, m); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestPhilox compares the shader's numbers with the published answer for a key and a counter of zeros.
// The stream is the one for which the counter wraps to 0.
func TestPhilox(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	const stream = 1<<32 - 16
	got := noiseOf(t, b, 8, stream, compute.Args{})
	for e, want := range []int{0xe8d5, 0x6627, 0xc58d, 0xe169, 0xac4c, 0xbc57, 0xdbd8, 0x9b00} {
		if want := float32(2*want+1)/65536 - 1; got[e] != want {
			t.Errorf("number %d is %v, want %v", e, got[e], want)
		}
	}
}

// TestDraws compares the shader's numbers with those of package philox, bit by bit, where each word of key
// and counter differs from 0 and where uniforms change from run to run.
func TestDraws(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	m, err := b.Alloc(3, 1003)
	if err != nil {
		t.Fatal(err)
	}
	for _, stream := range []uint32{0, 1, 0xfedcba98} {
		e := mustCompile(t, b, "noise", compute.Noise{Dst: m, Stream: stream})
		for _, args := range []compute.Args{
			{}, {Step: 1}, {Step: 1, Seed: 1}, {Step: 1, Seed: 1 << 32}, {Step: math.MaxUint32, Seed: 0x0123456789abcdef},
		} {
			e.Run(args)
			got := make([]float32, m.Len())
			if err := b.Read(got, m); err != nil {
				t.Fatal(err)
			}
			draws := args.Draws(stream)
			for i, v := range got {
				if want := float32(2*int(draws.Half(uint64(i)))+1)/65536 - 1; v != want {
					t.Errorf("stream %d, %+v: number %d is %v, want %v", stream, args, i, v, want)
					break
				}
			}
		}
	}
}

// TestDropoutBits checks that a dropped element is 0 whatever its value, and that a kept element is a
// product that is rounded once.
func TestDropoutBits(t *testing.T) {
	b := openTest(t, Options{}, seams{})
	const n = 777
	values := make([]float32, n)
	for i := range values {
		switch i % 7 {
		case 0:
			values[i] = float32(math.NaN())
		case 1:
			values[i] = float32(math.Inf(-1))
		default:
			values[i] = float32(i)/3 - 100
		}
	}
	for _, rate := range []float32{0, 0.2, 0.5, 0.999999} {
		t.Run(fmt.Sprint(rate), func(t *testing.T) {
			m, err := b.Alloc(7, n/7)
			if err != nil {
				t.Fatal(err)
			}
			if err := b.Write(m, values); err != nil {
				t.Fatal(err)
			}
			op := compute.Dropout{Dst: m, Src: m, Rate: rate, Stream: 3}
			args := compute.Args{Step: 5, Seed: 99}
			mustCompile(t, b, "dropout", op).Run(args)
			got := make([]float32, n)
			if err := b.Read(got, m); err != nil {
				t.Fatal(err)
			}
			threshold, keep := op.Threshold()
			draws := args.Draws(op.Stream)
			for i, v := range got {
				want := float32(0)
				if uint32(draws.Half(uint64(i))) >= threshold {
					want = values[i] * keep
				}
				if math.Float32bits(v) != math.Float32bits(want) && !(math.IsNaN(float64(v)) && math.IsNaN(float64(want))) {
					t.Fatalf("element %d is %v, want %v", i, v, want)
				}
			}
		})
	}
}
