//go:build cgo && !nogl && !darwin

package opengl

import (
	"errors"
	"math"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
)

// warpProblem is op Warp with data, on a backend.
func warpProblem(t *testing.T, b compute.Backend, o compute.Warp, batch int) compute.Warp {
	t.Helper()
	const samples = 40
	size := o.Width * o.Height
	var errs [8]error
	o.Dst, errs[0] = b.Alloc(batch, size)
	o.Src, errs[1] = b.AllocBytes(samples, size)
	o.Labels, errs[2] = b.AllocBytes(samples, 1)
	o.Index, errs[3] = b.AllocIndex(samples, samples)
	pixels, labels, order := make([]byte, samples*size), make([]byte, samples), make([]uint32, samples)
	for i := range pixels {
		x, y := i%o.Width, i/o.Width%o.Height
		pixels[i] = byte(127 + 120*math.Sin(float64(x)/2+float64(i/size))*math.Cos(float64(y)/3))
	}
	for i := range samples {
		labels[i], order[i] = byte(i%70), uint32((i*13+5)%samples)
	}
	errs[4], errs[5], errs[6] = b.WriteBytes(o.Src, pixels), b.WriteBytes(o.Labels, labels), b.WriteIndex(o.Index, order)
	if err := errors.Join(errs[:]...); err != nil {
		t.Fatal(err)
	}
	return o
}

// TestWarpAgreesWithCPU distorts images on both backends. A place is rounded to about 2⁻²⁰ of a pixel, which
// changes a value of 255 by at most 1/2,000. So where values are rounded to integers, one in a thousand may
// be the neighbour of the CPU's.
func TestWarpAgreesWithCPU(t *testing.T) {
	gpu := openTest(t, Options{}, seams{})
	host := cpu.New()
	defer host.Close()
	for _, c := range []struct {
		name  string
		op    compute.Warp
		field bool
	}{
		{"identity", compute.Warp{Width: 28, Height: 28, Scale: 1}, false},
		{"quarter turns", compute.Warp{Width: 29, Height: 27, Scale: 1, Shift: -3, Rotation: math.Pi / 2, Stream: 4}, false},
		{"all but elastic", compute.Warp{Width: 28, Height: 28, Scale: 1, Rotation: 0.26, Scaling: 0.15, Shear: 0.3, Translation: 2.5, Calm: 1<<1 | 1<<7 | 1<<35}, false},
		{"tall images", compute.Warp{Width: 7, Height: 90, Scale: 1, Scaling: 0.9, Shear: 3}, false},
		{"elastic", compute.Warp{Width: 28, Height: 28, Scale: 1, Alpha: [2]float32{4, 9}, Rotation: 0.13, Stream: 9}, true},
		{"far away", compute.Warp{Width: 28, Height: 28, Scale: 1, Alpha: [2]float32{1e30, 1e30}}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			const batch = 33
			args := compute.Args{Row: 5, Step: 12, Seed: 1<<40 + 3}
			var got [2][]float32
			for i, b := range []compute.Backend{gpu, host} {
				o := warpProblem(t, b, c.op, batch)
				var ops []compute.Op
				if c.field {
					var err error
					if o.Field, err = b.Alloc(o.Height, 2*batch*o.Width); err != nil {
						t.Fatal(err)
					}
					ops = append(ops, compute.Noise{Dst: o.Field, Stream: 77})
				}
				mustCompile(t, b, "warp", append(ops, o)...).Run(args)
				got[i] = make([]float32, o.Dst.Len())
				if err := b.Read(got[i], o.Dst); err != nil {
					t.Fatal(err)
				}
			}
			differ, lit := 0, 0
			for e, v := range got[0] {
				if v != got[1][e] {
					differ++
				}
				if v != c.op.Shift {
					lit++
				}
				if !(math.Abs(float64(v-got[1][e])) <= 1) {
					t.Fatalf("element %d is %v, on the CPU %v", e, v, got[1][e])
				}
			}
			if differ*1000 > len(got[0]) || lit == 0 && c.op.Alpha[1] < 1e9 {
				t.Errorf("%d of %d pixels differ, %d are not 0", differ, len(got[0]), lit)
			}
			t.Logf("%d of %d pixels differ, %d are not 0", differ, len(got[0]), lit)
		})
	}
}
