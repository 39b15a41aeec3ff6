//go:build cgo && !nogl

package opengl

import (
	"fmt"
	"slices"

	"shadegrad/compute"
)

// rooms are the numbers of outputs that head.comp can be specialised for.
var rooms = []int{4, 10, 16, 32, maxOutputs}

// head plans the head of a network. With slots, layer is the hidden layer that left
// its weighted sums there, in parts.
func (n *node) head(wide bool, layer *node, slotCount int, slots compute.Mat) plan {
	o, l := *n.product, *n.loss
	rows, cols, k := sizes(o)
	p := newPlan("head", rows, 1)
	p.flag("WIDE", wide)
	p.loops = 2*k + 10*cols
	if wide {
		p.groups = rows
		p.loops = 2*(k/64+1) + 12*cols
	}
	p.work = 2 * float64(rows) * float64(cols) * float64(k)
	p.defines["F"], p.defines["KIND"], p.defines["HIDDEN"] = activationNames[l.F], lossNames[l.Kind], "IDENTITY"
	for _, room := range rooms {
		if cols <= room {
			p.defines["OUTPUTS"] = fmt.Sprint(room)
			break
		}
	}
	p.reads, p.writes = n.reads, n.writes
	p.ops = []string{o.Name(), l.Name()}
	vec := aligned(o.A) && aligned(o.B)
	var drop *compute.Dropout // between the hidden layer and the output layer
	full := o.A               // the hidden layer's outputs before it

	p.mat("Stats", l.Stats)
	p.targets(l)
	p.blocks["Rows"], p.blocks["Parameters"] = o.A.Buf, o.B.Buf
	p.count("yOffset", offset(o.A))
	p.count("wOffset", offset(o.B))
	p.option("DELTA", "Delta", l.Delta)
	p.bias("BIAS", "biasOffset", l.Bias)
	p.bias("HIDDEN_BIAS", "hiddenBiasOffset", compute.Mat{})
	p.count("dstOffset", 0)
	if n.back != nil {
		p.defines["BACK"] = "1"
		p.defines["HIDDEN"] = activationNames[n.back.delta.F]
		p.count("dstOffset", offset(n.back.delta.Dst))
		p.ops = append(p.ops, n.back.product.Name(), n.back.delta.Name())
		p.work *= 2
		vec = vec && aligned(n.back.delta.Dst)
		if n.back.drop != nil {
			drop, full = n.back.drop, n.back.delta.Y
		}
	}
	p.count("slotsOffset", 0)
	p.count("slotCount", slotCount)
	if layer != nil {
		p.defines["SLOTS"] = "1"
		p.defines["HIDDEN"] = activationNames[layer.activate.F]
		p.mat("Slots", slots)
		p.bias("HIDDEN_BIAS", "hiddenBiasOffset", layer.activate.Bias)
		p.reads = append([]compute.Mat{slots}, n.reads...)
		p.reads = append(p.reads, present(layer.activate.Bias)...)
		p.writes = slices.Concat(layer.writes, n.writes)
		p.ops = append([]string{layer.activate.Name()}, p.ops...)
		p.loops *= slotCount + 1
		vec = vec && (layer.activate.Bias.IsZero() || aligned(layer.activate.Bias))
		if layer.drop != nil {
			drop, full = layer.drop, layer.activate.Dst
		}
	}
	vec = vec && aligned(full)
	p.count("fullOffset", offset(full))
	p.dropout(drop)
	p.flag("VEC", vec)
	p.count("m", rows)
	p.count("cols", cols)
	p.count("k", k)
	p.float("targetOn", l.On)
	p.float("targetOff", l.Off)
	p.float("weight", l.Weight)
	p.float("scale", l.Scale)
	return p
}

// bias says where in block Parameters a bias begins that may be none.
func (p *plan) bias(define, name string, m compute.Mat) {
	p.count(name, 0)
	if !m.IsZero() {
		p.defines[define] = "1"
		p.count(name, offset(m))
	}
}

var wideNames = map[bool]string{false: "rows", true: "groups"}

// widths returns the ways to do a head, the usual one first.
func (w *planner) widths() []bool {
	if w.only != nil {
		return []bool{w.wide}
	}
	return []bool{false, true}
}

func (n *node) headName() string {
	rows, cols, k := sizes(*n.product)
	name := fmt.Sprintf("head %d×%d×%d back %v", rows, cols, k, n.back != nil)
	if n.back != nil {
		name += n.back.dropName()
	}
	return name
}

func (w *planner) headStage(n *node) stage {
	s := stage{name: n.headName()}
	for _, wide := range w.widths() {
		s.choices = append(s.choices, choice{name: wideNames[wide], wide: wide, plans: func(compute.Mat) []plan {
			return []plan{n.head(wide, nil, 1, compute.Mat{})}
		}})
	}
	return s
}

// leadsTo tells whether a layer makes what a head reads, so that the head can add up
// its sums.
func (n *node) leadsTo(head *node) bool {
	if head.loss == nil || n.activate == nil || n.fed() != head.product.A || !sameBuffer(head.product.B, n.activate.Bias) ||
		!sameBuffer(head.product.A, n.activate.Dst) || overlapAny(head.writes, n.reads) {
		return false
	}
	// While one row of the layer's outputs is made, others are already used: what else the head
	// reads or writes is not to be in their memory.
	others := without(head.reads, head.product.A)
	if head.back != nil {
		others = without(others, head.back.delta.Y)
	}
	if overlapAny(n.writes, others) || overlapAny(n.writes, head.writes) {
		return false
	}
	if head.back == nil {
		return true
	}
	// The head has one activation of the hidden layer, and one dropout, for both directions.
	d, b := n.drop, head.back.drop
	return head.back.delta.F == n.activate.F && head.back.delta.Y == n.activate.Dst &&
		(d == nil && b == nil || d != nil && b != nil && d.Rate == b.Rate && d.Stream == b.Stream)
}

// layerHeadStage is the last hidden layer and the head. What is best for the one
// depends on the other where sums are made in slots.
func (w *planner) layerHeadStage(n, head *node) stage {
	rows, cols, k := sizes(*n.product)
	s := stage{name: n.layerName() + ", " + head.headName()}
	for _, d := range w.divisions(rows, cols, k, true) {
		for _, wide := range w.widths() {
			c := choice{name: d.String() + " " + wideNames[wide], wide: wide}
			if d.slots == 1 {
				c.plans = func(compute.Mat) []plan {
					return []plan{n.layer(d, compute.Mat{}), head.head(wide, nil, 1, compute.Mat{})}
				}
			} else {
				c.slots = d.slots * rows * cols
				c.plans = func(slots compute.Mat) []plan {
					return []plan{n.layer(d, slots), head.head(wide, n, d.slots, slots)}
				}
			}
			s.choices = append(s.choices, c)
		}
	}
	return s
}
