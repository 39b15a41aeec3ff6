package digit

import (
	"image"
	"slices"

	"shadegrad/internal/picture"
)

// withoutRing omits a ring around the others, such as a circle around the number of a question. A dot or a stroke within
// a 0 leaves the 0: it is smaller than a circled digit, and a 0 is higher than wide.
func withoutRing(pieces []piece) []piece {
	for i, ring := range pieces {
		rest := slices.Delete(slices.Clone(pieces), i, i+1)
		inner, outer := joined(rest).box, ring.box
		round := 5*outer.Dx() >= 4*outer.Dy() && 4*outer.Dx() <= 5*outer.Dy()
		margin := outer.Dy() / 20
		if len(rest) > 0 && round && inner.In(outer.Inset(margin)) && 5*inner.Dy() >= 2*outer.Dy() {
			return rest
		}
	}
	return pieces
}

// withoutBars omits pieces along a side of a picture of w×h, from border to border, such as the bar of a screenshot. The
// others must be away from the borders: the upper stroke of a closely cropped 5 is not a bar.
func withoutBars(pieces []piece, w, h int) []piece {
	field := image.Rect(0, 0, w, h)
	within := field.Inset(1 + min(w, h)/40)
	var rest, bars []piece
	for _, p := range pieces {
		wide, high := p.box.Dx() == w && 3*p.box.Dy() < h, p.box.Dy() == h && 3*p.box.Dx() < w
		if (wide || high) && !p.box.In(within) {
			bars = append(bars, p)
		} else {
			rest = append(rest, p)
		}
	}
	free := field
	for _, b := range bars { // what they leave of the picture
		switch {
		case b.box.Dx() == w && b.box.Min.Y == 0:
			free.Min.Y = max(free.Min.Y, b.box.Max.Y)
		case b.box.Dx() == w:
			free.Max.Y = min(free.Max.Y, b.box.Min.Y)
		case b.box.Min.X == 0:
			free.Min.X = max(free.Min.X, b.box.Max.X)
		default:
			free.Max.X = min(free.Max.X, b.box.Min.X)
		}
	}
	if len(bars) == 0 || len(rest) == 0 || !joined(rest).box.In(free.Inset(1+min(w, h)/40)) {
		return pieces
	}
	return rest
}

// sheet returns the part of a picture that is a filled area, such as a sheet of paper on a table, without what surrounds it,
// and whether there is one. It is a large part of the picture. Strokes fill less of their bounding box, or are narrow.
func sheet(light plane, pieces []piece) (plane, bool) {
	for _, p := range pieces {
		b := p.box
		if 4*b.Dx()*b.Dy() > light.w*light.h && 2*b.Dx() >= b.Dy() && 2*b.Dy() >= b.Dx() && 5*len(p.pixels) > 4*b.Dx()*b.Dy() {
			return p.alone(light), true
		}
	}
	return light, false
}

// alone returns the part of a picture within the box of a filled piece. What surrounds the piece, and its edge, become as
// light as the piece.
func (p piece) alone(light plane) plane {
	b := p.box
	part, others := newPlane(b.Dx(), b.Dy()), newPlane(b.Dx(), b.Dy())
	for i := range part.pix {
		part.pix[i], others.pix[i] = light.at(b.Min.X+i%part.w, b.Min.Y+i/part.w), 1
	}
	var values []float32
	for _, i := range p.pixels {
		if at := image.Pt(i%light.w, i/light.w); at.In(b) {
			values = append(values, light.pix[i])
			others.pix[(at.Y-b.Min.Y)*part.w+at.X-b.Min.X] = 0
		}
	}
	level := picture.Median(values)
	edge := 2 + max(light.w, light.h)/100
	field := image.Rect(0, 0, part.w, part.h)
	fill := func(r image.Rectangle) {
		r = r.Intersect(field)
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				part.pix[y*part.w+x] = level
			}
		}
	}
	for _, ground := range connected(others, 0.5) {
		if extent(others, ground).In(field.Inset(1)) {
			continue // a stroke on the sheet
		}
		for _, i := range ground {
			fill(image.Rect(i%part.w-edge, i/part.w-edge, i%part.w+edge+1, i/part.w+edge+1))
		}
	}
	fill(image.Rect(0, 0, part.w, edge))
	fill(image.Rect(0, part.h-edge, part.w, part.h))
	fill(image.Rect(0, 0, edge, part.h))
	fill(image.Rect(part.w-edge, 0, part.w, part.h))
	return part
}
