//go:build cgo && !nogl

package opengl

import (
	"fmt"
	"slices"

	"shadegrad/compute"
)

// A tile is a way to divide a product among invocations: one of those in
// shaders/tiles.glsl, with its sizes there.
type tile struct {
	name       string
	rows, cols int // of a group's tile
	each       int // columns of it that an invocation makes
	group      int // invocations
	shared     bool
}

var tiles = []tile{
	{name: "B8X8", rows: 8, cols: 64, each: 8, group: 8},
	{name: "B4X4", rows: 16, cols: 32, each: 4, group: 32},
	{name: "B1X8", rows: 1, cols: 64, each: 8, group: 8},
	{name: "T16", rows: 16, cols: 16, each: 2, group: 64, shared: true},
	{name: "T32", rows: 32, cols: 32, each: 4, group: 64, shared: true},
	{name: "T64", rows: 64, cols: 64, each: 4, group: 256, shared: true},
	{name: "T128", rows: 128, cols: 128, each: 8, group: 256, shared: true},
}

// piece is how many terms of a sum kernels add up before they begin anew: PIECE in
// shaders/transpose.glsl.
const piece = 128

// A division is how a product is done: by which tiles, and in how many slots its
// sums are made.
type division struct {
	tile  tile
	slots int
}

// String returns the name that a remembered choice has: T32, or T32/8.
func (d division) String() string {
	if d.slots == 1 {
		return d.tile.name
	}
	return fmt.Sprintf("%s/%d", d.tile.name, d.slots)
}

// slotLength returns how many terms a slot has: a multiple of what tiles take at a
// time.
func (d division) slotLength(k int) int {
	const depth = 16
	each := (k + d.slots - 1) / d.slots
	return (each + depth - 1) / depth * depth
}

// A planner says how programs are made into stages.
type planner struct {
	slice int  // the most terms of a sum in one dispatch
	plain bool // each op by itself, by its plain kernel
	// For tests: the one tile there is, the slots there are wherever there may be
	// any, and whether a head is wide.
	only  *tile
	slots int
	wide  bool
}

// divisions returns the ways to do a product that are worth a try, the one for those
// who do not try first. Sums are only divided where there may be slots.
func (w *planner) divisions(m, n, k int, slots bool) []division {
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
	if w.only != nil {
		d := division{*w.only, 1}
		if slots {
			d.slots = max(1, w.slots)
		}
		add(d)
		return list
	}
	add(division{usualTile(m, n), 1})
	for _, t := range tiles {
		switch {
		case t.rows == 1 && m > 2 || t.rows > 1 && m == 1 && t.name != "B4X4":
			continue
		case t.rows >= 2*max(m, 16) || t.cols >= 2*max(n, 16) && t.shared:
			continue // most of it would be empty
		}
		add(division{t, 1})
		groups := groupsOf(t.rows, m) * groupsOf(t.cols, n)
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
func usualTile(m, n int) tile {
	switch {
	case m <= 2:
		return tiles[2]
	case m < 8 || n < 32:
		return tiles[1]
	}
	return tiles[0]
}

// groupsOf returns how many parts of a size n is, the last one smaller.
func groupsOf(size, n int) int { return (n + size - 1) / size }

// vectors tells which operands of a product may be read, or written, four at a time:
// those whose lines begin at multiples of four and are as long.
type vectors struct{ a, b, dst bool }

// aligned tells whether each line of a matrix begins at a multiple of four elements.
func aligned(m compute.Mat) bool { return m.Cols%4 == 0 && offset(m)%4 == 0 }

// tiled adds a division to the plan of a product of m×n, with sums of k terms that
// begin with term 0 or, with several slots, with the slot's.
func (p *plan) tiled(d division, m, n, k int, v vectors) {
	p.defines["TILE"] = d.tile.name
	length := k
	if d.slots > 1 {
		length = d.slotLength(k)
	}
	p.flag("LONG", length > piece)
	p.flag("VECA", v.a)
	p.flag("VECB", v.b && d.tile.each%4 == 0 || v.b && d.tile.shared)
	// Tiles in shared memory write single elements, neighbours beside each other.
	p.flag("VECD", v.dst && !d.tile.shared)
	tilesX := groupsOf(d.tile.cols, n)
	slotTiles := tilesX * groupsOf(d.tile.rows, m)
	p.count("tilesX", tilesX)
	p.count("slotTiles", slotTiles)
	p.count("tiles", slotTiles*d.slots)
	p.count("slotLength", length)
	p.groups = slotTiles * d.slots
	p.loops = length + length/piece + 1
	p.work = 2 * float64(m) * float64(n) * float64(k)
}

// planTiled plans the terms from begin to end of a product, with slots or without.
func planTiled(o compute.MatMul, d division, begin, end int) plan {
	m, n, k := sizes(o)
	p := newPlan("product", 0, 0)
	p.tiled(d, m, n, end-begin, vectors{a: aligned(o.A), b: aligned(o.B), dst: aligned(o.Dst)})
	p.product(o, m, n, k)
	p.count("kBegin", begin)
	p.count("kEnd", end)
	p.flag("ADD", begin > 0)
	p.reads, p.writes = []compute.Mat{o.A, o.B}, []compute.Mat{o.Dst}
	p.ops = []string{o.Name()}
	return p
}

// planSlots plans a product whose sums are made in slots, and then added up.
func planSlots(o compute.MatMul, d division, slots compute.Mat) []plan {
	m, n, k := sizes(o)
	p := newPlan("product", 0, 0)
	p.tiled(d, m, n, k, vectors{a: aligned(o.A), b: aligned(o.B), dst: n%4 == 0})
	p.product(o, m, n, k)
	p.mat("Dst", slots)
	p.count("kBegin", 0)
	p.count("kEnd", k)
	p.reads, p.writes = []compute.Mat{o.A, o.B}, []compute.Mat{slots}
	p.ops = []string{o.Name()}

	sum := newPlan("combine", o.Dst.Len(), 1)
	sum.mat("Dst", o.Dst)
	sum.mat("Slots", slots)
	sum.count("count", o.Dst.Len())
	sum.count("slotCount", d.slots)
	sum.loops = d.slots
	sum.reads, sum.writes = []compute.Mat{slots}, []compute.Mat{o.Dst}
	sum.ops = []string{o.Name()}
	return []plan{p, sum}
}
