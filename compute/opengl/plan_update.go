//go:build cgo && !nogl

package opengl

import (
	"shadegrad/compute"
)

// ruleName names the rule of an update as kernels do.
func ruleName(o compute.Update) string {
	switch {
	case o.Rule == compute.SGD && !o.V.IsZero():
		return "MOMENTUM"
	case o.Rule == compute.SGD:
		return "SGD"
	case o.Rule == compute.Nesterov:
		return "NESTEROV"
	case o.Rule == compute.RMSProp:
		return "RMSPROP"
	}
	return "ADAM"
}

// decays tells whether an update has weight decay, of one kind or another.
func decays(o compute.Update) bool { return o.L2 != 0 || o.L1 != 0 || o.Decay != 0 }

func planUpdate(o compute.Update) plan {
	p := newPlan("update", o.W.Len(), 1)
	p.mat("W", o.W)
	p.mat("G", o.G)
	p.rule(o)
	for name, m := range map[string]compute.Mat{"V": o.V, "S": o.S, "Norms": o.Norms} {
		p.count(offsetName(name), 0)
		if !m.IsZero() {
			p.mat(name, m)
		}
	}
	p.count("count", o.W.Len())
	p.float("l2", o.L2)
	p.float("l1", o.L1)
	p.float("decay", o.Decay)
	p.flag("TERMS", decays(o))
	p.flag("CLIP", o.Clip != 0)
	p.float("clip", o.Clip)
	p.count("norms", o.Norms.Cols)
	p.loops = o.Norms.Cols
	return p
}

// rule says how gradients become steps.
func (p *plan) rule(o compute.Update) {
	p.defines["RULE"] = ruleName(o)
	p.float("rho", o.Rho)
	p.float("epsilon", o.Epsilon)
	p.stepValues = o.Corrections
}

func planAverage(o compute.Average) plan {
	p := newPlan("average", o.Dst.Len(), 1)
	p.mat("Dst", o.Dst)
	p.mat("Src", o.Src)
	p.count("count", o.Dst.Len())
	p.stepValues = func(args compute.Args) (weight, none float32) { return o.Weight(args), 0 }
	return p
}

func planMaxNorm(o compute.MaxNorm) plan {
	p := newPlan("max_norm", 0, 0)
	p.groups = o.W.Rows
	p.work = 3 * float64(o.W.Len())
	p.loops = 2*o.W.Cols/sumLanes + o.W.Cols/sumLanes/sumPiece + sumTree + 4
	p.mat("W", o.W)
	p.shape(o.W)
	p.float("limit", o.Limit)
	return p
}

// How the groups of square_sum.comp and max_norm.comp add up.
const (
	sumLanes = 64 // invocations
	sumTree  = 6  // levels of their tree
	sumPiece = 32 // terms of a piece
	// eachSum is how many squares one group adds up.
	eachSum = 1 << 14
)

// squareSumStage does a sum of squares in one group, or in several, whose sums are then
// added as those of a column.
func squareSumStage(o compute.SquareSum) stage {
	parts := groupsOf(eachSum, o.Src.Len())
	if parts == 1 {
		return stage{choices: []choice{{plans: func(compute.Mat) []plan { return []plan{planSquareSum(o, o.Dst, 1)} }}}}
	}
	return stage{choices: []choice{{slots: parts, plans: func(slots compute.Mat) []plan {
		slots.Rows, slots.Cols = parts, 1
		sum := compute.ColumnSum{Dst: o.Dst, Src: slots}
		p := planColumnSum(sum)
		p.reads, p.writes, p.ops = []compute.Mat{slots}, []compute.Mat{o.Dst}, []string{o.Name()}
		return []plan{planSquareSum(o, slots, parts), p}
	}}}}
}

func planSquareSum(o compute.SquareSum, dst compute.Mat, parts int) plan {
	p := newPlan("square_sum", 0, 0)
	p.groups = parts
	p.work = 2 * float64(o.Src.Len())
	p.loops = (eachSum/sumLanes)*(sumPiece+1)/sumPiece + sumTree + 2
	p.mat("Dst", dst)
	p.mat("Src", o.Src)
	p.count("count", o.Src.Len())
	p.count("each", eachSum)
	p.count("parts", parts)
	p.reads, p.writes, p.ops = []compute.Mat{o.Src}, []compute.Mat{dst}, []string{o.Name()}
	return p
}
