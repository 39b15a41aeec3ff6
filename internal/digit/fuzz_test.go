package digit

import (
	"bytes"
	"image"
	"runtime"
	"testing"

	"shadegrad/internal/picture"
)

// FuzzPrepare makes digits of arbitrary pictures, with memory in proportion to their pixels.
func FuzzPrepare(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		file, err := picture.New(bytes.NewReader(data), int64(len(data)))
		if err != nil || file.Width*file.Height > 1<<14 { // more would only take longer
			return
		}
		img, err := file.Decode()
		if err != nil {
			return
		}
		pixels := file.Width * file.Height
		var before, after runtime.MemStats
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
