package simd

import "fmt"

// A Place tells where the pixels of a distorted image come from: pixel (x, y), counted
// from the middle of the image, from
//
//	X = XX·x + XY·y + X0 + Alpha·fx[x,y]
//	Y = YX·x + YY·y + Y0 + Alpha·fy[x,y]
//
// counted from the source's first pixel.
type Place struct {
	XX, XY, X0 float32
	YX, YY, Y0 float32
	Alpha      float32
}

// Quads writes for each place between four pixels what they are, one a byte, with zeros
// round the image: for −1 ≤ x < width+1 and −1 ≤ y < height+1
//
//	dst[(y+1)·(width+2) + x+1] = p(x,y) + 2⁸·p(x+1,y) + 2¹⁶·p(x,y+1) + 2²⁴·p(x+1,y+1)
//
// where p is src, height rows of width, or 0 outside of it.
func Quads(dst []uint32, src []byte, width, height int) {
	if width < 0 || height < 0 || len(src) != width*height || len(dst) < (width+2)*(height+2) {
		panic(fmt.Sprintf("simd: Quads: %d bytes for an image of %d×%d, %d places", len(src), width, height, len(dst)))
	}
	quadsGo(dst, src, width, height)
}

func quadsGo(dst []uint32, src []byte, width, height int) {
	ld := width + 2
	clear(dst[:ld*(height+2)])
	for y := range height {
		above, below := dst[y*ld:][:ld], dst[(y+1)*ld:][:ld]
		for x, p := range src[y*width:][:width] {
			v := uint32(p)
			above[x] |= v << 24
			above[x+1] |= v << 16
			below[x] |= v << 8
			below[x+1] |= v
		}
	}
}

// Warp reads an image between its pixels, at the places p: quads are those that Quads made
// of it. Row y of dst's height rows of width has the fields fx[y·ldf:] and fy[y·ldf:]. Between pixels the
// value is bilinear, outside of the image 0, and it is rounded to the nearest whole
// number, halves up. What dst has beyond its last row, at least WarpRoom bytes, is clobbered.
// A place that is no number is outside.
func Warp(dst []byte, quads []uint32, fx, fy []float32, ldf, width, height int, p *Place) {
	if width < 0 || height < 0 || len(dst) < width*height+WarpRoom || len(quads) < (width+2)*(height+2) {
		panic(fmt.Sprintf("simd: Warp: %d bytes and %d places for an image of %d×%d", len(dst), len(quads), width, height))
	}
	if width == 0 || height == 0 {
		return
	}
	if need := (height-1)*ldf + width; ldf < 0 || len(fx) < need || len(fy) < need {
		panic(fmt.Sprintf("simd: Warp: fields of %d and %d elements, rows %d apart, for an image of %d×%d", len(fx), len(fy), ldf, width, height))
	}
	warp(dst, quads, fx, fy, ldf, width, height, p)
}

// WarpRoom is how many bytes Warp may clobber beyond an image.
const WarpRoom = 16

func warpGo(dst []byte, quads []uint32, fx, fy []float32, ldf, width, height int, p *Place) {
	middleX, middleY := float32(width-1)/2, float32(height-1)/2
	for y := range height {
		v := float32(y) - middleY
		x0, y0 := p.XY*v+p.X0, p.YY*v+p.Y0
		for x := range width {
			u := float32(x) - middleX
			at, right, down := quad(p.XX*u+x0+p.Alpha*fx[y*ldf+x], p.YX*u+y0+p.Alpha*fy[y*ldf+x], width, height)
			q := quads[at]
			above := mix(q&255, q>>8&255, right)
			below := mix(q>>16&255, q>>24, right)
			dst[y*width+x] = byte(int32(above + down*(below-above) + 0.5))
		}
	}
}

// quad returns which quad holds a place, and how far right and down in it that is. Beyond
// the zeros round the image there are only more.
func quad(x, y float32, width, height int) (at int, right, down float32) {
	i, right := floor(inside(x, width))
	j, down := floor(inside(y, height))
	return (j+1)*(width+2) + i + 1, right, down
}

// floor divides v ≥ −1 into a whole number and what is above it.
func floor(v float32) (int, float32) {
	i := int(v+1) - 1
	if v < float32(i) { // the sum was rounded up
		i--
	}
	return i, v - float32(i)
}

// inside returns v, or what is nearest to it from −1 to n; −1 for NaN.
func inside(v float32, n int) float32 {
	if !(v > -1) {
		return -1
	}
	return min(v, float32(n))
}

func mix(a, b uint32, t float32) float32 { return float32(a) + t*float32(int32(b)-int32(a)) }
