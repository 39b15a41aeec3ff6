package fuse

import (
	"fmt"

	"shadegrad/compute"
)

const (
	// An invocation draws drawn random numbers together. The generator has the given number of rounds.
	drawn  = 8
	rounds = 10

	// Groups of square_sum.comp and max_norm.comp have sumLanes invocations, add up a tree of
	// sumTree levels, and begin a new sum after sumPiece terms.
	sumLanes = 64
	sumTree  = 6
	sumPiece = 32
	// squaresPerGroup is the number of squares that one group adds up.
	squaresPerGroup = 1 << 14
)

// Kernels replaces each dispatch of a single op by dispatches of the kernel with the op's name. Some
// ops take several dispatches.
func Kernels(list []Dispatch) []Dispatch {
	var all []Dispatch
	for _, d := range list {
		made := []Dispatch{d}
		switch o := d.single.(type) {
		case nil:
		case compute.MatMul:
			made = matMulKernels(o, d.maxTerms)
		case compute.SquareSum:
			made = squareSumKernels(o, d.scratch)
		default:
			made[0] = kernel(o, d.drop)
		}
		for _, k := range made {
			k.Op = d.Op
			all = append(all, k)
		}
	}
	return all
}

// kernel returns the dispatch of an op, and of the dropout of its results if there is one.
func kernel(op compute.Op, drop *compute.Dropout) Dispatch {
	ops := []string{op.Name()}
	if drop != nil {
		op = withResults(op, drop.Dst)
		ops = append(ops, drop.Name())
	}
	var k Dispatch
	switch o := op.(type) {
	case compute.Gather:
		k = Dispatch{X: o.Dst.Cols, Y: o.Dst.Rows, Values: Values{
			"Dst": o.Dst, "Src": o.Src, "Index": o.Index, "DROP": drop,
			"rows": o.Dst.Rows, "cols": o.Dst.Cols, "scale": o.Scale, "shift": o.Shift}}
	case compute.Take:
		k = Dispatch{X: o.Dst.Cols, Y: o.Dst.Rows, someRows: true, Values: Values{
			"Dst": o.Dst, "Src": o.Src, "Index": o.Index, "rows": o.Dst.Rows, "cols": o.Dst.Cols}}
	case compute.Activate:
		k = Dispatch{X: o.Dst.Cols, Y: o.Dst.Rows, Values: Values{
			"F": o.F, "Dst": o.Dst, "Src": o.Src, "Bias": optional(o.Bias), "rows": o.Dst.Rows, "cols": o.Dst.Cols}}
		if o.F == compute.Softmax {
			k.Work = float64(o.Dst.Len())
			k.X, k.Y, k.Loops = o.Dst.Rows, 1, 3*o.Dst.Cols
		}
	case compute.Delta:
		k = Dispatch{X: o.Dst.Len(), Values: Values{
			"F": o.F, "Dst": o.Dst, "Back": o.Back, "Y": o.Y, "count": o.Dst.Len()}}
	case compute.Loss:
		k = Dispatch{X: o.Z.Rows, Loops: 5 * o.Z.Cols, Values: Values{
			"LOSS": o, "Z": o.Z, "Bias": optional(o.Bias), "rows": o.Z.Rows, "cols": o.Z.Cols}}
	case compute.ColumnSum:
		const lanes, tree = 32, 5
		k = Dispatch{X: o.Src.Cols, Loops: o.Src.Rows/lanes*(lanes+1)/lanes + tree + 2, Values: Values{
			"Dst": o.Dst, "Src": o.Src, "rows": o.Src.Rows, "cols": o.Src.Cols}}
	case compute.Update:
		k = Dispatch{X: o.W.Len(), Loops: o.Norms.Cols, StepValues: o.Corrections, Values: Values{
			"RULE": o, "TERMS": decays(o), "CLIP": o.Clip != 0,
			"W": o.W, "G": o.G, "V": o.V, "S": o.S, "Norms": o.Norms,
			"l2": o.L2, "l1": o.L1, "decay": o.Decay, "clip": o.Clip, "norms": o.Norms.Cols, "count": o.W.Len()}}
	case compute.MaxNorm:
		k = Dispatch{Groups: o.W.Rows, Work: 3 * float64(o.W.Len()),
			Loops:  2*o.W.Cols/sumLanes + o.W.Cols/sumLanes/sumPiece + sumTree + 4,
			Values: Values{"W": o.W, "rows": o.W.Rows, "cols": o.W.Cols, "limit": o.Limit}}
	case compute.Average:
		k = Dispatch{X: o.Dst.Len(),
			StepValues: func(args compute.Args) (weight, none float32) { return o.Weight(args), 0 },
			Values:     Values{"Dst": o.Dst, "Src": o.Src, "count": o.Dst.Len()}}
	case compute.Dropout:
		threshold, keep := o.Threshold()
		k = Dispatch{X: parts(o.Dst.Len(), drawn), Loops: drawn + rounds, Values: Values{
			"Dst": o.Dst, "Src": o.Src, "count": o.Dst.Len(), "stream": o.Stream, "threshold": threshold, "keep": keep}}
	case compute.Noise:
		k = Dispatch{X: parts(o.Dst.Len(), drawn), Loops: drawn + rounds, Values: Values{
			"Dst": o.Dst, "count": o.Dst.Len(), "stream": o.Stream}}
	case compute.Warp:
		// An invocation computes several pixels of an image and draws its random numbers once.
		const pixels = 4
		least, most := float64(o.Alpha[0]), float64(o.Alpha[1])
		k = Dispatch{X: parts(o.Dst.Cols, pixels), Y: o.Dst.Rows, Loops: 2*pixels + rounds, Work: 40 * float64(o.Dst.Len()), Values: Values{
			"Dst": o.Dst, "Src": o.Src, "Index": o.Index, "Field": optional(o.Field), "Labels": o.Labels, "CALM": o.Calm != 0, "DROP": drop,
			"calmLow": uint32(o.Calm), "calmHigh": uint32(o.Calm >> 32),
			"rows": o.Dst.Rows, "width": o.Width, "height": o.Height, "scale": o.Scale, "shift": o.Shift,
			"alphaMiddle": float32((least + most) / 2), "alphaHalf": float32((most - least) / 2),
			"rotation": o.Rotation, "scaling": o.Scaling, "shear": o.Shear, "translation": o.Translation, "stream": o.Stream}}
	case compute.Fill:
		k = Dispatch{X: o.Dst.Len(), Values: Values{"Dst": o.Dst, "count": o.Dst.Len(), "value": o.Value}}
	default:
		panic(fmt.Sprintf("fuse: no kernel does op %T", op)) // an op of package compute is missing here
	}
	k.Kernel, k.Ops = op.Name(), ops
	if k.X > 0 {
		k.Y = max(k.Y, 1)
	}
	if k.Work == 0 {
		k.Work = float64(k.X) * float64(k.Y)
	}
	for _, o := range compute.Matrices(op) {
		if o.Mode == compute.In {
			k.Reads = append(k.Reads, o.Mat)
		} else {
			k.Writes = append(k.Writes, o.Mat)
		}
	}
	return k
}

// withResults returns an op that reads inputs, with another matrix for its results.
func withResults(op compute.Op, dst compute.Mat) compute.Op {
	switch o := op.(type) {
	case compute.Gather:
		o.Dst = dst
		return o
	case compute.Warp:
		o.Dst = dst
		return o
	}
	return op
}

// matMulKernels returns the dispatches of a product, of at most maxTerms terms each.
func matMulKernels(o compute.MatMul, maxTerms int) []Dispatch {
	m, n, k := dimensions(o)
	var list []Dispatch
	for begin := 0; begin < k; begin += maxTerms {
		terms := min(maxTerms, k-begin)
		list = append(list, Dispatch{Kernel: o.Name(), X: n, Y: m, Loops: terms + terms/piece + 1,
			Work:  2 * float64(m) * float64(n) * float64(terms),
			Reads: []compute.Mat{o.A, o.B}, Writes: []compute.Mat{o.Dst}, Ops: []string{o.Name()},
			Values: Values{"FORM": form(o), "ADD": begin > 0, "Dst": o.Dst, "A": o.A, "B": o.B,
				"m": m, "n": n, "k": k, "kBegin": begin, "kEnd": begin + terms}})
	}
	return list
}

// squareSumKernels returns the dispatches of a sum of squares: one group, or several groups whose sums
// are then added up like those of a column.
func squareSumKernels(o compute.SquareSum, scratch compute.Mat) []Dispatch {
	groups, dst := parts(o.Src.Len(), squaresPerGroup), o.Dst
	if groups > 1 {
		dst = scratch
	}
	list := []Dispatch{{Kernel: o.Name(), Groups: groups, Work: 2 * float64(o.Src.Len()),
		Loops: (squaresPerGroup/sumLanes)*(sumPiece+1)/sumPiece + sumTree + 2,
		Reads: []compute.Mat{o.Src}, Writes: []compute.Mat{dst}, Ops: []string{o.Name()},
		Values: Values{"Dst": dst, "Src": o.Src, "count": o.Src.Len(), "each": squaresPerGroup, "parts": groups}}}
	if groups > 1 {
		column := scratch
		column.Rows, column.Cols = groups, 1
		sum := kernel(compute.ColumnSum{Dst: o.Dst, Src: column}, nil)
		sum.Ops = []string{o.Name()}
		list = append(list, sum)
	}
	return list
}
