package digit

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // registers the decoder
	_ "image/png"
	"io"
	"os"

	"shadegrad/internal/atomicfile"
)

const (
	maxSide   = 30_000     // pixels
	maxPixels = 64_000_000 // a decoder may allocate eight bytes for each
)

// densest is the maximum number of pixels per byte of a file, by format. In PNG a pixel takes at least a bit, and
// deflate makes two bits of 258 bytes. In JPEG a block of 8×8 takes at least a bit.
var densest = map[string]int64{"png": 8 * 258 * 8 / 2, "jpeg": 8 * 8 * 8}

// Load reads a PNG or JPEG file of reasonable size. Errors name the file and what was found in it.
func Load(path string) (image.Image, error) {
	img, err := load(path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, atomicfile.Cause(err))
	}
	return img, nil
}

func load(path string) (image.Image, error) {
	info, err := os.Stat(path) // before opening, because opening a pipe waits for a writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("expected a PNG or JPEG file, found a directory, a pipe or a device")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return decode(f, info.Size())
}

// A source is the content of a file.
type source interface {
	io.ReadSeeker
	io.ReaderAt
}

// decode reads a PNG or JPEG file of a size in bytes. It checks the size of the image before allocating memory.
func decode(f source, bytes int64) (image.Image, error) {
	config, format, err := image.DecodeConfig(bufio.NewReader(f))
	if errors.Is(err, image.ErrFormat) {
		head := make([]byte, 8)
		n, err := f.ReadAt(head, 0)
		if err != nil && err != io.EOF {
			return nil, err
		}
		return nil, fmt.Errorf("expected a PNG or JPEG image, found a file of %d bytes that begins with %q", bytes, head[:n])
	}
	if err != nil {
		return nil, damaged(format, err)
	}
	w, h := config.Width, config.Height
	if w > maxSide || h > maxSide || w*h > maxPixels {
		return nil, fmt.Errorf("expected an image of at most %d million pixels, none of its sides over %d, found %dx%d; scale it down first",
			maxPixels/1_000_000, maxSide, w, h)
	}
	if most := densest[format]; most > 0 && int64(w*h)/most > bytes {
		return nil, fmt.Errorf("truncated %s image: a file of %d bytes cannot hold %dx%d pixels", format, bytes, w, h)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, format, err := image.Decode(bufio.NewReader(f))
	if err != nil {
		return nil, damaged(format, err)
	}
	return img, nil
}

// damaged describes the error of a decoder.
func damaged(format string, err error) error {
	if format == "" {
		format = "PNG or JPEG"
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("truncated %s image", format)
	}
	return fmt.Errorf("damaged %s image: %w", format, err)
}
