package digit

import (
	"image"
	"math"
	"slices"
)

// A run is a short piece of ink in column x, from a row up to another, which it excludes.
type run struct{ x, top, bottom int }

func (r run) thickness() int { return r.bottom - r.top }

// A rule is a straight line of ink across the picture: a line of ruled or squared paper, a side of a frame, or an underline.
type rule struct {
	vertical bool // then the runs are of the transposed picture
	runs     []run
	from, to int // its ends along its direction
	across   int // its mean place in the other direction
	thick    int // its median thickness
	alone    bool
}

// ruleShare is the minimum length of a rule as a fraction of the ink's extent. A digit within a frame or on a rule is narrower.
const ruleShare = 0.85

// eraseRules removes lines that are not part of a digit from ink. It repeats, because a frame can have a line in it.
func eraseRules(ink plane, noise, least float32) {
	for range 3 {
		smooth := blur(ink)
		if slices.Max(smooth.pix) < least {
			return
		}
		threshold := lowerThreshold(smooth, noise)
		// The lines of paper may be so pale that only parts of them are above the threshold.
		if !newMask(smooth, threshold).erase(ink) && !newMask(smooth, max(threshold/2, 2*noise)).erase(ink) {
			return
		}
	}
}

// A mask is the pixels of a picture that have ink.
type mask struct {
	w, h  int
	on    []bool
	piece []int // of each pixel with ink: the index of its box in boxes
	boxes []image.Rectangle
	box   image.Rectangle // of all pieces but dust
}

func newMask(p plane, threshold float32) *mask {
	m := &mask{w: p.w, h: p.h, on: make([]bool, len(p.pix)), piece: make([]int, len(p.pix))}
	for n, piece := range connected(p, threshold) {
		box := extent(p, piece)
		m.boxes = append(m.boxes, box)
		if !isDust(box, p) {
			m.box = m.box.Union(box)
		}
		for _, i := range piece {
			m.on[i], m.piece[i] = true, n
		}
	}
	return m
}

// transposed returns the mask with rows and columns exchanged.
func (m *mask) transposed() *mask {
	turn := func(r image.Rectangle) image.Rectangle {
		return image.Rect(r.Min.Y, r.Min.X, r.Max.Y, r.Max.X)
	}
	t := &mask{w: m.h, h: m.w, on: make([]bool, len(m.on)), piece: make([]int, len(m.on)), box: turn(m.box)}
	for _, b := range m.boxes {
		t.boxes = append(t.boxes, turn(b))
	}
	for i, on := range m.on {
		j := i%m.w*t.w + i/m.w
		t.on[j], t.piece[j] = on, m.piece[i]
	}
	return t
}

// thinRuns returns the runs of each column that are no thicker than a rule.
func (m *mask) thinRuns() (list []run) {
	thickest := max(3, min(m.box.Dx(), m.box.Dy())/10)
	for x := m.box.Min.X; x < m.box.Max.X; x++ {
		for y := m.box.Min.Y; y < m.box.Max.Y; y++ {
			top := y
			for y < m.box.Max.Y && m.on[y*m.w+x] {
				y++
			}
			if n := y - top; n > 0 && n <= thickest {
				list = append(list, run{x, top, y})
			}
		}
	}
	return list
}

// leastRule is the minimum length of a rule in pixels. The strokes of a digit as small as this are as thin as a rule.
const leastRule = 24

// rules returns the horizontal rules, by a Hough transform of the middles of thin runs. A rule may slope a little. A
// dashed one is found if its dashes are pieces of their own.
func (m *mask) rules() (list []rule) {
	wide := m.box.Dx()
	if wide < leastRule {
		return nil
	}
	runs := m.thinRuns()
	most := wide / 10 // the largest difference in height of both ends
	tolerance := max(2, wide/100)
	middle := func(r run, slope int) int {
		return (r.top+r.bottom)/2 - (r.x-m.box.Min.X)*slope/wide
	}
	votes := make([]int, m.h+2*most+tolerance+1)
	low, high := -most, most
	for len(list) < 100 {
		best, bestSlope, bestRow := 0, 0, 0
		for slope := low; slope <= high; slope++ {
			clear(votes)
			for _, r := range runs {
				votes[middle(r, slope)+most]++
			}
			sum := 0
			for row := range votes {
				sum += votes[row]
				if row >= tolerance {
					sum -= votes[row-tolerance]
				}
				if sum > best || sum == best && abs(slope) < abs(bestSlope) {
					best, bestSlope, bestRow = sum, slope, row-most
				}
			}
		}
		const dashed, solid = 0.4, 0.5 // the fraction of the columns that a rule has ink in
		if float64(best) < dashed*float64(wide) {
			return list
		}
		var l rule
		var others []run
		for _, r := range runs {
			if y := middle(r, bestSlope); y > bestRow-tolerance && y <= bestRow {
				l.runs = append(l.runs, r)
			} else {
				others = append(others, r)
			}
		}
		runs = others
		if float64(best) < solid*float64(wide) {
			l.runs = slices.DeleteFunc(l.runs, func(r run) bool {
				b := m.boxes[m.piece[r.top*m.w+r.x]]
				return b.Dy() > 2*tolerance+r.thickness()+b.Dx()/10
			})
		}
		if l.measure(); float64(l.to-l.from) >= ruleShare*float64(wide) && float64(len(l.runs)) >= dashed*float64(wide) {
			list = append(list, l)
			low, high = max(-most, bestSlope-2), min(most, bestSlope+2) // the others are parallel
		}
	}
	return list
}

// measure sets the figures of a rule from its runs.
func (l *rule) measure() {
	if len(l.runs) == 0 {
		return
	}
	l.from, l.to = l.runs[0].x, l.runs[len(l.runs)-1].x+1 // the runs are ordered by column
	thick := make([]int, len(l.runs))
	for i, r := range l.runs {
		thick[i] = r.thickness()
		l.across += r.top
	}
	slices.Sort(thick)
	l.across /= len(thick)
	l.thick = thick[len(thick)/2]
}

// erase removes the rules of the largest set of them that leaves a digit. It reports whether there is one.
func (m *mask) erase(ink plane) bool {
	if m.box.Empty() {
		return false
	}
	across, down := m.rules(), m.transposed().rules()
	for i := range down {
		down[i].vertical = true
	}
	sides := slices.Concat(outermost(across), outermost(down))
	for _, rules := range [][]rule{slices.Concat(across, down), sides, across, down} {
		if len(rules) == 0 {
			continue
		}
		rest := m.without(rules)
		if !rest.hasDigit(m, rules) {
			continue
		}
		for i := range ink.pix {
			if m.on[i] && !rest.on[i] {
				ink.pix[i] = 0
			}
		}
		for _, l := range rules { // the grey edges
			grey := 1 + max(m.w, m.h)/250
			l.each(m, grey, func(i int) {
				if !rest.on[i] {
					ink.pix[i] = 0
				}
			})
		}
		return true
	}
	return false
}

// outermost returns the first and the last of the rules of one direction.
func outermost(rules []rule) []rule {
	if len(rules) < 2 {
		return rules
	}
	byPlace := func(a, b rule) int { return a.across - b.across }
	return []rule{slices.MinFunc(rules, byPlace), slices.MaxFunc(rules, byPlace)}
}

// each calls f with the pixels of a rule, and with those up to a distance from its edges. Where a stroke crosses the
// rule, they are the stroke's.
func (l *rule) each(m *mask, distance int, f func(i int)) {
	w, h, dx, dy := m.w, m.h, 1, m.w
	if l.vertical {
		w, h, dx, dy = h, w, dy, dx
	}
	for _, r := range l.runs {
		if 5*r.thickness() > 8*l.thick+5 {
			continue
		}
		for y := max(0, r.top-distance); y < min(h, r.bottom+distance); y++ {
			f(r.x*dx + y*dy)
		}
	}
}

// without returns the mask without rules, and without the crumbs that remain where they cross.
func (m *mask) without(rules []rule) *mask {
	p := newPlane(m.w, m.h)
	for i, on := range m.on {
		if on {
			p.pix[i] = 1
		}
	}
	thick := 0
	for _, l := range rules {
		thick = max(thick, l.thick)
		l.each(m, 0, func(i int) { p.pix[i] = 0 })
	}
	for _, piece := range connected(p, 0.5) {
		if size := extent(p, piece).Size(); max(size.X, size.Y) <= 2*thick+2 {
			for _, i := range piece {
				p.pix[i] = 0
			}
		}
	}
	return newMask(p, 0.5)
}

// hasDigit reports whether m, the rest of a picture without its rules, is a digit, and the rules are not strokes of it.
func (m *mask) hasDigit(whole *mask, rules []rule) bool {
	b := m.box
	if b.Empty() || 4*b.Dy() < b.Dx() || 6*max(b.Dx(), b.Dy()) < max(whole.box.Dx(), whole.box.Dy()) {
		return false
	}
	crossed := slices.ContainsFunc(rules, func(l rule) bool { return l.vertical != rules[0].vertical })
	pen := m.pen()
	for _, l := range rules {
		from, to, top, bottom, w, h := b.Min.X, b.Max.X, b.Min.Y, b.Max.Y, m.w, m.h
		if l.vertical {
			from, to, top, bottom, w, h = top, bottom, from, to, h, w
		}
		long := float64(l.to - l.from)
		if crossed {
			most := 0.92
			if len(rules) >= 4 {
				most = 0.98
			}
			if float64(to-from) > most*long {
				return false
			}
			continue
		}
		// A stroke as long as the rest, such as the foot of an L, is not a rule, nor is a 1 before a smaller 0.
		thin, inset, spans := 10*float64(l.thick) <= 7*pen, 0.03, 0.9
		if l.vertical && !thin {
			inset, spans = 0.08, 0.97
		}
		if float64(from-l.from) < inset*long || float64(l.to-to) < inset*long {
			return false
		}
		within := long < spans*float64(w)
		switch touches := l.touches(m); {
		case thin:
		case !touches && within && (l.vertical || l.across < bottom):
			return false // such as the detached bar of a 5
		case touches:
			// The bar of a T or the foot of a 1 spans the picture only if this is cropped to the letter.
			const margin = 0.06
			if within || float64(top) < margin*float64(h) || float64(h-bottom) < margin*float64(h) {
				return false
			}
		}
	}
	return true
}

// touches reports whether a rule touches the ink of m.
func (l *rule) touches(m *mask) (yes bool) {
	l.each(m, 1, func(i int) { yes = yes || m.on[i] || m.on[max(0, i-1)] || m.on[min(i+1, len(m.on)-1)] })
	return yes
}

// pen returns the mean thickness of the strokes: twice the ratio of their area and the length of both edges.
func (m *mask) pen() float64 {
	area, edge := 0, 0
	for i, on := range m.on {
		if !on {
			continue
		}
		area++
		x, y := i%m.w, i/m.w
		if x == 0 || y == 0 || x == m.w-1 || y == m.h-1 || !m.on[i-1] || !m.on[i+1] || !m.on[i-m.w] || !m.on[i+m.w] {
			edge++
		}
	}
	return 2 * float64(area) / math.Max(1, float64(edge))
}

func abs(n int) int { return max(n, -n) }
