package judge

import (
	"math"
	"strings"

	"shadegrad/compute"
)

// kernelOf names an op with its form, as cases do.
func kernelOf(op compute.Op) string {
	switch o := op.(type) {
	case compute.MatMul:
		letter := map[bool]string{false: "n", true: "t"}
		return "matmul_" + letter[o.TransA] + letter[o.TransB]
	case compute.Activate:
		return "activate_" + o.F.String()
	case compute.Delta:
		return "delta_" + o.F.String()
	case compute.Loss:
		return "loss_" + o.F.String() + "_" + strings.ReplaceAll(o.Kind.String(), "-", "_")
	case compute.Update:
		if o.Rule != compute.SGD {
			return "update_" + o.Rule.String()
		}
	}
	return op.Name()
}

// outputs lists what an op writes; of Loss's Stats, the batch's rows.
func (g *Replay) outputs(op compute.Op) []compute.Mat {
	var list []compute.Mat
	for _, o := range compute.Matrices(op) {
		m := o.Mat
		if o.Mode == compute.In {
			continue
		}
		if l, ok := op.(compute.Loss); ok && o.Name == "Stats" {
			m = m.RowRange(g.args.Row, l.Z.Rows)
		}
		list = append(list, m)
	}
	return list
}

// do does an op in the reference, and gives up what may be beyond float32's range.
func (g *Replay) do(op compute.Op) {
	lost := g.lost(op) // before the op writes over what it reads
	evaluate(op, g.args, g.p)
	flush := float64(operations(op)) * smallestNormal
	for _, m := range g.outputs(op) {
		unit, hits := 1., false
		if l, ok := op.(compute.Loss); ok {
			unit = min(1, math.Abs(float64(l.Weight)))
			if hits = m.Buf == l.Stats.Buf; !hits {
				unit = min(1, math.Abs(float64(l.Weight)*float64(l.Scale)))
			}
		}
		r := g.p.load(m)
		for e, v := range r.val {
			size := math.Abs(v) + r.tol[e]
			switch {
			case !(size <= largestSafe*unit) || !(r.mag[e] <= largestSafe) || lost(e/m.Cols, e%m.Cols):
				r.set(e, 0, math.Inf(1), 0)
			case r.tol[e] > 0 && (!hits || e%2 == 0): // what has no bound is exact, and so is a hit
				r.tol[e] += flush
			}
		}
	}
}

// operations is how many roundings make an element of an op's result, about. Ops that are not
// here are exact.
func operations(op compute.Op) int {
	switch o := op.(type) {
	case compute.MatMul:
		if o.TransA {
			return 2 * o.A.Rows
		}
		return 2 * o.A.Cols
	case compute.ColumnSum:
		return o.Src.Rows
	case compute.Activate, compute.Delta, compute.Average:
		return 4
	case compute.Update:
		return 16 + o.Norms.Len()
	case compute.SquareSum:
		return 2 * o.Src.Len()
	case compute.MaxNorm:
		return 2*o.W.Cols + 4
	case compute.Dropout:
		return 1
	case compute.Loss:
		return 4 * o.Z.Cols
	}
	return 0
}

// lost tells which elements of an op's result are made of ones that may be anything.
// Where a factor may be an infinity the bound of a product says so, unless the other
// is 0 and the term was left out; and that of a loss is of outputs, which lie
// between 0 and 1.
func (g *Replay) lost(op compute.Op) func(i, j int) bool {
	switch o := op.(type) {
	case compute.MatMul:
		rows, cols := anywhere(g.p.load(o.A), o.TransA), anywhere(g.p.load(o.B), !o.TransB)
		return func(i, j int) bool { return rows[i] || cols[j] }
	case compute.Loss:
		return g.lostLoss(o)
	}
	return func(int, int) bool { return false }
}

// anywhere tells which rows of a matrix, or columns, have an element that may be
// anything.
func anywhere(m *grid, columns bool) []bool {
	list := make([]bool, m.rows)
	if columns {
		list = make([]bool, m.cols)
	}
	for e, tol := range m.tol {
		if math.IsInf(tol, 1) {
			if columns {
				list[e%m.cols] = true
			} else {
				list[e/m.cols] = true
			}
		}
	}
	return list
}

// lostLoss tells of op Loss which rows are made of what may be beyond float32's range.
func (g *Replay) lostLoss(o compute.Loss) func(i, j int) bool {
	z, b, t := g.p.load(o.Z), g.p.load(o.Bias), g.p.load(o.Targets)
	rows := make([]bool, z.rows)
	for e, v := range z.val {
		size := math.Abs(v) + z.tol[e]
		if b != nil {
			size += math.Abs(b.val[e%z.cols]) + b.tol[e%z.cols]
		}
		if t != nil {
			size = math.Max(size, math.Abs(t.val[e])+t.tol[e])
		}
		if !(size <= largestSafe) {
			rows[e/z.cols] = true
		}
	}
	return func(i, _ int) bool { return rows[i] }
}
