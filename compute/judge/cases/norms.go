package cases

import (
	"fmt"
	"math"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

func (l *caseList) squareSums() {
	list := append(l.some(1, 2), shape{1, 2051})
	if !l.quick {
		list = append(list, shape{1, 1}, shape{128, 784}, shape{784, 2500}, shape{1, 10}, shape{4099, 1})
	}
	for _, s := range list {
		l.add("square_sum", "square_sum", []string{s.String()}, func(p *judge.Problem) {
			p.Add(compute.SquareSum{Src: p.Input("Src", s.m, s.n, p.Random(1)), Dst: p.Output("Dst", 1, 1)})
		})
	}
	if !l.quick {
		// With equal terms rounding errors add up.
		l.add("square_sum", "square_sum", []string{"m=600,n=1000", "equal"}, func(p *judge.Problem) {
			src := p.Input("Src", 600, 1000, func(int) float32 { return 0.1 })
			p.Add(compute.SquareSum{Src: src, Dst: p.Output("Dst", 1, 1)})
		})
	}
}

// maxNorms adds op MaxNorm with rows within the limit, beyond it, and all 0.
func (l *caseList) maxNorms() {
	list := l.some(0, 1)
	if !l.quick {
		list = append(list, shape{128, 784}, shape{10, 2500}, shape{33, 1000})
	}
	for i, s := range list {
		limit := []float32{1, 0.04, 15}[i%3]
		l.add("max_norm", "max_norm", []string{s.String(), fmt.Sprintf("limit=%g", limit)}, func(p *judge.Problem) {
			// The squared norms of a row are near limit, times (i%5)².
			sigma := math.Sqrt(float64(limit) / float64(s.n))
			p.Add(compute.MaxNorm{Limit: limit, W: p.State("W", s.m, s.n, func(e int) float32 {
				return float32(e/s.n*2%5) * p.Normal(sigma)
			})})
		})
	}
	// With a limit of 25 the rows (3, 4) and (0, 5) stay as they were, and (5, 1) changes.
	l.add("max_norm", "max_norm", []string{"m=3,n=2", "limit=25"}, func(p *judge.Problem) {
		p.Add(compute.MaxNorm{Limit: 25, W: p.State("W", 3, 2, func(e int) float32 { return []float32{3, 4, 0, 5, 5, 1}[e] })})
	})
}

func (l *caseList) averages() {
	turn := 0
	for i, s := range l.some(1, 2) {
		for _, decay := range []float32{0.999, 0.9, 0} {
			for _, step := range steps {
				if turn++; !l.quick && (turn+i)%3 > 0 {
					continue
				}
				l.add("average", "average", []string{s.String(), fmt.Sprintf("decay=%g,step=%d", decay, step)}, func(p *judge.Problem) {
					p.Add(compute.Average{Dst: p.State("Dst", s.m, s.n, p.Random(1)), Src: p.Input("Src", s.m, s.n, p.Random(1)), Decay: decay})
					p.AddRun(compute.Args{Step: step})
				})
			}
		}
	}
}
