package cpu

import (
	"shadegrad/compute"
	"shadegrad/compute/flow"
)

// A node is one op of a program, or several fused ops, with the memory that it uses. One of its
// three steps is set.
type node struct {
	row  rowStep  // works row by row
	wide wideStep // divides its work among the workers, which do not wait for each other
	solo soloStep // divides its work among all workers; a phase of one node

	rows    int     // of a row step
	cost    float64 // floating-point operations, roughly
	in, out []span  // memory that it reads and writes
}

// A rowStep does rows [lo, hi) of its op on the caller's goroutine.
type rowStep interface {
	rows(worker, lo, hi int, args *compute.Args)
}

// A wideStep does a worker's part of its op.
type wideStep interface {
	share(worker, workers int, args *compute.Args)
}

// A soloStep does its op with all workers.
type soloStep interface{ run(args *compute.Args) }

// A span is memory that a node uses.
type span struct {
	compute.Mat
	// local means that row i of a row step uses row i of this memory and no other.
	local bool
}

// spans lists the memory of the matrices that are present.
func spans(mats ...compute.Mat) []span {
	var list []span
	for _, m := range mats {
		if !m.IsZero() {
			list = append(list, span{Mat: m})
		}
	}
	return list
}

// localSpans is spans for local memory.
func localSpans(mats ...compute.Mat) []span {
	list := spans(mats...)
	for i := range list {
		list[i].local = true
	}
	return list
}

// sameRows reports whether two overlapping spans are the same matrix and local to both nodes. Then
// the results of a row are read only by the same row.
func (s span) sameRows(t span) bool {
	return s.local && t.local && s.Off == t.Off && s.Len() == t.Len()
}

// conflict reports whether two nodes must keep their order. With sameRows, memory that both use
// row by row does not count.
func conflict(a, b *node, sameRows bool) bool {
	return overlapping(a.out, b.in, sameRows) || overlapping(a.out, b.out, sameRows) || overlapping(a.in, b.out, sameRows)
}

func overlapping(list, others []span, sameRows bool) bool {
	for _, s := range list {
		for _, t := range others {
			if flow.Overlap(s.Mat, t.Mat) && !(sameRows && s.sameRows(t)) {
				return true
			}
		}
	}
	return false
}

// shortCost is the number of floating-point operations up to which one worker is faster than
// several: waking the others takes about a microsecond.
const shortCost = 1 << 18

// schedule groups nodes into phases. A node joins the earliest phase that it can move to without a
// conflict. So the deltas of all layers come before the first update, and a training step of a
// small network has two phases.
func schedule(nodes []*node) []*phase {
	var phases []*phase
	for _, n := range nodes {
		if f := findPhase(phases, n); f != nil {
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
		f.single = cost < shortCost
	}
	return phases
}

// findPhase returns the phase that a node can join, or nil.
func findPhase(phases []*phase, n *node) *phase {
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

// compatible reports whether a node does not conflict with any node of a phase.
func compatible(f *phase, n *node, sameRows bool) bool {
	for _, other := range f.nodes {
		if conflict(other, n, sameRows) {
			return false
		}
	}
	return true
}
