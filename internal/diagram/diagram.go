// Package diagram draws a network as an SVG picture: a column of units for each layer, a line for
// each weight and, if the input is an image, a square of its weights for each unit of the first
// layer.
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
	Most  int    // largest number of units drawn per layer; at least 1
}

// Sizes in SVG units, which are pixels at the natural size.
const (
	margin       = 40
	titleLine    = 20  // line height of the title
	textLine     = 16  // line height of small text
	columnPitch  = 230 // between the centres of two columns
	imageSide    = 120 // of the input image
	minWidth     = 720 // of the picture
	minHeight    = 260 // of the columns
	maxHeight    = 680
	maxUnitPitch = 110 // between the centres of two units
	labelRoom    = 120 // for the names of the outputs
	inputRoom    = 60  // for the names of inputs that are numbers

	character      = 6.2 // average width in small text
	titleCharacter = 10  // average width in the title
)

// A column is the drawing of a layer. An input image has no units.
type column struct {
	layer int // 0 is the input
	x     float64
	units []int // indices of the units drawn, ascending
	y     []float64
	pitch float64 // between the centres of two units
}

// A layout has the positions of everything drawn.
type layout struct {
	*Diagram
	columns []column
	width   float64  // of the picture
	top     float64  // of the columns
	tall    float64  // height of the columns
	title   []string // lines
	legend  []string // lines
}

// WriteSVG writes the picture.
func (d *Diagram) WriteSVG(w io.Writer) error {
	b := bufio.NewWriter(w) // a bufio.Writer keeps the first error
	d.layout().draw(&svg{b: b})
	return b.Flush()
}

// image reports whether the input is drawn as an image instead of single units.
func (d *Diagram) image() bool {
	return !d.Model.About.Numbers && min(d.Model.Width, d.Model.Height) > 1
}

// weights returns W of layer l, from 1: a row for each unit, a column for each unit of the layer
// before.
func (d *Diagram) weights(l int) []float32 {
	if d.Model.Network.NoBias {
		return d.Model.Values[l-1]
	}
	return d.Model.Values[2*(l-1)]
}

// biases returns the biases b of layer l, counted from 1, or nil if the layer has none.
func (d *Diagram) biases(l int) []float32 {
	if d.Model.Network.NoBias || l == 0 {
		return nil
	}
	return d.Model.Values[2*l-1]
}

// drawn returns the units of a layer that are drawn: all, or the Most with the largest norm of the
// weights to the next layer, and for outputs of the weights from the layer before.
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

// layout places everything.
func (d *Diagram) layout() *layout {
	l := &layout{Diagram: d, width: minWidth, tall: minHeight}
	x := float64(margin + inputRoom)
	for i := range d.Model.Network.Sizes {
		c := column{layer: i, x: x}
		if i > 0 || !d.image() {
			c.units = d.drawn(i)
		}
		l.tall = max(l.tall, min(maxHeight, maxUnitPitch*float64(len(c.units))))
		l.columns = append(l.columns, c)
		x += columnPitch
	}
	names := float64(labelRoom)
	for _, unit := range l.columns[len(l.columns)-1].units {
		names = max(names, 40+character*float64(utf8.RuneCountInString(d.name(unit))))
	}
	l.width = max(l.width, x-columnPitch+names+margin)
	l.title = wrap(d.Title, l.width-2*margin, titleCharacter)
	for _, sentence := range l.explanation() {
		l.legend = append(l.legend, wrap(sentence, l.width-2*margin, character)...)
	}
	l.top = margin + titleLine*float64(len(l.title)) + 2*textLine
	for i := range l.columns {
		l.columns[i].spread(l.top, l.tall)
	}
	return l
}

// height returns the height of the picture.
func (l *layout) height() float64 {
	return l.top + l.tall + margin + textLine*float64(len(l.legend))
}

// middle returns y of the middle of the columns.
func (l *layout) middle() float64 { return l.top + l.tall/2 }

// wrap breaks a text into lines of a width, for characters of an average width. It cuts words that
// are longer than a line.
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

// spread places the units of a column around its middle.
func (c *column) spread(top, tall float64) {
	n := float64(len(c.units))
	if n == 0 {
		return
	}
	c.pitch = min(maxUnitPitch, tall/n)
	for i := range c.units {
		c.y = append(c.y, top+tall/2+(float64(i)-(n-1)/2)*c.pitch)
	}
}

// radius returns the radius of the circles of a column, or half the side of its squares.
func (c *column) radius(square bool) float64 {
	most := 16.0
	if square {
		most = 30
	}
	return min(most, 0.42*c.pitch)
}

// largest returns the largest magnitude in a list.
func largest[F float32 | float64](list []F) float64 {
	most := 0.0
	for _, v := range list {
		most = max(most, math.Abs(float64(v)))
	}
	return most
}
