package cases

import (
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge"
	"shadegrad/compute/reference"
)

func (l *caseList) activations() {
	turn := 0
	for _, f := range compute.Activations() {
		for _, bias := range both {
			for _, inPlace := range both {
				if l.quick && inPlace {
					continue
				}
				step := 3
				if f == compute.Softmax {
					step = 1 // a reduction: sizes matter more
				}
				for _, s := range l.some(turn, step) {
					l.activation(f, s, bias, inPlace, "", func(p *judge.Problem) func(int) float32 { return p.Random(2) })
				}
				turn++
			}
		}
		for _, bias := range both {
			l.activation(f, shape{9, 11}, bias, false, "extreme", extremes)
		}
		if !l.quick {
			l.activation(f, shape{1, 1000}, true, false, "", func(p *judge.Problem) func(int) float32 { return p.Random(2) })
		}
	}
}

// extremes are values where e^z overflows, where it underflows, and where a
// function has its corner. Every second value is ordinary.
func extremes(p *judge.Problem) func(int) float32 {
	list := []float32{0, 1000, -1000, 89, -89, 104, -104, 20, -20, 10, -10, 1e-6, -1e-6, 1}
	return func(e int) float32 {
		if e%2 == 0 {
			return list[e/2%len(list)]
		}
		return p.Normal(2)
	}
}

func (l *caseList) activation(f compute.Activation, s shape, bias, inPlace bool, note string, values func(*judge.Problem) func(int) float32) {
	params := []string{s.String(), flag(bias, "bias"), flag(inPlace, "inplace"), note}
	l.add("activate", suffix("activate", f), params, func(p *judge.Problem) {
		op := compute.Activate{F: f}
		op.Dst, op.Src = operands(p, "Src", s, inPlace, values(p))
		if bias {
			op.Bias = p.Input("Bias", 1, s.n, p.Random(1))
		}
		p.Add(op)
	})
}

func (l *caseList) deltas() {
	turn := 0
	for _, f := range elementwise() {
		for _, inPlace := range both {
			if l.quick && inPlace {
				continue
			}
			for _, s := range l.some(turn, 2) {
				l.delta(f, s, inPlace)
			}
			turn++
		}
	}
}

func (l *caseList) delta(f compute.Activation, s shape, inPlace bool) {
	l.add("delta", suffix("delta", f), []string{s.String(), flag(inPlace, "inplace")}, func(p *judge.Problem) {
		op := compute.Delta{F: f}
		// Half of ReLU's outputs are 0, where its derivative is 0, and a few of the others'.
		op.Y = p.Input("Y", s.m, s.n, func(e int) float32 {
			if e%11 == 6 {
				return 0
			}
			return float32(reference.Function(f, float64(p.Normal(1.5))))
		})
		op.Dst, op.Back = operands(p, "Back", s, inPlace, p.Random(1))
		p.Add(op)
	})
}

// elementwise adds the cases of elementwise ops without variants.
func (l *caseList) elementwise() {
	for i, s := range l.some(0, 4) {
		value := []float32{0, -2.5, 1e30, -1e-3}[(i+1)%4]
		l.add("fill", "fill", []string{s.String()}, func(p *judge.Problem) {
			p.Add(compute.Fill{Dst: p.Output("Dst", s.m, s.n), Value: value})
		})
	}
}

func (l *caseList) columnSums() {
	list := append(l.some(0, 1), shape{2051, 3})
	if !l.quick {
		list = append(list, shape{60000, 2}, shape{10000, 2}, shape{1, 1}, shape{1, 4000}, shape{4099, 1}, shape{257, 10}, shape{64, 784})
	}
	for _, s := range list {
		l.columnSum(s, "", func(p *judge.Problem) func(int) float32 { return p.Random(1) })
	}
	if !l.quick {
		// As with losses and hits, all values have one sign, so rounding errors add up.
		l.columnSum(shape{60000, 2}, "positive", func(p *judge.Problem) func(int) float32 {
			return func(int) float32 { return float32(math.Abs(float64(p.Normal(1)))) }
		})
		l.columnSum(shape{60000, 1}, "ones", func(*judge.Problem) func(int) float32 {
			return func(int) float32 { return 1 }
		})
	}
}

func (l *caseList) columnSum(s shape, note string, values func(*judge.Problem) func(int) float32) {
	l.add("column_sum", "column_sum", []string{s.String(), note}, func(p *judge.Problem) {
		p.Add(compute.ColumnSum{Src: p.Input("Src", s.m, s.n, values(p)), Dst: p.Output("Dst", 1, s.n)})
	})
}
