package contract

import (
	"errors"
	"strings"

	"shadegrad/compute"
	"shadegrad/compute/reference"
)

var compileChecks = []Check{
	{"compile/wrong programs are refused", badPrograms},
	{"compile/buffers of another element are refused", badElements},
	{"compile/buffers that are not the backend's are refused", badBuffers},
}

// A badOp is an op that Compile must refuse, with a part of the reason.
type badOp struct {
	op     compute.Op
	reason string
}

// badPrograms checks that invalid ops are refused: for each op one mistake of each kind. Package compute tests the rules of
// shapes itself.
func badPrograms(t *tester) {
	mat := func(rows, cols int) compute.Mat { return t.mat(rows, cols) }
	bytes, labels, index := t.bytes(9, 3), t.bytes(9, 1), t.index(5, 10)
	a, c, d := mat(3, 4), mat(4, 5), mat(3, 5)
	stats, row := mat(9, 2), mat(1, 5)
	half := a.RowRange(0, 2)
	lower := a.RowRange(1, 2)
	outside := a
	outside.Off = 1
	loss := compute.Loss{Delta: d, Stats: stats, Z: d, Labels: labels, F: compute.Softmax, On: 1, Weight: 1, Scale: 1}
	inLoss := func(change func(*compute.Loss)) compute.Loss {
		o := loss
		change(&o)
		return o
	}
	for _, bad := range []badOp{
		{nil, "the op is nil"},
		{compute.Gather{Dst: a, Src: bytes}, "3×4"},
		{compute.Gather{Dst: mat(2, 3), Src: bytes, Index: index}, "10"},
		{compute.Gather{Dst: mat(2, 3), Src: bytes, Index: compute.Index{Buf: index.Buf, Len: 5, Limit: 9}}, "10"},
		{compute.Gather{Dst: mat(2, 3)}, "Src"},
		{compute.MatMul{Dst: d, A: a, B: d}, "3×5"},
		{compute.MatMul{Dst: d, A: a, B: c, TransA: true}, "3×4ᵀ"},
		{compute.MatMul{Dst: d, A: a}, "B"},
		{compute.MatMul{Dst: mat(2, 2), A: outside, B: mat(4, 2)}, "outside"},
		{compute.MatMul{Dst: d, A: d, B: mat(5, 5)}, "share"},
		{compute.Activate{Dst: a, Src: d}, "3×5"},
		{compute.Activate{Dst: d, Src: d, Bias: a}, "Bias"},
		{compute.Activate{Dst: half, Src: lower}, "share"},
		{compute.Activate{Dst: d, Src: d, F: 17}, "17"},
		{compute.Delta{Dst: a, Back: d, Y: a}, "3×5"},
		{compute.Delta{Dst: a, Back: a, Y: a}, "share"},
		{compute.Delta{Dst: d, Back: d, Y: mat(3, 5), F: compute.Softmax}, "softmax"},
		{inLoss(func(o *compute.Loss) { o.Stats = d }), "Stats"},
		{inLoss(func(o *compute.Loss) { o.Labels = bytes }), "Labels"},
		{inLoss(func(o *compute.Loss) { o.Bias = a }), "Bias"},
		{inLoss(func(o *compute.Loss) { o.Delta = a }), "3×4"},
		{inLoss(func(o *compute.Loss) { o.F = compute.Tanh }), "tanh"},
		{inLoss(func(o *compute.Loss) { o.Index = index }), "10"},
		{compute.ColumnSum{Dst: a, Src: d}, "1×5"},
		{compute.ColumnSum{Dst: d.RowRange(1, 1), Src: d}, "share"},
		{compute.Update{W: a, G: d}, "3×5"},
		{compute.Update{W: d, V: d, G: mat(3, 5)}, "share"},
		{compute.Update{W: d, G: d}, "share"},
		{inLoss(func(o *compute.Loss) { o.Targets = mat(3, 5) }), "Labels"},
		{compute.Loss{Stats: stats, Z: d, Targets: a, Kind: compute.SquaredError}, "3×4"},
		{compute.Update{W: d, G: c, Rule: compute.RMSProp, Rho: 0.9}, "4×5"},
		{compute.Update{W: d, G: mat(3, 5), Rule: compute.Adam, V: mat(3, 5), Rho: 0.9}, "needs S"},
		{compute.Update{W: d, G: mat(3, 5), Clip: 1}, "Norms"},
		{compute.Update{W: row, G: mat(1, 5), Clip: 1, Norms: row}, "share"},
		{compute.Take{Dst: a, Src: d}, "3×5"},
		{compute.Take{Dst: mat(2, 5), Src: d, Index: index}, "10"},
		{compute.SquareSum{Dst: row, Src: a}, "1×5"},
		{compute.MaxNorm{W: a}, "Limit"},
		{compute.Average{Dst: a, Src: d}, "3×5"},
		{compute.Average{Dst: a, Src: a}, "share"},
		{compute.Dropout{Dst: d, Src: d, Rate: 1}, "Rate"},
		{compute.Dropout{Dst: half, Src: lower}, "share"},
		{compute.Noise{}, "Dst"},
		{compute.Warp{Dst: mat(2, 3), Src: bytes, Width: 2, Height: 1}, "2×1"},
		{compute.Warp{Dst: mat(2, 3), Src: bytes, Width: 3, Height: 1, Calm: 1}, "Labels"},
		{compute.Warp{Dst: mat(2, 3), Src: bytes, Width: 3, Height: 1, Field: mat(1, 6)}, "1×12"},
		{compute.Fill{}, "Dst"},
		{compute.Fill{Dst: compute.Mat{Buf: row.Buf, Rows: 0, Cols: 5}}, "0×5"},
	} {
		t.refusedOp(row, bad)
	}
	t.sync()
}

// refusedOp compiles a wrong op as the second of a program, and requires that the error names the op and the reason.
func (t *tester) refusedOp(row compute.Mat, bad badOp) {
	name := "nil"
	if bad.op != nil {
		name = bad.op.Name()
	}
	_, err := t.Compile(compute.Program{Name: "wrong", Ops: []compute.Op{compute.Fill{Dst: row}, bad.op}})
	var opErr *compute.OpError
	switch {
	case err == nil:
		t.fail("compile accepts a wrong op %s: %+v", name, bad.op)
	case !errors.As(err, &opErr):
		t.fail("op %s: the error is not a *compute.OpError: %w", name, err)
	case opErr.Program != "wrong" || opErr.Index != 1 || opErr.Op != name:
		t.fail("op %s, number 1 of program \"wrong\": the error names another op: %w", name, err)
	case !strings.Contains(err.Error(), bad.reason):
		t.fail("op %s: the error lacks %q: %w", name, bad.reason, err)
	}
}

// badElements checks that ops are refused if their operands are buffers of another element type.
func badElements(t *tester) {
	row, bytes, index, stats := t.mat(1, 4), t.bytes(1, 4), t.index(4, 1), t.mat(1, 2)
	loss := compute.Loss{Stats: stats, Z: row, F: compute.Softmax}
	loss.Labels = compute.Bytes{Buf: row.Buf, Rows: 1, Cols: 1}
	for _, bad := range []badOp{
		{compute.Fill{Dst: compute.Mat{Buf: bytes.Buf, Rows: 1, Cols: 4}}, "Dst 1×4 is not a matrix of float32s"},
		{compute.Activate{Dst: row, Src: compute.Mat{Buf: index.Buf, Rows: 1, Cols: 4}}, "Src 1×4 is not a matrix of float32s"},
		{compute.Gather{Dst: row, Src: compute.Bytes{Buf: row.Buf, Rows: 1, Cols: 4}}, "Src is not a buffer of bytes"},
		{compute.Gather{Dst: row, Src: bytes, Index: compute.Index{Buf: bytes.Buf, Len: 4, Limit: 1}}, "Index is not a buffer of row numbers"},
		{loss, "Labels is not a buffer of bytes"},
		{compute.Take{Dst: row, Src: compute.Mat{Buf: bytes.Buf, Rows: 1, Cols: 4}}, "Src 1×4 is not a matrix of float32s"},
		{compute.Warp{Dst: row, Src: compute.Bytes{Buf: row.Buf, Rows: 1, Cols: 4}, Width: 4, Height: 1}, "Src is not a buffer of bytes"},
		{compute.Warp{Dst: row, Src: bytes, Labels: compute.Bytes{Buf: index.Buf, Rows: 1, Cols: 1}, Width: 4, Height: 1}, "Labels is not a buffer of bytes"},
	} {
		t.refusedOp(row, bad)
	}
	t.sync()
}

// badBuffers checks that ops are refused if a buffer was freed, or belongs to another backend or to none.
func badBuffers(t *tester) {
	twin := t.tester()
	row, gone, twins := t.mat(1, 4), t.mat(1, 4), twin.mat(1, 4)
	foreign, err := reference.New().Alloc(1, 4)
	t.must("alloc", err)
	bytes, twinBytes, twinIndex := t.bytes(3, 4), twin.bytes(3, 4), twin.index(3, 3)
	t.Free(gone.Buf)
	for _, m := range []compute.Mat{gone, twins, foreign, {Buf: stranger(4), Rows: 1, Cols: 4}} {
		for _, op := range []compute.Op{
			compute.Fill{Dst: m}, compute.Activate{Dst: row, Src: m}, compute.Update{W: row, G: m}, compute.Gather{Dst: m, Src: bytes},
		} {
			t.refusedOp(row, badOp{op, ""})
		}
	}
	t.refusedOp(row, badOp{compute.Gather{Dst: row, Src: twinBytes}, ""})
	t.refusedOp(row, badOp{compute.Gather{Dst: row, Src: bytes, Index: twinIndex}, ""})
	t.sync()
	twin.sync()
}
