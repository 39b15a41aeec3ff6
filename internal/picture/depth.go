package picture

import (
	"encoding/binary"
	"image"
)

// White returns the sample value of white in a picture with 16 bits per sample, estimated from its brightest sample:
// such files also hold samples of 1, 8, 10, 12 or 14 bits. It returns 0 for other pictures.
func White(img image.Image) int {
	brightest := 0
	if !samples(img, func(s []byte, _ int) { brightest = max(brightest, int(binary.BigEndian.Uint16(s))) }) {
		return 0
	}
	for _, bits := range []int{1, 8, 10, 12, 14} {
		if white := 1<<bits - 1; brightest <= white {
			return white
		}
	}
	return 1<<16 - 1
}

// Scale scales the samples of a picture with 16 bits per sample so that the value white becomes white. It changes the
// picture itself. For other pictures it does nothing.
func Scale(img image.Image, white int) image.Image {
	if white == 0 || white == 1<<16-1 {
		return img
	}
	samples(img, func(s []byte, most int) {
		v := int(binary.BigEndian.Uint16(s)) * (1<<16 - 1) / white
		binary.BigEndian.PutUint16(s, uint16(min(v, most)))
	})
	return img
}

// samples calls f with each sample of 16 bits and its maximum, without opacity. It returns false for other pictures.
func samples(img image.Image, f func(sample []byte, most int)) bool {
	const full = 1<<16 - 1
	switch img := img.(type) {
	case *image.Gray16:
		for i := 0; i+2 <= len(img.Pix); i += 2 {
			f(img.Pix[i:i+2], full)
		}
	case *image.NRGBA64:
		for i := 0; i+8 <= len(img.Pix); i += 8 {
			for c := range 3 {
				f(img.Pix[i+2*c:i+2*c+2], full)
			}
		}
	case *image.RGBA64: // multiplied by opacity
		for i := 0; i+8 <= len(img.Pix); i += 8 {
			for c := range 3 {
				f(img.Pix[i+2*c:i+2*c+2], int(binary.BigEndian.Uint16(img.Pix[i+6:])))
			}
		}
	default:
		return false
	}
	return true
}
