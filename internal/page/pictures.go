package page

import (
	"bytes"
	"encoding/base64"
	"image"
	"image/color"
	"image/png"
	"math"
)

// source returns an image as a data URL.
func source(img image.Image, level png.CompressionLevel) (string, error) {
	var b bytes.Buffer
	e := png.Encoder{CompressionLevel: level}
	if err := e.Encode(&b, img); err != nil {
		return "", err
	}
	return "data:image/png;base64," + base64.StdEncoding.EncodeToString(b.Bytes()), nil
}

// side is the longest side of a picture in a sheet, in pixels. Larger ones are reduced, which bounds the page.
const side = 32

// reduced returns the size of a picture in a sheet.
func reduced(width, height int) (w, h, factor int) {
	factor = (max(width, height) + side - 1) / side
	return (width + factor - 1) / factor, (height + factor - 1) / factor, factor
}

// place returns the rectangle of picture i of a sheet.
func (s *Sheet) place(i int) (left, top int) {
	return i % s.Columns * (s.Width + s.Gap), i / s.Columns * (s.Height + s.Gap)
}

// newSheet returns a sheet without its image, and the size of the image.
func newSheet(width, height, count, columns, gap int) (*Sheet, image.Rectangle) {
	s := &Sheet{Width: width, Height: height, Columns: min(columns, max(count, 1)), Count: count, Gap: gap}
	rows := (count + s.Columns - 1) / s.Columns
	return s, image.Rect(0, 0, s.Columns*(width+gap)-gap, rows*(height+gap)-gap)
}

// mean returns the mean of the values of a square of a picture.
func mean[T byte | float32](pixels []T, width, height, x, y, factor int) float64 {
	sum, n := 0., 0
	for v := y * factor; v < min((y+1)*factor, height); v++ {
		for u := x * factor; u < min((x+1)*factor, width); u++ {
			sum, n = sum+float64(pixels[v*width+u]), n+1
		}
	}
	return sum / float64(n)
}

// NewSheet returns a sheet of grey pictures; 255 is white.
func NewSheet(width, height int, pictures [][]byte) (*Sheet, error) {
	w, h, factor := reduced(width, height)
	s, bounds := newSheet(w, h, len(pictures), 20, 0)
	img := image.NewGray(bounds)
	for i, p := range pictures {
		left, top := s.place(i)
		for y := range h {
			for x := range w {
				img.Pix[img.PixOffset(left+x, top+y)] = byte(mean(p, width, height, x, y, factor) + 0.5)
			}
		}
	}
	var err error
	s.Source, err = source(img, png.BestCompression)
	return s, err
}

// The colours of positive and negative weights. A zero is transparent, so that they suit a light and a dark page.
var (
	positive = color.NRGBA{R: 30, G: 120, B: 200}
	negative = color.NRGBA{R: 230, G: 110, B: 15}
)

// signed has colours for −127 to 127, from index 1.
var signed = func() color.Palette {
	p := color.Palette{color.NRGBA{}}
	for v := -127; v <= 127; v++ {
		c := positive
		if v < 0 {
			c = negative
		}
		c.A = uint8(math.Abs(float64(v)) * 255 / 127)
		p = append(p, c)
	}
	return p
}()

// NewWeights returns pictures of the weights of units, each scaled to its largest magnitude.
func NewWeights(width, height int, units [][]float32) (*Weights, error) {
	w, h, factor := reduced(width, height)
	s, bounds := newSheet(w, h, len(units), 12, 3)
	img := image.NewPaletted(bounds, signed)
	for i, u := range units {
		small, most := make([]float64, w*h), 0.
		for j := range small {
			small[j] = mean(u, width, height, j%w, j/w, factor)
			most = max(most, math.Abs(small[j]))
		}
		left, top := s.place(i)
		for j, v := range small {
			index := 128
			if most > 0 {
				index += int(math.Round(127 * v / most))
			}
			img.SetColorIndex(left+j%w, top+j/w, uint8(index))
		}
	}
	src, err := source(img, png.BestSpeed)
	s.Source = src
	return &Weights{Sheet: *s}, err
}

// classColors are those of classes in a plane, after Okabe and Ito, "Color universal design" (2008). page.js has them too.
var classColors = []color.NRGBA{{R: 0, G: 114, B: 178}, {R: 230, G: 130, B: 0}, {R: 0, G: 158, B: 115},
	{R: 204, G: 121, B: 167}, {R: 86, G: 180, B: 233}, {R: 213, G: 94, B: 0}, {R: 140, G: 130, B: 20}, {R: 110, G: 110, B: 110}}

// Plane returns the picture of a square plane of side·side points, from the top left, as a data URL: each point has the
// colours of the classes, mixed by their probabilities.
func Plane(side int, probabilities [][]float64) (string, error) {
	img := image.NewNRGBA(image.Rect(0, 0, side, side))
	for i, p := range probabilities {
		var r, g, b float64
		for class, v := range p {
			c := classColors[class%len(classColors)]
			r, g, b = r+v*float64(c.R), g+v*float64(c.G), b+v*float64(c.B)
		}
		// The opacity leaves the points visible on it.
		img.SetNRGBA(i%side, i/side, color.NRGBA{R: uint8(r), G: uint8(g), B: uint8(b), A: 110})
	}
	return source(img, png.BestSpeed)
}
