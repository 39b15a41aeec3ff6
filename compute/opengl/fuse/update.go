package fuse

import (
	"slices"

	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// The kinds of updates in product_update.comp.
const (
	tileUpdate    = iota // a matrix, in tiles
	elementUpdate        // a matrix, element by element
	sumUpdate            // a bias, whose gradient is a column sum
)

const (
	// maxUpdates is the number of updates that product_update.comp has room for.
	maxUpdates = 16
	// maxElements is the largest number of parameters that are updated element by element, where
	// their layer does not suit the tiles of the others.
	maxElements = 8192
)

// An updateGroup is the updates that one dispatch of product_update.comp does.
type updateGroup struct {
	list []update
	// layout is the common layout of the tiles. It is set if tiled is true.
	tiled  bool
	layout layout
}

// An update is a group that updates m×n parameters, as part of an updateGroup. An element of the
// gradient is a sum of k terms.
type update struct {
	*Group
	kind    int
	deltas  compute.Mat // that the gradient is made of
	m, n, k int
}

// A layout has the options that specialise a kernel of tiles.
type layout struct {
	vectors
	pixels bool
	rule   string
}

// JoinUpdates moves updates of parameters as late as they may be, and joins them: then the deltas of
// all layers are there, and one dispatch can do most updates.
func JoinUpdates(list []*Group, o Options) []*Group {
	if o.Plain {
		return list
	}
	delayMaxNorms(list)
	for j := len(list) - 1; j >= 0; j-- {
		g := list[j]
		if g.update == nil {
			continue
		}
		if joined := joinLater(list, j); joined {
			list = slices.Delete(list, j, j+1)
			continue
		}
		u := &updateGroup{}
		u.add(g)
		list[j] = &Group{updates: u, last: g.last, Access: g.Access}
	}
	return list
}

// delayMaxNorms moves each bound on weights as late as it may be, so that the updates before it can be
// joined.
func delayMaxNorms(list []*Group) {
	for j := len(list) - 1; j >= 0; j-- {
		g := list[j]
		if _, ok := g.op.(compute.MaxNorm); !ok {
			continue
		}
		last := j
		for last+1 < len(list) && !g.Conflicts(&list[last+1].Access) {
			last++
		}
		copy(list[j:last], list[j+1:last+1])
		list[last] = g
	}
}

// joinLater adds the update at place j to the first later updateGroup that takes it, and reports
// whether there is one.
func joinLater(list []*Group, j int) bool {
	for i := j + 1; i < len(list); i++ {
		if later := list[i]; later.updates != nil && flow.Movable(list, j, i) && later.updates.add(list[j]) {
			later.Reads = slices.Concat(list[j].Reads, later.Reads)
			later.Writes = slices.Concat(list[j].Writes, later.Writes)
			return true
		}
	}
	return false
}

// add adds an update, and reports whether one dispatch can do it with the others.
func (u *updateGroup) add(g *Group) bool {
	if len(u.list) == maxUpdates || len(u.list) > 0 && !sameRule(*u.list[0].update, *g.update) {
		return false
	}
	var added update
	if g.sum != nil {
		added = update{g, sumUpdate, g.sum.Src, g.sum.Src.Cols, 1, g.sum.Src.Rows}
	} else {
		added = update{g, tileUpdate, g.product.A, g.product.A.Cols, g.product.B.Cols, g.product.A.Rows}
		switch l := layoutOf(g); {
		case !u.tiled || l == u.layout:
		case !l.pixels && g.update.W.Len() <= maxElements && sameBuffer(g.update.W, g.update.V, g.update.S):
			added.kind = elementUpdate
		default:
			return false
		}
	}
	if slices.ContainsFunc(u.list, func(other update) bool { return !added.fits(other) }) {
		return false
	}
	if added.kind == tileUpdate {
		u.tiled, u.layout = true, layoutOf(g)
	}
	u.list = slices.Insert(u.list, 0, added)
	return true
}

// layoutOf returns the layout of the tiles of an update.
func layoutOf(g *Group) layout {
	l := layout{pixels: g.pixels != nil, rule: ruleName(*g.update)}
	l.a, l.b = aligned(g.product.A), aligned(g.product.B)
	if l.pixels {
		l.b = g.pixels.Src.Cols%4 == 0
	}
	l.dst = aligned(g.update.W) && aligned(g.update.V) && aligned(g.update.S)
	return l
}

// sameRule reports whether one kernel does two updates.
func sameRule(a, b compute.Update) bool {
	return ruleName(a) == ruleName(b) && a.Rho == b.Rho && a.Epsilon == b.Epsilon
}

// fits reports whether one dispatch can do two updates: they do not depend on each other, and the
// operands that they bind to the same storage block lie in one buffer.
func (u update) fits(o update) bool {
	if u.Conflicts(&o.Access) || !sameBuffer(u.deltas, o.deltas) {
		return false
	}
	if (u.kind == tileUpdate) == (o.kind == tileUpdate) &&
		(!sameBuffer(u.update.W, o.update.W) || !sameBuffer(u.update.V, o.update.V) || !sameBuffer(u.update.S, o.update.S)) {
		return false
	}
	if u.pixels != nil && o.pixels != nil {
		return u.pixels.Src == o.pixels.Src && u.pixels.Index == o.pixels.Index &&
			u.pixels.Scale == o.pixels.Scale && u.pixels.Shift == o.pixels.Shift
	}
	return u.sum != nil || o.sum != nil || u.pixels != nil || o.pixels != nil || sameBuffer(u.product.B, o.product.B)
}
