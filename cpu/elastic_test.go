package cpu_test

import (
	"slices"
	"testing"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/simd"
)

// A fielded is a program that distorts images by a field, with its matrices.
type fielded struct {
	noise, smooth, field, spare compute.Mat // the last as large as noise twice
	blurX, blurY, x, other      compute.Mat
	ops                         []compute.Op // noise, along x, along y, warp
	scratch                     []compute.Mat
}

const fieldedBatch, fieldedWidth, fieldedHeight = 21, 12, 7

// across returns the view of a field for the blur along y and for op Warp.
func across(m compute.Mat) compute.Mat {
	return compute.Mat{Buf: m.Buf, Off: m.Off, Rows: fieldedHeight, Cols: 2 * fieldedBatch * fieldedWidth}
}

// asRows returns the beginning of a matrix's memory in the shape of another.
func asRows(m, like compute.Mat) compute.Mat {
	return compute.Mat{Buf: m.Buf, Off: m.Off, Rows: like.Rows, Cols: like.Cols}
}

func newFielded(t *testing.T, b compute.Backend) *fielded {
	t.Helper()
	const batch, w, h = fieldedBatch, fieldedWidth, fieldedHeight
	f := &fielded{}
	for m, shape := range map[*compute.Mat][2]int{
		&f.noise: {2 * batch * h, w}, &f.smooth: {2 * batch * h, w}, &f.field: {2 * batch * h, w}, &f.spare: {4 * batch * h, w},
		&f.blurX: {w, w}, &f.blurY: {h, h}, &f.x: {batch, w * h}, &f.other: {batch, w * h},
	} {
		var err error
		if *m, err = b.Alloc(shape[0], shape[1]); err != nil {
			t.Fatal(err)
		}
	}
	pixels := make([]byte, (batch+1)*w*h)
	for i := range pixels {
		pixels[i] = byte(i*i) | 1
	}
	src, err := b.ShareBytes(batch+1, w*h, pixels)
	for _, err := range []error{err, b.Write(f.blurX, smoothing(w, 2)), b.Write(f.blurY, smoothing(h, 1.5))} {
		if err != nil {
			t.Fatal(err)
		}
	}
	f.ops = []compute.Op{
		compute.Noise{Dst: f.noise, Stream: 3},
		compute.MatMul{Dst: f.smooth, A: f.noise, B: f.blurX, TransB: true},
		compute.MatMul{Dst: across(f.field), A: f.blurY, B: across(f.smooth)},
		compute.Warp{Dst: f.x, Src: src, Field: across(f.field), Width: w, Height: h, Scale: 1, Alpha: [2]float32{5, 9}, Stream: 3},
	}
	return f
}

// insert inserts an op before op i.
func (f *fielded) insert(i int, op compute.Op) { f.ops = slices.Insert(f.ops, i, op) }

// fieldCases are programs in which another op uses the field or its parts, or in which the field is
// made in another way.
var fieldCases = []struct {
	name   string
	change func(f *fielded)
	fused  bool // the field's memory is not written
}{
	{"unchanged", func(f *fielded) {}, true},
	{"blur changed after it", func(f *fielded) { f.insert(4, compute.Fill{Dst: f.blurX, Value: 0.01}) }, true},
	{"noise is the field's memory", func(f *fielded) {
		y, w := f.ops[2].(compute.MatMul), f.ops[3].(compute.Warp)
		y.Dst, w.Field = across(f.noise), across(f.noise)
		f.ops[2], f.ops[3] = y, w
	}, true},
	{"field read", func(f *fielded) { f.insert(4, compute.Activate{Dst: f.other, Src: asRows(f.field, f.other)}) }, false},
	{"noise read", func(f *fielded) { f.insert(1, compute.Activate{Dst: f.other, Src: asRows(f.noise, f.other)}) }, false},
	{"blur along x changed", func(f *fielded) { f.insert(2, compute.Fill{Dst: f.blurX, Value: 0.01}) }, false},
	{"blur along y changed", func(f *fielded) { f.insert(3, compute.Fill{Dst: f.blurY.RowRange(1, 2), Value: 0.01}) }, false},
	{"noise changed", func(f *fielded) { f.insert(1, compute.Fill{Dst: f.noise.RowRange(5, 9), Value: 0.5}) }, false},
	{"smooth noise changed", func(f *fielded) { f.insert(2, compute.Fill{Dst: f.smooth.RowRange(5, 9), Value: 0.1}) }, false},
	{"field changed", func(f *fielded) { f.insert(3, compute.Fill{Dst: f.field.RowRange(5, 9), Value: 0.1}) }, false},
	{"part of larger noise", func(f *fielded) {
		n, x := f.ops[0].(compute.Noise), f.ops[1].(compute.MatMul)
		n.Dst, x.A = f.spare, f.spare.RowRange(f.noise.Rows, f.noise.Rows)
		f.ops[0], f.ops[1] = n, x
	}, false},
	{"noise drawn twice", func(f *fielded) { f.insert(1, compute.Noise{Dst: f.noise, Stream: 9}) }, false},
	{"two batches by one field", func(f *fielded) {
		w := f.ops[3].(compute.Warp)
		w.Dst, w.Stream = f.other, 7
		f.insert(4, w)
	}, false},
	{"blurred by the transpose", func(f *fielded) {
		x := f.ops[1].(compute.MatMul)
		x.TransB = false
		f.ops[1] = x
	}, false},
	{"along y first", func(f *fielded) {
		f.ops[1] = compute.MatMul{Dst: across(f.smooth), A: f.blurY, B: across(f.noise)}
		f.ops[2] = compute.MatMul{Dst: f.field, A: f.smooth, B: f.blurX, TransB: true}
	}, false},
	{"made of a part", func(f *fielded) {
		// Some rows of noise, smoothed along x, times a matrix of as many columns.
		n, x, y := f.ops[0].(compute.Noise), f.ops[1].(compute.MatMul), f.ops[2].(compute.MatMul)
		x.A, x.Dst = f.noise.RowRange(0, fieldedHeight), f.smooth.RowRange(0, fieldedHeight)
		n.Dst, y.Dst, y.B = x.A, f.field, x.Dst
		y.A = compute.Mat{Buf: f.spare.Buf, Rows: f.field.Rows, Cols: fieldedHeight}
		f.ops[0], f.ops[1], f.ops[2] = n, x, y
		f.insert(0, compute.Fill{Dst: f.spare, Value: 0.1})
		f.scratch = []compute.Mat{x.A, x.Dst}
	}, false},
	{"no noise", func(f *fielded) { f.ops[0] = compute.Fill{Dst: f.noise, Value: 0.3} }, false},
}

// TestFields runs each program with and without scratch matrices, and compares the results bit by
// bit.
func TestFields(t *testing.T) {
	level := simd.Current()
	defer simd.Set(level)
	for _, l := range simd.Levels() {
		for _, c := range fieldCases {
			t.Run(l.String()+","+c.name, func(t *testing.T) {
				simd.Set(l)
				want, kept := runFielded(t, c.change, false)
				if isZero(kept) {
					t.Error("the field was not written, although it is not scratch")
				}
				got, field := runFielded(t, c.change, true)
				sameBits(t, c.name, got, want)
				if isZero(field) != c.fused {
					t.Errorf("the field was not written: %t, want %t", isZero(field), c.fused)
				}
			})
		}
	}
}

func isZero(list []float32) bool {
	return !slices.ContainsFunc(list, func(v float32) bool { return v != 0 })
}

// runFielded returns the results of two runs of a program, and the contents of the field's memory.
func runFielded(t *testing.T, change func(*fielded), forget bool) (values [][]float32, field []float32) {
	t.Helper()
	b := cpu.New()
	defer b.Close()
	f := newFielded(t, b)
	change(f)
	p := compute.Program{Ops: f.ops}
	if forget {
		p.Scratch = []compute.Mat{f.noise, f.smooth, across(f.smooth), f.field, across(f.field), f.spare, across(f.noise)}
		p.Scratch = append(p.Scratch, f.scratch...)
	}
	x, err := b.Compile(p)
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
		x.Run(compute.Args{Row: i, Step: uint32(i), Seed: 1 << 40})
		values = append(values, read(f.x), read(f.other))
	}
	return values, append(read(f.noise), read(f.field)...)
}
