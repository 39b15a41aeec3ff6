package fuse

import (
	"fmt"
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// A Stage is a part of a program, and the ways to do it.
type Stage struct {
	// Name has everything on which the best choice depends, except the device. Its first word is the
	// kind of the stage.
	Name string
	// Op is the index of the last of its ops in the program.
	Op int
	// Work is the number of floating-point operations, roughly.
	Work float64
	// Choices are the ways to do the stage, the usual one first.
	Choices []Choice

	groups   []*Group // one, or a layer and the head that it leads to
	maxTerms int
}

// A Choice is one way to do a stage.
type Choice struct {
	Name string
	// Wide means that several invocations compute each row of the head.
	Wide bool
	// Scratch is memory for sums that are made in parts, a matrix of one row or none. Stages gives
	// its shape; the caller allocates it before Dispatches.
	Scratch compute.Mat

	division
}

// A tile is a way to divide a product among invocations: one of those in shaders/tiles.glsl, with
// the sizes that it has there.
type tile struct {
	name       string
	rows, cols int // of a group's tile
	group      int // invocations
	shared     bool
}

var tiles = []tile{
	{name: "B8X8", rows: 8, cols: 64, group: 8},
	{name: "B4X4", rows: 16, cols: 32, group: 32},
	{name: "B1X8", rows: 1, cols: 64, group: 8},
	{name: "T16", rows: 16, cols: 32, group: 32, shared: true},
	{name: "T32", rows: 32, cols: 32, group: 64, shared: true},
	{name: "T64", rows: 64, cols: 64, group: 128, shared: true},
	{name: "T128", rows: 128, cols: 128, group: 256, shared: true},
	{name: "T32X128", rows: 32, cols: 128, group: 256, shared: true},
}

// TileNames returns the names of all tiles.
func TileNames() []string {
	var names []string
	for _, t := range tiles {
		names = append(names, t.name)
	}
	return names
}

// A division is how the work of a stage is divided: a product by tiles, and its sums by slots.
type division struct {
	tile       tile
	slots      int // parts of a sum
	slotLength int // terms of a part, except the last
	fill       int // why there are slots: 0 none, else 1 + an index of wantedInvocations
}

// Stages returns groups as stages.
func Stages(groups []*Group, o Options) []Stage {
	var list []Stage
	for i := 0; i < len(groups); i++ {
		g := groups[i]
		s := Stage{groups: groups[i : i+1], maxTerms: o.MaxTerms}
		switch {
		case g.updates != nil:
			s.ofUpdates(g.updates, o)
		case g.loss != nil:
			s.ofHead(g, o)
		case g.product != nil && i+1 < len(groups) && g.leadsTo(groups[i+1]):
			i++
			s.groups = groups[i-1 : i+1]
			s.ofLayerAndHead(g, groups[i], o)
		case g.product != nil:
			s.ofProduct(*g.product, layerName(g), o)
		default:
			s.ofOp(g.op, o)
		}
		s.Op = groups[i].last
		list = append(list, s)
	}
	return list
}

// ofOp lists the ways to do an op that is not fused. Only a product has several.
func (s *Stage) ofOp(op compute.Op, o Options) {
	switch op := op.(type) {
	case compute.MatMul:
		if !o.Plain {
			s.ofProduct(op, productName("matmul", op), o)
			return
		}
	case compute.SquareSum:
		if n := parts(op.Src.Len(), squaresPerGroup); n > 1 {
			s.Choices = []Choice{{Scratch: compute.Mat{Rows: 1, Cols: n}}}
			return
		}
	}
	s.Choices = []Choice{{}}
}

// ofProduct lists the ways to do a product by tiles. A product of long sums takes several dispatches
// and has only the usual way.
func (s *Stage) ofProduct(p compute.MatMul, name string, o Options) {
	m, n, k := dimensions(p)
	long := k > o.MaxTerms
	for _, d := range divisions(m, n, k, !long, o) {
		s.Choices = append(s.Choices, Choice{Name: d.String(), Scratch: d.scratch(m, n), division: d})
	}
	s.prefer(Choice{division: division{tile: usualTile(m, n, o)}})
	if long {
		s.Choices = s.Choices[:1]
		return
	}
	s.Name, s.Work = name, flops(p)
}

// ofHead lists the ways to do the head of a network.
func (s *Stage) ofHead(g *Group, o Options) {
	s.Name, s.Work = headName(g), headWork(g)
	for _, wide := range widths(o) {
		s.Choices = append(s.Choices, Choice{Name: wideName[wide], Wide: wide, division: division{slots: 1}})
	}
	s.prefer(Choice{Wide: !o.Software})
}

// ofLayerAndHead lists the ways to do the last hidden layer and the head. The best way to do one
// depends on the other where sums are made in slots.
func (s *Stage) ofLayerAndHead(layer, head *Group, o Options) {
	m, n, k := dimensions(*layer.product)
	s.Name = layerName(layer) + ", " + headName(head)
	s.Work = flops(*layer.product) + headWork(head)
	for _, d := range divisions(m, n, k, true, o) {
		for _, wide := range widths(o) {
			s.Choices = append(s.Choices, Choice{Name: d.String() + " " + wideName[wide], Wide: wide, Scratch: d.scratch(m, n), division: d})
		}
	}
	usual := Choice{division: division{tile: usualTile(m, n, o)}}
	if !o.Software {
		usual.Wide, usual.fill = true, 1
	}
	s.prefer(usual)
}

// ofUpdates lists the tiles that suit one of the updates.
func (s *Stage) ofUpdates(u *updateGroup, o Options) {
	s.Name = "update"
	usual, most := usualTile(8, 8, o), 0
	for _, j := range u.list {
		m, n, k := j.m, j.n, j.k
		s.Name += fmt.Sprintf(" %d:%d×%d×%d", j.kind, m, n, k)
		s.Work += 2 * float64(m) * float64(n) * float64(k)
		if j.kind != tileUpdate {
			continue
		}
		if m*n > most {
			usual, most = usualTile(m, n, o), m*n
		}
		for _, d := range divisions(m, n, k, false, o) {
			if !slices.ContainsFunc(s.Choices, func(c Choice) bool { return c.tile == d.tile }) {
				s.Choices = append(s.Choices, Choice{Name: d.String(), division: d})
			}
		}
	}
	s.Name += fmt.Sprintf(" %v", u.layout)
	byTiles := len(s.Choices) > 0
	if !byTiles { // then the tile decides only the size of a group
		for _, d := range divisions(8, 8, 8, false, o) {
			s.Choices = append(s.Choices, Choice{Name: d.String(), division: d})
		}
	}
	s.prefer(Choice{division: division{tile: usual}})
	if !byTiles {
		s.Choices = s.Choices[:1]
	}
}

// leadsTo reports whether a layer computes the inputs of a head, so that the head can add up the sums
// of the layer.
func (g *Group) leadsTo(head *Group) bool {
	if head.loss == nil || g.activate == nil || !sameBuffer(head.product.B, g.activate.Bias) ||
		!sameBuffer(head.product.A, g.activate.Dst) || flow.OverlapAny(head.Writes, g.Reads) {
		return false
	}
	outputs := g.activate.Dst
	if g.drop != nil {
		outputs = g.drop.Dst
	}
	if outputs != head.product.A {
		return false
	}
	// Some rows of the layer's outputs are computed while others are already used. So the other
	// operands of the head must not share their memory.
	others := without(head.Reads, head.product.A)
	if head.back != nil {
		others = without(others, head.back.delta.Y)
	}
	if flow.OverlapAny(g.Writes, others) || flow.OverlapAny(g.Writes, head.Writes) {
		return false
	}
	if head.back == nil {
		return true
	}
	// The head has one activation of the hidden layer, and one dropout, for both directions.
	d, b := g.drop, head.back.drop
	return head.back.delta.F == g.activate.F && head.back.delta.Y == g.activate.Dst &&
		(d == nil && b == nil || d != nil && b != nil && d.Rate == b.Rate && d.Stream == b.Stream)
}

// layerName returns the name of a layer, or of deltas that are sent back. Names must not change: they
// key the stored choices.
func layerName(g *Group) string {
	name := ""
	if g.delta != nil {
		name = productName("delta", *g.product)
	} else {
		name = productName("layer", *g.product) + fmt.Sprintf(" pixels %v", g.pixels != nil)
	}
	return name + dropName(g)
}

func productName(kind string, o compute.MatMul) string {
	m, n, k := dimensions(o)
	return fmt.Sprintf("%s %s %d×%d×%d a%v b%v", kind, form(o), m, n, k, aligned(o.A), aligned(o.B))
}

func headName(g *Group) string {
	rows, cols, k := dimensions(*g.product)
	name := fmt.Sprintf("head %d×%d×%d back %v", rows, cols, k, g.back != nil)
	if g.back != nil {
		name += dropName(g.back)
	}
	return name
}

func dropName(g *Group) string {
	if g.drop == nil {
		return ""
	}
	return " dropout"
}

var wideName = map[bool]string{false: "rows", true: "groups"}

// widths returns the ways to do a head.
func widths(o Options) []bool {
	switch {
	case o.Tile != "":
		return []bool{o.Wide}
	case o.Software:
		return []bool{false}
	}
	return []bool{false, true}
}

func headWork(g *Group) float64 {
	if g.back != nil {
		return 2 * flops(*g.product)
	}
	return flops(*g.product)
}

// divisions returns the ways to do a product that are worth a try. Sums are divided only where slots are
// possible.
func divisions(m, n, k int, slots bool, o Options) []division {
	var list []division
	add := func(t tile, n, fill int) {
		d := divide(t, n, k)
		d.fill = fill
		if !slices.ContainsFunc(list, func(e division) bool { return e.tile == d.tile && e.slots == d.slots }) {
			list = append(list, d)
		}
	}
	if o.Tile != "" {
		only := tiles[slices.IndexFunc(tiles, func(t tile) bool { return t.name == o.Tile })]
		if slots {
			add(only, max(1, o.Slots), 1)
		} else {
			add(only, 1, 0)
		}
		return list
	}
	for _, t := range tiles {
		switch {
		case o.Software && t.shared:
			continue // barriers make it ten times slower
		case t.rows == 1 && m > 2 || t.rows > 1 && m == 1 && t.name != "B4X4":
			continue
		case t.rows >= 2*max(m, 16) || t.cols >= 2*max(n, 16) && t.shared:
			continue // most of it would be empty
		}
		add(t, 1, 0)
		if !slots || !t.shared && m > 2 {
			continue // software OpenGL, for which other tiles are, has no use for more groups
		}
		for i, wanted := range wantedInvocations {
			invocations := parts(m, t.rows) * parts(n, t.cols) * t.group
			if s := min(parts(wanted, invocations), k/minSlot, maxSlots, maxScratch/(m*n)); s > 1 {
				add(t, s, 1+i)
			}
		}
	}
	return list
}

// wantedInvocations are numbers of invocations that keep a small, a medium and a large GPU busy: a
// multiprocessor runs one to two thousand at a time, and large GPUs have more than a hundred.
var wantedInvocations = []int{6 << 10, 24 << 10, 96 << 10}

const (
	// minSlot is the smallest number of terms of a slot: adding up a slot reads and writes as much as
	// a few of its terms.
	minSlot = 32
	// maxSlots is the largest number of slots, which one invocation adds up.
	maxSlots = 32
	// maxScratch is the number of elements of the smallest block that OpenGL guarantees, 16 MiB.
	maxScratch = 4 << 20
)

// divide divides sums of k terms into slots, or into fewer where some would be empty and never
// written.
func divide(t tile, slots, k int) division {
	const depth = 16 // terms that tiles take at a time
	for ; slots > 1; slots-- {
		length := parts(parts(k, slots), depth) * depth
		if (slots-1)*length < k {
			return division{tile: t, slots: slots, slotLength: length}
		}
	}
	return division{tile: t, slots: 1, slotLength: k}
}

// usualTile returns the tile for stages that are not timed. On software OpenGL it has no barriers; on a
// GPU it shares memory and is small enough to keep many groups busy.
func usualTile(m, n int, o Options) tile {
	name := "T32"
	switch {
	case m <= 2:
		name = "B1X8"
	case o.Software && (m < 8 || n < 32):
		name = "B4X4"
	case o.Software:
		name = "B8X8"
	case m <= 16 || n <= 16:
		name = "T16"
	case parts(m, 64)*parts(n, 64) >= 384: // enough for a large GPU
		name = "T64"
	}
	return tiles[slices.IndexFunc(tiles, func(t tile) bool { return t.name == name })]
}

// String returns the name of a division among the choices: T32, or T32/8 with slots.
func (d division) String() string {
	if d.slots == 1 {
		return d.tile.name
	}
	return fmt.Sprintf("%s/%d", d.tile.name, d.slots)
}

// scratch returns the slots of an m×n product, without a buffer.
func (d division) scratch(m, n int) compute.Mat {
	if d.slots == 1 {
		return compute.Mat{}
	}
	return compute.Mat{Rows: 1, Cols: d.slots * m * n}
}
