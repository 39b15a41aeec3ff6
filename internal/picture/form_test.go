package picture

import (
	"bytes"
	"encoding/binary"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"slices"
	"testing"
	"testing/fstest"

	"golang.org/x/image/bmp"
	"golang.org/x/image/tiff"
)

// read decodes a picture from its bytes, as Load does.
func read(t *testing.T, data []byte) image.Image {
	t.Helper()
	f, err := Open(fstest.MapFS{"p": {Data: data}}, "p")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	img, err := f.Decode()
	if err != nil {
		t.Fatal(err)
	}
	if b := img.Bounds(); b.Dx() != f.Width || b.Dy() != f.Height {
		t.Errorf("decoded %v, but the header says %dx%d", b, f.Width, f.Height)
	}
	return Scale(img, White(img))
}

// written returns a picture as a file.
func written[T any](t *testing.T, encode func(*bytes.Buffer) T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err, ok := any(encode(&b)).(error); ok && err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func pngOf(t *testing.T, img image.Image) []byte {
	return written(t, func(b *bytes.Buffer) error { return png.Encode(b, img) })
}

// corners is a picture of 48×32 that is white in the upper left, grey in the upper right, and black below.
func corners() *image.Gray {
	img := image.NewGray(image.Rect(0, 0, 48, 32))
	for y := range 16 {
		for x := range 48 {
			img.Pix[y*48+x] = [2]byte{255, 128}[x/24]
		}
	}
	return img
}

// quarters returns the grey of the middle of the quarters of a picture, row by row, in steps of 128.
func quarters(img image.Image) (list [4]int) {
	b := img.Bounds()
	for i := range list {
		c := color.GrayModel.Convert(img.At(b.Min.X+b.Dx()*(1+2*(i%2))/4, b.Min.Y+b.Dy()*(1+2*(i/2))/4)).(color.Gray)
		list[i] = (int(c.Y) + 64) / 128
	}
	return list
}

func TestFormats(t *testing.T) {
	img := corners()
	part := image.NewPaletted(image.Rect(24, 0, 48, 16), color.Palette{color.Gray{128}})
	frame := image.NewPaletted(image.Rect(0, 0, 48, 32), color.Palette{color.Black, color.White})
	for name, c := range map[string]struct {
		data []byte
		want [4]int
	}{
		"PNG":  {pngOf(t, img), [4]int{2, 1, 0, 0}},
		"JPEG": {written(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, nil) }), [4]int{2, 1, 0, 0}},
		"GIF":  {written(t, func(b *bytes.Buffer) error { return gif.Encode(b, img, nil) }), [4]int{2, 1, 0, 0}},
		"BMP":  {written(t, func(b *bytes.Buffer) error { return bmp.Encode(b, img) }), [4]int{2, 1, 0, 0}},
		"TIFF": {written(t, func(b *bytes.Buffer) error { return tiff.Encode(b, img, nil) }), [4]int{2, 1, 0, 0}},
		"GIF of a smaller frame": {written(t, func(b *bytes.Buffer) error {
			return gif.EncodeAll(b, &gif.GIF{Image: []*image.Paletted{part, frame}, Delay: []int{1, 1},
				Config: image.Config{Width: 48, Height: 32}})
		}), [4]int{0, 1, 0, 0}},
	} {
		if got := quarters(read(t, c.data)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// exif returns EXIF data with an orientation.
func exif(order binary.AppendByteOrder, turn uint16) []byte {
	head := map[binary.AppendByteOrder]string{binary.BigEndian: "MM", binary.LittleEndian: "II"}[order]
	b := order.AppendUint16([]byte(head), 42)
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 1)
	b = order.AppendUint16(b, 0x112)
	b = order.AppendUint16(b, 3) // a number of 16 bits
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(order.AppendUint16(b, turn), 0)
	return order.AppendUint32(b, 0)
}

// withSegments inserts APP1 segments after the start of a JPEG file.
func withSegments(data []byte, segments ...[]byte) []byte {
	out := slices.Clone(data[:2])
	for _, s := range segments {
		out = append(binary.BigEndian.AppendUint16(append(out, 0xff, 0xe1), uint16(len(s)+2)), s...)
	}
	return append(out, data[2:]...)
}

// TestOrientation checks the eight orientations of EXIF, and that damaged metadata are ignored.
func TestOrientation(t *testing.T) {
	file := written(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, corners(), nil) })
	head := []byte("Exif\x00\x00")
	want := map[uint16][4]int{1: {2, 1, 0, 0}, 2: {1, 2, 0, 0}, 3: {0, 0, 1, 2}, 4: {0, 0, 2, 1},
		5: {2, 0, 1, 0}, 6: {0, 2, 0, 1}, 7: {0, 1, 0, 2}, 8: {1, 0, 2, 0}, 0: {2, 1, 0, 0}, 9: {2, 1, 0, 0}}
	for turn, want := range want {
		for _, order := range []binary.AppendByteOrder{binary.BigEndian, binary.LittleEndian} {
			data := append(slices.Clone(head), exif(order, turn)...)
			for name, file := range map[string][]byte{
				"alone":     withSegments(file, data),
				"after XMP": withSegments(file, []byte("http://ns.adobe.com/xap/1.0/\x00<x/>"), data),
			} {
				if got := quarters(read(t, file)); got != want {
					t.Errorf("orientation %d, %v, %s: %v, want %v", turn, order, name, got, want)
				}
			}
		}
	}
	whole := append(slices.Clone(head), exif(binary.BigEndian, 6)...)
	for n := range whole {
		if got := quarters(read(t, withSegments(file, whole[:n]))); got != want[1] && n < len(whole)-8 {
			t.Errorf("%d bytes of metadata: %v, want %v", n, got, want[1])
		}
	}
}

// TestOrientationOfPNG checks the eXIf chunk.
func TestOrientationOfPNG(t *testing.T) {
	file := pngOf(t, corners())
	if got, want := quarters(read(t, withEXIF(file, exif(binary.BigEndian, 6)))), [4]int{0, 2, 0, 1}; got != want {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestDepth(t *testing.T) {
	for _, c := range []struct{ in, want uint16 }{{0, 0}, {1, 65535}, {255, 65535}, {200, 51400}, {1023, 65535}, {4095, 65535}, {16383, 65535}, {40000, 40000}} {
		grey, colour := image.NewGray16(image.Rect(0, 0, 2, 1)), image.NewNRGBA64(image.Rect(0, 0, 2, 1))
		grey.SetGray16(0, 0, color.Gray16{Y: c.in})
		colour.SetNRGBA64(0, 0, color.NRGBA64{R: c.in, A: 65535})
		a := read(t, pngOf(t, grey)).(*image.Gray16).Gray16At(0, 0).Y
		b, _, _, _ := read(t, pngOf(t, colour)).At(0, 0).RGBA()
		if a != c.want || uint16(b) != c.want {
			t.Errorf("%d becomes %d and %d, want %d", c.in, a, b, c.want)
		}
	}
}

// TestPaper checks what transparent pixels become.
func TestPaper(t *testing.T) {
	for _, c := range []struct {
		name         string
		ink          color.NRGBA
		border, want byte
	}{
		{"black ink", color.NRGBA{A: 255}, 0, 255},
		{"dark ink, half transparent", color.NRGBA{R: 60, G: 60, B: 60, A: 128}, 0, 255},
		{"white ink", color.NRGBA{R: 255, G: 255, B: 255, A: 255}, 0, 0},
		{"ink with a border", color.NRGBA{A: 255}, 200, 200},
	} {
		img := image.NewNRGBA(image.Rect(0, 0, 20, 20))
		for i := range 20 {
			img.SetNRGBA(10, i, c.ink)
			for _, p := range []image.Point{{i, 0}, {i, 19}, {0, i}, {19, i}} {
				if c.border > 0 {
					img.SetNRGBA(p.X, p.Y, color.NRGBA{R: c.border, G: c.border, B: c.border, A: 255})
				}
			}
		}
		g := Grey(read(t, pngOf(t, img)))
		if got := g.GrayAt(5, 5).Y; got != c.want {
			t.Errorf("%s: paper of %d, want %d", c.name, got, c.want)
		}
	}
}

func TestFit(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 40, 20))
	for i := range img.Pix {
		img.Pix[i] = 250
	}
	for y := 4; y < 16; y++ {
		for x := 10; x < 30; x++ {
			img.Pix[y*40+x] = 10
		}
	}
	got := Fit(img, 20, 20)
	for p, want := range map[image.Point]byte{{10, 10}: 10, {10, 2}: 250, {10, 17}: 250, {2, 10}: 250, {17, 10}: 250} {
		if v := got.GrayAt(p.X, p.Y).Y; v != want {
			t.Errorf("pixel %v is %d, want %d", p, v, want)
		}
	}
}

// TestGrey compares the grey levels of every kind of opaque picture with color.GrayModel.
func TestGrey(t *testing.T) {
	r := image.Rect(5, 7, 9, 10)
	for name, img := range map[string]interface {
		image.Image
		Set(x, y int, c color.Color)
	}{
		"grey": image.NewGray(r), "grey of 16 bits": image.NewGray16(r), "colour": image.NewRGBA(r), "colour with alpha": image.NewNRGBA(r),
		"colour of 16 bits":                 image.NewNRGBA64(r),
		"palette":                           image.NewPaletted(r, color.Palette{color.Black, color.RGBA{200, 10, 60, 255}, color.White}),
		"part of a larger one":              image.NewGray(image.Rect(0, 0, 20, 20)).SubImage(r).(*image.Gray),
		"part of a larger one, with colour": image.NewRGBA(image.Rect(0, 0, 20, 20)).SubImage(r).(*image.RGBA),
	} {
		var want []byte
		for y := r.Min.Y; y < r.Max.Y; y++ {
			for x := r.Min.X; x < r.Max.X; x++ {
				img.Set(x, y, color.NRGBA{byte(60*x - 7*y), byte(20*x*y - 100), byte(x << y), 255})
				want = append(want, color.GrayModel.Convert(img.At(x, y)).(color.Gray).Y)
			}
		}
		if got := Grey(img).Pix; !bytes.Equal(got, want) {
			t.Errorf("%s: got %v, want %v", name, got, want)
		}
	}
}
