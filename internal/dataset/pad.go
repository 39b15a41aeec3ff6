package dataset

import (
	"errors"
	"fmt"
	"image"
	"math/bits"

	"shadegrad/internal/memory"
	"shadegrad/internal/picture"
)

// Pad centres the images of all parts in larger ones, with zeros around them. If the difference is odd, the right and
// the lower side get one pixel more. Pad replaces the arrays of the images and does not change the old ones.
func (d *Data) Pad(width, height int) error {
	for _, s := range d.sets() {
		if s.Images != nil && (width < s.Width || height < s.Height) {
			return &PadError{d.Name, Size{s.Width, s.Height}, Size{width, height}}
		}
	}
	if err := d.room(width, height); err != nil {
		return err
	}
	for _, s := range d.sets() {
		if d.Unpadded == (Size{}) {
			d.Unpadded = Size{Width: s.Width, Height: s.Height}
		}
		s.pad(width, height)
	}
	return nil
}

// room returns an error if there is not enough memory for the images in another size.
func (d *Data) room(width, height int) error {
	budget := memory.NewBudget(memory.Available())
	for _, s := range d.sets() {
		if s.Images == nil {
			return fmt.Errorf("%s has rows of numbers; %w", d.Name, ErrNoImages)
		}
		high, pixels := bits.Mul64(uint64(width), uint64(height))
		over, total := bits.Mul64(pixels, uint64(s.Len()))
		if high != 0 || over != 0 || total > maxInt {
			return fmt.Errorf("%s: %d images of %dx%d: %w", d.Name, s.Len(), width, height, errTooMuch)
		}
		if err := budget.Take(int64(total)); err != nil {
			return fmt.Errorf("%s: %d images of %dx%d: %w", d.Name, s.Len(), width, height, err)
		}
	}
	return nil
}

// resize scales the images of all parts, as picture.Fit does.
func (d *Data) resize(to Size) error {
	if to == (Size{}) {
		return nil
	}
	if err := d.room(to.Width, to.Height); err != nil {
		return err
	}
	for _, s := range d.sets() {
		if to == (Size{s.Width, s.Height}) {
			continue
		}
		n := to.Width * to.Height
		images := allocate(s.Len() * n)
		each(s.Len(), func(i int) error {
			image := &image.Gray{Pix: s.Image(i), Stride: s.Width, Rect: image.Rect(0, 0, s.Width, s.Height)}
			copy(images[i*n:], picture.Fit(image, to.Width, to.Height).Pix)
			return nil
		})
		s.Images, s.Width, s.Height = images, to.Width, to.Height
	}
	return nil
}

var errTooMuch = errors.New("more bytes than this program can address; pad to a smaller size")

func (s *Set) pad(width, height int) {
	if width == s.Width && height == s.Height {
		return
	}
	images := allocate(s.Len() * width * height)
	left, top := (width-s.Width)/2, (height-s.Height)/2
	for i := range s.Len() {
		image := s.Image(i)
		for y := range s.Height {
			copy(images[(i*height+top+y)*width+left:], image[y*s.Width:(y+1)*s.Width])
		}
	}
	s.Images, s.Width, s.Height = images, width, height
}
