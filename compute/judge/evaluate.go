package judge

import (
	"fmt"

	"shadegrad/compute"
)

// A memory holds the operands of ops.
type memory interface {
	// load returns a matrix, or nil for none. The grid is not changed.
	load(compute.Mat) *grid
	// store replaces the elements of a matrix.
	store(compute.Mat, *grid)
	bytes(compute.Bytes) []byte
	// index returns row numbers, or nil for the natural order.
	index(compute.Index) []uint32
}

// evaluate does an op as its doc comment in package compute says.
func evaluate(op compute.Op, args compute.Args, mem memory) {
	switch o := op.(type) {
	case compute.Gather:
		mem.store(o.Dst, gather(o, args, mem.bytes(o.Src), mem.index(o.Index)))
	case compute.Take:
		mem.store(o.Dst, take(o, args, mem.load(o.Src), mem.index(o.Index)))
	case compute.MatMul:
		mem.store(o.Dst, matmul(mem.load(o.A), mem.load(o.B), o.TransA, o.TransB))
	case compute.Activate:
		mem.store(o.Dst, activate(mem.load(o.Src), mem.load(o.Bias), o.F))
	case compute.Delta:
		mem.store(o.Dst, delta(mem.load(o.Back), mem.load(o.Y), o.F))
	case compute.Loss:
		want := goal{targets: mem.load(o.Targets)}
		if want.targets == nil {
			want.labels, want.index = mem.bytes(o.Labels), mem.index(o.Index)
		}
		gradient, stats := loss(o, args, mem.load(o.Z), mem.load(o.Bias), want)
		if !o.Delta.IsZero() {
			mem.store(o.Delta, gradient)
		}
		mem.store(o.Stats.RowRange(args.Row, o.Z.Rows), stats)
	case compute.ColumnSum:
		mem.store(o.Dst, columnSum(mem.load(o.Src)))
	case compute.Update:
		w, v, s := update(o, args, mem.load(o.W), mem.load(o.V), mem.load(o.S), mem.load(o.G), mem.load(o.Norms))
		mem.store(o.W, w)
		if v != nil {
			mem.store(o.V, v)
		}
		if s != nil {
			mem.store(o.S, s)
		}
	case compute.SquareSum:
		mem.store(o.Dst, squareSum(mem.load(o.Src)))
	case compute.MaxNorm:
		mem.store(o.W, maxNorm(o, mem.load(o.W)))
	case compute.Average:
		mem.store(o.Dst, average(o, args, mem.load(o.Dst), mem.load(o.Src)))
	case compute.Fill:
		mem.store(o.Dst, fill(o))
	case compute.Dropout:
		mem.store(o.Dst, dropout(o, args, mem.load(o.Src)))
	case compute.Noise:
		mem.store(o.Dst, noise(o, args))
	case compute.Warp:
		var labels []byte
		if o.Labels.Buf != nil {
			labels = mem.bytes(o.Labels)
		}
		mem.store(o.Dst, warp(o, args, mem.bytes(o.Src), labels, mem.load(o.Field), mem.index(o.Index)))
	default:
		panic(fmt.Sprintf("judge: no reference of op %T", op))
	}
}
