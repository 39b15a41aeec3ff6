package judge

import (
	"math"

	"shadegrad/compute"
)

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
	r := rules[op.Name()]
	unknown := func(int, int) bool { return false }
	if r.unknown != nil {
		unknown = r.unknown(op, g.p) // before the op overwrites its operands
	}
	flush := 0.
	if r.roundings != nil {
		flush = float64(r.roundings(op)) * smallestNormal
	}
	g.p.Evaluate(op, g.args)
	for _, m := range g.outputs(op) {
		unit, hits := 1., false
		if l, ok := op.(compute.Loss); ok {
			unit = min(1, math.Abs(float64(l.Weight)))
			if hits = m.Buf == l.Stats.Buf; !hits {
				unit = min(1, math.Abs(float64(l.Weight)*float64(l.Scale)))
			}
		}
		r := g.p.load(m)
		for e, v := range r.Val {
			size := math.Abs(v) + r.tol[e]
			switch {
			case !(size <= largestSafe*unit) || !(r.mag[e] <= largestSafe) || unknown(e/m.Cols, e%m.Cols):
				r.set(e, 0, math.Inf(1), 0)
			case r.tol[e] > 0 && (!hits || e%2 == 0): // what has no bound is exact, and so is a hit
				r.tol[e] += flush
			}
		}
	}
}
