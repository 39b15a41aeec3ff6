package dataset

import (
	"errors"
	"image"
	"slices"

	"shadegrad/internal/picture"
)

// Picture prepares a picture as the images of a data set of this form are: scaled as a whole to size, with light ink,
// padded.
func (f Form) Picture(img image.Image, size Size) ([]byte, error) {
	pixels := slices.Clone(picture.Fit(picture.Grey(img), size.Width, size.Height).Pix)
	d := &Data{Test: Set{Images: pixels, Labels: []byte{0}, Width: size.Width, Height: size.Height}}
	if d.varied() != nil {
		return nil, errors.New("the picture is of one grey")
	}
	err := d.lightInk(f.Learned)
	if err == nil {
		f.Resize, f.Standardize = Size{}, false
		err = f.prepare(d, nil)
	}
	return d.Test.Images, err
}
