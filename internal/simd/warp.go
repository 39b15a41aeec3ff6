package simd

import "fmt"

// A Place maps a pixel of a distorted image to a point of the source image. Pixel (x, y),
// relative to the centre of the image, is read at
//
//	X = XX·x + XY·y + X0 + Alpha·fx[x,y]
//	Y = YX·x + YY·y + Y0 + Alpha·fy[x,y]
//
// relative to the first pixel of the source.
type Place struct {
	XX, XY, X0 float32
	YX, YY, Y0 float32
	Alpha      float32
}

// A Sampler reads an image at points between its pixels. For each group of four
// neighbouring pixels, from (−1, −1) on, it has a word with their bytes:
//
//	quad(x,y) = p(x,y) + 2⁸·p(x+1,y) + 2¹⁶·p(x,y+1) + 2²⁴·p(x+1,y+1)
//
// where p is 0 outside the image. One load then fetches all that an interpolation needs.
// A Sampler must not be used by several goroutines at the same time.
type Sampler struct {
	width, height int
	ld            int      // words of a row
	bytes         []byte   // image with a border of zeros, ld bytes a row
	quads         []uint32 // from (−1, −1) on
}

// samplerRoom is the number of elements that the kernels may access past the end.
const samplerRoom = 16

// NewSampler returns a Sampler for images of the size. It panics unless width and height
// are positive.
func NewSampler(width, height int) *Sampler {
	if width <= 0 || height <= 0 {
		panic(fmt.Sprintf("simd: NewSampler: images of %d×%d", width, height))
	}
	ld := width + 2
	return &Sampler{width: width, height: height, ld: ld,
		bytes: make([]byte, (height+3)*ld+1+samplerRoom), quads: make([]uint32, (height+2)*ld+samplerRoom)}
}

// Load copies an image of height rows of width bytes.
func (s *Sampler) Load(src []byte) {
	if len(src) != s.width*s.height {
		panic(fmt.Sprintf("simd: Sampler.Load: %d bytes for an image of %d×%d", len(src), s.width, s.height))
	}
	for y := range s.height {
		copy(s.bytes[(y+1)*s.ld+1:], src[y*s.width:(y+1)*s.width])
	}
	quads(s)
}

func quadsGo(s *Sampler) {
	below := s.bytes[s.ld:]
	for i := range s.quads[:(s.height+2)*s.ld] {
		s.quads[i] = uint32(s.bytes[i]) | uint32(s.bytes[i+1])<<8 | uint32(below[i])<<16 | uint32(below[i+1])<<24
	}
}

// WarpRoom is the number of bytes after an image that Warp may overwrite.
const WarpRoom = 16

// Warp writes to dst the image that is read at the points given by p. Row y of the
// displacement fields is fx[y·ldf:] and fy[y·ldf:]. Values are interpolated bilinearly
// and rounded to the nearest integer, halves up. Outside the image, and at NaN, the
// value is 0. dst has height rows of width bytes, followed by WarpRoom bytes that may be
// overwritten.
func (s *Sampler) Warp(dst []byte, fx, fy []float32, ldf int, p *Place) {
	if len(dst) < s.width*s.height+WarpRoom {
		panic(fmt.Sprintf("simd: Sampler.Warp: %d bytes for an image of %d×%d", len(dst), s.width, s.height))
	}
	if need := (s.height-1)*ldf + s.width; ldf < 0 || len(fx) < need || len(fy) < need {
		panic(fmt.Sprintf("simd: Sampler.Warp: fields of %d and %d elements, rows %d apart, for an image of %d×%d",
			len(fx), len(fy), ldf, s.width, s.height))
	}
	q := placement{*p, float32(s.width-1) / 2, float32(s.height-1) / 2, float32(s.width), float32(s.height), int32(s.ld)}
	if s.small() {
		warp(s, dst, fx, fy, ldf, &q)
	} else {
		warpGo(s, dst, fx, fy, ldf, &q)
	}
}

// A placement is a Place with the geometry of the image. The kernels read its fields, all
// of 32 bits, in this order.
type placement struct {
	Place
	centreX, centreY float32
	width, height    float32
	ld               int32
}

// maxSide is the largest side of an image whose coordinates float32 represents exactly.
const maxSide = 1 << 20

// small reports whether the kernels can address the image with 32 bits.
func (s *Sampler) small() bool {
	return s.width <= maxSide && s.height <= maxSide && len(s.quads) <= 1<<30
}

func warpGo(s *Sampler, dst []byte, fx, fy []float32, ldf int, p *placement) {
	for y := range s.height {
		v := float32(y) - p.centreY
		x0, y0 := p.XY*v+p.X0, p.YY*v+p.Y0
		for x := range s.width {
			u := float32(x) - p.centreX
			i, right := pixelBefore(p.XX*u+x0+p.Alpha*fx[y*ldf+x], s.width)
			j, down := pixelBefore(p.YX*u+y0+p.Alpha*fy[y*ldf+x], s.height)
			q := s.quads[(j+1)*s.ld+i+1]
			above := mix(q&255, q>>8&255, right)
			below := mix(q>>16&255, q>>24, right)
			dst[y*s.width+x] = byte(int32(above + down*(below-above) + 0.5))
		}
	}
}

// pixelBefore returns the last pixel at or before coordinate v, and the distance of v from it.
// Coordinates beyond −1 and n are clamped, because all pixels there are zero.
func pixelBefore(v float32, n int) (i int, distance float32) {
	switch {
	case !(v > -1): // or NaN
		return -1, 0
	case v >= float32(n):
		return n, 0
	}
	i = int(v+1) - 1
	if v < float32(i) { // the sum was rounded up
		i--
	}
	return min(i, n), v - float32(i)
}

// mix returns (1−t)·a + t·b.
func mix(a, b uint32, t float32) float32 { return float32(a) + t*float32(int32(b)-int32(a)) }
