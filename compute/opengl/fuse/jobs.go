package fuse

import (
	"fmt"
	"slices"

	"shadegrad/compute"
)

// maxJobs is the room for jobs in product_update.comp.
const maxJobs = 16

// The kinds of jobs in product_update.comp.
const (
	tileJob = iota
	elementJob
	sumJob
)

// smallJob is how many parameters may be changed element by element, where their
// layer does not suit the tiles of the others.
const smallJob = 8192

// An updates is changes of parameters that one dispatch does: the jobs of
// product_update.comp.
type updates struct {
	jobs []job
	// What tiles have in common. Without tiles it does not matter.
	tiled  bool
	layout layout
}

// A layout is what a kernel of tiles is specialised by.
type layout struct {
	vectors
	pixels bool
	rule   string
}

// A job is a node with a place in an updates.
type job struct {
	*node
	kind int
}

// deltas returns the matrix that the gradient is made of.
func (n *node) deltas() compute.Mat {
	if n.sum != nil {
		return n.sum.Src
	}
	return n.product.A
}

// layoutOf returns what tiles of a node need.
func layoutOf(n *node) layout {
	l := layout{pixels: n.pixels != nil, rule: ruleName(*n.update)}
	l.a = aligned(n.product.A)
	l.b = l.pixels && n.pixels.Src.Cols%4 == 0 || !l.pixels && aligned(n.product.B)
	l.dst = !slices.ContainsFunc(present(n.update.W, n.update.V, n.update.S), func(m compute.Mat) bool { return !aligned(m) })
	return l
}

// add makes a node a job, unless it does not go with the others.
func (u *updates) add(n *node) bool {
	if len(u.jobs) == maxJobs || len(u.jobs) > 0 && !sameRule(*u.jobs[0].update, *n.update) {
		return false
	}
	added := job{n, sumJob}
	if n.sum == nil {
		switch l := layoutOf(n); {
		case !u.tiled || l == u.layout:
			added.kind = tileJob
		case !l.pixels && n.update.W.Len() <= smallJob && sameBuffer(n.update.W, n.update.V, n.update.S):
			added.kind = elementJob
		default:
			return false
		}
	}
	for _, other := range u.jobs {
		if !added.fits(other) {
			return false
		}
	}
	if added.kind == tileJob {
		u.tiled, u.layout = true, layoutOf(n)
	}
	u.jobs = slices.Insert(u.jobs, 0, added)
	return true
}

// sameRule tells whether one kernel does two updates.
func sameRule(a, b compute.Update) bool {
	return ruleName(a) == ruleName(b) && a.Rho == b.Rho && a.Epsilon == b.Epsilon
}

// fits tells whether two jobs can be in one dispatch: they do not depend on each
// other, and what both bind to a block lies in one buffer.
func (j job) fits(o job) bool {
	if j.conflicts(o.node) || !sameBuffer(j.deltas(), o.deltas()) {
		return false
	}
	if (j.kind == tileJob) == (o.kind == tileJob) &&
		(!sameBuffer(j.update.W, o.update.W) || !sameBuffer(j.update.V, o.update.V) || !sameBuffer(j.update.S, o.update.S)) {
		return false
	}
	if j.pixels != nil && o.pixels != nil {
		return j.pixels.Src == o.pixels.Src && j.pixels.Index == o.pixels.Index &&
			j.pixels.Scale == o.pixels.Scale && j.pixels.Shift == o.pixels.Shift
	}
	return j.sum != nil || o.sum != nil || j.pixels != nil || o.pixels != nil || sameBuffer(j.product.B, o.product.B)
}

// bounds puts each bound on weights as late as it may be, so that the changes before it can be
// done together.
func (f *fusion) bounds() {
	for j := len(f.list) - 1; j >= 0; j-- {
		n := f.list[j]
		if _, ok := n.op.(compute.MaxNorm); !ok {
			continue
		}
		last := j
		for last+1 < len(f.list) && !n.conflicts(f.list[last+1]) {
			last++
		}
		copy(f.list[j:last], f.list[j+1:last+1])
		f.list[last] = n
	}
}

// collect makes updates of the changes of parameters in a list of nodes, as late as
// any of them: then the deltas of all layers are there, and one dispatch can do most
// of them.
func (f *fusion) collect() {
	for j := len(f.list) - 1; j >= 0; j-- {
		n := f.list[j]
		if n.update == nil {
			continue
		}
		if g := f.groupFor(n, j); g >= 0 {
			group := f.list[g]
			group.reads = slices.Concat(n.reads, group.reads)
			group.writes = slices.Concat(n.writes, group.writes)
			f.list = slices.Delete(f.list, j, j+1)
			continue
		}
		u := &updates{}
		u.add(n)
		f.list[j] = &node{updates: u, number: n.number, reads: n.reads, writes: n.writes}
	}
}

// groupFor returns the place of the updates that take the node at place j, or −1.
func (f *fusion) groupFor(n *node, j int) int {
	for g := j + 1; g < len(f.list); g++ {
		if u := f.list[g].updates; u != nil && f.passes(j, g) && u.add(n) {
			return g
		}
	}
	return -1
}

// plan plans updates by one kind of tile.
func (u *updates) plan(t Tile) Plan {
	p := NewPlan("product_update", 0, 0)
	p.Defines["TILE"] = t.Name
	p.Count("scale", 0)
	p.Count("shift", 0)
	first := u.jobs[0]
	p.rule(*first.update)
	p.flag("VECA", u.tiled && u.layout.a)
	p.flag("VECB", u.tiled && u.layout.b)
	p.flag("VECD", u.tiled && u.layout.dst && !t.Shared)
	// Blocks that no job has are still the kernel's, and must have some buffer.
	p.Blocks["A"] = first.deltas().Buf
	for _, name := range []string{"B", "W", "Single"} {
		p.Blocks[name] = first.update.W.Buf
	}
	p.Blocks["V"], p.Blocks["S"] = first.update.V.Buf, first.update.S.Buf
	for i, j := range u.jobs {
		p.job(i, j, t)
	}
	p.Count("units", p.Groups)
	return p
}

// job adds a job to the plan of updates.
func (p *Plan) job(i int, j job, t Tile) {
	set := func(name string, value int) { p.Count(fmt.Sprintf("jobs[%d].%s", i, name), value) }
	k := j.deltas().Rows
	m, n, units := j.deltas().Cols, 1, 0
	switch j.kind {
	case tileJob:
		n = j.product.B.Cols
		tilesX := groupsOf(t.Cols, n)
		units = tilesX * groupsOf(t.Rows, m)
		set("tilesX", tilesX)
		p.Blocks["W"], p.Blocks["V"], p.Blocks["S"] = j.update.W.Buf, j.update.V.Buf, j.update.S.Buf
		p.Work += 2 * float64(m) * float64(n) * float64(k)
	case elementJob:
		n = j.product.B.Cols
		units = groupsOf(t.Group, m*n)
	case sumJob:
		units = groupsOf(t.Group, m)
	}
	if j.kind != tileJob {
		p.Defines["SINGLES"] = "1"
		p.Blocks["Single"] = j.update.W.Buf
		p.Work += 2 * float64(m) * float64(n) * float64(k)
	}
	if j.pixels != nil {
		p.gathers("PIXELS_B", j.pixels)
	} else if j.product != nil {
		p.Blocks["B"] = j.product.B.Buf
		set("bOffset", Offset(j.product.B))
	}
	set("kind", j.kind)
	set("units", units)
	set("m", m)
	set("n", n)
	set("k", k)
	set("aOffset", Offset(j.deltas()))
	set("wOffset", Offset(j.update.W))
	for name, m := range map[string]compute.Mat{"vOffset": j.update.V, "sOffset": j.update.S} {
		if !m.IsZero() {
			set(name, Offset(m))
		}
	}
	p.Squares = append(p.Squares, present(j.update.S)...)
	for name, value := range map[string]float32{"l2": j.update.L2, "l1": j.update.L1, "decay": j.update.Decay} {
		p.Float(fmt.Sprintf("jobs[%d].%s", i, name), value)
	}
	p.flag("TERMS", decays(*j.update))
	p.flag("LONG", k > piece)
	p.Groups += units
	p.Loops = max(p.Loops, k+k/piece+maxJobs+1)
	p.Reads = append(p.Reads, j.reads...)
	p.Writes = append(p.Writes, j.writes...)
	for _, name := range []string{"column_sum", "update"} {
		if name == "column_sum" && j.sum == nil {
			name = "matmul"
		}
		p.Ops = append(p.Ops, name)
	}
}

// gathers has a kernel gather rows of pixels for itself.
func (p *Plan) gathers(option string, g *compute.Gather) {
	p.Defines[option] = "1"
	p.Blocks["Src"] = g.Src.Buf
	p.Pixels = g.Dst.Len()
	p.index(g.Index)
	p.Float("scale", g.Scale)
	p.Float("shift", g.Shift)
	p.Ops = append(p.Ops, g.Name())
}
