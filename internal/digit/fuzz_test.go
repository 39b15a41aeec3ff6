package digit

import (
	"bytes"
	"image"
	"runtime"
	"testing"
)

// FuzzLoad reads arbitrary bytes as a picture of a digit. Readable bytes give an image of any size or an error, with
// memory in proportion to the pixels; unreadable bytes take almost no memory.
func FuzzLoad(f *testing.F) {
	// Pictures of more pixels that may be whole would only take longer.
	const most = 1 << 14
	f.Fuzz(func(t *testing.T, data []byte) {
		config, format, err := image.DecodeConfig(bytes.NewReader(data))
		if n := config.Width * config.Height; err == nil && n > most && n <= maxPixels && int64(n) <= densest[format]*int64(len(data)+1) {
			return
		}
		var before, read, after runtime.MemStats
		runtime.ReadMemStats(&before)
		img, err := decode(bytes.NewReader(data), int64(len(data)))
		runtime.ReadMemStats(&read)
		pixels := 0
		if err == nil {
			pixels = img.Bounds().Dx() * img.Bounds().Dy()
		}
		// The decoders take eight bytes a pixel and as much again, here for one that is found to be cut off too.
		if taken := read.TotalAlloc - before.TotalAlloc; taken > 16*most+1<<20+4*uint64(len(data)) {
			t.Errorf("%d bytes allocated to read %d pixels from %d bytes, error %v", taken, pixels, len(data), err)
		}
		if err != nil {
			if img != nil || err.Error() == "" {
				t.Errorf("image %v with error %q", img, err)
			}
			return
		}
		runtime.ReadMemStats(&before)
		for _, size := range []image.Point{{28, 28}, {29, 31}, {1, 1}, {3, 40}} {
			digit, err := Prepare(img, size.X, size.Y)
			if err != nil {
				if digit != nil || err.Error() == "" {
					t.Errorf("%v: %d bytes with error %q", size, len(digit), err)
				}
				continue
			}
			if len(digit) != size.X*size.Y || len(bytes.Trim(digit, "\x00")) == 0 {
				t.Errorf("%v: %d pixels, want %d, and some ink in them", size, len(digit), size.X*size.Y)
			}
		}
		runtime.ReadMemStats(&after)
		if taken := after.TotalAlloc - before.TotalAlloc; taken > 4*(256*uint64(pixels)+1<<20) {
			t.Errorf("%d bytes allocated to make digits of %v", taken, img.Bounds())
		}
	})
}
