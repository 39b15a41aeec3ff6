package digit

import (
	"image"
	"math"
	"slices"

	"shadegrad/internal/picture"
)

// separate returns the ink of a picture, the standard deviation of its noise, and the least difference that counts as
// ink. Ink is the difference of a pixel from its background in the direction of the digit: dark on light or light on
// dark.
func separate(light plane) (ink plane, noise, least float32) {
	paper := background(light)
	ink = newPlane(light.w, light.h)
	for i, v := range light.pix {
		ink.pix[i] = v - paper.pix[i]
	}
	var off []float32
	for _, i := range border(light) {
		off = append(off, float32(math.Abs(float64(ink.pix[i]))))
	}
	noise = 1.4826 * picture.Median(off) // of a normal distribution, from the median absolute deviation

	// The digit is on the side that differs more. A percentile decides, not single pixels.
	smooth := blur(ink)
	if -slices.Min(smooth.pix) > slices.Max(smooth.pix) {
		for i := range ink.pix {
			ink.pix[i] = -ink.pix[i]
		}
	}
	for i, v := range ink.pix {
		ink.pix[i] = max(0, v)
	}
	// Under uneven light the background is an estimate, wrong by a fraction of the unevenness.
	const faintest = 0.04
	return ink, noise, max(faintest, 4*noise, (slices.Max(paper.pix)-slices.Min(paper.pix))/4)
}

// border returns the indices of the pixels along the sides of a picture, within its frame if there is one.
func border(light plane) (list []int) {
	inner := withinFrame(light)
	for _, i := range picture.Border(inner.Dx(), inner.Dy()) {
		x, y := inner.Min.X+i%inner.Dx(), inner.Min.Y+i/inner.Dx()
		list = append(list, y*light.w+x)
	}
	return list
}

// withinFrame returns a picture without the lines of a frame along its sides and the margin around them.
func withinFrame(light plane) image.Rectangle {
	threshold := otsu(light)
	paper := plane{light.w, light.h, make([]float32, len(light.pix))} // 1 for pixels of the more common brightness
	bright := 0
	for _, v := range light.pix {
		if v > threshold {
			bright++
		}
	}
	for i, v := range light.pix {
		if (v > threshold) == (2*bright > len(light.pix)) {
			paper.pix[i] = 1
		}
	}
	r := image.Rect(0, 0, light.w, light.h)
	for range 2 { // a frame may be double
		r.Min.Y += paper.strip(r.Dy(), func(d int) image.Rectangle { return image.Rect(r.Min.X, r.Min.Y+d, r.Max.X, r.Min.Y+d+1) })
		r.Max.Y -= paper.strip(r.Dy(), func(d int) image.Rectangle { return image.Rect(r.Min.X, r.Max.Y-d-1, r.Max.X, r.Max.Y-d) })
		r.Min.X += paper.strip(r.Dx(), func(d int) image.Rectangle { return image.Rect(r.Min.X+d, r.Min.Y, r.Min.X+d+1, r.Max.Y) })
		r.Max.X -= paper.strip(r.Dx(), func(d int) image.Rectangle { return image.Rect(r.Max.X-d-1, r.Min.Y, r.Max.X-d, r.Max.Y) })
	}
	return r
}

// strip returns the width of a margin and a line along a side, with sudden changes between them, or 0. Line d of the pixels
// is at depth d from the side; paper is 1.
func (p plane) strip(deep int, line func(d int) image.Rectangle) int {
	share := func(d int) (sum float32) { // fraction of paper in line d
		b := line(min(d, deep-1))
		for y := b.Min.Y; y < b.Max.Y; y++ {
			for x := b.Min.X; x < b.Max.X; x++ {
				sum += p.at(x, y)
			}
		}
		return sum / float32(b.Dx()*b.Dy())
	}
	const most, margin, ink, inner = 6, 0.9, 0.3, 0.65 // a strip is narrower than a 6th of the picture
	d := 0
	for d*most < deep && share(d) >= margin {
		d++
	}
	if share(d) > ink { // a grey edge
		d++
	}
	start := d
	for d*most < deep && share(d) <= ink {
		d++
	}
	if d > start && max(share(d), share(d+1)) >= inner {
		return d
	}
	return 0
}

// background estimates the picture without the digit from its border. It is the median of an even border. Otherwise it is
// the best fit of a polynomial of second degree, because light falls off towards a side or all corners.
func background(light plane) plane {
	border := border(light)
	values := make([]float32, len(border))
	for i, at := range border {
		values[i] = light.pix[at]
	}
	level := picture.Median(values)
	for i, v := range values {
		values[i] = float32(math.Abs(float64(v - level)))
	}
	paper := newPlane(light.w, light.h)
	const even = 4.0 / 255
	if len(border) < 50 || picture.Median(values) < even {
		for i := range paper.pix {
			paper.pix[i] = level
		}
		return paper
	}

	// The fit drops outliers: ink that touches the border, or a finger in the photograph.
	var surface quadratic
	for range 6 {
		surface = fitQuadratic(light, border)
		off := make([]float32, len(border))
		for i, at := range border {
			off[i] = float32(math.Abs(float64(light.pix[at]) - surface.at(light, at)))
		}
		limit := max(1.0/255, 3*1.4826*picture.Median(slices.Clone(off)))
		kept := border[:0:0]
		for i, at := range border {
			if off[i] <= limit {
				kept = append(kept, at)
			}
		}
		if len(kept) == len(border) {
			break
		}
		border = kept
	}
	for i := range paper.pix {
		paper.pix[i] = float32(surface.at(light, i))
	}
	return paper
}

// A quadratic is a polynomial of second degree in x and y, which run from −1 to 1 across the image.
type quadratic [6]float64

// terms returns the monomials at pixel i of p.
func terms(p plane, i int) [6]float64 {
	x := 2*(float64(i%p.w)+0.5)/float64(p.w) - 1
	y := 2*(float64(i/p.w)+0.5)/float64(p.h) - 1
	return [6]float64{1, x, y, x * x, x * y, y * y}
}

func (q *quadratic) at(p plane, i int) (v float64) {
	for k, t := range terms(p, i) {
		v += q[k] * t
	}
	return v
}

// fitQuadratic returns the quadratic of least squared error over the listed pixels, by the normal equations.
func fitQuadratic(p plane, list []int) quadratic {
	var m [6][7]float64
	for _, i := range list {
		t := terms(p, i)
		for r := range 6 {
			for c := range 6 {
				m[r][c] += t[r] * t[c]
			}
			m[r][6] += t[r] * float64(p.pix[i])
		}
	}
	// A little regularisation makes the system of a small image positive definite, so elimination works without pivoting.
	for r := range 6 {
		m[r][r] += 1e-9 * float64(len(list)+1)
	}
	for k := range 6 {
		for r := range 6 {
			if r == k {
				continue
			}
			f := m[r][k] / m[k][k]
			for c := k; c < 7; c++ {
				m[r][c] -= f * m[k][c]
			}
		}
	}
	var q quadratic
	for k := range 6 {
		q[k] = m[k][6] / m[k][k]
	}
	return q
}

// isolate removes from ink what is not part of a digit, scales full ink to 1, and returns the pieces of the digits. It
// returns none if nothing differs from the background by least.
func isolate(ink plane, noise, least float32) (kept []piece) {
	smooth := blur(ink)
	if slices.Max(smooth.pix) < least {
		return nil
	}

	// Thresholding with hysteresis: ink is a piece above the lower threshold that contains a pixel above the upper one.
	// The grey edge of a stroke counts, other grey does not.
	lower := lowerThreshold(smooth, noise)
	upper := max(otsu(smooth), 3*noise)
	pieces := slices.DeleteFunc(connected(smooth, lower), func(list []int) bool { return isDust(extent(ink, list), ink) })
	var largest float64
	for _, list := range pieces {
		largest = max(largest, mass(smooth, list))
	}
	const speck = 0.04 // fraction of the largest piece; the detached bar of a 5 is larger
	keep := make([]bool, len(ink.pix))
	var full []float32
	for _, list := range pieces {
		if mass(smooth, list) < speck*largest ||
			!slices.ContainsFunc(list, func(i int) bool { return smooth.pix[i] > upper }) {
			continue
		}
		for _, i := range list {
			keep[i] = true
			if ink.pix[i] > upper {
				full = append(full, ink.pix[i])
			}
		}
		// Blurring widened the digit; use the extent of the sharp ink.
		sharp := slices.DeleteFunc(slices.Clone(list), func(i int) bool { return ink.pix[i] <= lower })
		kept = append(kept, piece{list, extent(ink, sharp)})
	}
	if len(full) == 0 {
		return nil
	}
	slices.Sort(full)
	level := full[len(full)*9/10]
	for i, v := range ink.pix {
		if keep[i] && v > noise {
			ink.pix[i] = min(1, v/level)
		} else {
			ink.pix[i] = 0
		}
	}
	return kept
}

// lowerThreshold returns the least value of a pixel that is part of a stroke.
func lowerThreshold(smooth plane, noise float32) float32 {
	return max(otsu(smooth)/2, 2*noise)
}

// isDust reports whether a piece is smaller than a small fraction of the picture.
func isDust(box image.Rectangle, p plane) bool {
	const smallest = 50
	return max(box.Dx(), box.Dy())*smallest < max(p.w, p.h)
}

// extent returns the smallest rectangle that contains the listed pixels of p.
func extent(p plane, list []int) (box image.Rectangle) {
	for _, i := range list {
		x, y := i%p.w, i/p.w
		box = box.Union(image.Rect(x, y, x+1, y+1))
	}
	return box
}

// mass returns the sum of the listed pixels of p.
func mass(p plane, piece []int) (sum float64) {
	for _, i := range piece {
		sum += float64(p.pix[i])
	}
	return sum
}

// connected returns the pieces of p above threshold as lists of pixels. Pixels that touch at a corner are connected.
func connected(p plane, threshold float32) [][]int {
	seen := make([]bool, len(p.pix))
	var pieces [][]int
	for start, v := range p.pix {
		if seen[start] || v <= threshold {
			continue
		}
		seen[start] = true
		piece := []int{start}
		for k := 0; k < len(piece); k++ {
			x, y := piece[k]%p.w, piece[k]/p.w
			for j := max(0, y-1); j <= min(p.h-1, y+1); j++ {
				for i := max(0, x-1); i <= min(p.w-1, x+1); i++ {
					if at := j*p.w + i; !seen[at] && p.pix[at] > threshold {
						seen[at] = true
						piece = append(piece, at)
					}
				}
			}
		}
		pieces = append(pieces, piece)
	}
	return pieces
}

// otsu returns the threshold that divides the values of p into two classes with the greatest variance between them (N.
// Otsu, "A threshold selection method from gray-level histograms", IEEE Transactions on Systems, Man, and Cybernetics
// 9(1), 1979).
func otsu(p plane) float32 {
	const bins = 256
	peak := slices.Max(p.pix)
	if peak == 0 {
		return 0
	}
	var histogram [bins]float64
	for _, v := range p.pix {
		histogram[min(bins-1, int(v/peak*bins))]++
	}
	var total, sum float64
	for i, n := range histogram {
		total += n
		sum += float64(i) * n
	}
	var below, sumBelow, best float64
	threshold := 0
	for i, n := range histogram {
		below += n
		sumBelow += float64(i) * n
		above := total - below
		if below == 0 || above == 0 {
			continue
		}
		d := sumBelow/below - (sum-sumBelow)/above
		if variance := below * above * d * d; variance > best {
			best, threshold = variance, i+1
		}
	}
	return float32(threshold) / bins * peak
}

// blur returns p averaged over squares as wide as a 250th of its longer side, or p itself if it is smaller than that.
func blur(p plane) plane {
	r := max(p.w, p.h) / 250
	if r == 0 {
		return p
	}
	return blurRows(blurRows(p, r), r)
}

// blurRows averages each pixel with its r neighbours on either side and transposes the plane.
func blurRows(p plane, r int) plane {
	out := newPlane(p.h, p.w)
	for y := range p.h {
		row := p.pix[y*p.w : (y+1)*p.w]
		for x := range row {
			var sum float32
			part := row[max(0, x-r):min(p.w, x+r+1)]
			for _, v := range part {
				sum += v
			}
			out.pix[x*out.w+y] = sum / float32(len(part))
		}
	}
	return out
}
