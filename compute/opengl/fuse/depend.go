package fuse

import (
	"slices"

	"shadegrad/compute"
)

// An access is what a group reads and writes.
type access struct{ reads, writes []compute.Mat }

// accessOf returns what an op reads and writes.
func accessOf(op compute.Op) access {
	var a access
	for _, o := range compute.Matrices(op) {
		if o.Mode != compute.In {
			a.writes = append(a.writes, o.Mat)
		}
		if o.Mode != compute.Out {
			a.reads = append(a.reads, o.Mat)
		}
	}
	return a
}

// overlap reports whether a matrix shares memory with one of others.
func overlap(m compute.Mat, others ...compute.Mat) bool {
	if m.IsZero() {
		return false
	}
	for _, o := range others {
		if !o.IsZero() && m.Buf == o.Buf && m.Off < o.Off+o.Len() && o.Off < m.Off+m.Len() {
			return true
		}
	}
	return false
}

func overlapAny(list, others []compute.Mat) bool {
	return slices.ContainsFunc(list, func(m compute.Mat) bool { return overlap(m, others...) })
}

// conflicts reports whether two groups must keep their order.
func (a access) conflicts(b access) bool {
	return overlapAny(a.writes, b.writes) || overlapAny(a.writes, b.reads) || overlapAny(a.reads, b.writes)
}

// touches reports whether a group reads or writes a part of a matrix.
func (a access) touches(m compute.Mat) bool { return overlap(m, a.reads...) || overlap(m, a.writes...) }

// without returns a list without a matrix that is no longer stored.
func without(list []compute.Mat, m compute.Mat) []compute.Mat {
	return slices.DeleteFunc(slices.Clone(list), func(o compute.Mat) bool { return o == m })
}

// lastWriter returns the place of the last group before place j that writes a part of a matrix,
// or −1.
func lastWriter(list []*Group, m compute.Mat, j int) int {
	for i := j - 1; i >= 0; i-- {
		if overlap(m, list[i].writes...) {
			return i
		}
	}
	return -1
}

// movable reports whether the group at place i may be done at place j: it conflicts with no group
// between, except those that are fused with the two.
func movable(list []*Group, i, j int, fused ...int) bool {
	for b := min(i, j) + 1; b < max(i, j); b++ {
		if !slices.Contains(fused, b) && list[i].conflicts(list[b].access) {
			return false
		}
	}
	return true
}

// onlyTouchedBy reports whether no group touches a matrix except those at some places.
func onlyTouchedBy(list []*Group, m compute.Mat, places ...int) bool {
	for i, g := range list {
		if !slices.Contains(places, i) && g.touches(m) {
			return false
		}
	}
	return true
}
