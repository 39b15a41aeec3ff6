package digit

import (
	"image"
	"image/color"
	"math"
	"math/rand/v2"

	"golang.org/x/image/draw"
)

// mnistImage returns the 28×28 pixels of an MNIST digit as an image, light on dark.
func mnistImage(pixels []byte) *image.Gray {
	return &image.Gray{Pix: pixels, Stride: 28, Rect: image.Rect(0, 0, 28, 28)}
}

// enlarged returns img, a times as large, between its pixels interpolated.
func enlarged(img image.Image, a int) *image.Gray {
	b := img.Bounds()
	out := image.NewGray(image.Rect(0, 0, a*b.Dx(), a*b.Dy()))
	draw.BiLinear.Scale(out, out.Rect, img, b, draw.Src, nil)
	return out
}

// mapped returns img with each grey level replaced.
func mapped(img *image.Gray, f func(v byte) byte) *image.Gray {
	out := image.NewGray(img.Rect)
	for i, v := range img.Pix {
		out.Pix[i] = f(v)
	}
	return out
}

func inverted(img *image.Gray) *image.Gray { return mapped(img, func(v byte) byte { return 255 - v }) }

// padded returns img on black in a field of w×h with its upper left corner at x, y.
func padded(img *image.Gray, w, h, x, y int) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, w, h))
	draw.Draw(out, img.Rect.Add(image.Pt(x, y)), img, image.Point{}, draw.Src)
	return out
}

// stencil returns img as a picture of one colour that is opaque where img is light.
func stencil(img *image.Gray, c color.NRGBA) *image.NRGBA {
	out := image.NewNRGBA(img.Rect)
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			c.A = img.GrayAt(x, y).Y
			out.SetNRGBA(x, y, c)
		}
	}
	return out
}

// photographed returns ink, light on dark, as dark ink on a sheet that a lamp at the upper left lights, with noise of
// standard deviation sigma and specks of dust.
func photographed(ink *image.Gray, sigma float64, seed uint64) *image.RGBA {
	rng := rand.New(rand.NewPCG(seed, 0))
	out := image.NewRGBA(ink.Rect)
	w, h := float64(ink.Rect.Dx()), float64(ink.Rect.Dy())
	for y := range ink.Rect.Dy() {
		for x := range ink.Rect.Dx() {
			distance := math.Hypot(float64(x)/w-0.2, float64(y)/h-0.1)
			paper := 235 - 120*math.Pow(distance/1.2, 1.5)
			dust := 1.0
			if rng.IntN(20_000) == 0 {
				dust = 0.3
			}
			v := paper * dust * (1 - 0.65*float64(ink.GrayAt(x, y).Y)/255)
			level := func(tint float64) uint8 {
				return uint8(max(0, min(255, v*tint+sigma*rng.NormFloat64())))
			}
			out.SetRGBA(x, y, color.RGBA{level(1), level(0.97), level(0.88), 255})
		}
	}
	return out
}

// drawnThree returns a 3 of w×h pixels, light on dark, drawn with a round pen: two arcs, open to the left, that meet in
// the middle. The level of a pixel at an edge is its fraction within the pen's radius.
func drawnThree(w, h int) *image.Gray {
	type point struct{ x, y float64 }
	var line []point
	unit := float64(h) / 100
	arc := func(cx, cy, rx, ry, from, to float64) {
		for k := range 61 {
			a := (from + (to-from)*float64(k)/60) * math.Pi / 180
			line = append(line, point{float64(w)/2 + unit*(cx+rx*math.Cos(a)), unit * (cy + ry*math.Sin(a))})
		}
	}
	arc(-2, 33, 17, 16, -155, 82)
	arc(-2, 66, 20, 18, -82, 155)
	pen := 6 * unit
	out := image.NewGray(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			nearest := math.Inf(1)
			for i := range line[1:] {
				a, b := line[i], line[i+1]
				px, py, dx, dy := float64(x)+0.5-a.x, float64(y)+0.5-a.y, b.x-a.x, b.y-a.y
				t := 0.0
				if d := dx*dx + dy*dy; d > 0 {
					t = max(0, min(1, (px*dx+py*dy)/d))
				}
				nearest = min(nearest, math.Hypot(px-t*dx, py-t*dy))
			}
			out.SetGray(x, y, color.Gray{uint8(255 * max(0, min(1, pen-nearest+0.5)))})
		}
	}
	return out
}

// chalk returns ink, light on dark, as chalk on a green board.
func chalk(ink *image.Gray) *image.RGBA {
	out := image.NewRGBA(ink.Rect)
	for y := range ink.Rect.Dy() {
		for x := range ink.Rect.Dx() {
			v := float64(ink.GrayAt(x, y).Y) / 255
			mix := func(board, chalk float64) uint8 { return uint8(board + (chalk-board)*v) }
			out.SetRGBA(x, y, color.RGBA{mix(30, 240), mix(64, 236), mix(48, 222), 255})
		}
	}
	return out
}
