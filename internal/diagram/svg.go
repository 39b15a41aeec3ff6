package diagram

import (
	"bufio"
	"encoding/xml"
	"fmt"
	"math"
	"strings"
)

// An svg writes the elements of a picture.
type svg struct{ b *bufio.Writer }

func (s *svg) begin(width, height float64) {
	fmt.Fprintf(s.b, `<svg xmlns="http://www.w3.org/2000/svg" width="%.0f" height="%.0f" viewBox="0 0 %.0f %.0f" font-family="sans-serif" font-size="12" fill="#222">`+"\n",
		width, height, width, height)
	fmt.Fprintf(s.b, `<rect width="100%%" height="100%%" fill="#fff"/>`+"\n")
}

func (s *svg) end() { s.b.WriteString("</svg>\n") }

// text writes a line of text. Attributes are written unchanged, as in ` font-size="16"`.
func (s *svg) text(x, y float64, attributes, text string) {
	fmt.Fprintf(s.b, `<text x="%.1f" y="%.1f"%s>`, x, y, attributes)
	xml.EscapeText(s.b, []byte(text)) // Flush returns the error
	s.b.WriteString("</text>\n")
}

// The size of a label with many digits.
const (
	labelHigh = 14
	labelWide = 54
)

// label writes a number on a white background.
func (s *svg) label(x, y float64, text string) {
	w := character*float64(len(text)) + 4
	fmt.Fprintf(s.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%d" rx="3" fill="#fff" fill-opacity="0.9"/>`+"\n", x-w/2, y-labelHigh+3, w, labelHigh)
	s.text(x, y, ` text-anchor="middle" font-size="11"`, text)
}

// line draws a weight, given as a fraction of the largest one, from -1 to 1.
func (s *svg) line(x1, y1, x2, y2, fraction float64) {
	strength := math.Abs(fraction)
	fmt.Fprintf(s.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="%s" stroke-width="%.2f" stroke-opacity="%.2f"/>`+"\n",
		x1, y1, x2, y2, shade(math.Copysign(1, fraction)), 0.5+3*strength, 0.12+0.8*strength)
}

// thin draws a line that represents many weights.
func (s *svg) thin(x1, y1, x2, y2 float64) {
	fmt.Fprintf(s.b, `<line x1="%.1f" y1="%.1f" x2="%.1f" y2="%.1f" stroke="#bbb" stroke-width="0.8"/>`+"\n", x1, y1, x2, y2)
}

// circle draws a unit. Browsers show the title when the pointer is over it.
func (s *svg) circle(x, y, r float64, fill, title string) {
	fmt.Fprintf(s.b, `<circle cx="%.1f" cy="%.1f" r="%.1f" fill="%s" stroke="#444">`, x, y, r, fill)
	s.title(title)
	s.b.WriteString("</circle>\n")
}

// square draws numbers as an image with some columns around (x, y), with a frame.
func (s *svg) square(x, y, width, height float64, pixels []float64, columns int, frame, title string) {
	left, top := x-width/2, y-height/2
	pixels, columns = shrink(pixels, columns)
	rows := len(pixels) / columns
	fmt.Fprintf(s.b, `<rect x="%.1f" y="%.1f" width="%.1f" height="%.1f" fill="#fff" stroke="%s"/>`+"\n", left, top, width, height, frame)
	fmt.Fprintf(s.b, `<svg x="%.1f" y="%.1f" width="%.1f" height="%.1f" viewBox="0 0 %d %d" preserveAspectRatio="none" shape-rendering="crispEdges">`,
		left, top, width, height, columns, rows)
	s.title(title)
	for r := range rows {
		s.pixels(pixels[r*columns:(r+1)*columns], r)
	}
	s.b.WriteString("</svg>\n")
}

// mostCells bounds the pixels of an image on each side: its square has no more.
const mostCells = 64

// shrink reduces an image to mostCells pixels on a side, each the mean of the pixels that it
// replaces.
func shrink(pixels []float64, columns int) ([]float64, int) {
	rows := len(pixels) / columns
	c, r := min(columns, mostCells), min(rows, mostCells)
	if c == columns && r == rows {
		return pixels, columns
	}
	sums, counts := make([]float64, r*c), make([]float64, r*c)
	for i, v := range pixels {
		at := i/columns*r/rows*c + i%columns*c/columns
		sums[at] += v
		counts[at]++
	}
	for i, n := range counts {
		sums[i] /= n
	}
	return sums, c
}

// pixels draws a row of an image, with one element for neighbours of equal colour.
func (s *svg) pixels(row []float64, r int) {
	for from := 0; from < len(row); {
		colour, to := shade(row[from]), from+1
		for to < len(row) && shade(row[to]) == colour {
			to++
		}
		if colour != white {
			fmt.Fprintf(s.b, `<path d="M%d %dh%dv1h-%dz" fill="%s"/>`, from, r, to-from, to-from, colour)
		}
		from = to
	}
}

func (s *svg) title(text string) {
	s.b.WriteString("<title>")
	xml.EscapeText(s.b, []byte(text))
	s.b.WriteString("</title>")
}

const white = "#fff"

// shade returns the colour of a number from -1 to 1: white at 0, orange above and blue below, in 16
// steps each, which look continuous.
func shade(fraction float64) string {
	const steps = 16
	step := math.Round(steps * min(1, math.Abs(fraction)))
	if step == 0 || math.IsNaN(step) {
		return white
	}
	full := [3]float64{217, 95, 2}
	if fraction < 0 {
		full = [3]float64{31, 120, 180}
	}
	var b strings.Builder
	b.WriteByte('#')
	for _, v := range full {
		fmt.Fprintf(&b, "%02x", int(math.Round(255+(v-255)*step/steps)))
	}
	return b.String()
}
