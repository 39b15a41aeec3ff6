package fuse

import (
	"fmt"
	"slices"

	"shadegrad/compute"
)

// A Tile is a way to divide a product among invocations: one of those in
// shaders/tiles.glsl, with its sizes there.
type Tile struct {
	Name       string
	Rows, Cols int // of a group's tile
	Each       int // columns of it that an invocation makes
	Group      int // invocations
	Shared     bool
}

var Tiles = []Tile{
	{Name: "B8X8", Rows: 8, Cols: 64, Each: 8, Group: 8},
	{Name: "B4X4", Rows: 16, Cols: 32, Each: 4, Group: 32},
	{Name: "B1X8", Rows: 1, Cols: 64, Each: 8, Group: 8},
	{Name: "T16", Rows: 16, Cols: 16, Each: 2, Group: 64, Shared: true},
	{Name: "T32", Rows: 32, Cols: 32, Each: 4, Group: 64, Shared: true},
	{Name: "T64", Rows: 64, Cols: 64, Each: 4, Group: 256, Shared: true},
	{Name: "T128", Rows: 128, Cols: 128, Each: 8, Group: 256, Shared: true},
}

// piece is how many terms of a sum kernels add up before they begin anew: PIECE in
// shaders/transpose.glsl.
const piece = 128

// A division is how a product is done: by which tiles, and in how many slots its
// sums are made.
type division struct {
	tile  Tile
	slots int
}

// String returns the name that a remembered choice has: T32, or T32/8.
func (d division) String() string {
	if d.slots == 1 {
		return d.tile.Name
	}
	return fmt.Sprintf("%s/%d", d.tile.Name, d.slots)
}

// slotLength returns how many terms a slot has: a multiple of what tiles take at a
// time.
func (d division) slotLength(k int) int {
	const depth = 16
	each := (k + d.slots - 1) / d.slots
	return (each + depth - 1) / depth * depth
}

// A Planner says how programs are made into stages.
type Planner struct {
	Slice int  // the most terms of a sum in one dispatch
	Plain bool // each op by itself, by its plain kernel
	// For tests: the one tile there is, the slots there are wherever there may be
	// any, and whether a head is wide.
	Only  *Tile
	Slots int
	Wide  bool
}

// divisions returns the ways to do a product that are worth a try, the one for those
// who do not try first. Sums are only divided where there may be slots.
func (w *Planner) divisions(m, n, k int, slots bool) []division {
	var list []division
	add := func(d division) {
		// An empty slot would never be written.
		for d.slots > 1 && (d.slots-1)*d.slotLength(k) >= k {
			d.slots--
		}
		if !slices.Contains(list, d) {
			list = append(list, d)
		}
	}
	if w.Only != nil {
		d := division{*w.Only, 1}
		if slots {
			d.slots = max(1, w.Slots)
		}
		add(d)
		return list
	}
	add(division{usualTile(m, n), 1})
	for _, t := range Tiles {
		switch {
		case t.Rows == 1 && m > 2 || t.Rows > 1 && m == 1 && t.Name != "B4X4":
			continue
		case t.Rows >= 2*max(m, 16) || t.Cols >= 2*max(n, 16) && t.Shared:
			continue // most of it would be empty
		}
		add(division{t, 1})
		groups := groupsOf(t.Rows, m) * groupsOf(t.Cols, n)
		// A large GPU runs a few hundred groups at a time.
		for _, wanted := range []int{96, 384} {
			if s := min((wanted+groups-1)/groups, k/64, 32); slots && s > 1 {
				add(division{t, s})
			}
		}
	}
	return list
}

// usualTile is the tile for those who do not try: one that is good on some devices
// and not bad on any.
func usualTile(m, n int) Tile {
	switch {
	case m <= 2:
		return Tiles[2]
	case m < 8 || n < 32:
		return Tiles[1]
	}
	return Tiles[0]
}

// groupsOf returns how many parts of a size n is, the last one smaller.
func groupsOf(size, n int) int { return (n + size - 1) / size }

// vectors tells which operands of a product may be read, or written, four at a time:
// those whose lines begin at multiples of four and are as long.
type vectors struct{ a, b, dst bool }

// aligned tells whether each line of a matrix begins at a multiple of four elements.
func aligned(m compute.Mat) bool { return m.Cols%4 == 0 && Offset(m)%4 == 0 }

// tiled adds a division to the plan of a product of m×n, with sums of k terms that
// begin with term 0 or, with several slots, with the slot's.
func (p *Plan) tiled(d division, m, n, k int, v vectors) {
	p.Defines["TILE"] = d.tile.Name
	length := k
	if d.slots > 1 {
		length = d.slotLength(k)
	}
	p.flag("LONG", length > piece)
	p.flag("VECA", v.a)
	p.flag("VECB", v.b && d.tile.Each%4 == 0 || v.b && d.tile.Shared)
	// Tiles in shared memory write single elements, neighbours beside each other.
	p.flag("VECD", v.dst && !d.tile.Shared)
	tilesX := groupsOf(d.tile.Cols, n)
	slotTiles := tilesX * groupsOf(d.tile.Rows, m)
	p.Count("tilesX", tilesX)
	p.Count("slotTiles", slotTiles)
	p.Count("tiles", slotTiles*d.slots)
	p.Count("slotLength", length)
	p.Groups = slotTiles * d.slots
	p.Loops = length + length/piece + 1
	p.Work = 2 * float64(m) * float64(n) * float64(k)
}

// planTiled plans the terms from begin to end of a product, with slots or without.
func planTiled(o compute.MatMul, d division, begin, end int) Plan {
	m, n, k := sizes(o)
	p := NewPlan("product", 0, 0)
	p.tiled(d, m, n, end-begin, vectors{a: aligned(o.A), b: aligned(o.B), dst: aligned(o.Dst)})
	p.product(o, m, n, k)
	p.Count("kBegin", begin)
	p.Count("kEnd", end)
	p.flag("ADD", begin > 0)
	p.Reads, p.Writes = []compute.Mat{o.A, o.B}, []compute.Mat{o.Dst}
	p.Ops = []string{o.Name()}
	return p
}

// planSlots plans a product whose sums are made in slots, and then added up.
func planSlots(o compute.MatMul, d division, slots compute.Mat) []Plan {
	m, n, k := sizes(o)
	p := NewPlan("product", 0, 0)
	p.tiled(d, m, n, k, vectors{a: aligned(o.A), b: aligned(o.B), dst: n%4 == 0})
	p.product(o, m, n, k)
	p.Mat("Dst", slots)
	p.Count("kBegin", 0)
	p.Count("kEnd", k)
	p.Reads, p.Writes = []compute.Mat{o.A, o.B}, []compute.Mat{slots}
	p.Ops = []string{o.Name()}

	sum := NewPlan("combine", o.Dst.Len(), 1)
	sum.Mat("Dst", o.Dst)
	sum.Mat("Slots", slots)
	sum.Count("count", o.Dst.Len())
	sum.Count("slotCount", d.slots)
	sum.Loops = d.slots
	sum.Reads, sum.Writes = []compute.Mat{slots}, []compute.Mat{o.Dst}
	sum.Ops = []string{o.Name()}
	return []Plan{p, sum}
}
