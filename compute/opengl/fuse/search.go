package fuse

import (
	"cmp"
	"slices"
	"time"
)

// The choices of a stage are points of a grid. A property that choices may have in any combination, such
// as the number of slots, has an axis; at returns the coordinates. The tile is the first axis: it decides
// which values the other ones can have. For a new property add an axis here and its coordinate in at.
// A new tile needs neither.
const (
	tileAxis = iota
	fillAxis
	widthAxis
	axes
)

// at returns the coordinates of a choice.
func (c Choice) at() [axes]int {
	at := [axes]int{tileAxis: slices.Index(tiles, c.tile), fillAxis: c.fill}
	if c.Wide {
		at[widthAxis] = 1
	}
	return at
}

// distance returns how much two choices differ. A difference in an axis counts more than all differences
// in later ones.
func distance(c, d Choice) int {
	sum := 0
	for axis, x := range c.at() {
		diff := x - d.at()[axis]
		sum = 64*sum + max(diff, -diff)
	}
	return sum
}

// Nearest returns the choice of the stage that is most like one of another stage.
func (s Stage) Nearest(c Choice) Choice {
	return slices.MinFunc(s.Choices, func(a, b Choice) int { return distance(a, c) - distance(b, c) })
}

// prefer makes the choice that is most like c the usual one.
func (s *Stage) prefer(c Choice) {
	usual := s.Nearest(c)
	i := slices.IndexFunc(s.Choices, func(c Choice) bool { return c.Name == usual.Name })
	s.Choices = slices.Insert(slices.Delete(s.Choices, i, i+1), 0, usual)
}

// neighbours returns the choices that differ from c in an axis, one for each other coordinate. A choice
// with another tile may have to differ in other axes too.
func (s Stage) neighbours(c Choice, axis int) []Choice {
	var list []Choice
	for _, d := range s.Choices {
		from, to := c.at(), d.at()
		if to[axis] == from[axis] || axis != tileAxis && to[tileAxis] != from[tileAxis] {
			continue
		}
		i := slices.IndexFunc(list, func(e Choice) bool { return e.at()[axis] == to[axis] })
		if i < 0 {
			list = append(list, d)
		} else if distance(d, c) < distance(list[i], c) {
			list[i] = d
		}
	}
	return list
}

// finalists is the number of tiles whose other properties are tried. The fastest tile in one combination
// may not be the fastest in the best combination.
const finalists = 4

// Fastest searches for the fastest choices of a stage. It begins with start, tries the other tiles, then
// the other properties of the best tiles, and begins again with the fastest, until it has tried every
// neighbour of the finalists. It returns the tried choices, the fastest first, and whether the search is
// complete.
//
// try returns the time of a choice, or 0 if the device cannot use it, or false to end the search. It is
// called once for a choice.
func (s Stage) Fastest(start Choice, try func(Choice) (took time.Duration, ok bool)) (ranking []Choice, complete bool) {
	times := map[string]time.Duration{}
	// measure adds choices to the ranking, and reports whether all could be tried.
	measure := func(list ...Choice) bool {
		for _, c := range list {
			if _, known := times[c.Name]; known {
				continue
			}
			took, ok := try(c)
			if !ok {
				return false
			}
			if times[c.Name] = took; took > 0 {
				ranking = append(ranking, c)
				slices.SortStableFunc(ranking, func(a, b Choice) int { return cmp.Compare(times[a.Name], times[b.Name]) })
			}
		}
		return true
	}
	complete = measure(start)
	for tried := 0; complete && tried < len(times); {
		tried = len(times)
		for axis := range axes {
			for _, c := range best(ranking, start, axis) {
				complete = complete && measure(s.neighbours(c, axis)...)
			}
		}
	}
	return ranking, complete
}

// best returns the choices whose neighbours in an axis are tried: the fastest one, or the fastest of each
// of the best tiles. If none works, it is the start.
func best(ranking []Choice, start Choice, axis int) []Choice {
	if len(ranking) == 0 {
		return []Choice{start}
	}
	if axis == tileAxis {
		return ranking[:1]
	}
	var list []Choice
	for _, c := range ranking {
		if len(list) < finalists && !slices.ContainsFunc(list, func(d Choice) bool { return d.tile == c.tile }) {
			list = append(list, c)
		}
	}
	return list
}
