//go:build cgo && !nogl

package opengl

import (
	"fmt"

	"shadegrad/compute"
)

// A stage is a part of a program that there are several ways to do.
type stage struct {
	// name says what the ways depend on, but for the device.
	name string
	// choices are the ways, the first the usual one.
	choices []choice
	number  int // of the last of its ops in the program
}

// A choice is one way to do a stage.
type choice struct {
	name string
	// slots is how many elements the sums take that are made in parts.
	slots int
	wide  bool // it has the wide head
	plans func(slots compute.Mat) []plan
}

// stages returns a program as stages.
func (w *planner) stages(p compute.Program) []stage {
	var out []stage
	if w.plain {
		for i, n := range nodes(p) {
			s := w.opStage(n.op)
			s.number = i
			out = append(out, s)
		}
		return out
	}
	list := fuse(p, w.slice)
	for i := 0; i < len(list); i++ {
		n := list[i]
		var s stage
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
				s = stage{choices: []choice{{plans: func(compute.Mat) []plan { return planDropped(n.op, n.drop) }}}}
			default:
				s = w.opStage(n.op)
			}
		}
		s.number = n.number
		out = append(out, s)
	}
	return out
}

// opStage does an op with its plain kernel.
func (w *planner) opStage(op compute.Op) stage {
	if o, ok := op.(compute.SquareSum); ok {
		return squareSumStage(o)
	}
	return stage{choices: []choice{{plans: func(compute.Mat) []plan { return planOp(op, w.slice) }}}}
}

// matMulStage does a product that nothing is fused with.
func (w *planner) matMulStage(o compute.MatMul) stage {
	m, n, k := sizes(o)
	if k > w.slice {
		return stage{choices: []choice{{plans: func(compute.Mat) []plan {
			var plans []plan
			for begin := 0; begin < k; begin += w.slice {
				plans = append(plans, planTiled(o, w.divisions(m, n, k, false)[0], begin, min(begin+w.slice, k)))
			}
			return plans
		}}}}
	}
	s := stage{name: fmt.Sprintf("matmul %s %d×%d×%d a%v b%v", form(o), m, n, k, aligned(o.A), aligned(o.B))}
	for _, d := range w.divisions(m, n, k, true) {
		c := choice{name: d.String()}
		if d.slots > 1 {
			c.slots = d.slots * m * n
			c.plans = func(slots compute.Mat) []plan { return planSlots(o, d, slots) }
		} else {
			c.plans = func(compute.Mat) []plan { return []plan{planTiled(o, d, 0, k)} }
		}
		s.choices = append(s.choices, c)
	}
	return s
}

// layer plans a layer by a division, with slots or without.
func (n *node) layer(d division, slots compute.Mat) plan {
	o := *n.product
	rows, cols, k := sizes(o)
	v := vectors{a: aligned(o.A), b: aligned(o.B), dst: aligned(o.Dst)}
	dst, f, bias := o.Dst, compute.Identity, compute.Mat{}
	p := newPlan("layer", 0, 0)
	p.count("scale", 0)
	p.count("shift", 0)
	if n.pixels != nil {
		p.gathers("PIXELS_A", n.pixels)
		v.a = n.pixels.Src.Cols%4 == 0
	}
	p.ops = append(p.ops, o.Name())
	if n.activate != nil {
		dst, f, bias = n.activate.Dst, n.activate.F, n.activate.Bias
		v.dst = aligned(dst)
		p.ops = append(p.ops, n.activate.Name())
	}
	p.count("droppedOffset", 0)
	p.reads, p.writes = n.reads, n.writes
	drop := n.drop
	if drop != nil {
		v.dst = v.dst && aligned(drop.Dst)
		p.mat("Dropped", drop.Dst)
	}
	if d.slots > 1 {
		drop = nil
		p.writes = []compute.Mat{slots}
		dst, f, bias, v.dst = slots, compute.Identity, compute.Mat{}, cols%4 == 0
		p.defines["SLOTS"] = "1"
	}
	p.tiled(d, rows, cols, k, v)
	p.product(o, rows, cols, k)
	p.mat("Dst", dst)
	p.defines["F"] = activationNames[f]
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

func (w *planner) layerStage(n *node) stage {
	rows, cols, k := sizes(*n.product)
	s := stage{name: n.layerName()}
	for _, d := range w.divisions(rows, cols, k, false) {
		s.choices = append(s.choices, choice{name: d.String(), plans: func(compute.Mat) []plan {
			return []plan{n.layer(d, compute.Mat{})}
		}})
	}
	return s
}

func (w *planner) deltaStage(n *node) stage {
	rows, cols, k := sizes(*n.product)
	s := stage{name: fmt.Sprintf("delta %s %d×%d×%d a%v b%v%s", form(*n.product), rows, cols, k,
		aligned(n.product.A), aligned(n.product.B), n.dropName())}
	for _, d := range w.divisions(rows, cols, k, false) {
		s.choices = append(s.choices, choice{name: d.String(), plans: func(compute.Mat) []plan {
			o, delta := *n.product, *n.delta
			p := newPlan("product_delta", 0, 0)
			p.tiled(d, rows, cols, k, vectors{a: aligned(o.A), b: aligned(o.B), dst: aligned(delta.Dst) && aligned(delta.Y)})
			p.product(o, rows, cols, k)
			p.mat("Dst", delta.Dst)
			p.mat("Y", delta.Y)
			p.defines["F"] = activationNames[delta.F]
			p.reads, p.writes, p.ops = n.reads, n.writes, []string{o.Name()}
			p.dropout(n.drop)
			p.ops = append(p.ops, delta.Name())
			return []plan{p}
		}})
	}
	return s
}

func (w *planner) updatesStage(u *updates) stage {
	var s stage
	s.name = "update"
	seen := map[string]bool{}
	for _, j := range u.jobs {
		m, n, k := j.deltas().Cols, 1, j.deltas().Rows
		if j.product != nil {
			n = j.product.B.Cols
		}
		s.name += fmt.Sprintf(" %d:%d×%d×%d", j.kind, m, n, k)
		if j.kind != tileJob {
			continue
		}
		for _, d := range w.divisions(m, n, k, false) {
			if !seen[d.tile.name] {
				seen[d.tile.name] = true
				s.choices = append(s.choices, choice{name: d.String(), plans: func(compute.Mat) []plan { return []plan{u.plan(d.tile)} }})
			}
		}
	}
	s.name += fmt.Sprintf(" %v", u.layout)
	if len(s.choices) == 0 { // nothing but single elements
		t := w.divisions(8, 8, 8, false)[0].tile
		s.choices = []choice{{plans: func(compute.Mat) []plan { return []plan{u.plan(t)} }}}
	}
	return s
}
