package cases

import (
	"fmt"

	"shadegrad/compute"
	"shadegrad/compute/judge"
)

// gathers adds op Gather with widths at which rows of bytes begin at every offset in a word.
func (l *caseList) gathers() {
	widths := []int{1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 16, 17, 31, 63, 64, 65, 131, 784, 841}
	rows := []int{1, 2, 3, 5, 8, 17, 32, 64}
	if l.quick {
		widths, rows = []int{34, 35}, []int{17}
	}
	for i, width := range widths {
		for _, indexed := range both {
			g := gatherCase{m: rows[i%len(rows)], n: width, indexed: indexed, scale: 1. / 255}
			l.gather(g)
			g.row = 1 + i%4
			l.gather(g)
			// Pixels in [0, 1], in [−1, 1] and in [0.01, 1].
			g.row, g.m = 3, rows[(i+3)%len(rows)]
			g.scale, g.shift = []float32{2. / 255, 0.99 / 255}[i%2], []float32{-1, 0.01}[i%2]
			l.gather(g)
		}
	}
}

type gatherCase struct {
	m, n, row    int
	indexed      bool
	scale, shift float32
}

func (l *caseList) gather(g gatherCase) {
	params := []string{fmt.Sprintf("m=%d,n=%d,row=%d", g.m, g.n, g.row), flag(g.indexed, "index"),
		flag(g.shift != 0, fmt.Sprintf("shift=%g", g.shift))}
	l.add("gather", "gather", params, func(p *judge.Problem) {
		// The batch is not the last one, and the index does not visit all
		// rows.
		op := compute.Gather{Dst: p.Output("Dst", g.m, g.n), Src: p.NewBytes(g.m+g.row+3, g.n, 256), Scale: g.scale, Shift: g.shift}
		if g.indexed {
			op.Index = p.NewIndex(g.m+g.row+1, op.Src.Rows)
		}
		p.Add(op)
		p.AddRun(compute.Args{Row: g.row})
	})
}

// A lossCase is op Loss with its options.
type lossCase struct {
	f       compute.Activation
	kind    compute.LossKind
	m, n    int
	row     int
	bias    bool
	indexed bool
	delta   string // none, out, or z for in place
	on, off float32
	weight  float32
	scale   float32
	note    string
	z       func(*judge.Problem) func(int) float32 // nil for random
	labels  int                                    // labels are below this; 0 stands for n
	targets bool                                   // targets in place of labels
}

// lossForms lists the losses of each activation.
func lossForms() (list []lossCase) {
	for _, f := range []compute.Activation{compute.Softmax, compute.Sigmoid} {
		list = append(list, lossCase{f: f, kind: compute.CrossEntropy})
	}
	for _, f := range compute.Activations() {
		list = append(list, lossCase{f: f, kind: compute.SquaredError})
	}
	return list
}

func (l *caseList) losses() {
	batches := []shape{{64, 10}, {1, 10}, {32, 10}, {5, 3}, {17, 33}, {3, 2}, {8, 65}, {2, 131}, {65, 4}, {33, 10}, {7, 100}, {16, 47}}
	turn := 0
	for _, form := range lossForms() {
		form.delta, form.on, form.weight = "out", 1, 1
		if l.quick {
			c := form
			c.m, c.n, c.row, c.indexed, c.bias, c.weight, c.scale = 17, 11, 2, true, true, 0.5, 1./17
			l.loss(c)
			c.delta, c.indexed = "none", false
			l.loss(c)
			l.targetLosses(form, shape{17, 11})
			l.specialLosses(form)
			continue
		}
		for _, bias := range both {
			for _, indexed := range both {
				for _, delta := range []string{"none", "out", "z"} {
					for range 2 {
						c, s := form, batches[turn%len(batches)]
						c.m, c.n, c.bias, c.indexed, c.delta = s.m, s.n, bias, indexed, delta
						c.row = turn % 4 * 3
						c.scale = []float32{1 / float32(s.m), 1}[turn%2]
						c.weight = []float32{1, 0.5, 0.1}[turn%3]
						switch {
						case turn%5 == 4:
							c.on, c.off = 0.99, 0.01
						case turn%5 == 1 && c.kind == compute.SquaredError:
							c.on, c.off = 1, -1 // of outputs of both signs
						}
						l.loss(c)
						turn++
					}
				}
			}
		}
		// The next turn gives the batches different options.
		turn++
		l.targetLosses(form, batches...)
		l.specialLosses(form)
	}
}

// targetLosses adds losses with numbers as targets.
func (l *caseList) targetLosses(form lossCase, batches ...shape) {
	form.targets = true
	if form.f != compute.Softmax {
		batches = append(batches, shape{33, 1})
	}
	for i, s := range batches {
		c := form
		c.m, c.n, c.row, c.bias = s.m, s.n, 1+i%3, i%2 == 0
		c.delta = []string{"out", "z", "none"}[i%3]
		c.scale, c.weight = []float32{1 / float32(s.m), 1}[i%2], []float32{1, 0.5}[i/2%2]
		c.off = []float32{0.25, 0}[i/4%2] // ignored with targets
		l.loss(c)
	}
	form.m, form.n, form.z, form.scale, form.note = 14, 10, extremes, 1, "extreme"
	l.loss(form)
}

// specialLosses adds edge cases of op Loss.
func (l *caseList) specialLosses(form lossCase) {
	form.scale = 1
	c := form
	c.m, c.n, c.z, c.note = 14, 10, extremes, "extreme"
	l.loss(c)
	c.on, c.off = 0.99, 0.01
	l.loss(c)
	// On and Off are arguments of the kernels, so the self-test does not need these.
	signed := form.kind == compute.SquaredError && !l.quick
	if signed {
		c.on, c.off = 1, -1
		l.loss(c)
	}
	c = form
	c.m, c.n, c.z, c.note = 9, 10, farOut, "far"
	l.loss(c)
	c = form
	c.m, c.n, c.labels, c.note, c.indexed, c.row = 40, 3, 6, "invalid", true, 2
	l.loss(c)
	// Of equal largest outputs the first is the answer.
	c = form
	c.m, c.n, c.z, c.note = 60, 4, ties, "ties"
	l.loss(c)
	if form.f == compute.Softmax {
		return
	}
	c = form
	c.m, c.n, c.note = 33, 1, "one"
	l.loss(c)
	c.bias, c.indexed, c.row, c.delta = true, true, 5, "z"
	l.loss(c)
	c = form
	c.m, c.n, c.labels, c.note = 24, 1, 4, "one,invalid"
	l.loss(c)
	c = form
	c.m, c.n, c.z, c.note = 20, 1, ties, "one,ties"
	l.loss(c)
	c.on, c.off = 0, 1
	l.loss(c)
	if signed {
		c.on, c.off = 1, -1 // the middle is 0
		l.loss(c)
		c.on, c.off = -1, 1
		l.loss(c)
	}
}

// farOut are values near 1000. There sums of exponentials are finite only if the largest value is subtracted, and
// accurate only if it is subtracted first.
func farOut(p *judge.Problem) func(int) float32 {
	return func(int) float32 { return 1000 + p.Normal(1) }
}

// ties returns values that are multiples of ½, so that many are equal.
func ties(p *judge.Problem) func(int) float32 {
	return func(int) float32 { return float32(p.Intn(4)-1) / 2 }
}

func (l *caseList) loss(c lossCase) {
	params := []string{fmt.Sprintf("m=%d,n=%d,row=%d", c.m, c.n, c.row), flag(c.bias, "bias"), flag(c.indexed, "index"),
		"delta=" + c.delta, flag(c.on != 1 || c.off != 0, fmt.Sprintf("on=%g,off=%g", c.on, c.off)),
		flag(c.weight != 1, fmt.Sprintf("weight=%g", c.weight)), flag(c.scale == 1, "sum"), flag(c.targets, "targets"), c.note}
	l.add("loss", suffix("loss", c.f, c.kind), params, func(p *judge.Problem) {
		z, labels := c.z, c.labels
		if z == nil {
			z = func(p *judge.Problem) func(int) float32 { return p.Random(2) }
		}
		if labels == 0 {
			labels = max(c.n, 2)
		}
		op := compute.Loss{F: c.f, Kind: c.kind, On: c.on, Off: c.off, Weight: c.weight, Scale: c.scale}
		switch c.delta {
		case "none":
			op.Z = p.Input("Z", c.m, c.n, z(p))
		case "out":
			op.Z = p.Input("Z", c.m, c.n, z(p))
			op.Delta = p.Output("Delta", c.m, c.n)
		case "z":
			op.Z = p.State("Delta", c.m, c.n, z(p))
			op.Delta = op.Z
		}
		if c.bias {
			op.Bias = p.Input("Bias", 1, c.n, p.Random(1))
		}
		if c.targets {
			op.Targets = p.Input("Targets", c.m, c.n, c.target(p))
			op.Stats = p.State("Stats", c.m+c.row+2, 2, p.Random(1))
			p.Add(op)
			p.AddRun(compute.Args{Row: c.row})
			return
		}
		// The data set, Stats and the index have more rows than the batch.
		op.Labels = p.NewBytes(c.m+c.row+4, 1, labels)
		op.Stats = p.State("Stats", c.m+c.row+2, 2, p.Random(1))
		if c.indexed {
			op.Index = p.NewIndex(c.m+c.row+3, op.Labels.Rows)
		}
		p.Add(op)
		p.AddRun(compute.Args{Row: c.row})
	})
}

// target returns a value function for targets: for cross-entropy fractions in [0, 1], some of which are 0
// or 1, and for squared errors any numbers.
func (c lossCase) target(p *judge.Problem) func(int) float32 {
	if c.kind == compute.SquaredError {
		return p.Random(1)
	}
	return func(e int) float32 { return []float32{0, 1, float32(p.Intn(65)) / 64}[e%3] }
}
