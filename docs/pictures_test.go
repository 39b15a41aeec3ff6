//go:build unix

package docs

import (
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"shadegrad/internal/dataset"
)

// writePictures writes 40 training images of each of the digits 3 and 7 of MNIST as PNG files, one directory for each digit.
func writePictures(t *testing.T, dir string) {
	t.Helper()
	d, err := dataset.Open("mnist")
	if err != nil {
		t.Fatal(err)
	}
	names, written := map[byte]string{3: "three", 7: "seven"}, map[byte]int{}
	for i, label := range d.Train.Labels {
		if names[label] == "" || written[label] == 40 {
			continue
		}
		written[label]++
		pixels := image.NewGray(image.Rect(0, 0, 28, 28))
		copy(pixels.Pix, d.Train.Images[784*i:784*(i+1)])
		f, err := os.Create(filepath.Join(dir, names[label], fmt.Sprintf("%03d.png", i)))
		if err != nil {
			t.Fatal(err)
		}
		if err := png.Encode(f, pixels); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
	}
}
