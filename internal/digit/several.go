package digit

import (
	"errors"
	"fmt"
	"image"
	"slices"
)

// A piece is connected ink, or several pieces that belong together.
type piece struct {
	pixels []int
	box    image.Rectangle
}

// of returns the ink of a single piece.
func (p piece) of(ink plane) plane {
	alone := newPlane(ink.w, ink.h)
	for _, i := range p.pixels {
		alone.pix[i] = ink.pix[i]
	}
	return alone
}

// joined returns one piece that consists of several.
func joined(pieces []piece) (all piece) {
	for _, p := range pieces {
		all.pixels = append(all.pixels, p.pixels...)
		all.box = all.box.Union(p.box)
	}
	return all
}

// sideBySide groups pieces into digits, from left to right. A piece much lower than the highest is a part of the nearest
// digit, such as the bar of a 5. Pieces that overlap or almost touch, such as the two strokes of a 4, are one digit.
func sideBySide(pieces []piece) ([]piece, error) {
	highest := 0
	for _, p := range pieces {
		highest = max(highest, p.box.Dy())
	}
	var digits, parts []piece
	for _, p := range pieces {
		if 5*p.box.Dy() >= 2*highest && 3*p.box.Dy() >= p.box.Dx() {
			digits = append(digits, p)
		} else {
			parts = append(parts, p)
		}
	}
	if len(digits) == 0 {
		return []piece{joined(pieces)}, nil
	}
	slices.SortFunc(digits, func(a, b piece) int { return a.box.Min.X - b.box.Min.X })
	list := digits[:1:1]
	for _, d := range digits[1:] {
		last := &list[len(list)-1]
		across := overlap(last.box.Min.X, last.box.Max.X, d.box.Min.X, d.box.Max.X)
		down := overlap(last.box.Min.Y, last.box.Max.Y, d.box.Min.Y, d.box.Max.Y)
		narrower, both := min(last.box.Dx(), d.box.Dx()), last.box.Union(d.box)
		switch {
		case 3*across > narrower && 5*down < -highest:
			return nil, errors.New("there are digits in several rows; crop the picture to one row")
		case 3*across > narrower, 20*across > -highest && 10*both.Dx() <= 11*both.Dy():
			*last = joined([]piece{*last, d})
		default:
			list = append(list, d)
		}
	}
	for _, d := range list {
		const widest = 1.8 // fewer than 1 in 1,000 digits of MNIST are wider
		if w, h := d.box.Dx(), d.box.Dy(); float64(w) > widest*float64(h) {
			return nil, fmt.Errorf("the ink is %d pixels wide and %d high, too wide for a digit; leave space between digits", w, h)
		}
	}
	for _, p := range parts {
		nearest := slices.MinFunc(list, func(a, b piece) int { return distance(p.box, a.box) - distance(p.box, b.box) })
		i := slices.IndexFunc(list, func(d piece) bool { return d.box == nearest.box })
		list[i] = joined([]piece{list[i], p})
	}
	return list, nil
}

// overlap returns the length of the common part of two intervals. It is negative for a gap.
func overlap(a, b, c, d int) int { return min(b, d) - max(a, c) }

// distance returns the distance of two boxes along the axis on which they are farther apart.
func distance(a, b image.Rectangle) int {
	return max(-overlap(a.Min.X, a.Max.X, b.Min.X, b.Max.X), -overlap(a.Min.Y, a.Max.Y, b.Min.Y, b.Max.Y))
}
