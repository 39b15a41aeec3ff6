package digit

import (
	"image"
	"slices"
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

// luminance returns the lightness of img, from 0 to 1, reduced to at most workingSize by averaging blocks of pixels.
func luminance(img image.Image) plane {
	at := func(x, y int) (r, g, b, a uint32) { return img.At(x, y).RGBA() }
	if fast, ok := img.(image.RGBA64Image); ok {
		at = func(x, y int) (r, g, b, a uint32) {
			c := fast.RGBA64At(x, y)
			return uint32(c.R), uint32(c.G), uint32(c.B), uint32(c.A)
		}
	}
	b := img.Bounds()
	block := (max(b.Dx(), b.Dy()) + workingSize - 1) / workingSize
	light := newPlane((b.Dx()+block-1)/block, (b.Dy()+block-1)/block) // of premultiplied colours
	opacity := newPlane(light.w, light.h)
	for y := range light.h {
		for x := range light.w {
			cell := image.Rect(0, 0, block, block).Add(b.Min.Add(image.Pt(x*block, y*block))).Intersect(b)
			var l, o float64
			for j := cell.Min.Y; j < cell.Max.Y; j++ {
				for i := cell.Min.X; i < cell.Max.X; i++ {
					r, g, b, a := at(i, j)
					l += 0.299*float64(r) + 0.587*float64(g) + 0.114*float64(b) // ITU-R BT.601
					o += float64(a)
				}
			}
			full := 65535 * float64(cell.Dx()*cell.Dy())
			light.pix[y*light.w+x] = float32(l / full)
			opacity.pix[y*light.w+x] = float32(o / full)
		}
	}
	if slices.Min(opacity.pix) == 1 {
		return light
	}
	paper := behind(light, opacity)
	for i, o := range opacity.pix {
		light.pix[i] += (1 - o) * paper
	}
	return light
}

// behind returns the lightness of the background of a partly transparent picture: that of the border if it is mostly
// opaque, else white behind a dark digit and black behind a light one.
func behind(light, opacity plane) float32 {
	var opaque []float32
	border := 0
	for _, i := range ring(light.w, light.h) {
		border++
		if opacity.pix[i] > 0.5 {
			opaque = append(opaque, light.pix[i]/opacity.pix[i])
		}
	}
	if 2*len(opaque) > border {
		return median(opaque)
	}
	var l, o float64
	for i := range light.pix {
		l += float64(light.pix[i])
		o += float64(opacity.pix[i])
	}
	if l > o/2 {
		return 0
	}
	return 1
}

// ring returns the indices of the border pixels of a w×h image, in a ring as wide as a 25th of its shorter side.
func ring(w, h int) []int {
	wide := max(1, min(w, h)/25)
	var list []int
	for y := range h {
		for x := range w {
			if x < wide || y < wide || x >= w-wide || y >= h-wide {
				list = append(list, y*w+x)
			}
		}
	}
	return list
}

// median returns the median of list, which it sorts.
func median(list []float32) float32 {
	slices.Sort(list)
	return list[len(list)/2]
}
