package predict

import (
	"fmt"
	"image"

	"shadegrad/internal/dataset"
	"shadegrad/internal/digit"
	"shadegrad/internal/model"
	"shadegrad/internal/picture"
)

// pictureInputs reads a picture and returns the inputs of a network for it: one, or one for each of several digits.
func pictureInputs(m *model.Model, name string) ([][]byte, error) {
	img, err := picture.Load(name)
	if err != nil {
		return nil, err
	}
	inputs, err := Prepare(m, img)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return inputs, nil
}

// Prepare converts a picture to images like those of the network's data set. A picture of their size is not changed,
// except to light ink. Of other pictures, networks of centred digits get the digits, and other networks the whole picture.
func Prepare(m *model.Model, img image.Image) ([][]byte, error) {
	size := dataset.Size{Width: m.Width, Height: m.Height}
	if m.About.Unpadded != (dataset.Size{}) {
		size = m.About.Unpadded
	}
	form := m.About.Form
	form.Learned = m.Learned()
	b, look := img.Bounds(), m.About.Look
	own := b.Dx() == size.Width && b.Dy() == size.Height
	if look != nil && (own || !look.Centred || form.Resize != (dataset.Size{})) {
		pixels, err := form.Picture(img, size)
		return [][]byte{pixels}, err
	}
	list, err := digits(m, img, size)
	if err != nil {
		return nil, err
	}
	for i, pixels := range list {
		one := dataset.Data{Test: dataset.Set{Width: size.Width, Height: size.Height, Images: pixels, Labels: []byte{0}}}
		if err := one.Pad(m.Width, m.Height); err != nil {
			return nil, err
		}
		list[i] = one.Test.Images
	}
	return list, nil
}

// digits returns the digits in a picture, from left to right. A letter may consist of strokes side by side, so a network
// with classes other than digits gets a single image.
func digits(m *model.Model, img image.Image, size dataset.Size) ([][]byte, error) {
	if !Digits(m) {
		pixels, err := digit.Prepare(img, size.Width, size.Height)
		return [][]byte{pixels}, err
	}
	return digit.PrepareEach(img, size.Width, size.Height)
}

// Digits reports whether the classes of a network are digits, as far as their names tell.
func Digits(m *model.Model) bool {
	for _, name := range m.About.ClassNames {
		if len(name) != 1 || name[0] < '0' || name[0] > '9' {
			return false
		}
	}
	return true
}
