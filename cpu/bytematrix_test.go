package cpu_test

import (
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/simd"
)

// A pictured is a program that multiplies distorted images, with its matrices.
type pictured struct {
	x, w, z, gradient, delta, other compute.Mat
	dropped                         compute.Mat  // the products' input if there is dropout, else unused
	ops                             []compute.Op // warp, dropout if there is one, forward, delta, gradient, update
}

func (p *pictured) insert(i int, op compute.Op) { p.ops = slices.Insert(p.ops, i, op) }

// newPictured returns a program on images without zeros, which the first layer does not skip, and
// without dropout. With drop the images have many zeros and there is dropout of pixels.
func newPictured(t *testing.T, b compute.Backend, drop bool) *pictured {
	t.Helper()
	const batch, w, h, units = 9, 6, 5, 20
	p := &pictured{}
	for m, shape := range map[*compute.Mat][2]int{
		&p.x: {batch, w * h}, &p.w: {units, w * h}, &p.z: {batch, units}, &p.gradient: {units, w * h}, &p.delta: {batch, units}, &p.other: {batch, w * h},
		&p.dropped: {batch, w * h},
	} {
		var err error
		if *m, err = b.Alloc(shape[0], shape[1]); err != nil {
			t.Fatal(err)
		}
	}
	pixels := make([]byte, (batch+1)*w*h)
	for i := range pixels {
		pixels[i] = byte(i*i+i/7) | 1
		if drop && i%5 != 2 {
			pixels[i] = 0
		}
	}
	src, err1 := b.ShareBytes(batch+1, w*h, pixels)
	start := make([]float32, units*w*h)
	for i := range start {
		start[i] = float32(i%13-6) / 64
	}
	err2, err3 := b.Write(p.w, start), b.Write(p.delta, start[:batch*units])
	if err1 != nil || err2 != nil || err3 != nil {
		t.Fatal(err1, err2, err3)
	}
	warp := compute.Warp{Dst: p.x, Src: src, Width: w, Height: h, Scale: 1. / 128, Shift: -1, Rotation: 0.5, Translation: 1, Stream: 3}
	x := p.x
	if drop {
		warp.Shift, x = 0, p.dropped
		p.ops = []compute.Op{warp, compute.Dropout{Dst: x, Src: p.x, Rate: 0.3, Stream: 4}}
	} else {
		p.ops = []compute.Op{warp}
	}
	p.ops = append(p.ops,
		compute.MatMul{Dst: p.z, A: x, B: p.w, TransB: true},
		compute.Activate{Dst: p.delta, Src: p.z, F: compute.Tanh},
		compute.MatMul{Dst: p.gradient, A: p.delta, B: x, TransA: true},
		compute.Update{W: p.w, G: p.gradient})
	return p
}

// A pictureCase is a program in which another op may use the images.
type pictureCase struct {
	name   string
	change func(p *pictured)
	silent bool                          // the float32 matrix is not written, given SIMD kernels
	keep   func(p *pictured) compute.Mat // the matrix that is not scratch
}

var pictureCases = []pictureCase{
	{"unchanged", func(p *pictured) {}, true, nil},
	{"forward alone", func(p *pictured) { p.ops = p.ops[:2] }, true, nil},
	{"gradient alone", func(p *pictured) { p.ops = slices.Delete(p.ops, 1, 2) }, true, nil},
	{"read", func(p *pictured) { p.insert(1, compute.Activate{Dst: p.other, Src: p.x}) }, false, nil},
	{"read at the end", func(p *pictured) { p.insert(5, compute.Activate{Dst: p.other, Src: p.x}) }, false, nil},
	{"read in part", func(p *pictured) {
		p.insert(5, compute.Activate{Dst: p.other.RowRange(0, 2), Src: p.x.RowRange(3, 2)})
	}, false, nil},
	{"changed before", func(p *pictured) { p.insert(1, compute.Fill{Dst: p.x.RowRange(2, 3), Value: 0.5}) }, false, nil},
	{"changed between", func(p *pictured) { p.insert(2, compute.Fill{Dst: p.x.RowRange(2, 3), Value: 0.5}) }, false, nil},
	{"distorted twice", func(p *pictured) {
		w := p.ops[0].(compute.Warp)
		w.Stream = 8
		p.insert(2, w)
	}, false, nil},
	{"multiplied before", func(p *pictured) {
		p.insert(0, compute.Fill{Dst: p.x, Value: 0.5})
		p.insert(1, p.ops[2])
	}, false, nil},
	{"a few of them multiplied", func(p *pictured) {
		p.insert(5, compute.MatMul{Dst: p.z.RowRange(0, 4), A: p.x.RowRange(1, 4), B: p.w, TransB: true})
	}, false, nil},
	{"multiplied by themselves", func(p *pictured) {
		p.insert(5, compute.MatMul{Dst: compute.Mat{Buf: p.other.Buf, Rows: 9, Cols: 9}, A: p.x, B: p.x, TransB: true})
	}, false, nil},
	{"gradient and another op", func(p *pictured) {
		p.ops = slices.Delete(p.ops, 1, 3)
		p.insert(0, compute.Fill{Dst: p.other, Value: 1})
	}, true, nil},
	{"kept", func(p *pictured) {}, false, func(p *pictured) compute.Mat { return p.x }},
	{"dropped out", func(p *pictured) { p.insert(1, compute.Dropout{Dst: p.x, Src: p.x, Rate: 0.5}) }, false, nil},
}

// TestByteMatrices runs each program with and without scratch matrices, and compares the results
// bit by bit.
func TestByteMatrices(t *testing.T) {
	level := simd.Current()
	defer simd.Set(level)
	for _, l := range simd.Levels() {
		for _, c := range pictureCases {
			t.Run(l.String()+","+c.name, func(t *testing.T) {
				simd.Set(l)
				want, _ := runPictured(t, c, false, false)
				got, x := runPictured(t, c, false, true)
				sameBits(t, c.name, got, want)
				if want := c.silent && l != simd.Off; isZero(x) != want {
					t.Errorf("the float32 matrix was not written: %t, want %t", isZero(x), want)
				}
			})
		}
	}
}

// dropCases have dropout of pixels between the images and the products.
var dropCases = []pictureCase{
	{"unchanged", func(p *pictured) {}, true, nil},
	{"gathered", func(p *pictured) {
		w := p.ops[0].(compute.Warp)
		p.ops[0] = compute.Gather{Dst: w.Dst, Src: w.Src, Scale: w.Scale}
	}, true, nil},
	{"shifted", func(p *pictured) {
		w := p.ops[0].(compute.Warp)
		w.Shift = 0.5
		p.ops[0] = w
	}, false, nil},
	{"images read", func(p *pictured) { p.insert(6, compute.Activate{Dst: p.other, Src: p.x}) }, false, nil},
	{"images multiplied", func(p *pictured) { p.insert(2, compute.MatMul{Dst: p.z, A: p.x, B: p.w, TransB: true}) }, false, nil},
	{"images changed", func(p *pictured) { p.insert(1, compute.Fill{Dst: p.x.RowRange(2, 3), Value: 0.5}) }, false, nil},
	{"read", func(p *pictured) { p.insert(2, compute.Activate{Dst: p.other, Src: p.dropped}) }, false, nil},
	{"changed", func(p *pictured) { p.insert(2, compute.Fill{Dst: p.dropped.RowRange(2, 3), Value: 0.5}) }, false, nil},
	{"images kept", func(p *pictured) {}, false, func(p *pictured) compute.Mat { return p.x }},
	{"kept", func(p *pictured) {}, false, func(p *pictured) compute.Mat { return p.dropped }},
	{"dropped twice", func(p *pictured) {
		p.insert(2, compute.Dropout{Dst: p.x, Src: p.dropped, Rate: 0.5, Stream: 8})
		p.insert(3, compute.Dropout{Dst: p.dropped, Src: p.x, Rate: 0.5, Stream: 8})
	}, false, nil},
}

// TestDroppedByteMatrices is TestByteMatrices with dropout of pixels. Sums that skip zeros have
// another order, so the results differ by rounding.
func TestDroppedByteMatrices(t *testing.T) {
	level := simd.Current()
	defer simd.Set(level)
	for _, l := range simd.Levels() {
		for _, c := range dropCases {
			t.Run(l.String()+","+c.name, func(t *testing.T) {
				simd.Set(l)
				want, _ := runPictured(t, c, true, false)
				got, x := runPictured(t, c, true, true)
				for i := range want {
					for j, v := range want[i] {
						if d := got[i][j] - v; !(d < 2e-5 && d > -2e-5) {
							t.Fatalf("matrix %d, element %d: %g with scratch, %g without", i, j, got[i][j], v)
						}
					}
				}
				if isZero(x) != c.silent {
					t.Errorf("the float32 matrix was not written: %t, want %t", isZero(x), c.silent)
				}
			})
		}
	}
}

// runPictured returns the results of two runs of a program, and the contents of the images' memory.
func runPictured(t *testing.T, c pictureCase, drop, forget bool) (values [][]float32, x []float32) {
	t.Helper()
	b := cpu.New()
	defer b.Close()
	p := newPictured(t, b, drop)
	c.change(p)
	program := compute.Program{Ops: p.ops}
	kept := p.other
	if c.keep != nil {
		kept = c.keep(p)
	}
	for _, m := range []compute.Mat{p.x, p.dropped, p.gradient} {
		if forget && m != kept {
			program.Scratch = append(program.Scratch, m)
		}
	}
	run, err := b.Compile(program)
	if err != nil {
		t.Fatal(err)
	}
	read := func(m compute.Mat) []float32 {
		v := make([]float32, m.Len())
		if err := b.Read(v, m); err != nil {
			t.Fatal(err)
		}
		return v
	}
	for i := range 2 {
		run.Run(compute.Args{Row: i, Step: uint32(i), Seed: 1 << 40, LearningRate: 0.5})
		values = append(values, read(p.w), read(p.z), read(p.delta), read(p.other), read(kept))
	}
	return values, append(read(p.x), read(p.dropped)...)
}
