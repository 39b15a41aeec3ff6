package digit

import (
	"bytes"
	"image"
	"image/color"
	"image/draw"
	"image/jpeg"
	"image/png"
	"math"
	"strings"
	"testing"

	"shadegrad/internal/dataset"
	"shadegrad/internal/sample"
)

func mnist(t *testing.T) *dataset.Set {
	t.Helper()
	data, err := dataset.Form{}.OpenTest("")
	if err != nil {
		t.Fatal(err)
	}
	return &data.Test
}

// neighbours classifies an image by the nearest MNIST image, with the squared distance. It works without training and,
// like a network, is sensitive to a wrong size or place.
type neighbours struct{ set *dataset.Set }

func newNeighbours(t *testing.T) neighbours { return neighbours{mnist(t)} }

// classify returns the label of the nearest of some samples in the second half of the test set. The tests take their digits
// from the first half.
func (n neighbours) classify(pixels []byte) (label byte) {
	best := math.MaxInt
	for i := n.set.Len() / 2; i < n.set.Len(); i += 2 {
		sum := 0
		other := n.set.Image(i)
		for k, v := range pixels {
			d := int(v) - int(other[k])
			sum += d * d
		}
		if sum < best {
			best, label = sum, n.set.Labels[i]
		}
	}
	return label
}

func throughPNG(t *testing.T, img image.Image) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		t.Fatal(err)
	}
	out, err := png.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func throughJPEG(t *testing.T, img image.Image) image.Image {
	t.Helper()
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, &jpeg.Options{Quality: 60}); err != nil {
		t.Fatal(err)
	}
	out, err := jpeg.Decode(&b)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// meanDifference is in grey levels.
func meanDifference(a, b []byte) float64 {
	var sum float64
	for i := range a {
		sum += math.Abs(float64(a[i]) - float64(b[i]))
	}
	return sum / float64(len(a))
}

// nearestDifference is the least mean difference of two 28×28 images if one may be shifted by a pixel: where the centre of
// mass is half-way between two pixels, a trace of blur or noise decides which of them it is rounded to.
func nearestDifference(a, b []byte) float64 {
	least := math.Inf(1)
	for dy := -1; dy <= 1; dy++ {
		for dx := -1; dx <= 1; dx++ {
			shifted := padded(mnistImage(a), 28, 28, dx, dy)
			least = min(least, meanDifference(shifted.Pix, b))
		}
	}
	return least
}

func TestMNISTDigitsComeThrough(t *testing.T) {
	set := mnist(t)
	unchanged := 0
	const count = 1000
	for i := range count {
		want := set.Image(i)
		got, err := Prepare(throughPNG(t, mnistImage(want)), 28, 28)
		if err != nil {
			t.Fatalf("digit %d: %v", i, err)
		}
		if bytes.Equal(got, want) {
			unchanged++
		}
	}
	if unchanged < count*97/100 {
		t.Errorf("%d digits of %d came through unchanged", unchanged, count)
	}
}

// TestPictures changes the picture of a digit in many ways. The loaded image must still look like the digit: to a
// person, by the mean difference, and to a classifier.
func TestPictures(t *testing.T) {
	set := mnist(t)
	judge := newNeighbours(t)
	count := sample.Count(12, 4)
	recognisable := make([]bool, count)
	for i := range recognisable {
		recognisable[i] = judge.classify(set.Image(i)) == set.Labels[i]
	}
	black, white := color.NRGBA{0, 0, 0, 255}, color.NRGBA{255, 255, 255, 255}
	for _, c := range []struct {
		name    string
		picture func(i int, img *image.Gray) image.Image
	}{
		{"inverted", func(i int, img *image.Gray) image.Image { return inverted(img) }},
		{"ten times as large", func(i int, img *image.Gray) image.Image { return enlarged(img, 10) }},
		{"large and inverted", func(i int, img *image.Gray) image.Image { return inverted(enlarged(img, 10)) }},
		{"shifted by a pixel or two", func(i int, img *image.Gray) image.Image { return padded(img, 28, 28, i%3-1, 2-i%4) }},
		{"in a corner", func(i int, img *image.Gray) image.Image { return padded(enlarged(img, 5), 500, 300, 350, 5) }},
		{"very large", func(i int, img *image.Gray) image.Image { return padded(enlarged(img, 30), 1100, 900, 100, 0) }},
		{"dark grey on grey", func(i int, img *image.Gray) image.Image {
			return mapped(enlarged(img, 10), func(v byte) byte { return 150 - v/4 })
		}},
		{"light grey on grey", func(i int, img *image.Gray) image.Image {
			return mapped(enlarged(img, 10), func(v byte) byte { return 100 + v/4 })
		}},
		{"black on transparent", func(i int, img *image.Gray) image.Image { return stencil(enlarged(img, 10), black) }},
		{"white on transparent", func(i int, img *image.Gray) image.Image { return stencil(enlarged(img, 10), white) }},
		{"not at the origin", func(i int, img *image.Gray) image.Image {
			big := inverted(padded(enlarged(img, 5), 300, 300, 80, 90))
			return big.SubImage(image.Rect(40, 50, 290, 280))
		}},
		{"JPEG", func(i int, img *image.Gray) image.Image { return throughJPEG(t, inverted(enlarged(img, 5))) }},
		{"photographed", func(i int, img *image.Gray) image.Image {
			return photographed(padded(enlarged(img, 10), 480, 400, 120, 40), 8, uint64(i))
		}},
		{"photographed as JPEG", func(i int, img *image.Gray) image.Image {
			return throughJPEG(t, photographed(padded(enlarged(img, 8), 400, 400, 20, 150), 5, uint64(i)))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var difference, shifted float64
			known, recognised := 0, 0
			for i := range count {
				want := set.Image(i)
				got, err := Prepare(c.picture(i, mnistImage(want)), 28, 28)
				if err != nil {
					t.Fatalf("digit %d: %v", i, err)
				}
				difference += nearestDifference(got, want) / float64(count)
				shifted += meanDifference(want[1:], want[:len(want)-1]) / float64(count)
				if recognisable[i] {
					known++
					if judge.classify(got) == set.Labels[i] {
						recognised++
					}
				}
			}
			// Interpolation costs sharpness twice, so that the pixels cannot be equal.
			t.Logf("mean difference %.2f grey levels, by a pixel's shift %.2f; %d of %d recognised", difference, shifted, recognised, known)
			if difference > shifted/2 {
				t.Errorf("mean difference %.2f grey levels, want at most %.2f", difference, shifted/2)
			}
			if recognised < known-2 {
				t.Errorf("%d recognised of %d that are in the original", recognised, known)
			}
		})
	}
}

func TestOtherSizes(t *testing.T) {
	want := mnist(t).Image(0)
	for _, size := range []image.Point{{28, 28}, {29, 29}, {56, 56}, {14, 14}, {20, 32}, {1, 1}} {
		pixels, err := Prepare(inverted(enlarged(mnistImage(want), 10)), size.X, size.Y)
		if err != nil || len(pixels) != size.X*size.Y {
			t.Errorf("%v: %d pixels, error %v", size, len(pixels), err)
			continue
		}
		var box image.Rectangle
		for i, v := range pixels {
			if v > 0 {
				box = box.Union(image.Rect(i%size.X, i/size.X, i%size.X+1, i/size.X+1))
			}
		}
		w, h := boxSize(size.X, size.Y)
		if box.Dx() > w || box.Dy() > h || box.Dx() < w-1 && box.Dy() < h-1 {
			t.Errorf("%v: the digit takes %v, want it to fit %dx%d", size, box.Size(), w, h)
		}
	}
	if _, err := Prepare(image.NewGray(image.Rect(0, 0, 5, 5)), 0, 28); err == nil || err.Error() != "cannot prepare an image of 0x28" {
		t.Errorf("got error %v", err)
	}
}

func TestNothingToSee(t *testing.T) {
	uniform := func(w, h int, c color.Color) image.Image {
		img := image.NewNRGBA(image.Rect(0, 0, w, h))
		draw.Draw(img, img.Rect, image.NewUniform(c), image.Point{}, draw.Src)
		return img
	}
	empty := image.NewGray(image.Rect(0, 0, 300, 300))
	for name, img := range map[string]image.Image{
		"white":                    uniform(100, 100, color.White),
		"black":                    uniform(100, 100, color.Black),
		"black 28x28":              uniform(28, 28, color.Black),
		"transparent":              uniform(100, 100, color.Transparent),
		"one pixel":                uniform(1, 1, color.White),
		"one line":                 uniform(1, 50, color.Gray{77}),
		"an empty sheet":           photographed(empty, 0, 1),
		"an empty sheet, in noise": photographed(empty, 8, 2),
	} {
		_, err := Prepare(img, 28, 28)
		if want := "no digit is visible: the picture is blank, or its contrast too low"; err == nil || err.Error() != want {
			t.Errorf("%s: got error %v", name, err)
		}
	}
	if _, err := Prepare(image.NewGray(image.Rectangle{}), 28, 28); err == nil || err.Error() != "the picture has no pixels (0x0)" {
		t.Errorf("got error %v", err)
	}
}

func TestRender(t *testing.T) {
	pixels := []byte{0, 255, 128, 0, 255, 0, 30, 0, 0}
	var b strings.Builder
	if err := Render(&b, pixels, 3, 3, false); err != nil {
		t.Fatal(err)
	}
	if want := "  @@++\n  @@\n..\n"; b.String() != want {
		t.Errorf("got %q, want %q", b.String(), want)
	}
	b.Reset()
	if err := Render(&b, pixels, 3, 3, true); err != nil {
		t.Fatal(err)
	}
	want := "\x1b[38;5;16m\x1b[48;5;16m▀\x1b[38;5;231m\x1b[48;5;231m▀\x1b[38;5;244m\x1b[48;5;16m▀\x1b[0m\n" +
		"\x1b[38;5;234m\x1b[48;5;16m▀\x1b[38;5;16m▀▀\x1b[0m\n"
	if b.String() != want {
		t.Errorf("got  %q\nwant %q", b.String(), want)
	}
	if err := Render(&b, pixels, 3, 4, false); err == nil || err.Error() != "cannot show 9 pixels as an image of 3x4" {
		t.Errorf("got error %v", err)
	}
}

func TestGreyIsNearest(t *testing.T) {
	level := func(c int) int {
		switch c {
		case 16:
			return 0
		case 231:
			return 255
		}
		return 8 + 10*(c-232)
	}
	for v := range 256 {
		distance := func(c int) int { return max(level(c)-v, v-level(c)) }
		got := grey(byte(v))
		for _, c := range append([]int{16, 231}, 232, 233, 240, 254, 255) {
			if distance(c) < distance(got) {
				t.Errorf("grey(%d) is colour %d, but %d is nearer", v, got, c)
			}
		}
	}
}
