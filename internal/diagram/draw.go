package diagram

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// mostNumbers is the largest number of lines between two layers that are labelled with their weights.
const mostNumbers = 12

// draw writes the picture: lines first, so that units cover them.
func (l *layout) draw(s *svg) {
	s.begin(l.width, l.height())
	y := float64(margin)
	for _, line := range l.title {
		s.text(margin, y, ` font-size="16" font-weight="bold"`, line)
		y += titleLine
	}
	for i := 1; i < len(l.columns); i++ {
		l.lines(s, &l.columns[i-1], &l.columns[i])
	}
	for i := range l.columns {
		c := &l.columns[i]
		l.heading(s, c)
		if len(c.units) == 0 {
			l.input(s, c)
		} else {
			l.units(s, c)
		}
	}
	y = l.top + l.tall + margin
	for _, line := range l.legend {
		s.text(margin, y, ` fill="#555"`, line)
		y += textLine
	}
	s.end()
}

// heading describes a layer above its column.
func (l *layout) heading(s *svg, c *column) {
	sizes := l.Model.Network.Sizes
	n, what, more := sizes[c.layer], "", ""
	switch {
	case c.layer == 0 && l.image():
		what, more = fmt.Sprintf("%d×%d pixels", l.Model.Width, l.Model.Height), "input"
	case c.layer == 0:
		what, more = plural(n, "input"), ""
	default:
		f := l.Model.Network.Hidden
		if c.layer == len(sizes)-1 {
			f = l.Model.Network.Output
		}
		what = fmt.Sprintf("%d %s", n, f)
		more = plural(len(l.weights(c.layer)), "weight")
		if b := l.biases(c.layer); b != nil {
			more += ", " + plural(len(b), "bias")
		}
	}
	s.text(c.x, l.top-textLine-6, ` text-anchor="middle" font-weight="bold"`, what)
	s.text(c.x, l.top-6, ` text-anchor="middle" font-size="11" fill="#555"`, more)
}

// A stroke is the line of a weight.
type stroke struct {
	from, to int // indices of units in their columns
	weight   float32
}

// lines draws the weights between two columns, the largest last.
func (l *layout) lines(s *svg, from, to *column) {
	if len(from.units) == 0 {
		for i, y := range to.y {
			// The ends are spread over the side of the image.
			s.thin(from.x+imageSide/2, l.middle()+imageSide*(float64(i)+0.5-float64(len(to.y))/2)/float64(len(to.y)), to.x, y)
		}
		return
	}
	w, n := l.weights(to.layer), l.Model.Network.Sizes[from.layer]
	var list []stroke
	most := 0.0
	for i, unit := range to.units {
		for j, before := range from.units {
			v := w[unit*n+before]
			list = append(list, stroke{j, i, v})
			most = max(most, math.Abs(float64(v)))
		}
	}
	slices.SortStableFunc(list, func(a, b stroke) int {
		return cmp.Compare(math.Abs(float64(a.weight)), math.Abs(float64(b.weight)))
	})
	for _, k := range list {
		s.line(from.x, from.y[k.from], to.x, to.y[k.to], fraction(k.weight, most))
	}
	if len(list) > mostNumbers {
		return
	}
	l.numbers(s, from, to, list)
}

// numbers labels lines with their weights, without overlaps.
func (l *layout) numbers(s *svg, from, to *column, list []stroke) {
	// Prefer places near the second unit, since lines cross in the middle.
	places := []float64{0.7, 0.58, 0.82, 0.46, 0.34, 0.22}
	type place struct{ at, y float64 }
	var taken []place
	for _, k := range list {
		for _, at := range places {
			p := place{at, from.y[k.from] + at*(to.y[k.to]-from.y[k.from]) + 4}
			if slices.ContainsFunc(taken, func(q place) bool {
				// Places that are closer than the width of a label overlap.
				return math.Abs(p.y-q.y) < labelHigh && math.Abs(p.at-q.at)*columnPitch < labelWide
			}) {
				continue
			}
			taken = append(taken, p)
			s.label(from.x+at*(to.x-from.x), p.y, signed(k.weight))
			break
		}
	}
}

// units draws the units of a column, with the names of inputs and outputs.
func (l *layout) units(s *svg, c *column) {
	square := c.layer == 1 && l.image()
	r := c.radius(square)
	b := l.biases(c.layer)
	most := largest(b)
	last := c.layer == len(l.columns)-1
	for i, unit := range c.units {
		bias, fill := "", white
		if b != nil {
			bias, fill = ", bias "+signed(b[unit]), shade(fraction(b[unit], most))
		}
		title := fmt.Sprintf("unit %d%s", unit+1, bias)
		if last {
			title = fmt.Sprintf("output for %s%s", l.name(unit), bias)
		}
		legible := c.pitch >= 12 // for names
		switch {
		case c.layer == 0:
			title = fmt.Sprintf("input %d", unit+1)
			if legible {
				s.text(c.x-r-6, c.y[i]+4, ` text-anchor="end"`, fmt.Sprintf("x%d", unit+1))
			}
			s.circle(c.x, c.y[i], r, fill, title)
		case square:
			n := l.Model.Network.Sizes[0]
			w, h := fit(l.Model.Width, l.Model.Height, 2*r)
			s.square(c.x, c.y[i], w, h, fractions(l.weights(1)[unit*n:(unit+1)*n]), l.Model.Width, frame(fill), title)
		default:
			s.circle(c.x, c.y[i], r, fill, title)
			if b != nil && len(c.units) <= mostNumbers && c.pitch > 2*r+20 {
				s.label(c.x, c.y[i]+r+14, signed(b[unit]))
			}
		}
		if last && legible {
			s.text(c.x+r+8, c.y[i]+4, "", l.name(unit))
		}
	}
}

// input draws the input image: for each pixel the norm of its weights to all units.
func (l *layout) input(s *svg, c *column) {
	n := l.Model.Network.Sizes[0]
	norms := make([]float64, n)
	for i, v := range l.weights(1) {
		norms[i%n] += float64(v) * float64(v)
	}
	for i, v := range norms {
		norms[i] = math.Sqrt(v)
	}
	w, h := fit(l.Model.Width, l.Model.Height, imageSide)
	s.square(c.x, l.middle(), w, h, fractions(norms), l.Model.Width, "#444", "the norm of each pixel's weights")
}

// explanation returns the sentences of the legend.
func (l *layout) explanation() []string {
	list := []string{"Each line is a weight: orange above 0, blue below. The widest line between two columns is the largest weight there."}
	if l.image() {
		list = []string{
			"The square of a unit shows its weights, pixel by pixel: orange above 0, blue below. The square on the left shows the norm of all weights of each pixel. A grey line stands for all weights of a square.",
		}
		if len(l.columns) > 2 {
			list = append(list, "Each other line is a weight, in the same colours. The widest line between two columns is the largest weight there.")
		}
	}
	switch {
	case l.Model.Network.NoBias:
	case l.image():
		list = append(list, "The colour of a circle, and of a square's frame, is its bias; in a browser, point at it to see the number.")
	default:
		list = append(list, "The colour of a circle is its bias; in a browser, point at it to see the number.")
	}
	for _, c := range l.columns {
		if n := len(c.units); n > 0 && n < l.Model.Network.Sizes[c.layer] {
			return append(list, fmt.Sprintf("Of a layer with more than %d units, only those with the largest weights to the next layer are drawn; of the outputs, those with the largest weights.", l.Most))
		}
	}
	return list
}

// name returns the class or the target of an output.
func (d *Diagram) name(unit int) string {
	names := d.Model.About.ClassNames
	switch {
	case d.Model.Network.Regression:
		return fmt.Sprintf("y%d", unit+1)
	case d.Model.Network.Outputs() == 1 && len(names) == 2:
		return names[1]
	case d.Model.Network.Outputs() == 1:
		return "class 1"
	case unit < len(names):
		return names[unit]
	}
	return fmt.Sprint(unit)
}

// fit returns the largest size of an image within a square.
func fit(width, height int, side float64) (w, h float64) {
	scale := side / float64(max(width, height))
	return scale * float64(width), scale * float64(height)
}

// frame returns the colour of the frame of a unit: not white, the background.
func frame(fill string) string {
	if fill == white {
		return "#999"
	}
	return fill
}

// fraction returns v divided by the largest magnitude, or 0 if that is 0.
func fraction[F float32 | float64](v F, most float64) float64 {
	if most == 0 {
		return 0
	}
	return float64(v) / most
}

// fractions divides numbers by their largest magnitude.
func fractions[F float32 | float64](list []F) []float64 {
	most, s := largest(list), make([]float64, len(list))
	for i, v := range list {
		s[i] = fraction(v, most)
	}
	return s
}

// signed writes a number with its sign and three digits.
func signed(v float32) string { return fmt.Sprintf("%+.3g", v) }

func plural(n int, what string) string {
	switch {
	case n == 1:
		return "1 " + what
	case what == "bias":
		return fmt.Sprintf("%d biases", n)
	}
	return fmt.Sprintf("%d %ss", n, what)
}
