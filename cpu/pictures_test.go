package cpu_test

import (
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/simd"
)

// pictured are the matrices of a program that multiplies distorted images.
type pictured struct {
	x, w, z, gradient, delta, other compute.Mat
	ops                             []compute.Op // warp, forward, delta, gradient, update
}

func (p *pictured) insert(i int, op compute.Op) { p.ops = slices.Insert(p.ops, i, op) }

func newPictured(t *testing.T, b compute.Backend) *pictured {
	t.Helper()
	const batch, w, h, units = 9, 6, 5, 20
	p := &pictured{}
	for m, shape := range map[*compute.Mat][2]int{
		&p.x: {batch, w * h}, &p.w: {units, w * h}, &p.z: {batch, units}, &p.gradient: {units, w * h}, &p.delta: {batch, units}, &p.other: {batch, w * h},
	} {
		var err error
		if *m, err = b.Alloc(shape[0], shape[1]); err != nil {
			t.Fatal(err)
		}
	}
	pixels := make([]byte, (batch+1)*w*h)
	for i := range pixels {
		pixels[i] = byte(i*i+i/7) | 1
	}
	src, err1 := b.ShareBytes(batch+1, w*h, pixels)
	start := make([]float32, units*w*h)
	for i := range start {
		start[i] = float32(i%13-6) / 64
	}
	if err2 := b.Write(p.w, start); err1 != nil || err2 != nil {
		t.Fatal(err1, err2)
	}
	p.ops = []compute.Op{
		compute.Warp{Dst: p.x, Src: src, Width: w, Height: h, Scale: 1. / 128, Shift: -1, Rotation: 0.5, Translation: 1, Stream: 3},
		compute.MatMul{Dst: p.z, A: p.x, B: p.w, TransB: true},
		compute.Activate{Dst: p.delta, Src: p.z, F: compute.Tanh},
		compute.MatMul{Dst: p.gradient, A: p.delta, B: p.x, TransA: true},
		compute.Update{W: p.w, G: p.gradient},
	}
	return p
}

// pictureCases are programs in which somebody else has to do with the images.
var pictureCases = []struct {
	name   string
	change func(p *pictured)
	silent bool // whether the numbers' memory is left alone, where there are kernels
}{
	{"as it is", func(p *pictured) {}, true},
	{"forward alone", func(p *pictured) { p.ops = p.ops[:2] }, true},
	{"gradient alone", func(p *pictured) { p.ops = slices.Delete(p.ops, 1, 2) }, true},
	{"read", func(p *pictured) { p.insert(1, compute.Activate{Dst: p.other, Src: p.x}) }, false},
	{"read at the end", func(p *pictured) { p.insert(5, compute.Activate{Dst: p.other, Src: p.x}) }, false},
	{"read in part", func(p *pictured) {
		p.insert(5, compute.Activate{Dst: p.other.RowRange(0, 2), Src: p.x.RowRange(3, 2)})
	}, false},
	{"changed before", func(p *pictured) { p.insert(1, compute.Fill{Dst: p.x.RowRange(2, 3), Value: 0.5}) }, false},
	{"changed between", func(p *pictured) { p.insert(2, compute.Fill{Dst: p.x.RowRange(2, 3), Value: 0.5}) }, false},
	{"distorted twice", func(p *pictured) {
		w := p.ops[0].(compute.Warp)
		w.Stream = 8
		p.insert(2, w)
	}, false},
	{"multiplied before", func(p *pictured) {
		p.insert(0, compute.Fill{Dst: p.x, Value: 0.5})
		p.insert(1, p.ops[2])
	}, false},
	{"a few of them multiplied", func(p *pictured) {
		p.insert(5, compute.MatMul{Dst: p.z.RowRange(0, 4), A: p.x.RowRange(1, 4), B: p.w, TransB: true})
	}, false},
	{"multiplied by themselves", func(p *pictured) {
		p.insert(5, compute.MatMul{Dst: compute.Mat{Buf: p.other.Buf, Rows: 9, Cols: 9}, A: p.x, B: p.x, TransB: true})
	}, false},
	{"dropped out", func(p *pictured) { p.insert(1, compute.Dropout{Dst: p.x, Src: p.x, Rate: 0.5}) }, false},
}

// TestPictures runs each program with the images' numbers being scratch, and with nothing being
// so, and has both make the same bits.
func TestPictures(t *testing.T) {
	level := simd.Current()
	defer simd.Set(level)
	for _, l := range simd.Levels() {
		for _, c := range pictureCases {
			t.Run(l.String()+","+c.name, func(t *testing.T) {
				simd.Set(l)
				want, _ := runPictured(t, c.change, false)
				got, x := runPictured(t, c.change, true)
				sameBits(t, c.name, got, want)
				untouched := !slices.ContainsFunc(x, func(v float32) bool { return v != 0 })
				if want := c.silent && l != simd.Off; untouched != want {
					t.Errorf("the numbers' memory is untouched: %t, want %t", untouched, want)
				}
			})
		}
	}
}

// runPictured returns what two runs of a program leave, and what is in the images' memory then.
func runPictured(t *testing.T, change func(*pictured), forget bool) (values [][]float32, x []float32) {
	t.Helper()
	b := cpu.New()
	defer b.Close()
	p := newPictured(t, b)
	change(p)
	program := compute.Program{Ops: p.ops}
	if forget {
		program.Scratch = []compute.Mat{p.x, p.gradient}
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
		values = append(values, read(p.w), read(p.z), read(p.delta), read(p.other))
	}
	return values, read(p.x)
}
