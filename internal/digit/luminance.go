package digit

import (
	"image"

	"shadegrad/internal/picture"
)

// A plane is an image with one value per pixel, row by row.
type plane struct {
	w, h int
	pix  []float32
}

func newPlane(w, h int) plane { return plane{w, h, make([]float32, w*h)} }

func (p plane) at(x, y int) float32 { return p.pix[y*p.w+x] }

// workingSize is the maximum side, in pixels, of a reduced picture. A digit that fills a tenth of it still has several
// times the resolution of the result, and the sensor noise averages out.
const workingSize = 800

// luminance returns the lightness of img, from 0 to 1, reduced to at most workingSize.
func luminance(img image.Image) plane {
	pix, w, h := picture.Light(img, workingSize)
	return plane{w, h, pix}
}
