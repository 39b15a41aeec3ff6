package digit

import (
	"bufio"
	"errors"
	"fmt"
	"image"
	_ "image/jpeg" // registers the decoder
	_ "image/png"
	"io"
	"io/fs"
	"os"
)

const (
	maxSide   = 30_000     // pixels
	maxPixels = 64_000_000 // what a decoder may allocate is up to eight bytes each
)

// Load reads a PNG or JPEG file, if it is not absurdly large. Errors name the file and what was found in it.
func Load(path string) (image.Image, error) {
	img, err := load(path)
	if err != nil {
		var pathErr *fs.PathError
		if errors.As(err, &pathErr) {
			err = pathErr.Err
		}
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return img, nil
}

func load(path string) (image.Image, error) {
	info, err := os.Stat(path) // before opening: to open a pipe is to wait for a writer
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, errors.New("expected a PNG or JPEG file, found no regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	config, format, err := image.DecodeConfig(bufio.NewReader(f))
	if errors.Is(err, image.ErrFormat) {
		head := make([]byte, 8)
		n, err := f.ReadAt(head, 0)
		if err != nil && err != io.EOF {
			return nil, err
		}
		return nil, fmt.Errorf("expected a PNG or JPEG image, found a file of %d bytes that begins with %q", info.Size(), head[:n])
	}
	if err != nil {
		return nil, damaged(format, err)
	}
	if w, h := config.Width, config.Height; w > maxSide || h > maxSide || w*h > maxPixels {
		return nil, fmt.Errorf("expected an image of at most %d million pixels, none of its sides over %d, found %dx%d; scale it down first",
			maxPixels/1_000_000, maxSide, w, h)
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

// damaged words the error of a decoder.
func damaged(format string, err error) error {
	if format == "" {
		format = "PNG or JPEG"
	}
	if errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return fmt.Errorf("truncated %s image", format)
	}
	return fmt.Errorf("damaged %s image: %w", format, err)
}
