package picture

import (
	"cmp"
	"image"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/draw"
)

// pixels returns the function that reads a pixel of a picture.
func pixels(img image.Image) func(x, y int) color.RGBA64 {
	if fast, ok := img.(image.RGBA64Image); ok {
		return fast.RGBA64At
	}
	return func(x, y int) color.RGBA64 {
		r, g, b, a := img.At(x, y).RGBA()
		return color.RGBA64{R: uint16(r), G: uint16(g), B: uint16(b), A: uint16(a)}
	}
}

// Light returns the lightness of a picture, from 0 to 1, row by row, and its size, with the longer side reduced to at most
// most pixels by averaging blocks. Transparent pixels are paper: as light as an opaque border, else white behind dark ink
// and black behind light ink.
func Light(img image.Image, most int) (light []float32, w, h int) {
	at := pixels(img)
	b := img.Bounds()
	block := (max(b.Dx(), b.Dy()) + most - 1) / most
	w, h = (b.Dx()+block-1)/block, (b.Dy()+block-1)/block
	light = make([]float32, w*h) // of colours multiplied by opacity
	opacity := make([]float32, w*h)
	for y := range h {
		for x := range w {
			cell := image.Rect(0, 0, block, block).Add(b.Min.Add(image.Pt(x*block, y*block))).Intersect(b)
			var l, o float64
			for j := cell.Min.Y; j < cell.Max.Y; j++ {
				for i := cell.Min.X; i < cell.Max.X; i++ {
					c := at(i, j)
					l += 0.299*float64(c.R) + 0.587*float64(c.G) + 0.114*float64(c.B) // ITU-R BT.601
					o += float64(c.A)
				}
			}
			full := 65535 * float64(cell.Dx()*cell.Dy())
			light[y*w+x] = float32(l / full)
			opacity[y*w+x] = float32(o / full)
		}
	}
	if slices.Min(opacity) < 1 {
		paper := behind(light, opacity, Border(w, h))
		for i, o := range opacity {
			light[i] += (1 - o) * paper
		}
	}
	return light, w, h
}

// behind returns the lightness of the paper of a partly transparent picture.
func behind(light, opacity []float32, border []int) float32 {
	var opaque []float32
	for _, i := range border {
		if opacity[i] > 0.5 {
			opaque = append(opaque, light[i]/opacity[i])
		}
	}
	if 2*len(opaque) > len(border) {
		return Median(opaque)
	}
	var l, o float64
	for i := range light {
		l += float64(light[i])
		o += float64(opacity[i])
	}
	if l > o/2 {
		return 0
	}
	return 1
}

// Border returns the indices of the border pixels of a w×h picture, in a ring as wide as a 25th of its shorter side.
func Border(w, h int) []int {
	wide := max(1, min(w, h)/25)
	list := make([]int, 0, 2*wide*(w+h))
	for y := range h {
		for x := range w {
			if x < wide || y < wide || x >= w-wide || y >= h-wide {
				list = append(list, y*w+x)
			}
		}
	}
	return list
}

// Median returns the median of list, which it sorts.
func Median[T cmp.Ordered](list []T) T {
	slices.Sort(list)
	return list[len(list)/2]
}

// Grey returns the lightness of a picture in bytes, as Light does.
func Grey(img image.Image) *image.Gray {
	b := img.Bounds()
	if g, ok := img.(*image.Gray); ok && b.Min == (image.Point{}) && g.Stride == b.Dx() {
		return g
	}
	grey := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
	if o, ok := img.(interface{ Opaque() bool }); ok && o.Opaque() {
		draw.Draw(grey, grey.Rect, img, b.Min, draw.Src)
		return grey
	}
	light, _, _ := Light(img, max(b.Dx(), b.Dy()))
	for i, v := range light {
		grey.Pix[i] = byte(math.Round(255 * float64(min(v, 1))))
	}
	return grey
}

// Fit scales a picture to width×height. It keeps the proportions and fills the rest with the median of the border.
func Fit(g *image.Gray, width, height int) *image.Gray {
	b := g.Rect
	if b.Dx() == width && b.Dy() == height {
		return g
	}
	scale := min(float64(width)/float64(b.Dx()), float64(height)/float64(b.Dy()))
	w, h := max(1, int(math.Round(scale*float64(b.Dx())))), max(1, int(math.Round(scale*float64(b.Dy()))))
	scaled := image.NewRGBA(image.Rect(0, 0, w, h)) // package draw has fast code for this type
	draw.CatmullRom.Scale(scaled, scaled.Rect, g, b, draw.Src, nil)

	var border []byte
	for _, i := range Border(b.Dx(), b.Dy()) {
		border = append(border, g.GrayAt(b.Min.X+i%b.Dx(), b.Min.Y+i/b.Dx()).Y)
	}
	paper := Median(border)
	out := image.NewGray(image.Rect(0, 0, width, height))
	for i := range out.Pix {
		out.Pix[i] = paper
	}
	for y := range h {
		for x := range w {
			out.Pix[((height-h)/2+y)*width+(width-w)/2+x] = scaled.Pix[y*scaled.Stride+4*x]
		}
	}
	return out
}
