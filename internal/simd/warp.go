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

// A Sampler reads an image between its pixels. It has a word for each place between four of
// them, from (−1, −1) on, with a byte for each of the four:
//
//	quad(x,y) = p(x,y) + 2⁸·p(x+1,y) + 2¹⁶·p(x,y+1) + 2²⁴·p(x+1,y+1)
//
// where p is 0 outside of the image; so one access finds all that a value is made of. It
// is for one goroutine at a time.
type Sampler struct {
	width, height int
	ld            int      // words of a row
	bytes         []byte   // the image with zeros round it, ld bytes a row
	quads         []uint32 // from (−1, −1) on
}

// samplerRoom is what the kernels may read and write beyond.
const samplerRoom = 16

// NewSampler returns one for images of a size, neither width nor height being 0.
func NewSampler(width, height int) *Sampler {
	if width <= 0 || height <= 0 {
		panic(fmt.Sprintf("simd: NewSampler: images of %d×%d", width, height))
	}
	ld := width + 2
	return &Sampler{width: width, height: height, ld: ld,
		bytes: make([]byte, (height+3)*ld+1+samplerRoom), quads: make([]uint32, (height+2)*ld+samplerRoom)}
}

// Load takes an image, height rows of width bytes.
func (s *Sampler) Load(src []byte) {
	if len(src) != s.width*s.height {
		panic(fmt.Sprintf("simd: Sampler.Load: %d bytes for an image of %d×%d", len(src), s.width, s.height))
	}
	for y := range s.height {
		copy(s.bytes[(y+1)*s.ld+1:], src[y*s.width:(y+1)*s.width])
	}
	s.makeQuads()
}

func (s *Sampler) quadsGo() {
	below := s.bytes[s.ld:]
	for i := range s.quads[:(s.height+2)*s.ld] {
		s.quads[i] = uint32(s.bytes[i]) | uint32(s.bytes[i+1])<<8 | uint32(below[i])<<16 | uint32(below[i+1])<<24
	}
}

// WarpRoom is how many bytes Warp may clobber behind an image.
const WarpRoom = 16

// Warp writes the image that is read at the places p. Row y of the fields is fx[y·ldf:] and
// fy[y·ldf:]. Between pixels the value is bilinear, outside of the image 0, and it is rounded to the
// nearest whole number, halves up. A place that is no number is outside. dst is height rows
// of width bytes, and WarpRoom bytes that are clobbered.
func (s *Sampler) Warp(dst []byte, fx, fy []float32, ldf int, p *Place) {
	if len(dst) < s.width*s.height+WarpRoom {
		panic(fmt.Sprintf("simd: Sampler.Warp: %d bytes for an image of %d×%d", len(dst), s.width, s.height))
	}
	if need := (s.height-1)*ldf + s.width; ldf < 0 || len(fx) < need || len(fy) < need {
		panic(fmt.Sprintf("simd: Sampler.Warp: fields of %d and %d elements, rows %d apart, for an image of %d×%d",
			len(fx), len(fy), ldf, s.width, s.height))
	}
	s.warp(dst, fx, fy, ldf, p)
}

func (s *Sampler) warpGo(dst []byte, fx, fy []float32, ldf int, p *Place) {
	middleX, middleY := float32(s.width-1)/2, float32(s.height-1)/2
	for y := range s.height {
		v := float32(y) - middleY
		x0, y0 := p.XY*v+p.X0, p.YY*v+p.Y0
		for x := range s.width {
			u := float32(x) - middleX
			i, right := before(p.XX*u+x0+p.Alpha*fx[y*ldf+x], s.width)
			j, down := before(p.YX*u+y0+p.Alpha*fy[y*ldf+x], s.height)
			q := s.quads[(j+1)*s.ld+i+1]
			above := mix(q&255, q>>8&255, right)
			below := mix(q>>16&255, q>>24, right)
			dst[y*s.width+x] = byte(int32(above + down*(below-above) + 0.5))
		}
	}
}

// before returns the pixel before a place and how far from it the place is. Beyond −1 and
// n there are only more zeros.
func before(v float32, n int) (i int, part float32) {
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

func mix(a, b uint32, t float32) float32 { return float32(a) + t*float32(int32(b)-int32(a)) }
