package reading

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"golang.org/x/image/bmp"
	"golang.org/x/image/draw"
	"golang.org/x/image/tiff"

	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/model"
	"shadegrad/internal/sample"
	"shadegrad/internal/train"
)

// TestGeneratedPictures asks a network of MNIST about its digits in random pictures. The answer must be the one for the
// digit itself, or a refusal.
func TestGeneratedPictures(t *testing.T) {
	network := digitsModel(t)
	digits := clearDigits(t, network)
	right, refused, n := 0, 0, sample.Count(1000, 30)
	dir := t.TempDir()
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 14))
		digit := digits[r.IntN(len(digits))]
		f := randomPicture(r)
		name := filepath.Join(dir, fmt.Sprintf("%d.%s", seed, f.format))
		put(t, name, f.encode(t, f.canvas(r, digit.pixels), 1+r.IntN(8)))
		a := run(t, "predict", "-model="+network, name)
		m := answer.FindStringSubmatch(a.stdout)
		switch {
		case a.status == 1 && !strings.Contains(a.stderr, "internal error"):
			refused++
		case a.status != 0 || m == nil:
			t.Errorf("seed %d, %+v: status %d, %s", seed, f, a.status, a.stderr)
		case m[1] != strconv.Itoa(digit.class):
			t.Errorf("seed %d, %+v: a %d is answered with %q\n%s", seed, f, digit.class, m[0], a.stdout)
		default:
			right++
		}
	}
	t.Logf("%d of %d digits are recognised, %d are refused", right, n, refused)
	if 20*refused > n {
		t.Errorf("%d of %d pictures are refused", refused, n)
	}
}

// TestGeneratedDirectories reads small directories of digits, each in one random form. The images must be those of the
// digits, light on dark, and their classes right; or the directory must be refused.
func TestGeneratedDirectories(t *testing.T) {
	digits := clearDigits(t, digitsModel(t))
	right, refused, n := 0, 0, sample.Count(1000, 30)
	for seed := range uint64(n) {
		r := rand.New(rand.NewPCG(seed, 15))
		f := randomPicture(r)
		f.width, f.height, f.share = f.width%21+28, f.height%21+28, 1
		layout := layouts[r.IntN(len(layouts))]
		dir := t.TempDir()
		originals := map[string][]*image.Gray{}
		for i := range 24 {
			digit := digits[r.IntN(len(digits))]
			class := strconv.Itoa(digit.class % 3)
			img := f.canvas(r, digit.pixels)
			originals[class] = append(originals[class], img)
			name := filepath.Join(dir, layout(class, i)) + "." + f.format
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			put(t, name, f.encode(t, img, 1+r.IntN(8)))
		}
		d, err := dataset.Open(dir)
		if err != nil && strings.Contains(err.Error(), "-label=filename") {
			d, err = dataset.Form{Label: "filename"}.Open(dir)
		}
		if err != nil {
			refused++
			t.Logf("seed %d, %+v, such as %s: %v", seed, f, layout("1", 0), err)
			continue
		}
		if n := d.Train.Len() + d.Test.Len(); n != 24 || d.Train.Width != f.width || d.Train.Height != f.height {
			t.Errorf("seed %d, %+v, such as %s: %d images of %d×%d", seed, f, layout("1", 0), n, d.Train.Width, d.Train.Height)
			continue
		}
		worst := 1.0
		for _, set := range []*dataset.Set{&d.Train, &d.Test} {
			for i := range set.Len() {
				best := -1.0
				for _, img := range originals[d.ClassNames[set.Labels[i]]] {
					best = max(best, correlation(set.Image(i), img.Pix))
				}
				worst = min(worst, best)
			}
		}
		if worst < 0.8 { // two grey levels cost some
			t.Errorf("seed %d, %+v, such as %s: an image has correlation %.2f with the digits of its class", seed, f, layout("1", 0), worst)
			continue
		}
		right++
	}
	t.Logf("%d of %d directories are read, %d are refused", right, n, refused)
	if 10*refused > n {
		t.Errorf("%d of %d directories are refused", refused, n)
	}
}

// layouts are names of the i-th picture of a class, without the ending.
var layouts = []func(class string, i int) string{
	func(class string, i int) string { return fmt.Sprintf("%s/%d", class, i) },
	func(class string, i int) string { return fmt.Sprintf("digits/%s/%d", class, i) },
	func(class string, i int) string {
		return fmt.Sprintf("%s/%s/%d", []string{"train", "train", "test"}[i%3], class, i)
	},
	func(class string, i int) string { return fmt.Sprintf("%s/writer%d/%d", class, i%2, i) },
	func(class string, i int) string { return fmt.Sprintf("Img/%s_%d", class, i) },
}

// correlation returns Pearson's coefficient.
func correlation(a, b []byte) float64 {
	var n, sa, sb, aa, bb, ab float64
	for i := range a {
		x, y := float64(a[i]), float64(b[i])
		n, sa, sb, aa, bb, ab = n+1, sa+x, sb+y, aa+x*x, bb+y*y, ab+x*y
	}
	return (n*ab - sa*sb) / math.Sqrt((n*aa-sa*sa)*(n*bb-sb*sb))
}

// A clearDigit is an image of MNIST of which a network is sure, and right.
type clearDigit struct {
	pixels []byte
	class  int
}

func clearDigits(t *testing.T, network string) (list []clearDigit) {
	t.Helper()
	d, err := mnist()
	m, loadErr := model.Load(network)
	if err != nil || loadErr != nil {
		t.Fatal(err, loadErr)
	}
	b := cpu.New()
	defer b.Close()
	outputs, err := train.Predict(b, m.Network, m.Values, d.Test.Images[:1000*784], 1000)
	if err != nil {
		t.Fatal(err)
	}
	for i, y := range outputs {
		if class := int(d.Test.Labels[i]); y[class] > 0.9999 {
			list = append(list, clearDigit{d.Test.Image(i), class})
		}
	}
	return list
}

// A pictureForm is the way in which a digit is made a picture.
type pictureForm struct {
	width, height int
	share         float64 // of the smaller side, that the digit's field has
	ink, paper    byte    // grey levels
	transparent   bool    // the paper has no colour
	bits          int     // 1 or 4 with a palette, 8, 16, or 12 of 16
	colour        bool
	format        string
}

// randomPicture draws a form that can be encoded.
func randomPicture(r *rand.Rand) pictureForm {
	f := pictureForm{width: 40 + r.IntN(160), height: 40 + r.IntN(160), share: 0.3 + 0.7*r.Float64(), bits: 8}
	if r.IntN(8) == 0 { // as large as the images of MNIST
		f.width, f.height, f.share = 28, 28, 1
	}
	levels := [][2]byte{{0, 255}, {255, 0}, {30, 220}, {240, 40}}[r.IntN(4)]
	f.ink, f.paper = levels[0], levels[1]
	f.format = []string{"png", "png", "jpg", "gif", "bmp", "tif"}[r.IntN(6)]
	switch f.format {
	case "png", "tif":
		f.bits = []int{1, 4, 8, 8, 12, 16}[r.IntN(6)]
		f.transparent = f.bits >= 8 && f.bits != 12 && r.IntN(3) == 0
	case "gif":
		f.bits = []int{1, 4}[r.IntN(2)]
	case "bmp":
		f.bits = []int{4, 8}[r.IntN(2)]
	}
	f.colour = f.bits == 8 && r.IntN(2) == 0
	return f
}

// canvas returns a digit at a random place on a field, light on dark.
func (f pictureForm) canvas(r *rand.Rand, pixels []byte) *image.Gray {
	img := image.NewGray(image.Rect(0, 0, f.width, f.height))
	smaller := min(f.width, f.height)
	size := max(min(24, smaller), int(f.share*float64(smaller)))
	at := image.Pt(r.IntN(f.width-size+1), r.IntN(f.height-size+1))
	digit := image.NewGray(image.Rect(0, 0, 28, 28))
	copy(digit.Pix, pixels)
	draw.BiLinear.Scale(img, image.Rect(0, 0, size, size).Add(at), digit, digit.Rect, draw.Src, nil)
	return img
}

// encode writes a picture, stored in one of EXIF's eight orientations if the format is JPEG.
func (f pictureForm) encode(t *testing.T, img *image.Gray, orientation int) []byte {
	t.Helper()
	var b bytes.Buffer
	var err error
	switch picture := f.picture(img); f.format {
	case "png":
		err = png.Encode(&b, picture)
	case "gif":
		err = gif.Encode(&b, picture, nil)
	case "bmp":
		err = bmp.Encode(&b, picture)
	case "tif":
		err = tiff.Encode(&b, picture, nil)
	case "jpg":
		err = jpeg.Encode(&b, f.picture(stored(img, orientation)), &jpeg.Options{Quality: 90})
		exif := append([]byte("\xff\xe1\x00\x22Exif\x00\x00II*\x00\x08\x00\x00\x00\x01\x00\x12\x01\x03\x00\x01\x00\x00\x00"),
			byte(orientation), 0, 0, 0, 0, 0, 0, 0)
		b = *bytes.NewBuffer(append(append(b.Bytes()[:2:2], exif...), b.Bytes()[2:]...))
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// stored returns the image that a viewer turns to img because of an orientation.
func stored(img *image.Gray, orientation int) *image.Gray {
	w, h := img.Rect.Dx(), img.Rect.Dy()
	out := image.NewGray(img.Rect)
	if orientation >= 5 {
		out = image.NewGray(image.Rect(0, 0, h, w))
	}
	for y := range h {
		for x := range w {
			p := []image.Point{{x, y}, {w - 1 - x, y}, {w - 1 - x, h - 1 - y}, {x, h - 1 - y},
				{y, x}, {y, w - 1 - x}, {h - 1 - y, w - 1 - x}, {h - 1 - y, x}}[orientation-1]
			out.SetGray(p.X, p.Y, img.GrayAt(x, y))
		}
	}
	return out
}

// picture returns img, light on dark, with the form's levels, colours and bits.
func (f pictureForm) picture(img *image.Gray) image.Image {
	level := func(x, y int) float64 { // from 0 to 1
		ink := float64(img.GrayAt(x, y).Y) / 255
		return (float64(f.ink)*ink + float64(f.paper)*(1-ink)) / 255
	}
	var at func(x, y int) color.Color
	var out draw.Image
	switch {
	case f.bits < 8:
		var palette color.Palette
		for i := range 1 << f.bits {
			palette = append(palette, color.Gray{byte(i * 255 / (1<<f.bits - 1))})
		}
		out = image.NewPaletted(img.Rect, palette)
		at = func(x, y int) color.Color { return color.Gray{byte(255 * level(x, y))} }
	case f.transparent:
		out = image.NewNRGBA64(img.Rect)
		if f.bits == 8 {
			out = image.NewNRGBA(img.Rect)
		}
		v := uint16(f.ink) * 257
		at = func(x, y int) color.Color { return color.NRGBA64{v, v, v, uint16(img.GrayAt(x, y).Y) * 257} }
	case f.bits > 8:
		out = image.NewGray16(img.Rect)
		at = func(x, y int) color.Color { return color.Gray16{uint16(level(x, y) * float64(uint(1)<<f.bits-1))} }
	case f.colour:
		out = image.NewNRGBA(img.Rect)
		at = func(x, y int) color.Color { v := byte(255 * level(x, y)); return color.NRGBA{v, v, v/2 + v/4, 255} }
	default:
		out = image.NewGray(img.Rect)
		at = func(x, y int) color.Color { return color.Gray{byte(255 * level(x, y))} }
	}
	for y := range img.Rect.Dy() {
		for x := range img.Rect.Dx() {
			out.Set(x, y, at(x, y))
		}
	}
	return out
}
