package cpu

import (
	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// A node is one op of a program, or several that were fused, with what it
// touches. It is done in one of three ways.
type node struct {
	row  rowStep  // each row by itself
	wide wideStep // divided among the workers in its own way, without waiting
	solo soloStep // divides its work itself, and is a phase of its own

	rows    int     // of a row step
	cost    float64 // about how many floating-point operations it takes
	in, out []span
}

// A rowStep does rows [lo, hi) of its op on the caller's goroutine.
type rowStep interface {
	rows(worker, lo, hi int, args *compute.Args)
}

// A wideStep does a worker's share of its op.
type wideStep interface {
	share(worker, workers int, args *compute.Args)
}

// A soloStep does its op with all workers.
type soloStep interface{ run(args *compute.Args) }

// A span is memory that a node touches.
type span struct {
	compute.Mat
	// local: row i of a row step touches row i of this memory and no other.
	local bool
}

// spans lists the memory of those matrices that are not none.
func spans(mats ...compute.Mat) []span {
	var list []span
	for _, m := range mats {
		if !m.IsZero() {
			list = append(list, span{Mat: m})
		}
	}
	return list
}

// localSpans is spans for memory whose rows are a row step's.
func localSpans(mats ...compute.Mat) []span {
	list := spans(mats...)
	for i := range list {
		list[i].local = true
	}
	return list
}

// sameRows tells whether two overlapping spans are the same rows of the same
// matrix to both nodes, so that what one row leaves there is for that row alone.
func (s span) sameRows(t span) bool {
	return s.local && t.local && s.Off == t.Off && s.Len() == t.Len()
}

// conflict tells whether two nodes must keep their order. With sameRows, memory
// that both use row by row is not counted.
func conflict(a, b *node, sameRows bool) bool {
	return clash(a.out, b.in, sameRows) || clash(a.out, b.out, sameRows) || clash(a.in, b.out, sameRows)
}

func clash(list, others []span, sameRows bool) bool {
	for _, s := range list {
		for _, t := range others {
			if flow.Overlap(s.Mat, t.Mat) && !(sameRows && s.sameRows(t)) {
				return true
			}
		}
	}
	return false
}

// shortCost is the most work that one worker does sooner than two would, by
// floating-point operations: waking the others takes about a microsecond.
const shortCost = 1 << 18

// schedule puts nodes into phases. A step joins an earlier phase where no step
// between depends on the order; so the deltas of all layers come before the first
// update, and a training step of a small network is two phases.
func schedule(nodes []*node) []*phase {
	var phases []*phase
	for _, n := range nodes {
		if f := home(phases, n); f != nil {
			f.nodes = append(f.nodes, n)
			continue
		}
		phases = append(phases, &phase{rows: n.rows, nodes: []*node{n}})
	}
	for _, f := range phases {
		cost := 0.
		for _, n := range f.nodes {
			cost += n.cost
		}
		f.alone = cost < shortCost
	}
	return phases
}

// home returns the phase that a node can join, or nil.
func home(phases []*phase, n *node) *phase {
	if n.solo != nil {
		return nil
	}
	var found *phase
	for i := len(phases) - 1; i >= 0; i-- {
		f := phases[i]
		if f.nodes[0].solo == nil && f.rows == n.rows && compatible(f, n, n.row != nil) {
			found = f
		}
		if !compatible(f, n, false) {
			break
		}
	}
	return found
}

// compatible tells whether a node conflicts with none of a phase's.
func compatible(f *phase, n *node, sameRows bool) bool {
	for _, other := range f.nodes {
		if conflict(other, n, sameRows) {
			return false
		}
	}
	return true
}
