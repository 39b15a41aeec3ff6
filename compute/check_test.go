package compute

import (
	"errors"
	"math"
	"strings"
	"testing"
)

// A memoryBuffer is a buffer of some elements. The name makes buffers distinct.
type memoryBuffer struct {
	name  string
	elems int
}

func (b *memoryBuffer) Elems() int { return b.elems }

// mat returns a matrix that fills a new buffer.
func mat(rows, cols int) Mat { return Mat{&memoryBuffer{"", rows * cols}, 0, rows, cols} }

func octets(rows, cols int) Bytes { return Bytes{&memoryBuffer{"", rows * cols}, rows, cols} }

func index(n, limit int) Index { return Index{&memoryBuffer{"", n}, n, limit} }

func ownsAll(Buffer, Element) bool { return true }

// checked returns the error of Check for an op, or "".
func checked(t *testing.T, op Op) string {
	t.Helper()
	err := Program{Name: "p", Ops: []Op{op}}.Check(ownsAll)
	if err == nil {
		return ""
	}
	var opErr *OpError
	if !errors.As(err, &opErr) || opErr.Program != "p" || opErr.Index != 0 {
		t.Errorf("Check returned %v, want an *OpError of op 0", err)
	}
	return err.Error()
}

// A verdict is an op and part of the error of Check, or "" if the op is valid.
type verdict struct {
	op     Op
	reason string
}

func (v verdict) test(t *testing.T) {
	t.Helper()
	got := checked(t, v.op)
	if v.reason == "" && got != "" {
		t.Errorf("%#v is refused: %s", v.op, got)
	}
	if v.reason != "" && !strings.Contains(got, v.reason) {
		t.Errorf("%#v: error %q, want one with %q", v.op, got, v.reason)
	}
}

func TestGatherShapes(t *testing.T) {
	for _, v := range []verdict{
		{Gather{Dst: mat(3, 4), Src: octets(9, 4)}, ""},
		{Gather{Dst: mat(3, 4), Src: octets(9, 4), Index: index(5, 9)}, ""},
		{Gather{Dst: mat(3, 4), Src: octets(9, 4), Index: index(5, 7)}, ""},
		{Gather{Src: octets(9, 4)}, "Dst is missing"},
		{Gather{Dst: mat(3, 4)}, "Src is missing"},
		{Gather{Dst: mat(3, 4), Src: octets(9, 5)}, "Dst 3×4 and Src 9×5 bytes differ in columns"},
		{Gather{Dst: mat(3, 4), Src: Bytes{&memoryBuffer{"", 35}, 9, 4}}, "larger than its buffer of 35 bytes"},
		{Gather{Dst: mat(3, 4), Src: Bytes{&memoryBuffer{"", 36}, math.MaxInt, 4}}, "larger than its buffer"},
		{Gather{Dst: mat(3, 4), Src: Bytes{&memoryBuffer{"", 36}, 0, 4}}, "both must be positive"},
		{Gather{Dst: mat(3, 4), Src: Bytes{&memoryBuffer{"", 36}, 9, -4}}, "both must be positive"},
		{Gather{Dst: mat(3, 4), Src: octets(9, 4), Index: index(5, 10)}, "rows below 10, but there are 9"},
		{Gather{Dst: mat(3, 4), Src: octets(9, 4), Index: index(5, 0)}, "rows below 0"},
		{Gather{Dst: mat(3, 4), Src: octets(9, 4), Index: Index{&memoryBuffer{"", 5}, 6, 9}}, "Index of 6 entries does not fit its buffer of 5"},
		{Gather{Dst: mat(3, 4), Src: octets(9, 4), Index: Index{&memoryBuffer{"", 5}, 0, 9}}, "Index of 0 entries"},
	} {
		v.test(t)
	}
}

func TestMatMulShapes(t *testing.T) {
	for _, v := range []verdict{
		{MatMul{Dst: mat(2, 4), A: mat(2, 3), B: mat(3, 4)}, ""},
		{MatMul{Dst: mat(2, 4), A: mat(3, 2), B: mat(3, 4), TransA: true}, ""},
		{MatMul{Dst: mat(2, 4), A: mat(2, 3), B: mat(4, 3), TransB: true}, ""},
		{MatMul{Dst: mat(2, 4), A: mat(3, 2), B: mat(4, 3), TransA: true, TransB: true}, ""},
		{MatMul{Dst: mat(2, 4), A: mat(2, 3), B: mat(3, 4), TransA: true}, "Dst 2×4 is not the product of A 2×3ᵀ and B 3×4"},
		{MatMul{Dst: mat(2, 4), A: mat(2, 3), B: mat(3, 4), TransB: true}, "Dst 2×4 is not the product of A 2×3 and B 3×4ᵀ"},
		{MatMul{Dst: mat(4, 2), A: mat(2, 3), B: mat(3, 4)}, "not the product"},
		{MatMul{Dst: mat(2, 3), A: mat(2, 3), B: mat(3, 4)}, "not the product"},
		{MatMul{Dst: mat(2, 4), A: mat(2, 2), B: mat(3, 4)}, "not the product"},
		{MatMul{A: mat(2, 3), B: mat(3, 4)}, "Dst is missing"},
		{MatMul{Dst: mat(2, 4), B: mat(3, 4)}, "A is missing"},
		{MatMul{Dst: mat(2, 4), A: mat(2, 3)}, "B is missing"},
	} {
		v.test(t)
	}
}

func TestActivateShapes(t *testing.T) {
	for _, v := range []verdict{
		{Activate{Dst: mat(2, 4), Src: mat(2, 4)}, ""},
		{Activate{Dst: mat(2, 4), Src: mat(2, 4), Bias: mat(1, 4), F: Softmax}, ""},
		{Activate{Dst: mat(2, 4), Src: mat(4, 2)}, "Dst 2×4 and Src 4×2 differ in shape"},
		{Activate{Dst: mat(2, 4), Src: mat(2, 4), Bias: mat(1, 2)}, "Bias 1×2 must be 1×4"},
		{Activate{Dst: mat(2, 4), Src: mat(2, 4), Bias: mat(2, 4)}, "Bias 2×4 must be 1×4"},
		{Activate{Src: mat(2, 4)}, "Dst is missing"},
		{Activate{Dst: mat(2, 4)}, "Src is missing"},
		{Activate{Dst: mat(2, 4), Src: mat(2, 4), F: -1}, "unknown activation(-1)"},
		{Activate{Dst: mat(2, 4), Src: mat(2, 4), F: LeakyReLU + 1}, "unknown activation(7)"},
	} {
		v.test(t)
	}
}

func TestDeltaShapes(t *testing.T) {
	for _, v := range []verdict{
		{Delta{Dst: mat(2, 4), Back: mat(2, 4), Y: mat(2, 4), F: ReLU}, ""},
		{Delta{Dst: mat(2, 4), Back: mat(2, 3), Y: mat(2, 4)}, "Dst 2×4 and Back 2×3 differ in shape"},
		{Delta{Dst: mat(2, 4), Back: mat(2, 4), Y: mat(1, 4)}, "Dst 2×4 and Y 1×4 differ in shape"},
		{Delta{Dst: mat(2, 4), Back: mat(2, 4), Y: mat(2, 4), F: Softmax}, "softmax"},
		{Delta{Dst: mat(2, 4), Back: mat(2, 4), Y: mat(2, 4), F: 9}, "unknown activation(9)"},
		{Delta{Dst: mat(2, 4), Back: mat(2, 4)}, "Y is missing"},
		{Delta{Dst: mat(2, 4), Y: mat(2, 4)}, "Back is missing"},
		{Delta{Back: mat(2, 4), Y: mat(2, 4)}, "Dst is missing"},
	} {
		v.test(t)
	}
}

func TestLossShapes(t *testing.T) {
	good := Loss{Delta: mat(3, 4), Stats: mat(9, 2), Z: mat(3, 4), Bias: mat(1, 4), Labels: octets(9, 1), Index: index(7, 9), F: Softmax}
	but := func(change func(*Loss)) Loss {
		o := good
		change(&o)
		return o
	}
	for _, v := range []verdict{
		{good, ""},
		{but(func(o *Loss) { o.Delta, o.Bias, o.Index = Mat{}, Mat{}, Index{} }), ""},
		{but(func(o *Loss) { o.F = Sigmoid }), ""},
		{but(func(o *Loss) { o.F, o.Kind = Tanh, SquaredError }), ""},
		{but(func(o *Loss) { o.F, o.Kind = Softmax, SquaredError }), ""},
		{but(func(o *Loss) { o.F = Tanh }), "cross-entropy needs softmax or sigmoid outputs, not tanh"},
		{but(func(o *Loss) { o.F = ReLU }), "not relu"},
		{but(func(o *Loss) { o.F = Identity }), "not identity"},
		{but(func(o *Loss) { o.F = 7 }), "unknown activation(7)"},
		{but(func(o *Loss) { o.Kind = 2 }), "unknown kind loss(2)"},
		{but(func(o *Loss) { o.Kind = -1 }), "unknown kind loss(-1)"},
		{but(func(o *Loss) { o.Stats = mat(9, 3) }), "Stats 9×3 must have 2 columns"},
		{but(func(o *Loss) { o.Stats = Mat{} }), "Stats is missing"},
		{but(func(o *Loss) { o.Z = Mat{} }), "Z is missing"},
		{but(func(o *Loss) { o.Labels = octets(9, 2) }), "Labels 9×2 bytes must have 1 column"},
		{but(func(o *Loss) { o.Labels = Bytes{Rows: 9, Cols: 1} }), "Labels is missing"},
		{but(func(o *Loss) { o.Delta = mat(4, 3) }), "Delta 4×3 and Z 3×4 differ in shape"},
		{but(func(o *Loss) { o.Bias = mat(1, 3) }), "Bias 1×3 must be 1×4"},
		{but(func(o *Loss) { o.Index = index(7, 10) }), "rows below 10, but there are 9"},
	} {
		v.test(t)
	}
}

func TestOtherShapes(t *testing.T) {
	for _, v := range []verdict{
		{ColumnSum{Dst: mat(1, 4), Src: mat(3, 4)}, ""},
		{ColumnSum{Dst: mat(1, 3), Src: mat(3, 4)}, "Dst 1×3 must be 1×4"},
		{ColumnSum{Dst: mat(4, 1), Src: mat(3, 4)}, "Dst 4×1 must be 1×4"},
		{ColumnSum{Src: mat(3, 4)}, "Dst is missing"},
		{ColumnSum{Dst: mat(1, 4)}, "Src is missing"},
		{Update{W: mat(3, 4), G: mat(3, 4)}, ""},
		{Update{W: mat(3, 4), V: mat(3, 4), G: mat(3, 4)}, ""},
		{Update{W: mat(3, 4), G: mat(4, 3)}, "W 3×4 and G 4×3 differ in shape"},
		{Update{W: mat(3, 4), V: mat(4, 3), G: mat(3, 4)}, "W 3×4 and V 4×3 differ in shape"},
		{Update{G: mat(3, 4)}, "W is missing"},
		{Update{W: mat(3, 4)}, "G is missing"},
		{Fill{Dst: mat(3, 4)}, ""},
		{Fill{}, "Dst is missing"},
		{nil, "the op is nil"},
	} {
		v.test(t)
	}
}

// TestMatrixBounds checks the rules for every matrix of any op.
func TestMatrixBounds(t *testing.T) {
	buf := &memoryBuffer{"", 12}
	for _, v := range []verdict{
		{Fill{Dst: Mat{buf, 0, 3, 4}}, ""},
		{Fill{Dst: Mat{buf, 10, 1, 2}}, ""},
		{Fill{Dst: Mat{buf, 11, 1, 2}}, "Dst is 1×2 at offset 11, outside its buffer of 12 elements"},
		{Fill{Dst: Mat{buf, -1, 1, 2}}, "at offset -1, outside"},
		{Fill{Dst: Mat{buf, math.MaxInt, 1, 2}}, "outside"},
		{Fill{Dst: Mat{buf, 0, 4, 4}}, "outside its buffer of 12 elements"},
		{Fill{Dst: Mat{buf, 0, 0, 4}}, "Dst is 0×4: both must be positive"},
		{Fill{Dst: Mat{buf, 0, 4, -1}}, "both must be positive"},
		{Fill{Dst: Mat{buf, 0, -2, -2}}, "both must be positive"},
		{Fill{Dst: Mat{buf, 0, math.MaxInt, math.MaxInt}}, "more than 2147483647 elements"},
		{Fill{Dst: Mat{buf, 0, math.MaxInt/2 + 1, 2}}, "more than 2147483647 elements"},
		{Fill{Dst: Mat{buf, 0, 1 << 16, 1 << 16}}, "more than 2147483647 elements"},
	} {
		v.test(t)
	}
}

func TestOverlap(t *testing.T) {
	buf := &memoryBuffer{"", 100}
	at := func(off, rows, cols int) Mat { return Mat{buf, off, rows, cols} }
	for _, v := range []verdict{
		// Neighbours share nothing.
		{Activate{Dst: at(0, 2, 3), Src: at(6, 2, 3)}, ""},
		{Activate{Dst: at(6, 2, 3), Src: at(0, 2, 3)}, ""},
		{Activate{Dst: at(0, 2, 3), Src: at(5, 2, 3)}, "Dst and Src share memory"},
		{Activate{Dst: at(5, 2, 3), Src: at(0, 2, 3)}, "Dst and Src share memory"},
		// The same view, elementwise.
		{Activate{Dst: at(0, 2, 3), Src: at(0, 2, 3)}, ""},
		{Activate{Dst: at(0, 2, 3), Src: at(0, 2, 3), Bias: at(3, 1, 3)}, "Dst and Bias share memory"},
		{Activate{Dst: at(0, 1, 3), Src: at(10, 1, 3), Bias: at(0, 1, 3)}, "Dst and Bias share memory"},
		{Delta{Dst: at(0, 2, 3), Back: at(0, 2, 3), Y: at(6, 2, 3)}, ""},
		{Delta{Dst: at(0, 2, 3), Back: at(6, 2, 3), Y: at(0, 2, 3)}, "Dst and Y share memory"},
		{Delta{Dst: at(0, 2, 3), Back: at(0, 2, 3), Y: at(0, 2, 3)}, "Dst and Y share memory"},
		// Operands that are only read may overlap.
		{Delta{Dst: at(0, 2, 3), Back: at(6, 2, 3), Y: at(6, 2, 3)}, ""},
		{MatMul{Dst: at(0, 3, 3), A: at(20, 3, 3), B: at(20, 3, 3)}, ""},
		{MatMul{Dst: at(0, 3, 3), A: at(0, 3, 3), B: at(20, 3, 3)}, "Dst and A share memory"},
		{MatMul{Dst: at(0, 3, 3), A: at(20, 3, 3), B: at(8, 3, 3)}, "Dst and B share memory"},
		{ColumnSum{Dst: at(0, 1, 3), Src: at(0, 1, 3)}, "Dst and Src share memory"},
		{Update{W: at(0, 2, 3), G: at(0, 2, 3)}, "W and G share memory"},
		{Update{W: at(0, 2, 3), V: at(0, 2, 3), G: at(20, 2, 3)}, "W and V share memory"},
		{Update{W: at(0, 2, 3), V: at(10, 2, 3), G: at(10, 2, 3)}, "V and G share memory"},
		{Loss{Delta: at(0, 2, 3), Z: at(0, 2, 3), Stats: at(10, 2, 2), Labels: octets(2, 1), F: Softmax}, ""},
		{Loss{Delta: at(0, 2, 3), Z: at(1, 2, 3), Stats: at(10, 2, 2), Labels: octets(2, 1), F: Softmax}, "Delta and Z share memory"},
		{Loss{Delta: at(0, 2, 3), Z: at(0, 2, 3), Stats: at(4, 2, 2), Labels: octets(2, 1), F: Softmax}, "share memory"},
		{Loss{Delta: at(0, 2, 3), Z: at(0, 2, 3), Bias: at(3, 1, 3), Stats: at(10, 2, 2), Labels: octets(2, 1), F: Softmax}, "Delta and Bias share memory"},
		{Loss{Z: at(0, 2, 3), Stats: at(4, 2, 2), Labels: octets(2, 1), F: Softmax}, "Stats and Z share memory"},
	} {
		v.test(t)
	}
}

func TestOwners(t *testing.T) {
	foreign := &memoryBuffer{"foreign", 100}
	owns := func(b Buffer, _ Element) bool { return b != Buffer(foreign) }
	for _, c := range []struct {
		op   Op
		name string
	}{
		{Fill{Dst: Mat{foreign, 0, 2, 2}}, "Dst"},
		{Activate{Dst: mat(2, 2), Src: Mat{foreign, 0, 2, 2}}, "Src"},
		{Gather{Dst: mat(2, 2), Src: Bytes{foreign, 50, 2}}, "Src"},
		{Gather{Dst: mat(2, 2), Src: octets(50, 2), Index: Index{foreign, 50, 50}}, "Index"},
		{Loss{Stats: mat(2, 2), Z: mat(2, 3), Labels: Bytes{foreign, 100, 1}, F: Softmax}, "Labels"},
		{Loss{Stats: mat(2, 2), Z: mat(2, 3), Labels: octets(50, 1), Index: Index{foreign, 50, 50}, F: Softmax}, "Index"},
	} {
		err := Program{Ops: []Op{c.op}}.Check(owns)
		if err == nil || !strings.Contains(err.Error(), c.name) || !strings.Contains(err.Error(), "of this backend, or was freed") {
			t.Errorf("%#v: %v", c.op, err)
		}
		if err := (Program{Ops: []Op{c.op}}).Check(ownsAll); err != nil {
			t.Errorf("%#v, owned: %v", c.op, err)
		}
	}
}

func TestOpErrorNamesTheOp(t *testing.T) {
	p := Program{Name: "step", Ops: []Op{Fill{Dst: mat(1, 1)}, Fill{Dst: mat(1, 1)}, MatMul{Dst: mat(2, 2), A: mat(2, 3), B: mat(2, 2)}}}
	const want = `program "step", op 2 (matmul): Dst 2×2 is not the product of A 2×3 and B 2×2`
	if err := p.Check(ownsAll); err == nil || err.Error() != want {
		t.Errorf("Check returned %v, want %s", err, want)
	}
}

func TestCheckArgs(t *testing.T) {
	gather := Gather{Dst: mat(4, 1), Src: octets(10, 1)}
	indexed := Gather{Dst: mat(4, 1), Src: octets(100, 1), Index: index(10, 100)}
	longIndex := Gather{Dst: mat(4, 1), Src: octets(3, 1), Index: index(10, 3)}
	loss := Loss{Stats: mat(10, 2), Z: mat(4, 3), Labels: octets(100, 1), F: Softmax}
	fewLabels := Loss{Stats: mat(100, 2), Z: mat(4, 3), Labels: octets(10, 1), F: Softmax}
	for _, op := range []Op{gather, indexed, longIndex, loss, fewLabels} {
		p := Program{Name: "p", Ops: []Op{Fill{Dst: mat(1, 1)}, op}}
		for _, row := range []int{0, 6, 7, 10, -1, math.MaxInt, math.MaxInt - 3, math.MinInt, math.MaxInt32} {
			good := row == 0 || row == 6
			err := p.CheckArgs(Args{Row: row})
			var opErr *OpError
			switch {
			case good && err != nil:
				t.Errorf("%s, row %d: %v", op.Name(), row, err)
			case !good && !errors.As(err, &opErr):
				t.Errorf("%s, row %d of 10: error %v", op.Name(), row, err)
			case !good && (opErr.Index != 1 || opErr.Op != op.Name() || !strings.Contains(err.Error(), "in 10 rows")):
				t.Errorf("%s, row %d of 10: %v", op.Name(), row, err)
			}
		}
	}
	// A batch larger than the data set never fits.
	if err := (Program{Ops: []Op{Gather{Dst: mat(4, 1), Src: octets(3, 1)}}}).CheckArgs(Args{}); err == nil {
		t.Error("a batch of 4 rows of 3 is accepted")
	}
	if err := (Program{Ops: []Op{Fill{Dst: mat(1, 1)}}}).CheckArgs(Args{Row: -5}); err != nil {
		t.Errorf("a program without batches: %v", err)
	}
}
