package fuse

import (
	"fmt"
	"slices"

	"shadegrad/compute"
)

// rooms are the numbers of outputs that head.comp can be specialised for.
var rooms = []int{4, 10, 16, 32, maxOutputs}

// head plans the head of a network. With slots, layer is the hidden layer that left
// its weighted sums there, in parts.
func (n *node) head(wide bool, layer *node, slotCount int, slots compute.Mat) Plan {
	o, l := *n.product, *n.loss
	rows, cols, k := sizes(o)
	p := NewPlan("head", rows, 1)
	p.flag("WIDE", wide)
	p.Loops = 2*k + 10*cols
	if wide {
		p.Groups = rows
		p.Loops = 2*(k/64+1) + 12*cols
	}
	p.Work = 2 * float64(rows) * float64(cols) * float64(k)
	p.Defines["F"], p.Defines["KIND"], p.Defines["HIDDEN"] = activationNames[l.F], lossNames[l.Kind], "IDENTITY"
	for _, room := range rooms {
		if cols <= room {
			p.Defines["OUTPUTS"] = fmt.Sprint(room)
			break
		}
	}
	p.Reads, p.Writes = n.reads, n.writes
	p.Ops = []string{o.Name(), l.Name()}
	vec := aligned(o.A) && aligned(o.B)
	var drop *compute.Dropout // between the hidden layer and the output layer
	full := o.A               // the hidden layer's outputs before it

	p.Mat("Stats", l.Stats)
	p.targets(l)
	p.Blocks["Rows"], p.Blocks["Parameters"] = o.A.Buf, o.B.Buf
	p.Count("yOffset", Offset(o.A))
	p.Count("wOffset", Offset(o.B))
	p.option("DELTA", "Delta", l.Delta)
	p.bias("BIAS", "biasOffset", l.Bias)
	p.bias("HIDDEN_BIAS", "hiddenBiasOffset", compute.Mat{})
	p.Count("dstOffset", 0)
	if n.back != nil {
		p.Defines["BACK"] = "1"
		p.Defines["HIDDEN"] = activationNames[n.back.delta.F]
		p.Count("dstOffset", Offset(n.back.delta.Dst))
		p.Ops = append(p.Ops, n.back.product.Name(), n.back.delta.Name())
		p.Work *= 2
		vec = vec && aligned(n.back.delta.Dst)
		if n.back.drop != nil {
			drop, full = n.back.drop, n.back.delta.Y
		}
	}
	p.Count("slotsOffset", 0)
	p.Count("slotCount", slotCount)
	if layer != nil {
		p.Defines["SLOTS"] = "1"
		p.Defines["HIDDEN"] = activationNames[layer.activate.F]
		p.Mat("Slots", slots)
		p.bias("HIDDEN_BIAS", "hiddenBiasOffset", layer.activate.Bias)
		p.Reads = append([]compute.Mat{slots}, n.reads...)
		p.Reads = append(p.Reads, present(layer.activate.Bias)...)
		p.Writes = slices.Concat(layer.writes, n.writes)
		p.Ops = append([]string{layer.activate.Name()}, p.Ops...)
		p.Loops *= slotCount + 1
		vec = vec && (layer.activate.Bias.IsZero() || aligned(layer.activate.Bias))
		if layer.drop != nil {
			drop, full = layer.drop, layer.activate.Dst
		}
	}
	vec = vec && aligned(full)
	p.Count("fullOffset", Offset(full))
	p.dropout(drop)
	p.flag("VEC", vec)
	p.Count("m", rows)
	p.Count("cols", cols)
	p.Count("k", k)
	p.Float("targetOn", l.On)
	p.Float("targetOff", l.Off)
	p.Float("weight", l.Weight)
	p.Float("scale", l.Scale)
	return p
}

// bias says where in block Parameters a bias begins that may be none.
func (p *Plan) bias(define, name string, m compute.Mat) {
	p.Count(name, 0)
	if !m.IsZero() {
		p.Defines[define] = "1"
		p.Count(name, Offset(m))
	}
}

var wideNames = map[bool]string{false: "rows", true: "groups"}

// widths returns the ways to do a head, the usual one first.
func (w *Planner) widths() []bool {
	if w.Only != nil {
		return []bool{w.Wide}
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

func (w *Planner) headStage(n *node) Stage {
	s := Stage{Name: n.headName()}
	for _, wide := range w.widths() {
		s.Choices = append(s.Choices, Choice{Name: wideNames[wide], Wide: wide, Plans: func(compute.Mat) []Plan {
			return []Plan{n.head(wide, nil, 1, compute.Mat{})}
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
func (w *Planner) layerHeadStage(n, head *node) Stage {
	rows, cols, k := sizes(*n.product)
	s := Stage{Name: n.layerName() + ", " + head.headName()}
	for _, d := range w.divisions(rows, cols, k, true) {
		for _, wide := range w.widths() {
			c := Choice{Name: d.String() + " " + wideNames[wide], Wide: wide}
			if d.slots == 1 {
				c.Plans = func(compute.Mat) []Plan {
					return []Plan{n.layer(d, compute.Mat{}), head.head(wide, nil, 1, compute.Mat{})}
				}
			} else {
				c.Slots = d.slots * rows * cols
				c.Plans = func(slots compute.Mat) []Plan {
					return []Plan{n.layer(d, slots), head.head(wide, n, d.slots, slots)}
				}
			}
			s.Choices = append(s.Choices, c)
		}
	}
	return s
}
