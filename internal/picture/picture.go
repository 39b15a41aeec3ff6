// Package picture reads picture files: PNG, JPEG, GIF (the first frame), BMP, TIFF and WebP. It turns a picture upright
// as its EXIF orientation says, converts it to grey on opaque paper, and scales it.
package picture

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/draw"
	_ "image/gif" // registers the decoder
	_ "image/jpeg"
	_ "image/png"
	"io"
	"io/fs"
	"path"
	"strings"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/tiff"
	_ "golang.org/x/image/webp"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/format"
	"shadegrad/internal/unpack"
)

const (
	maxSide   = 30_000     // pixels
	maxPixels = 64_000_000 // a decoder may allocate eight bytes for each
)

// densest is the maximum number of pixels per byte of a file: in PNG a pixel takes at least a bit, and deflate makes
// 258 bytes of two bits. A WebP or TIFF file of one grey can be denser, but it shows nothing.
const densest = 8 * 258 * 8 / 2

// Formats names the formats that Open reads.
const Formats = "PNG, JPEG, GIF, BMP, TIFF or WebP"

// Named reports whether a file's name has the extension of a picture.
func Named(name string) bool {
	switch strings.ToLower(path.Ext(name)) {
	case ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".dib", ".tif", ".tiff", ".webp":
		return true
	}
	return false
}

// A Source is the content of a file.
type Source interface {
	io.ReadSeeker
	io.ReaderAt
}

// buffered is a Source for package image. TIFF's decoder reads at positions; otherwise it would buffer all before them.
type buffered struct {
	*bufio.Reader
	io.ReaderAt
}

// A File is an open picture file whose header has been read.
type File struct {
	Width, Height int // of the upright picture, in pixels

	config image.Config
	kind   string // as package image calls it
	turn   orientation
	data   Source
	closer io.Closer
}

// Load reads a picture file. Its errors begin with path.
func Load(path string) (image.Image, error) {
	f, err := Open(unpack.Paths{}, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	defer f.Close()
	img, err := f.scaled()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, atomicfile.Cause(err))
	}
	return img, nil
}

// Read is Load for the content of a file.
func Read(content []byte) (image.Image, error) {
	f, err := New(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return nil, err
	}
	return f.scaled()
}

// scaled decodes a picture and scales samples of 16 bits.
func (f *File) scaled() (image.Image, error) {
	img, err := f.Decode()
	if err != nil {
		return nil, err
	}
	return Scale(img, White(img)), nil
}

// Open opens a picture file and reads its header. Its errors do not name the file.
func Open(fsys fs.FS, name string) (*File, error) {
	opened, info, err := unpack.Open(fsys, name)
	if err != nil {
		return nil, err
	}
	data, ok := opened.(Source)
	if !ok { // the file is in an archive
		const most = 1 << 28
		content, err := io.ReadAll(io.LimitReader(opened, min(info.Size(), most)))
		if err != nil {
			opened.Close()
			return nil, atomicfile.Cause(err)
		}
		data = bytes.NewReader(content)
	}
	f, err := New(data, info.Size())
	if err != nil {
		opened.Close()
		return nil, atomicfile.Cause(err)
	}
	f.closer = opened
	return f, nil
}

// New reads the header of a picture of size bytes. It rejects a picture that is too large to decode, or larger than so
// many bytes can hold.
func New(data Source, size int64) (*File, error) {
	config, kind, err := image.DecodeConfig(buffered{bufio.NewReader(data), data})
	w, h := config.Width, config.Height
	switch {
	case size == 0:
		return nil, fmt.Errorf("expected a %s picture, found an empty file", Formats)
	case errors.Is(err, image.ErrFormat):
		return nil, unknown(data, size)
	case err != nil:
		return nil, damaged(err)
	case w < 1 || h < 1:
		return nil, errors.New("damaged picture: it has no pixels")
	case w > maxSide || h > maxSide || w*h > maxPixels:
		return nil, fmt.Errorf("expected a picture of at most %d million pixels, none of its sides over %d, found %dx%d; scale it down first",
			maxPixels/1_000_000, maxSide, w, h)
	case int64(w*h)/densest > size:
		return nil, fmt.Errorf("truncated picture: a file of %d bytes cannot hold %dx%d pixels", size, w, h)
	}
	f := &File{Width: w, Height: h, config: config, kind: kind, data: data}
	if f.turn, err = readOrientation(data, kind); err != nil {
		return nil, err
	}
	if f.turn.swaps() {
		f.Width, f.Height = h, w
	}
	return f, nil
}

// unknown describes a file that is not a picture.
func unknown(data Source, size int64) error {
	head := make([]byte, format.HeadSize)
	if _, err := data.Seek(0, io.SeekStart); err != nil {
		return err
	}
	n, err := io.ReadFull(data, head)
	if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return err
	}
	if text := format.Describe(head[:n]); text != "" {
		return fmt.Errorf("expected a %s picture, found %s", Formats, text)
	}
	return fmt.Errorf("expected a %s picture, found a file of %d bytes that begins with %q", Formats, size, head[:min(n, 8)])
}

// damaged describes the error of a decoder.
func damaged(err error) error {
	var path *fs.PathError
	switch {
	case errors.As(err, &path):
		return err
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("truncated picture: the file ends before the picture does")
	}
	return fmt.Errorf("damaged picture: %w", err)
}

// Decode reads the pixels and turns the picture upright. It does not scale samples of 16 bits.
func (f *File) Decode() (image.Image, error) {
	if _, err := f.data.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	img, _, err := image.Decode(buffered{bufio.NewReader(f.data), f.data})
	if err != nil {
		return nil, damaged(err)
	}
	screen := image.Rect(0, 0, f.config.Width, f.config.Height)
	if b := img.Bounds(); b != screen {
		if f.kind != "gif" || !b.In(screen) {
			return nil, fmt.Errorf("damaged picture: its header says %dx%d, its pixels are %dx%d", screen.Dx(), screen.Dy(), b.Dx(), b.Dy())
		}
		whole := image.NewNRGBA(screen) // a frame may cover a part of the screen
		draw.Draw(whole, b, img, b.Min, draw.Src)
		img = whole
	}
	return f.turn.upright(img), nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}
