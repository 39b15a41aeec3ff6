package fuse

import (
	"fmt"
	"maps"
	"slices"

	"shadegrad/compute"
)

// A Dispatch is one kernel with its inputs. Bind sets the fields after Op.
type Dispatch struct {
	Kernel string
	// X and Y are the numbers of invocations with work to do. If Groups is set, it is the number of
	// groups instead. Kernels step by the grid, so a smaller grid gives the same results slower.
	X, Y   int
	Groups int
	Loops  int     // iterations of an invocation's loops, without those by the grid
	Work   float64 // floating-point operations, roughly
	Values Values

	Reads, Writes []compute.Mat
	Squares       []compute.Mat // matrices without negative elements
	Pixels        int           // bytes that it gathers
	PixelRow      int           // bytes of a row of these
	someRows      bool          // it reads only some rows of a data set, as much as it writes
	// StepValues returns the numbers of the uniform of this name, in kernels that have it.
	StepValues func(compute.Args) (x, y float32)

	Ops []string // names of the ops that it does, or helps to do
	Op  int      // index in the program of the last op of its stage

	Bindings

	// single is an op that is not fused; Kernels replaces it.
	single   compute.Op
	drop     *compute.Dropout // of the op's results
	scratch  compute.Mat
	maxTerms int
}

// perElement is the number of operations that a device does while it reads or writes an element of
// memory. GPUs do about 5 operations per byte.
const perElement = 20

// Cost returns the number of operations that the device could do in the time of the dispatch. It is
// Work, or more if moving the matrices takes longer, for example if each weight is read for one
// product.
func (d *Dispatch) Cost() float64 {
	moved := 0
	for _, m := range d.Writes {
		moved += m.Len()
	}
	if d.someRows {
		moved *= 2
	} else {
		for _, m := range d.Reads {
			moved += m.Len()
		}
	}
	return max(d.Work, perElement*float64(moved))
}

// vectors has the operands of a product that are read, or written, four elements at a time. The start
// and the length of their rows must be multiples of four.
type vectors struct{ a, b, dst bool }

// piece is the number of terms that kernels add up before they begin a new sum: PIECE in
// shaders/transpose.glsl.
const piece = 128

// Dispatches returns the dispatches of stages, each done by its choice.
func Dispatches(stages []Stage, choices []Choice) []Dispatch {
	var list []Dispatch
	for i, s := range stages {
		for _, d := range s.dispatches(choices[i]) {
			d.Op = s.Op
			list = append(list, d)
		}
	}
	return list
}

func (s Stage) dispatches(c Choice) []Dispatch {
	g := s.groups[0]
	switch {
	case g.updates != nil:
		return []Dispatch{updatesDispatch(g.updates, c.tile)}
	case g.loss != nil:
		return []Dispatch{headDispatch(g, nil, c)}
	case g.delta != nil && c.slots > 1:
		return []Dispatch{slotsDispatch(*g.product, c), combineDispatch(g, c)}
	case g.delta != nil:
		return []Dispatch{deltaDispatch(g, c.division)}
	case len(s.groups) == 2 && c.slots > 1:
		return []Dispatch{layerDispatch(g, c), headDispatch(s.groups[1], g, c)}
	case len(s.groups) == 2:
		return []Dispatch{layerDispatch(g, c), headDispatch(s.groups[1], nil, c)}
	case g.product != nil && c.slots > 1:
		return []Dispatch{layerDispatch(g, c), combineDispatch(g, c)}
	case g.product != nil:
		return []Dispatch{layerDispatch(g, c)}
	case c.tile.name != "" && c.slots > 1:
		return []Dispatch{slotsDispatch(g.op.(compute.MatMul), c), combineDispatch(g, c)}
	case c.tile.name != "":
		return productDispatches(g.op.(compute.MatMul), c.division, s.maxTerms)
	}
	return []Dispatch{{single: g.op, drop: g.drop, scratch: c.Scratch, maxTerms: s.maxTerms}}
}

// tiled returns the dispatch of a product by tiles, of the terms from begin to end.
func tiled(kernel string, o compute.MatMul, d division, begin, end int, v vectors) Dispatch {
	m, n, k := dimensions(o)
	length := end - begin
	if d.slots > 1 {
		length = d.slotLength
	}
	tilesX := parts(n, d.tile.cols)
	slotTiles := tilesX * parts(m, d.tile.rows)
	return Dispatch{
		Kernel: kernel,
		Groups: slotTiles * d.slots,
		Loops:  length + length/piece + 1,
		Work:   2 * float64(m) * float64(n) * float64(end-begin),
		Reads:  []compute.Mat{o.A, o.B},
		Writes: []compute.Mat{o.Dst},
		Ops:    []string{o.Name()},
		Values: Values{
			"FORM": form(o), "TILE": d.tile.name, "LONG": length > piece,
			// Tiles in shared memory take vectors of four rows or columns, which lie in one line of the
			// matrix only if the terms do not.
			"VECA": v.a && (o.TransA || !d.tile.shared),
			"VECB": v.b && !(o.TransB && d.tile.shared),
			"VECD": v.dst,
			"Dst":  o.Dst, "A": o.A, "B": o.B,
			"m": m, "n": n, "k": k,
			"tilesX": tilesX, "slotTiles": slotTiles, "tiles": slotTiles * d.slots, "slotLength": length,
		},
	}
}

// productDispatches does a product, of at most maxTerms terms at a time.
func productDispatches(o compute.MatMul, d division, maxTerms int) []Dispatch {
	_, _, k := dimensions(o)
	var list []Dispatch
	for begin := 0; begin < k; begin += maxTerms {
		end := min(begin+maxTerms, k)
		p := tiled("product", o, d, begin, end, vectors{aligned(o.A), aligned(o.B), aligned(o.Dst)})
		maps.Copy(p.Values, Values{"kBegin": begin, "kEnd": end, "ADD": begin > 0})
		list = append(list, p)
	}
	return list
}

// slotsDispatch makes the sums of a product in slots, which combineDispatch adds up.
func slotsDispatch(o compute.MatMul, c Choice) Dispatch {
	_, n, k := dimensions(o)
	p := tiled("product", o, c.division, 0, k, vectors{aligned(o.A), aligned(o.B), n%4 == 0})
	p.Writes = []compute.Mat{c.Scratch}
	maps.Copy(p.Values, Values{"Dst": c.Scratch, "kBegin": 0, "kEnd": k})
	return p
}

// combineDispatch adds up the sums of a group's product, and does the ops that use them.
func combineDispatch(g *Group, c Choice) Dispatch {
	d := Dispatch{Kernel: "combine", Y: 1, Loops: c.slots, Reads: []compute.Mat{c.Scratch}, Writes: g.Writes}
	var dst, y, bias, dropped compute.Mat
	f := compute.Identity
	switch {
	case g.activate != nil:
		a := g.activate
		dst, f, bias = a.Dst, a.F, a.Bias
		d.Ops = []string{a.Name()}
		if g.drop != nil {
			dropped = g.drop.Dst
			d.Ops = append(d.Ops, g.drop.Name())
		}
	case g.delta != nil:
		dst, f, y = g.delta.Dst, g.delta.F, g.delta.Y
		if g.drop != nil {
			d.Ops = []string{g.drop.Name()}
		}
		d.Ops = append(d.Ops, g.delta.Name())
	default: // a product alone, maybe of rows that it gathers
		dst = g.Writes[0]
		d.Ops = []string{compute.MatMul{}.Name()}
	}
	d.X, d.Work = dst.Len(), float64(dst.Len())
	d.Reads = append(d.Reads, present(bias, y)...)
	d.Values = Values{
		"F": f, "DELTA": g.delta != nil, "DROP": g.drop, "Slots": c.Scratch, "slotCount": c.slots,
		"Dst": dst, "count": dst.Len(), "cols": dst.Cols, "Bias": optional(bias), "Y": y, "Dropped": dropped,
	}
	return d
}

// layerDispatch does a layer. With slots it leaves the bias, the activation and the dropout to the
// kernel that adds up the sums: the head, or combine.
func layerDispatch(g *Group, c Choice) Dispatch {
	o := *g.product
	dst, f, bias, drop, dropped := o.Dst, compute.Identity, compute.Mat{}, g.drop, compute.Mat{}
	var ops []string
	v := vectors{a: aligned(o.A), b: aligned(o.B)}
	pixels, row := 0, 0
	if g.pixels != nil {
		v.a = g.pixels.Src.Cols%4 == 0
		pixels, row = g.pixels.Dst.Len(), g.pixels.Src.Cols
		ops = append(ops, g.pixels.Name())
	}
	ops = append(ops, o.Name())
	if a := g.activate; a != nil {
		dst, f, bias = a.Dst, a.F, a.Bias
		ops = append(ops, a.Name())
	}
	if drop != nil {
		dropped = drop.Dst
	}
	v.dst = aligned(dst) && aligned(dropped)
	reads, writes := g.Reads, g.Writes
	if c.slots > 1 {
		reads = without(reads, bias)
		dst, f, bias, drop, writes = c.Scratch, compute.Identity, compute.Mat{}, nil, []compute.Mat{c.Scratch}
		v.dst = o.Dst.Cols%4 == 0
	}
	if drop != nil {
		ops = append(ops, drop.Name())
	}
	_, _, k := dimensions(o)
	d := tiled("layer", o, c.division, 0, k, v)
	d.Reads, d.Writes, d.Ops, d.Pixels, d.PixelRow = reads, writes, ops, pixels, row
	maps.Copy(d.Values, Values{
		"F": f, "SLOTS": c.slots > 1, "PIXELS_A": g.pixels, "DROP": drop,
		"Dst": dst, "Bias": optional(bias), "Dropped": dropped,
	})
	return d
}

// deltaDispatch sends deltas back through a layer.
func deltaDispatch(g *Group, d division) Dispatch {
	o, delta := *g.product, *g.delta
	_, _, k := dimensions(o)
	p := tiled("product_delta", o, d, 0, k, vectors{aligned(o.A), aligned(o.B), aligned(delta.Dst) && aligned(delta.Y)})
	p.Reads, p.Writes = g.Reads, g.Writes
	if g.drop != nil {
		p.Ops = append(p.Ops, g.drop.Name())
	}
	p.Ops = append(p.Ops, delta.Name())
	maps.Copy(p.Values, Values{"F": delta.F, "DROP": g.drop, "Dst": delta.Dst, "Y": delta.Y})
	return p
}

// outputSizes are the numbers of outputs that head.comp is specialised for.
var outputSizes = []int{4, 10, 16, 32, maxOutputs}

// headDispatch does the head of a network. With slots, layer is the hidden layer that left its sums
// there, in parts.
func headDispatch(g, layer *Group, c Choice) Dispatch {
	o, l := *g.product, *g.loss
	rows, cols, k := dimensions(o)
	d := Dispatch{Kernel: "head", X: rows, Y: 1, Loops: 2*k + 10*cols, Work: flops(o),
		Reads: g.Reads, Writes: g.Writes, Ops: []string{o.Name(), l.Name()}}
	if c.Wide {
		d.Groups = rows
		d.Loops = 2*(k/64+1) + 12*cols
	}
	// The dropout between the hidden layer and the output layer, and the outputs before it.
	drop, full := (*compute.Dropout)(nil), o.A
	hidden, hiddenBias, dst := compute.Identity, compute.Mat{}, compute.Mat{}
	if b := g.back; b != nil {
		hidden, dst = b.delta.F, b.delta.Dst
		d.Work *= 2
		d.Ops = append(d.Ops, b.product.Name(), b.delta.Name())
		if b.drop != nil {
			drop, full = b.drop, b.delta.Y
		}
	}
	slots, slotCount := compute.Mat{}, 1
	if layer != nil {
		a := layer.activate
		slots, slotCount, hidden, hiddenBias = c.Scratch, c.slots, a.F, a.Bias
		d.Reads = append(append([]compute.Mat{slots}, g.Reads...), present(hiddenBias)...)
		d.Writes = slices.Concat(layer.Writes, g.Writes)
		d.Ops = append([]string{a.Name()}, d.Ops...)
		d.Loops *= slotCount + 1
		if layer.drop != nil {
			drop, full = layer.drop, a.Dst
		}
	}
	if drop != nil {
		d.Ops = append(d.Ops, drop.Name())
	}
	d.Values = Values{
		"WIDE": c.Wide, "SLOTS": layer != nil, "BACK": g.back != nil, "HIDDEN": hidden, "DROP": drop,
		"OUTPUTS": fmt.Sprint(outputSizes[slices.IndexFunc(outputSizes, func(n int) bool { return cols <= n })]),
		"VEC":     aligned(o.A) && aligned(o.B) && aligned(dst) && aligned(hiddenBias) && aligned(full),
		"LOSS":    l, "Slots": slots, "Rows": o.A.Buf, "Parameters": o.B.Buf,
		"BIAS": !l.Bias.IsZero(), "biasOffset": offset(l.Bias),
		"HIDDEN_BIAS": !hiddenBias.IsZero(), "hiddenBiasOffset": offset(hiddenBias),
		"yOffset": offset(o.A), "wOffset": offset(o.B), "dstOffset": offset(dst), "fullOffset": offset(full),
		"slotCount": slotCount, "m": rows, "cols": cols, "k": k,
	}
	return d
}

// updatesDispatch does updates, those of matrices by one kind of tile.
func updatesDispatch(u *updateGroup, t tile) Dispatch {
	first := u.list[0]
	d := Dispatch{Kernel: "product_update", StepValues: first.update.Corrections}
	v := Values{
		"TILE": t.name, "RULE": *first.update,
		"VECA": u.tiled && u.layout.a, "VECB": u.tiled && u.layout.b, "VECD": u.tiled && u.layout.dst,
		// Blocks that no update has are still the kernel's, and must have some buffer.
		"A": first.deltas.Buf, "B": first.update.W.Buf, "Single": first.update.W.Buf,
		"W": first.update.W.Buf, "V": first.update.V.Buf, "S": first.update.S.Buf,
	}
	var pixels *compute.Gather
	singles, terms, long := false, false, false
	for i, j := range u.list {
		o := *j.update
		m, n, k := j.m, j.n, j.k
		units := parts(m*n, t.group)
		if j.kind == tileUpdate {
			tilesX := parts(n, t.cols)
			units = tilesX * parts(m, t.rows)
			v[fmt.Sprintf("jobs[%d].tilesX", i)] = tilesX
			v["W"], v["V"], v["S"] = o.W.Buf, o.V.Buf, o.S.Buf
		} else {
			singles, v["Single"] = true, o.W.Buf
		}
		made := "column_sum"
		bOffset := 0
		if j.product != nil {
			made = j.product.Name()
		}
		if j.pixels != nil {
			pixels = j.pixels
			d.Pixels, d.PixelRow = pixels.Dst.Len(), pixels.Src.Cols
			d.Ops = append(d.Ops, pixels.Name())
		} else if j.product != nil {
			v["B"], bOffset = j.product.B.Buf, offset(j.product.B)
		}
		for name, value := range (Values{
			"kind": j.kind, "units": units, "m": m, "n": n, "k": k,
			"aOffset": offset(j.deltas), "bOffset": bOffset,
			"wOffset": offset(o.W), "vOffset": offset(o.V), "sOffset": offset(o.S),
			"l2": o.L2, "l1": o.L1, "decay": o.Decay,
		}) {
			v[fmt.Sprintf("jobs[%d].%s", i, name)] = value
		}
		terms = terms || decays(o)
		long = long || k > piece
		d.Groups += units
		d.Loops = max(d.Loops, k+k/piece+maxUpdates+1)
		d.Work += 2 * float64(m) * float64(n) * float64(k)
		d.Reads, d.Writes = append(d.Reads, j.Reads...), append(d.Writes, j.Writes...)
		d.Squares = append(d.Squares, present(o.S)...)
		d.Ops = append(d.Ops, made, o.Name())
	}
	v["PIXELS_B"], v["SINGLES"], v["TERMS"], v["LONG"], v["units"] = pixels, singles, terms, long, d.Groups
	d.Values = v
	return d
}
