package digit

import (
	"fmt"
	"image"
	"image/png"
	"io"

	"shadegrad/internal/atomicfile"
)

// A Sheet shows many images of one size in rows.
type Sheet struct {
	Width, Height int        // of an image, in pixels
	Rows          [][][]byte // the images of each row, Width·Height pixels each; 255 is white
}

// sheetScale is the side of an image pixel in a picture, sheetGap the distance between images, in picture pixels.
const (
	sheetScale = 3
	sheetGap   = 4
	gapGrey    = 96
)

// columns returns the number of images in the longest row.
func (s *Sheet) columns() int {
	n := 0
	for _, row := range s.Rows {
		n = max(n, len(row))
	}
	return n
}

// Picture draws the sheet, each pixel as a square, with grey between the images.
func (s *Sheet) Picture() *image.Gray {
	w, h := s.Width*sheetScale+sheetGap, s.Height*sheetScale+sheetGap
	p := image.NewGray(image.Rect(0, 0, s.columns()*w+sheetGap, len(s.Rows)*h+sheetGap))
	for i := range p.Pix {
		p.Pix[i] = gapGrey
	}
	for i, row := range s.Rows {
		for j, pixels := range row {
			s.draw(p, pixels, sheetGap+j*w, sheetGap+i*h)
		}
	}
	return p
}

// draw draws an image into a picture, with its upper left corner at (left, top).
func (s *Sheet) draw(p *image.Gray, pixels []byte, left, top int) {
	for y := range s.Height * sheetScale {
		line := p.Pix[(top+y)*p.Stride+left:]
		for x := range s.Width * sheetScale {
			line[x] = pixels[y/sheetScale*s.Width+x/sheetScale]
		}
	}
}

// Save writes the sheet to a PNG file atomically: on failure the previous file at path stays.
func (s *Sheet) Save(path string) error {
	return atomicfile.Write(path, func(w io.Writer) error { return png.Encode(w, s.Picture()) })
}

// Render draws the sheet as text, as Render draws one image. A line has at most fit characters and at least one image;
// it omits images that do not fit.
func (s *Sheet) Render(w io.Writer, fit int, color bool) error {
	const gap = 1 // pixels between images
	pixel := 2    // characters wide
	if color {
		pixel = 1
	}
	n := max(1, (fit/pixel+gap)/(s.Width+gap))
	for _, row := range s.Rows {
		row = row[:min(n, len(row))]
		line := make([]byte, s.Height*len(row)*(s.Width+gap))
		width := len(row) * (s.Width + gap)
		for j, pixels := range row {
			for y := range s.Height {
				copy(line[y*width+j*(s.Width+gap):], pixels[y*s.Width:(y+1)*s.Width])
			}
		}
		if err := Render(w, line, width, s.Height, color); err != nil {
			return err
		}
		if _, err := fmt.Fprintln(w); err != nil {
			return err
		}
	}
	return nil
}
