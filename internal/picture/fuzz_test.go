package picture

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/gif"
	"image/jpeg"
	"runtime"
	"slices"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"

	"shadegrad/internal/bounded"
)

// withEXIF inserts a chunk of metadata after the header of a PNG file.
func withEXIF(file, exif []byte) []byte {
	const header = 8 + 25
	chunk := append([]byte("eXIf"), exif...)
	out := binary.BigEndian.AppendUint32(slices.Clone(file[:header]), uint32(len(exif)))
	out = binary.BigEndian.AppendUint32(append(out, chunk...), crc32.ChecksumIEEE(chunk))
	return append(out, file[header:]...)
}

// FuzzPicture reads arbitrary bytes as a picture. They give an upright picture of the size that the header says, or an
// error, with memory in proportion to the pixels.
func FuzzPicture(f *testing.F) {
	// Pictures of more pixels that may be whole would only take longer.
	const most = 1 << 14
	img := corners()
	for _, encode := range []func(*bytes.Buffer) error{
		func(b *bytes.Buffer) error { return jpeg.Encode(b, img, nil) },
		func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) },
		func(b *bytes.Buffer) error { return bmp.Encode(b, img) },
		func(b *bytes.Buffer) error { return tiff.Encode(b, img, &tiff.Options{Compression: tiff.Deflate}) },
	} {
		var b bytes.Buffer
		if err := encode(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
		if b.Bytes()[0] == 0xff {
			f.Add(withSegments(b.Bytes(), append([]byte("Exif\x00\x00"), exif(binary.LittleEndian, 6)...)))
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		config, _, err := image.DecodeConfig(buffered{bufio.NewReader(bytes.NewReader(data)), bytes.NewReader(data)})
		if n := config.Width * config.Height; err == nil && n > most && n <= maxPixels && int64(n)/densest <= int64(len(data)) {
			return
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		var file *File
		var grey *image.Gray
		bounded.Check(t, func() {
			if file, err = New(bytes.NewReader(data), int64(len(data))); err != nil {
				return
			}
			var img image.Image
			if img, err = file.Decode(); err == nil {
				grey = Fit(Grey(Scale(img, White(img))), file.Width, file.Height)
			}
		})
		runtime.ReadMemStats(&after)
		// A decoder takes eight bytes a pixel and as much again, turning and scaling as much, and TIFF's reads 10 MiB at once.
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 64*most+32<<20+8*uint64(len(data)) {
			t.Errorf("%d bytes allocated for %d bytes, error %v", taken, len(data), err)
		}
		if err != nil {
			if err.Error() == "" {
				t.Error("an empty error")
			}
			return
		}
		if grey.Rect != image.Rect(0, 0, file.Width, file.Height) {
			t.Errorf("%v, but the header says %dx%d", grey.Rect, file.Width, file.Height)
		}
	})
}
