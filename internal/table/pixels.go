package table

import (
	"fmt"
	"math"
)

// setPixels decides whether the rows are images. It returns a note on pixels of an unusual range.
func (s *Schema) setPixels(w Wanted) string {
	if w.Targets > 0 || w.Numbers {
		return ""
	}
	n := s.Width()
	side := int(math.Sqrt(float64(n)))
	if s.plans[0].file.Sparse { // which omits the zeros at the end
		for side*side < n {
			side++
		}
		if side*side-n >= side {
			return ""
		}
	} else if side*side != n {
		return ""
	}
	const least = 8
	if side < least {
		return ""
	}
	low, high, odd, fractions := float32(math.MaxFloat32), float32(-math.MaxFloat32), 0, 0
	for _, p := range s.plans {
		if s.Unlabelled && p.file != s.plans[0].file {
			continue
		}
		for _, c := range p.features {
			e := &p.file.evidence[c]
			if e.numbers > 0 {
				low, high = min(low, e.min), max(high, e.max)
			}
			odd += int(e.odd)
			fractions += int(e.fractions)
		}
	}
	white := float32(0)
	rows := s.plans[0].file.Rows
	switch inner := fractions > 0; {
	case w.White > 1 && w.White < 255 && low >= 0 && high <= w.White && !(inner && high <= 1), low >= 0 && high <= w.White && w.White == 1:
		white = w.White
	case low == 0 && high <= 1 && high > 0.9:
		white = 1
	case low == 0 && high == 16:
		white = 16
	case low == 0 && high > 1 && high < 16 && !inner:
		white = high
		if high > 8 {
			white = 16
		}
	case odd*20 <= rows: // a few cells that are not pixels are errors
		white = 255
	}
	if white == 0 {
		return ""
	}
	s.Side, s.White = side, white
	for i := n; i < side*side; i++ { // of a sparse file
		for j := range s.plans {
			s.plans[j].features = append(s.plans[j].features, -1)
		}
	}
	switch {
	case white < 255:
		return fmt.Sprintf("%d pixels 0–%g, scaled", side*side, white)
	case high < 128 && high > 0 && odd == 0:
		return fmt.Sprintf("%d pixels 0–255, of which the brightest is %g", side*side, high)
	}
	return ""
}
