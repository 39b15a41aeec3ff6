package cases

import "shadegrad/compute"

// trainingOrderings are orderings with the optional ops of a training.
var trainingOrderings = []ordering{
	{"weights that change are bounded before", func(t *firstLayer) (mats, ops) {
		return mats{t.g}, ops{t.product, compute.MaxNorm{W: t.w, Limit: 1}, t.update}
	}},
	{"bounded weights are read in between", func(t *firstLayer) (mats, ops) {
		return mats{t.g}, ops{t.product, t.update, compute.ColumnSum{Dst: t.sum, Src: t.w}, compute.MaxNorm{W: t.w, Limit: 1}}
	}},
	{"half of the weights is bounded", func(t *firstLayer) (mats, ops) {
		return mats{t.g}, ops{t.product, t.update, compute.MaxNorm{W: t.w.RowRange(3, 20), Limit: 1}}
	}},
	{"average is of the weights before they change", func(t *firstLayer) (mats, ops) {
		return mats{t.g}, ops{t.product, compute.Average{Dst: t.other, Src: t.w, Decay: 0.5}, t.update}
	}},
	{"norm is of the gradient before it changes", func(t *firstLayer) (mats, ops) {
		norm, clipped := t.norm(), t.update
		clipped.Clip, clipped.Norms = 0.5, norm
		return mats{t.g}, ops{t.product, compute.SquareSum{Dst: norm, Src: t.g}, compute.Fill{Dst: t.g.RowRange(2, 9), Value: 0.125}, clipped}
	}},
	{"norm is that of another gradient", func(t *firstLayer) (mats, ops) {
		norm, clipped := t.norm(), t.update
		clipped.Clip, clipped.Norms = 0.5, norm
		return mats{t.g}, ops{compute.SquareSum{Dst: norm, Src: t.other}, t.product, clipped}
	}},
	{"norm is that of the run before", func(t *firstLayer) (mats, ops) {
		norm, clipped := t.norm(), t.update
		clipped.Clip, clipped.Norms = 0.5, norm
		return mats{t.g}, ops{t.product, clipped, compute.SquareSum{Dst: norm, Src: t.g}}
	}},
	{"squares are the deltas the gradient is made of", func(t *firstLayer) (mats, ops) {
		deltas := t.p.Initial(t.delta)
		for e, v := range deltas {
			deltas[e] = max(v, -v)
		}
		s := compute.Mat{Buf: t.delta.Buf, Rows: t.g.Rows, Cols: t.g.Cols}
		return mats{t.g}, ops{t.product, compute.Update{W: t.w, S: s, G: t.g, Rule: compute.RMSProp, Rho: 0.9, Epsilon: 0.01}}
	}},
	{"dropout's source is read afterwards", func(t *firstLayer) (mats, ops) {
		return mats{t.z}, ops{t.forward, compute.Activate{Dst: t.z, Src: t.z, F: compute.Tanh}, compute.Dropout{Dst: t.delta, Src: t.z, Rate: 0.5},
			t.product, compute.ColumnSum{Dst: t.bias, Src: t.z}}
	}},
	{"mask is another on the way back", func(t *firstLayer) (mats, ops) {
		back := t.x
		return mats{back}, ops{
			compute.Dropout{Dst: t.z, Src: t.delta, Rate: 0.5, Stream: 2},
			compute.MatMul{Dst: back, A: t.z, B: t.w},
			compute.Dropout{Dst: back, Src: back, Rate: 0.5, Stream: 3},
			compute.ColumnSum{Dst: t.sum, Src: back},
		}
	}},
	{"dropout is of a part whose elements count from its own first", func(t *firstLayer) (mats, ops) {
		part := t.x.RowRange(5, 40)
		return mats{t.g}, ops{t.gather, compute.Dropout{Dst: part, Src: part, Rate: 0.25}, t.forward, t.product, t.update}
	}},
	{"gathered rows are both left out and kept", func(t *firstLayer) (mats, ops) {
		dropped := t.p.State("dropped", t.x.Rows, t.x.Cols, t.p.Random(0.3))
		forward := t.forward
		forward.A = dropped
		return mats{dropped, t.x}, ops{t.gather, compute.Dropout{Dst: dropped, Src: t.x, Rate: 0.25}, forward, t.product, t.update}
	}},
	{"gathered rows are left out twice", func(t *firstLayer) (mats, ops) {
		drop := compute.Dropout{Dst: t.x, Src: t.x, Rate: 0.25}
		return mats{t.x, t.g}, ops{t.gather, drop, t.forward, drop, t.product, t.update}
	}},
	{"noise takes the place of the inputs", func(t *firstLayer) (mats, ops) {
		return mats{t.g}, ops{t.gather, t.forward, compute.Noise{Dst: t.x, Stream: 4}, t.product, t.update}
	}},
}

// norm adds a matrix of one element.
func (t *firstLayer) norm() compute.Mat {
	return t.p.State("norm", 1, 1, func(int) float32 { return 4 })
}
