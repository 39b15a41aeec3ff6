package simd

import "fmt"

// Lists are sparse vectors, one after the other. Vector l has the entries from
// Start[l·Step] up to Start[l·Step+1] of Idx, positions in the vector, and Val, their
// values. Step is 1 for all that CompactRows lists; if each row of a matrix was
// compacted in Step pieces, Start[b:] with that Step has piece b of each.
type Lists struct {
	Start []int32
	Step  int
	Idx   []int32
	Val   []float32
}

// Len returns the number of vectors.
func (l Lists) Len() int {
	if len(l.Start) < 2 {
		return 0
	}
	return (len(l.Start)-2)/l.Step + 1
}

// at returns vector i.
func (l Lists) at(i int) (idx []int32, val []float32) {
	from, to := l.Start[i*l.Step], l.Start[i*l.Step+1]
	return l.Idx[from:to], l.Val[from:to]
}

// check panics unless the vectors are within Idx and Val, and their results, of n
// columns with leading dimension ldo, within size elements.
func (l Lists) check(name string, size, n, ldo, ld int) {
	sameLength(name, len(l.Idx), len(l.Val))
	if l.Step < 1 {
		panic(fmt.Sprintf("simd: %s: lists with step %d", name, l.Step))
	}
	if n < 0 || ld < n || ldo < n {
		panic(fmt.Sprintf("simd: %s: rows of %d columns have leading dimensions %d and %d", name, n, ldo, ld))
	}
	count := l.Len()
	if count > 0 && (count-1)*ldo+n > size {
		panic(fmt.Sprintf("simd: %s: %d rows of %d columns, leading dimension %d, are not within %d elements", name, count, n, ldo, size))
	}
	for i := range count {
		from, to := l.Start[i*l.Step], l.Start[i*l.Step+1]
		if from < 0 || to < from || int(to) > len(l.Idx) {
			panic(fmt.Sprintf("simd: %s: list %d is that of entries %d to %d of %d", name, i, from, to, len(l.Idx)))
		}
	}
}
