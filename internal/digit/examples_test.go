package digit

import (
	"bytes"
	"flag"
	"image"
	"image/jpeg"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"shadegrad/internal/picture"
)

var update = flag.Bool("update", false, "rewrite the example pictures in testdata/digits")

// examples are the pictures in testdata/digits: what they show, and how they are made.
func examples(t *testing.T) map[string]struct {
	label byte
	img   image.Image
} {
	set := mnist(t)
	return map[string]struct {
		label byte
		img   image.Image
	}{
		"seven.png": {7, inverted(enlarged(mnistImage(set.Image(0)), 8))},
		"three.png": {3, chalk(drawnThree(180, 220))},
		"two.jpg":   {2, photographed(padded(enlarged(mnistImage(set.Image(1)), 6), 240, 200, 50, 20), 3, 1)},
	}
}

func TestExamples(t *testing.T) {
	dir := filepath.Join("..", "..", "testdata", "digits")
	neighbours := newNeighbours(t)
	for name, example := range examples(t) {
		path := filepath.Join(dir, name)
		if *update {
			var b bytes.Buffer
			var err error
			if filepath.Ext(name) == ".png" {
				err = (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&b, example.img)
			} else {
				err = jpeg.Encode(&b, example.img, &jpeg.Options{Quality: 70})
			}
			if err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		img, err := picture.Load(path)
		if err != nil {
			t.Error(err)
			continue
		}
		pixels, err := Prepare(img, 28, 28)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if label := neighbours.classify(pixels); label != example.label {
			t.Errorf("%s looks like a %d, want %d", name, label, example.label)
		}
		if info, err := os.Stat(path); err != nil || info.Size() > 10_000 {
			t.Errorf("%s: error %v, or over 10 KB", name, err)
		}
	}
}
