package dataset

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // for image.Decode
	_ "image/png"
	"io"
	"io/fs"
)

// decodedPixel is the maximum number of bytes that a decoder takes per pixel: an image of four channels of 16 bits, and
// as much for working memory.
const decodedPixel = 16

// maxHeader bounds the position of the image size, after the metadata of cameras.
const maxHeader = 16 << 20

// A pictureReader reads images of one size.
type pictureReader struct {
	fsys          fs.FS
	width, height int
	first         string // an image of that size
}

// openPicture opens an image file and reads its header. The reader it returns reads the whole file.
func openPicture(fsys fs.FS, name string) (image.Config, io.Reader, io.Closer, error) {
	var none image.Config
	info, err := fs.Stat(fsys, name) // before opening, because opening a pipe waits for a writer
	if err != nil {
		return none, nil, nil, reason(err)
	}
	if !info.Mode().IsRegular() {
		return none, nil, nil, errors.New("expected a file, found " + kind(info.Mode()))
	}
	f, err := fsys.Open(name)
	if err != nil {
		return none, nil, nil, reason(err)
	}
	var head bytes.Buffer
	c, format, err := image.DecodeConfig(io.TeeReader(io.LimitReader(f, maxHeader), &head))
	if err == nil && format != "png" && format != "jpeg" {
		err = image.ErrFormat
	}
	switch pixels := int64(c.Width) * int64(c.Height); {
	case err != nil:
	case pixels < 1:
		err = errors.New("it has no pixels")
	case format == "png" && pixels/8/maxExpansion > info.Size(): // of at least one bit
		err = fmt.Errorf("the header announces %dx%d pixels, the file of %d bytes cannot hold as many", c.Width, c.Height, info.Size())
	}
	if err != nil {
		f.Close()
		return none, nil, nil, pictureError(err, head.Bytes())
	}
	return c, io.MultiReader(&head, f), f, nil
}

// pictureError describes damage of an image file that begins with head.
func pictureError(err error, head []byte) error {
	var pathErr *fs.PathError
	switch {
	case len(head) == 0:
		return errors.New("expected a PNG or JPEG image, found an empty file")
	case errors.Is(err, image.ErrFormat):
		return errors.New("expected a PNG or JPEG image, found something else" + hint(head))
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("truncated: the file ends before the image does")
	case errors.As(err, &pathErr):
		return pathErr.Err
	}
	return fmt.Errorf("damaged image: %w", err)
}

// sizeOf returns the size of an image.
func sizeOf(fsys fs.FS, name string) (width, height int, err error) {
	c, _, file, err := openPicture(fsys, name)
	if err != nil {
		return 0, 0, err
	}
	return c.Width, c.Height, file.Close()
}

// read reads an image as grey into dst. It decodes only an image of the right size.
func (r *pictureReader) read(name string, dst []byte) error {
	c, rest, file, err := openPicture(r.fsys, name)
	if err != nil {
		return err
	}
	defer file.Close()
	if c.Width != r.width || c.Height != r.height {
		return fmt.Errorf("expected an image of %dx%d as %s, found %dx%d", r.width, r.height, r.first, c.Width, c.Height)
	}
	img, _, err := image.Decode(rest)
	if err != nil {
		return pictureError(err, []byte{0})
	}
	if b := img.Bounds(); b.Dx() != r.width || b.Dy() != r.height {
		return fmt.Errorf("damaged image: its header says %dx%d, its pixels are %dx%d", r.width, r.height, b.Dx(), b.Dy())
	}
	grey(dst, img)
	return nil
}

// grey writes the luminance of an image, 0.299 R + 0.587 G + 0.114 B as in ITU-R BT.601, rounded as by color.GrayModel.
// Transparent pixels are on black.
func grey(dst []byte, img image.Image) {
	b := img.Bounds()
	w := b.Dx()
	if g, ok := img.(*image.Gray); ok {
		for y := range b.Dy() {
			at := g.PixOffset(b.Min.X, b.Min.Y+y)
			copy(dst[y*w:(y+1)*w], g.Pix[at:])
		}
		return
	}
	for y := range b.Dy() {
		for x := range w {
			red, green, blue, _ := img.At(b.Min.X+x, b.Min.Y+y).RGBA()
			dst[y*w+x] = byte((19595*red + 38470*green + 7471*blue + 1<<15) >> 24)
		}
	}
}
