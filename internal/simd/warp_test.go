package simd

import (
	"math"
	"math/rand/v2"
	"testing"
)

// warpSizes are images of one pixel, of a row and a column, of whole vectors and of more and
// less, and of MNIST's size.
var warpSizes = [][2]int{{1, 1}, {1, 9}, {9, 1}, {2, 3}, {7, 5}, {8, 8}, {15, 4}, {16, 16}, {17, 6}, {28, 28}, {29, 29}, {33, 31}, {64, 3}}

// A picture is an image of random bytes, some of them 0, with random fields.
func picture(a *arena, width, height, ldf int) (src []byte, fx, fy []float32) {
	src = alloc[byte](a, width*height)
	for i := range src {
		src[i] = byte(max(0, a.rng.IntN(400)-144))
	}
	n := (height-1)*ldf + width
	return src, normals(a, n), normals(a, n)
}

// valueAt is the bilinear value of an image at (x, y).
func valueAt(src []byte, width, height int, x, y float64) float64 {
	i, j := math.Floor(x), math.Floor(y)
	p := func(i, j float64) float64 {
		if i < 0 || i >= float64(width) || j < 0 || j >= float64(height) {
			return 0
		}
		return float64(src[int(j)*width+int(i)])
	}
	r, d := x-i, y-j
	return (1-d)*((1-r)*p(i, j)+r*p(i+1, j)) + d*((1-r)*p(i, j+1)+r*p(i+1, j+1))
}

// TestWarp compares with the equation in float64. A value halfway between two levels, within the
// rounding error of float32, may round to either.
func TestWarp(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 21)
		for _, size := range warpSizes {
			for round := range 20 {
				w, h := size[0], size[1]
				ldf := w + a.rng.IntN(3)*5
				src, fx, fy := picture(a, w, h, ldf)
				v := func(scale float64) float32 { return float32(scale * a.rng.NormFloat64()) }
				p := &Place{XX: 1 + v(0.2), XY: v(0.2), X0: float32(w-1)/2 + v(1), YX: v(0.2), YY: 1 + v(0.2), Y0: float32(h-1)/2 + v(1), Alpha: v(2)}
				if round%5 == 4 {
					p.XX, p.YY, p.Alpha = v(10), v(10), v(30) // most of it outside
				}
				s, dst := NewSampler(w, h), alloc[byte](a, w*h+WarpRoom)
				s.Load(src)
				s.Warp(dst, fx, fy, ldf, p)
				for i := range w * h {
					x, y := float64(i%w)-float64(w-1)/2, float64(i/w)-float64(h-1)/2
					f := i/w*ldf + i%w
					X := float64(p.XX)*x + float64(p.XY)*y + float64(p.X0) + float64(p.Alpha)*float64(fx[f])
					Y := float64(p.YX)*x + float64(p.YY)*y + float64(p.Y0) + float64(p.Alpha)*float64(fy[f])
					want := valueAt(src, w, h, X, Y)
					// Places are rounded to some 2⁻²⁴ of their size, and 255 is the steepest slope.
					tolerance := 255 * 16 * unit * (math.Abs(X) + math.Abs(Y) + math.Abs(float64(p.XX)*x) + math.Abs(float64(p.YY)*y) +
						math.Abs(float64(p.Alpha))*4 + float64(w+h))
					if d := math.Abs(want - float64(dst[i])); d > 0.5+tolerance {
						t.Fatalf("%d×%d, %+v: pixel %d is %d, want %g", w, h, *p, i, dst[i], want)
					}
				}
				a.check(t, "%d×%d", w, h)
			}
		}
	})
}

// TestWarpIdentity copies an image unchanged and shifted by whole pixels.
func TestWarpIdentity(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		a := newArena(t, 22)
		for _, size := range warpSizes {
			w, h := size[0], size[1]
			src, fx, fy := picture(a, w, h, w)
			s, dst := NewSampler(w, h), alloc[byte](a, w*h+WarpRoom)
			s.Load(make([]byte, w*h)) // another image before
			s.Load(src)
			for _, shift := range [][2]int{{0, 0}, {1, 0}, {0, 1}, {-1, 2}, {3, -2}, {w, 0}, {0, -h}, {w + 5, h + 5}} {
				s.Warp(dst, fx, fy, w, &Place{XX: 1, YY: 1, X0: float32(w-1)/2 + float32(shift[0]), Y0: float32(h-1)/2 + float32(shift[1])})
				for i := range w * h {
					want := valueAt(src, w, h, float64(i%w+shift[0]), float64(i/w+shift[1]))
					if float64(dst[i]) != want {
						t.Fatalf("%d×%d moved by %v: pixel %d is %d, want %g", w, h, shift, i, dst[i], want)
					}
				}
			}
			a.check(t, "%d×%d", w, h)
		}
	})
}

// TestWarpNowhere checks that coordinates that are NaN or infinite count as outside the image.
func TestWarpNowhere(t *testing.T) {
	eachLevel(t, func(t *testing.T) {
		const w, h = 17, 9
		s, src := NewSampler(w, h), make([]byte, w*h)
		for i := range src {
			src[i] = 255
		}
		s.Load(src)
		fields, zeros := make([]float32, w*h), make([]float32, w*h)
		for _, v := range []float64{math.NaN(), math.Inf(1), math.Inf(-1), 1e30, -1e30, math.MaxFloat32} {
			for i := range fields {
				fields[i] = float32(v)
			}
			for _, f := range [][2][]float32{{fields, zeros}, {zeros, fields}, {fields, fields}} {
				dst := make([]byte, w*h+WarpRoom)
				for i := range dst {
					dst[i] = 7
				}
				s.Warp(dst, f[0], f[1], w, &Place{XX: 1, YY: 1, X0: (w - 1) / 2, Y0: (h - 1) / 2, Alpha: 1})
				for i, p := range dst[:w*h] {
					if p != 0 {
						t.Fatalf("field %v: pixel %d is %d", v, i, p)
					}
				}
			}
		}
	})
}

func TestWarpMistakes(t *testing.T) {
	s, f, p := NewSampler(4, 3), make([]float32, 12), &Place{}
	wantPanic(t, "NewSampler: ", func() { NewSampler(0, 3) })
	wantPanic(t, "Sampler.Load: ", func() { s.Load(make([]byte, 11)) })
	wantPanic(t, "Sampler.Warp: ", func() { s.Warp(make([]byte, 12), f, f, 4, p) })
	wantPanic(t, "Sampler.Warp: ", func() { s.Warp(make([]byte, 12+WarpRoom), f, f[:11], 4, p) })
	wantPanic(t, "Sampler.Warp: ", func() { s.Warp(make([]byte, 12+WarpRoom), f, f, 5, p) })
}

func BenchmarkSampler(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	src, f := make([]byte, 784), make([]float32, 2*784)
	for i := range src {
		src[i] = byte(r.IntN(256))
	}
	for i := range f {
		f[i] = float32(r.NormFloat64())
	}
	s, dst := NewSampler(28, 28), make([]byte, 784+WarpRoom)
	eachLevelBench(b, func(b *testing.B) {
		for _, c := range []struct {
			name string
			f    func()
		}{
			{"load", func() { s.Load(src) }},
			{"warp", func() { s.Warp(dst, f, f[784:], 28, &Place{XX: 1, YY: 1, X0: 13.5, Y0: 13.5, Alpha: 3}) }},
		} {
			b.Run(c.name, func(b *testing.B) {
				b.ReportMetric(fastest(b, c.f)*1e9, "ns/image")
			})
		}
	})
}
