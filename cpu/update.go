package cpu

import "shadegrad/compute"

// columnSum is compute.ColumnSum.
type columnSum struct {
	dst, src []float32
}

func newColumnSum(o compute.ColumnSum) *columnSum {
	return &columnSum{data(o.Dst), data(o.Src)}
}

func (s *columnSum) run(compute.Args) {
	n := len(s.dst)
	// Columns are divided among the threads, never a sum; float64 keeps an
	// epoch's loss exact to float32's last digit.
	parallel(n, len(s.src)/n, func(lo, hi int) {
		sums := make([]float64, hi-lo)
		for row := s.src; len(row) > 0; row = row[n:] {
			for j, v := range row[lo:hi] {
				sums[j] += float64(v)
			}
		}
		for j, v := range sums {
			s.dst[lo+j] = float32(v)
		}
	})
}

// update is compute.Update.
type update struct {
	w, v, g []float32
}

func newUpdate(o compute.Update) *update { return &update{data(o.W), data(o.V), data(o.G)} }

func (u *update) run(args compute.Args) {
	rate, momentum := args.LearningRate, args.Momentum
	parallel(len(u.w), 2, func(lo, hi int) {
		w, g := u.w[lo:hi], u.g[lo:hi]
		if u.v == nil {
			for i := range w {
				w[i] -= float32(rate * g[i])
			}
			return
		}
		v := u.v[lo:hi]
		for i := range w {
			v[i] = float32(momentum*v[i]) + g[i]
			w[i] -= float32(rate * v[i])
		}
	})
}

// fill is compute.Fill.
type fill struct {
	dst   []float32
	value float32
}

func (f fill) run(compute.Args) {
	for i := range f.dst {
		f.dst[i] = f.value
	}
}
