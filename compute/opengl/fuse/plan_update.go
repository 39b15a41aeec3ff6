package fuse

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

func planUpdate(o compute.Update) Plan {
	p := NewPlan("update", o.W.Len(), 1)
	p.Mat("W", o.W)
	p.Mat("G", o.G)
	p.rule(o)
	for name, m := range map[string]compute.Mat{"V": o.V, "S": o.S, "Norms": o.Norms} {
		p.Count(offsetName(name), 0)
		if !m.IsZero() {
			p.Mat(name, m)
		}
	}
	p.Count("count", o.W.Len())
	p.Float("l2", o.L2)
	p.Float("l1", o.L1)
	p.Float("decay", o.Decay)
	p.flag("TERMS", decays(o))
	p.flag("CLIP", o.Clip != 0)
	p.Float("clip", o.Clip)
	p.Count("norms", o.Norms.Cols)
	p.Loops = o.Norms.Cols
	return p
}

// rule says how gradients become steps.
func (p *Plan) rule(o compute.Update) {
	p.Defines["RULE"] = ruleName(o)
	p.Float("rho", o.Rho)
	p.Float("epsilon", o.Epsilon)
	p.StepValues = o.Corrections
}

func planAverage(o compute.Average) Plan {
	p := NewPlan("average", o.Dst.Len(), 1)
	p.Mat("Dst", o.Dst)
	p.Mat("Src", o.Src)
	p.Count("count", o.Dst.Len())
	p.StepValues = func(args compute.Args) (weight, none float32) { return o.Weight(args), 0 }
	return p
}

func planMaxNorm(o compute.MaxNorm) Plan {
	p := NewPlan("max_norm", 0, 0)
	p.Groups = o.W.Rows
	p.Work = 3 * float64(o.W.Len())
	p.Loops = 2*o.W.Cols/sumLanes + o.W.Cols/sumLanes/sumPiece + sumTree + 4
	p.Mat("W", o.W)
	p.shape(o.W)
	p.Float("limit", o.Limit)
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
func squareSumStage(o compute.SquareSum) Stage {
	parts := groupsOf(eachSum, o.Src.Len())
	if parts == 1 {
		return Stage{Choices: []Choice{{Plans: func(compute.Mat) []Plan { return []Plan{planSquareSum(o, o.Dst, 1)} }}}}
	}
	return Stage{Choices: []Choice{{Slots: parts, Plans: func(slots compute.Mat) []Plan {
		slots.Rows, slots.Cols = parts, 1
		sum := compute.ColumnSum{Dst: o.Dst, Src: slots}
		p := planColumnSum(sum)
		p.Reads, p.Writes, p.Ops = []compute.Mat{slots}, []compute.Mat{o.Dst}, []string{o.Name()}
		return []Plan{planSquareSum(o, slots, parts), p}
	}}}}
}

func planSquareSum(o compute.SquareSum, dst compute.Mat, parts int) Plan {
	p := NewPlan("square_sum", 0, 0)
	p.Groups = parts
	p.Work = 2 * float64(o.Src.Len())
	p.Loops = (eachSum/sumLanes)*(sumPiece+1)/sumPiece + sumTree + 2
	p.Mat("Dst", dst)
	p.Mat("Src", o.Src)
	p.Count("count", o.Src.Len())
	p.Count("each", eachSum)
	p.Count("parts", parts)
	p.Reads, p.Writes, p.Ops = []compute.Mat{o.Src}, []compute.Mat{dst}, []string{o.Name()}
	return p
}
