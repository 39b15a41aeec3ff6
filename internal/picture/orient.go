package picture

import (
	"bufio"
	"bytes"
	"fmt"
	"image"
	"image/draw"
	"io"
	"strconv"

	"github.com/bep/imagemeta"
)

// An orientation is a value of the EXIF tag of this name, from 1 (upright) to 8. A camera stores what its sensor sees
// and how to turn it.
type orientation int

// swaps reports whether turning the picture upright exchanges width and height.
func (o orientation) swaps() bool { return o >= 5 }

// readOrientation returns the orientation of a picture file. Without metadata, or with damaged metadata, it is 1. The
// error is that of reading.
func readOrientation(data io.ReadSeeker, kind string) (orientation, error) {
	if _, err := data.Seek(0, io.SeekStart); err != nil {
		return 1, err
	}
	options := imagemeta.Options{R: data, Sources: imagemeta.EXIF}
	switch kind {
	case "jpeg":
		// The library reads the first APP1 segment only, which may hold XMP.
		exif := exifOf(bufio.NewReader(data))
		if exif == nil {
			return 1, nil
		}
		options.R, options.ImageFormat = bytes.NewReader(exif), imagemeta.TIFF
	case "tiff":
		options.ImageFormat = imagemeta.TIFF
	case "png":
		options.ImageFormat = imagemeta.PNG
	case "webp":
		options.ImageFormat = imagemeta.WebP
	default:
		return 1, nil
	}
	o := orientation(1)
	options.ShouldHandleTag = func(tag imagemeta.TagInfo) bool { return tag.Tag == "Orientation" && tag.Namespace == "IFD0" }
	options.HandleTag = func(tag imagemeta.TagInfo) error {
		if v, err := strconv.Atoi(fmt.Sprint(tag.Value)); err == nil && v >= 1 && v <= 8 {
			o = orientation(v)
		}
		return imagemeta.ErrStopWalking
	}
	_ = imagemeta.Decode(options) // many pictures have damaged metadata; they stay as stored
	return o, nil
}

// exifOf returns the EXIF data of a JPEG file, which have the form of a TIFF file, or nil.
func exifOf(r *bufio.Reader) []byte {
	const start, scan, app1 = 0xd8, 0xda, 0xe1
	for {
		if c, err := r.ReadByte(); err != nil || c != 0xff {
			return nil
		}
		marker, err := r.ReadByte()
		for err == nil && marker == 0xff { // fill bytes
			marker, err = r.ReadByte()
		}
		if err != nil || marker == scan {
			return nil
		}
		if marker == start {
			continue
		}
		var length [2]byte
		if _, err := io.ReadFull(r, length[:]); err != nil {
			return nil
		}
		segment := make([]byte, max(2, int(length[0])<<8|int(length[1]))-2)
		if _, err := io.ReadFull(r, segment); err != nil {
			return nil
		}
		if exif, ok := bytes.CutPrefix(segment, []byte("Exif\x00")); ok && marker == app1 && len(exif) > 1 {
			return exif[1:] // after a byte of padding
		}
	}
}

// upright returns the picture turned and mirrored as its orientation says.
func (o orientation) upright(img image.Image) image.Image {
	if o == 1 {
		return img
	}
	b := img.Bounds()
	w, h := b.Dx(), b.Dy()
	size := image.Rect(0, 0, w, h)
	if o.swaps() {
		size = image.Rect(0, 0, h, w)
	}
	var out draw.RGBA64Image
	switch img.(type) {
	case *image.Gray:
		out = image.NewGray(size)
	case *image.Gray16:
		out = image.NewGray16(size)
	case *image.RGBA64, *image.NRGBA64:
		out = image.NewNRGBA64(size)
	default:
		out = image.NewNRGBA(size)
	}
	at := pixels(img)
	for y := range size.Dy() {
		for x := range size.Dx() {
			// i, j is the stored place of pixel x, y.
			i, j := x, y
			if o.swaps() {
				i, j = y, x
			}
			switch o {
			case 2, 3, 7, 8:
				i = w - 1 - i
			}
			switch o {
			case 3, 4, 6, 7:
				j = h - 1 - j
			}
			out.SetRGBA64(x, y, at(b.Min.X+i, b.Min.Y+j))
		}
	}
	return out
}
