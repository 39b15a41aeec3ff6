// Package flow analyses how data flow through the ops of a program. A backend that fuses or
// reorders ops asks it which op wrote a matrix, which ops use the matrix, and whether an op may
// move past others.
//
// The functions take a list of nodes. A node is an op, or several ops that a backend has fused;
// it is a struct that embeds an [Access]. Places are indices in that list.
package flow

import (
	"slices"

	"shadegrad/compute"
)

// An Access lists the matrices that a node reads and writes. A matrix that it changes is in both lists.
type Access struct{ Reads, Writes []compute.Mat }

// Of returns the access of an op.
func Of(op compute.Op) Access {
	var a Access
	for _, o := range compute.Matrices(op) {
		if o.Mode != compute.Out {
			a.Reads = append(a.Reads, o.Mat)
		}
		if o.Mode != compute.In {
			a.Writes = append(a.Writes, o.Mat)
		}
	}
	return a
}

// Accesses returns a list with a node for each op.
func Accesses(ops []compute.Op) []*Access {
	list := make([]*Access, len(ops))
	for i, op := range ops {
		a := Of(op)
		list[i] = &a
	}
	return list
}

func (a *Access) access() *Access { return a }

// Touches reports whether a node reads or writes a part of a matrix.
func (a *Access) Touches(m compute.Mat) bool {
	return Overlap(m, a.Reads...) || Overlap(m, a.Writes...)
}

// Conflicts reports whether two nodes must keep their order: one writes what the other uses.
func (a *Access) Conflicts(b *Access) bool {
	return OverlapAny(a.Writes, b.Writes) || OverlapAny(a.Writes, b.Reads) || OverlapAny(a.Reads, b.Writes)
}

// Overlap reports whether a matrix shares memory with one of others. The zero Mat does not share
// memory.
func Overlap(m compute.Mat, others ...compute.Mat) bool {
	for _, o := range others {
		if m.Buf == o.Buf && m.Off < o.Off+o.Len() && o.Off < m.Off+m.Len() {
			return true
		}
	}
	return false
}

// OverlapAny reports whether a matrix of a list shares memory with one of others.
func OverlapAny(list, others []compute.Mat) bool {
	return slices.ContainsFunc(list, func(m compute.Mat) bool { return Overlap(m, others...) })
}

// A Node has an [Access], which its struct embeds.
type Node interface{ access() *Access }

// LastWriter returns the place of the last node before place j that writes a part of a matrix,
// or −1.
func LastWriter[N Node](list []N, m compute.Mat, j int) int {
	for i := j - 1; i >= 0; i-- {
		if Overlap(m, list[i].access().Writes...) {
			return i
		}
	}
	return -1
}

// Users lists the places of the nodes that read or write a part of a matrix.
func Users[N Node](list []N, m compute.Mat) []int {
	var places []int
	for i, n := range list {
		if n.access().Touches(m) {
			places = append(places, i)
		}
	}
	return places
}

// OnlyUsedBy reports whether no node uses a matrix except those at some places.
func OnlyUsedBy[N Node](list []N, m compute.Mat, places ...int) bool {
	for _, i := range Users(list, m) {
		if !slices.Contains(places, i) {
			return false
		}
	}
	return true
}

// Unchanged reports whether none of the nodes at places i to j−1 writes a part of some matrices.
func Unchanged[N Node](list []N, i, j int, mats ...compute.Mat) bool {
	for _, n := range list[i:j] {
		if OverlapAny(n.access().Writes, mats) {
			return false
		}
	}
	return true
}

// Movable reports whether the node at place i can move to place j: it does not conflict with any
// node in between. Movable ignores the nodes at the places fused, which move along.
func Movable[N Node](list []N, i, j int, fused ...int) bool {
	for b := min(i, j) + 1; b < max(i, j); b++ {
		if !slices.Contains(fused, b) && list[i].access().Conflicts(list[b].access()) {
			return false
		}
	}
	return true
}
