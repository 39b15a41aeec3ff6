package picture

import "slices"

// A Ground is the brightness of an image's background, judged by its border.
type Ground int

const (
	UnclearGround Ground = iota // a photograph, or all of one grey
	DarkGround                  // light ink on it
	LightGround                 // dark ink on it
)

// A Frame is the list of the pixels at the border of images of one size.
type Frame []int

// FrameOf returns the frame of images of a size.
func FrameOf(width, height int) Frame { return Border(width, height) }

// Ground returns the ground of an image: the median of its border, if most of the border and three corners are like it,
// compared with the mean of the other pixels.
func (f Frame) Ground(pixels []byte, width int) Ground {
	var count [256]int
	for _, i := range f {
		count[pixels[i]]++
	}
	level, below := 0, count[0]
	for 2*below <= len(f) {
		level++
		below += count[level]
	}
	near := max(4, int(slices.Max(pixels)-slices.Min(pixels))/4)
	like := func(v byte) bool { return int(v) >= level-near && int(v) <= level+near }
	even, corners := 0, 0
	for _, i := range f {
		if like(pixels[i]) {
			even++
		}
	}
	last := len(pixels) - 1
	for _, i := range []int{0, width - 1, last - width + 1, last} {
		if like(pixels[i]) {
			corners++
		}
	}
	sum, others := 0, 0
	for _, v := range pixels {
		if !like(v) {
			sum += int(v)
			others++
		}
	}
	switch {
	case 10*even < 7*len(f), corners < 3, others == 0:
		return UnclearGround
	case sum < others*level:
		return LightGround
	}
	return DarkGround
}
