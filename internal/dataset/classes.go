package dataset

import "slices"

// A classSet tells of each label whether a sample has it.
type classSet [maxClasses]bool

// classByClass returns the numbers of the samples of each class, in the order that the classes have, if the samples of each
// stand together, as files do that are listed directory by directory; otherwise nil.
func (s *Set) classByClass() [][]uint32 {
	var list [][]uint32
	var before classSet
	for i, label := range s.Labels {
		if i == 0 || label != s.Labels[i-1] {
			if before[label] {
				return nil
			}
			before[label] = true
			list = append(list, nil)
		}
		last := len(list) - 1
		list[last] = append(list[last], uint32(i))
	}
	return list
}

// firstOfClasses returns the first samples of each of these classes, n in all and as many of each as its share is, in
// ascending order. Each class has one at least, if n allows it.
func firstOfClasses(classes [][]uint32, n int) []uint32 {
	for _, c := range classes {
		n -= len(c)
	}
	// What is left out is shared, since shares takes no class's last sample if it need not, and from the last class on, so
	// that of classes that are alike the first ones keep more.
	backwards := slices.Clone(classes)
	slices.Reverse(backwards)
	out := shares(backwards, -n)
	slices.Reverse(out)
	var rows []uint32
	for i, c := range classes {
		rows = append(rows, c[:len(c)-out[i]]...)
	}
	return rows
}
