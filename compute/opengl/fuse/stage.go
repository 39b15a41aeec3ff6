package fuse

import (
	"fmt"

	"shadegrad/compute"
)

// A Stage is a part of a program that there are several ways to do.
type Stage struct {
	// Name says what the ways depend on, but for the device.
	Name string
	// Choices are the ways, the first the usual one.
	Choices []Choice
	Number  int // of the last of its ops in the program
}

// A Choice is one way to do a stage.
type Choice struct {
	Name string
	// Slots is how many elements the sums take that are made in parts.
	Slots int
	Wide  bool // it has the wide head
	Plans func(slots compute.Mat) []Plan
}

// stages returns a program as stages.
func (w *Planner) Stages(p compute.Program) []Stage {
	var out []Stage
	if w.Plain {
		for i, n := range nodes(p) {
			s := w.opStage(n.op)
			s.Number = i
			out = append(out, s)
		}
		return out
	}
	list := fuse(p, w.Slice)
	for i := 0; i < len(list); i++ {
		n := list[i]
		var s Stage
		switch {
		case n.updates != nil:
			s = w.updatesStage(n.updates)
		case n.loss != nil:
			s = w.headStage(n)
		case n.delta != nil:
			s = w.deltaStage(n)
		case n.product != nil && i+1 < len(list) && n.leadsTo(list[i+1]):
			s = w.layerHeadStage(n, list[i+1])
			i++
			n = list[i]
		case n.product != nil:
			s = w.layerStage(n)
		default:
			switch o, ok := n.op.(compute.MatMul); {
			case ok:
				s = w.matMulStage(o)
			case n.drop != nil:
				s = Stage{Choices: []Choice{{Plans: func(compute.Mat) []Plan { return planDropped(n.op, n.drop) }}}}
			default:
				s = w.opStage(n.op)
			}
		}
		s.Number = n.number
		out = append(out, s)
	}
	return out
}

// opStage does an op with its plain kernel.
func (w *Planner) opStage(op compute.Op) Stage {
	if o, ok := op.(compute.SquareSum); ok {
		return squareSumStage(o)
	}
	return Stage{Choices: []Choice{{Plans: func(compute.Mat) []Plan { return planOp(op, w.Slice) }}}}
}

// matMulStage does a product that nothing is fused with.
func (w *Planner) matMulStage(o compute.MatMul) Stage {
	m, n, k := sizes(o)
	if k > w.Slice {
		return Stage{Choices: []Choice{{Plans: func(compute.Mat) []Plan {
			var plans []Plan
			for begin := 0; begin < k; begin += w.Slice {
				plans = append(plans, planTiled(o, w.divisions(m, n, k, false)[0], begin, min(begin+w.Slice, k)))
			}
			return plans
		}}}}
	}
	s := Stage{Name: fmt.Sprintf("matmul %s %d×%d×%d a%v b%v", form(o), m, n, k, aligned(o.A), aligned(o.B))}
	for _, d := range w.divisions(m, n, k, true) {
		c := Choice{Name: d.String()}
		if d.slots > 1 {
			c.Slots = d.slots * m * n
			c.Plans = func(slots compute.Mat) []Plan { return planSlots(o, d, slots) }
		} else {
			c.Plans = func(compute.Mat) []Plan { return []Plan{planTiled(o, d, 0, k)} }
		}
		s.Choices = append(s.Choices, c)
	}
	return s
}

// layer plans a layer by a division, with slots or without.
func (n *node) layer(d division, slots compute.Mat) Plan {
	o := *n.product
	rows, cols, k := sizes(o)
	v := vectors{a: aligned(o.A), b: aligned(o.B), dst: aligned(o.Dst)}
	dst, f, bias := o.Dst, compute.Identity, compute.Mat{}
	p := NewPlan("layer", 0, 0)
	p.Count("scale", 0)
	p.Count("shift", 0)
	if n.pixels != nil {
		p.gathers("PIXELS_A", n.pixels)
		v.a = n.pixels.Src.Cols%4 == 0
	}
	p.Ops = append(p.Ops, o.Name())
	if n.activate != nil {
		dst, f, bias = n.activate.Dst, n.activate.F, n.activate.Bias
		v.dst = aligned(dst)
		p.Ops = append(p.Ops, n.activate.Name())
	}
	p.Count("droppedOffset", 0)
	p.Reads, p.Writes = n.reads, n.writes
	drop := n.drop
	if drop != nil {
		v.dst = v.dst && aligned(drop.Dst)
		p.Mat("Dropped", drop.Dst)
	}
	if d.slots > 1 {
		drop = nil
		p.Writes = []compute.Mat{slots}
		dst, f, bias, v.dst = slots, compute.Identity, compute.Mat{}, cols%4 == 0
		p.Defines["SLOTS"] = "1"
	}
	p.tiled(d, rows, cols, k, v)
	p.product(o, rows, cols, k)
	p.Mat("Dst", dst)
	p.Defines["F"] = activationNames[f]
	p.option("BIAS", "Bias", bias)
	p.dropout(drop)
	return p
}

func (n *node) layerName() string {
	rows, cols, k := sizes(*n.product)
	return fmt.Sprintf("layer %s %d×%d×%d a%v b%v pixels %v%s", form(*n.product), rows, cols, k,
		aligned(n.product.A), aligned(n.product.B), n.pixels != nil, n.dropName())
}

// dropName is the part of a stage's name that says that there is dropout.
func (n *node) dropName() string {
	if n.drop == nil {
		return ""
	}
	return " dropout"
}

func (w *Planner) layerStage(n *node) Stage {
	rows, cols, k := sizes(*n.product)
	s := Stage{Name: n.layerName()}
	for _, d := range w.divisions(rows, cols, k, false) {
		s.Choices = append(s.Choices, Choice{Name: d.String(), Plans: func(compute.Mat) []Plan {
			return []Plan{n.layer(d, compute.Mat{})}
		}})
	}
	return s
}

func (w *Planner) deltaStage(n *node) Stage {
	rows, cols, k := sizes(*n.product)
	s := Stage{Name: fmt.Sprintf("delta %s %d×%d×%d a%v b%v%s", form(*n.product), rows, cols, k,
		aligned(n.product.A), aligned(n.product.B), n.dropName())}
	for _, d := range w.divisions(rows, cols, k, false) {
		s.Choices = append(s.Choices, Choice{Name: d.String(), Plans: func(compute.Mat) []Plan {
			o, delta := *n.product, *n.delta
			p := NewPlan("product_delta", 0, 0)
			p.tiled(d, rows, cols, k, vectors{a: aligned(o.A), b: aligned(o.B), dst: aligned(delta.Dst) && aligned(delta.Y)})
			p.product(o, rows, cols, k)
			p.Mat("Dst", delta.Dst)
			p.Mat("Y", delta.Y)
			p.Defines["F"] = activationNames[delta.F]
			p.Reads, p.Writes, p.Ops = n.reads, n.writes, []string{o.Name()}
			p.dropout(n.drop)
			p.Ops = append(p.Ops, delta.Name())
			return []Plan{p}
		}})
	}
	return s
}

func (w *Planner) updatesStage(u *updates) Stage {
	var s Stage
	s.Name = "update"
	seen := map[string]bool{}
	for _, j := range u.jobs {
		m, n, k := j.deltas().Cols, 1, j.deltas().Rows
		if j.product != nil {
			n = j.product.B.Cols
		}
		s.Name += fmt.Sprintf(" %d:%d×%d×%d", j.kind, m, n, k)
		if j.kind != tileJob {
			continue
		}
		for _, d := range w.divisions(m, n, k, false) {
			if !seen[d.tile.Name] {
				seen[d.tile.Name] = true
				s.Choices = append(s.Choices, Choice{Name: d.String(), Plans: func(compute.Mat) []Plan { return []Plan{u.plan(d.tile)} }})
			}
		}
	}
	s.Name += fmt.Sprintf(" %v", u.layout)
	if len(s.Choices) == 0 { // nothing but single elements
		t := w.divisions(8, 8, 8, false)[0].tile
		s.Choices = []Choice{{Plans: func(compute.Mat) []Plan { return []Plan{u.plan(t)} }}}
	}
	return s
}
