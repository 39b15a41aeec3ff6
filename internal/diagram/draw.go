package diagram

import (
	"cmp"
	"fmt"
	"math"
	"slices"
)

// mostNumbers is up to how many lines between two layers have their weight beside them.
const mostNumbers = 12

// draw writes the picture: lines first, so that units lie over them.
func (l *layout) draw(s *svg) {
	s.begin(l.wide, l.height())
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

// heading says what a layer is.
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

// A stroke is a line to be drawn.
type stroke struct {
	from, to int // units, by their place in the columns
	weight   float32
}

// lines draws the weights between two columns, the largest ones over the others.
func (l *layout) lines(s *svg, from, to *column) {
	if len(from.units) == 0 {
		for i, y := range to.y {
			// From all of the image's side to all of the unit's.
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
		s.line(from.x, from.y[k.from], to.x, to.y[k.to], share(k.weight, most))
	}
	if len(list) > mostNumbers {
		return
	}
	l.numbers(s, from, to, list)
}

// numbers writes the weights beside their lines, each where no other is.
func (l *layout) numbers(s *svg, from, to *column, list []stroke) {
	// Nearer to the unit it leads to than to the other, if there is room, since lines cross in the middle.
	places := []float64{0.7, 0.58, 0.82, 0.46, 0.34, 0.22}
	type place struct{ at, y float64 }
	var taken []place
	for _, k := range list {
		for _, at := range places {
			p := place{at, from.y[k.from] + at*(to.y[k.to]-from.y[k.from]) + 4}
			if slices.ContainsFunc(taken, func(q place) bool {
				// Labels a place apart are beside each other where that is narrower than a label.
				return math.Abs(p.y-q.y) < labelHigh && math.Abs(p.at-q.at)*apart < labelWide
			}) {
				continue
			}
			taken = append(taken, p)
			s.label(from.x+at*(to.x-from.x), p.y, signed(k.weight))
			break
		}
	}
}

// units draws a column's units, with the names of inputs and outputs.
func (l *layout) units(s *svg, c *column) {
	square := c.layer == 1 && l.image()
	r := c.radius(square)
	b := l.biases(c.layer)
	most := largest(b)
	last := c.layer == len(l.columns)-1
	for i, unit := range c.units {
		bias, fill := "", white
		if b != nil {
			bias, fill = ", bias "+signed(b[unit]), shade(share(b[unit], most))
		}
		title := fmt.Sprintf("unit %d%s", unit+1, bias)
		if last {
			title = fmt.Sprintf("output for %s%s", l.name(unit), bias)
		}
		legible := c.apart >= 12 // for names
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
			s.square(c.x, c.y[i], w, h, shares(l.weights(1)[unit*n:(unit+1)*n]), l.Model.Width, frame(fill), title)
		default:
			s.circle(c.x, c.y[i], r, fill, title)
			if b != nil && len(c.units) <= mostNumbers && c.apart > 2*r+20 {
				s.label(c.x, c.y[i]+r+14, signed(b[unit]))
			}
		}
		if last && legible {
			s.text(c.x+r+8, c.y[i]+4, "", l.name(unit))
		}
	}
}

// input draws the image that the inputs are: how strong the weights of each pixel are, all
// units together.
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
	s.square(c.x, l.middle(), w, h, shares(norms), l.Model.Width, "#444", "the norm of each pixel's weights")
}

// explanation says what is to be seen, sentence by sentence.
func (l *layout) explanation() []string {
	list := []string{"Each line is a weight: orange above 0, blue below; the widest is the largest of those between the same two columns."}
	if l.image() {
		list = []string{
			"The square of a unit shows its weights, pixel by pixel: orange above 0, blue below. The one on the left shows the norm of all weights of each pixel. Grey lines stand for all weights of a square.",
		}
		if len(l.columns) > 2 {
			list = append(list, "Each other line is a weight, in the same colours; the widest is the largest of those between the same two columns.")
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
			return append(list, fmt.Sprintf("Of layers with more than %d units those are drawn whose weights to the next layer are the largest, and of the outputs those whose own are.", l.Most))
		}
	}
	return list
}

// name is what an output stands for.
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

// fit returns the largest size of an image's shape within a square.
func fit(width, height int, side float64) (w, h float64) {
	scale := side / float64(max(width, height))
	return scale * float64(width), scale * float64(height)
}

// frame is the colour of a frame whose unit has this one: not white on white.
func frame(fill string) string {
	if fill == white {
		return "#999"
	}
	return fill
}

// share is a number's part of the largest magnitude; of nothing it is nothing.
func share[F float32 | float64](v F, most float64) float64 {
	if most == 0 {
		return 0
	}
	return float64(v) / most
}

// shares is share of each number and their own largest.
func shares[F float32 | float64](list []F) []float64 {
	most, s := largest(list), make([]float64, len(list))
	for i, v := range list {
		s[i] = share(v, most)
	}
	return s
}

// signed writes a number with its sign, short.
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
