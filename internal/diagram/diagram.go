// Package diagram draws a network as an SVG picture: a column of units for each layer, a line for
// each weight, and a square of its first weights for each unit that looks at an image.
package diagram

import (
	"bufio"
	"cmp"
	"io"
	"math"
	"slices"
	"strings"
	"unicode/utf8"

	"shadegrad/internal/model"
)

// A Diagram is a picture of a network.
type Diagram struct {
	Model *model.Model
	Title string // the first line of the picture
	Most  int    // units of a layer that are drawn; at least 1
}

// Distances in the picture, in SVG's units, which are pixels at its natural size.
const (
	margin    = 40
	titleLine = 20  // height of a line of the title
	textLine  = 16  // and of small text
	apart     = 230 // between the middles of two columns
	imageSide = 120 // of the input image
	leastWide = 720 // the picture

	character      = 6.2 // how wide one of small text is, on average
	titleCharacter = 10  // and of the title

	leastTall = 260 // a column
	mostTall  = 680
	mostApart = 110 // between the middles of two units
	labelRoom = 120 // for the names of the outputs
	inputRoom = 60  // for those of inputs that are numbers
)

// A column is what is drawn of a layer; the one of an input image has no units.
type column struct {
	layer int // 0 is the input
	x     float64
	units []int // their numbers, rising
	y     []float64
	apart float64 // between two units
}

// layout places what is drawn.
type layout struct {
	*Diagram
	columns []column
	wide    float64  // the picture
	top     float64  // of the columns
	tall    float64  // the columns
	title   []string // in lines
	legend  []string
}

// WriteSVG writes the picture.
func (d *Diagram) WriteSVG(w io.Writer) error {
	b := bufio.NewWriter(w) // which remembers the first error
	d.layout().draw(&svg{b: b})
	return b.Flush()
}

// image tells whether the inputs are drawn as an image, and not one by one.
func (d *Diagram) image() bool {
	return !d.Model.About.Numbers && min(d.Model.Width, d.Model.Height) > 1
}

// weights returns W of layer l, from 1: a row for each unit, a column for each of the layer before.
func (d *Diagram) weights(l int) []float32 {
	if d.Model.Network.NoBias {
		return d.Model.Values[l-1]
	}
	return d.Model.Values[2*(l-1)]
}

// biases returns b of layer l, from 1; nil where there are none.
func (d *Diagram) biases(l int) []float32 {
	if d.Model.Network.NoBias || l == 0 {
		return nil
	}
	return d.Model.Values[2*l-1]
}

// drawn returns which units of a layer are drawn: all or, of too many, those that count the
// most, by the norm of the weights from them to the next layer. What the outputs lead to is not
// known; of them the norm is that of their own weights.
func (d *Diagram) drawn(l int) []int {
	sizes := d.Model.Network.Sizes
	order := make([]int, sizes[l])
	for i := range order {
		order[i] = i
	}
	if len(order) <= d.Most {
		return order
	}
	norms := make([]float64, len(order)) // squared
	if l < len(sizes)-1 {
		for i, v := range d.weights(l + 1) {
			norms[i%sizes[l]] += float64(v) * float64(v)
		}
	} else {
		for i, v := range d.weights(l) {
			norms[i/sizes[l-1]] += float64(v) * float64(v)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(norms[j], norms[i]) })
	order = order[:d.Most]
	slices.Sort(order)
	return order
}

// layout decides where everything is.
func (d *Diagram) layout() *layout {
	l := &layout{Diagram: d, wide: leastWide, tall: leastTall}
	x := float64(margin + inputRoom)
	for i := range d.Model.Network.Sizes {
		c := column{layer: i, x: x}
		if i > 0 || !d.image() {
			c.units = d.drawn(i)
		}
		l.tall = max(l.tall, min(mostTall, mostApart*float64(len(c.units))))
		l.columns = append(l.columns, c)
		x += apart
	}
	names := float64(labelRoom)
	for _, unit := range l.columns[len(l.columns)-1].units {
		names = max(names, 40+character*float64(utf8.RuneCountInString(d.name(unit))))
	}
	l.wide = max(l.wide, x-apart+names+margin)
	l.title = wrap(d.Title, l.wide-2*margin, titleCharacter)
	for _, sentence := range l.explanation() {
		l.legend = append(l.legend, wrap(sentence, l.wide-2*margin, character)...)
	}
	l.top = margin + titleLine*float64(len(l.title)) + 2*textLine
	for i := range l.columns {
		l.columns[i].spread(l.top, l.tall)
	}
	return l
}

// height is the picture's.
func (l *layout) height() float64 {
	return l.top + l.tall + margin + textLine*float64(len(l.legend))
}

// middle is how low the middle of the columns is.
func (l *layout) middle() float64 { return l.top + l.tall/2 }

// wrap breaks a text into lines between its words, so that they are at most so wide where a character
// is, on average, as wide as this. Words that are too long for a line are cut.
func wrap(text string, width, character float64) []string {
	most := int(width / character)
	var lines []string
	line := ""
	for _, word := range strings.Fields(text) {
		for utf8.RuneCountInString(word) > most {
			if line != "" {
				lines, line = append(lines, line), ""
			}
			runes := []rune(word)
			lines, word = append(lines, string(runes[:most])), string(runes[most:])
		}
		if line != "" && utf8.RuneCountInString(line)+1+utf8.RuneCountInString(word) > most {
			lines, line = append(lines, line), ""
		}
		if line != "" {
			line += " "
		}
		line += word
	}
	return append(lines, line)
}

// spread places a column's units around its middle.
func (c *column) spread(top, tall float64) {
	n := float64(len(c.units))
	if n == 0 {
		return
	}
	c.apart = min(mostApart, tall/n)
	for i := range c.units {
		c.y = append(c.y, top+tall/2+(float64(i)-(n-1)/2)*c.apart)
	}
}

// radius is that of a column's circles, or half the side of its squares.
func (c *column) radius(square bool) float64 {
	most := 16.0
	if square {
		most = 30
	}
	return min(most, 0.42*c.apart)
}

// largest returns the largest magnitude in a list.
func largest[F float32 | float64](list []F) float64 {
	most := 0.0
	for _, v := range list {
		most = max(most, math.Abs(float64(v)))
	}
	return most
}
