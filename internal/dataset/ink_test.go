package dataset

import (
	"bytes"
	"slices"
	"testing"

	"shadegrad/internal/picture"
)

// inked returns copies of the first n test images of MNIST, changed by f.
func inked(t *testing.T, n int, f func(i int, pixels []byte)) *Data {
	t.Helper()
	d, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	s := d.Test.First(n)
	s.Images = slices.Clone(s.Images)
	for i := range n {
		f(i, s.Image(i))
	}
	return &Data{Name: "D", Train: s}
}

func invert(pixels []byte) {
	for j, v := range pixels {
		pixels[j] = 255 - v
	}
}

// TestLightInk checks when images are inverted: dark ink on light paper is, photographs and garments are not.
func TestLightInk(t *testing.T) {
	white := &Learned{Look: Look{Inverted: true}}
	fill := func(value func(i, x, y int) byte) func(int, []byte) {
		return func(i int, pixels []byte) {
			for j := range pixels {
				pixels[j] = value(i, j%28, j/28)
			}
		}
	}
	for _, c := range []struct {
		name     string
		change   func(i int, pixels []byte)
		learned  *Learned
		inverted int // images of 200
		look     bool
		note     string
	}{
		{"MNIST", func(int, []byte) {}, white, 0, false, ""},
		{"black on white", func(_ int, p []byte) { invert(p) }, nil, 200, true, "dark ink on light paper: inverted"},
		{"pencil on paper", func(_ int, p []byte) {
			for j, v := range p {
				p[j] = 235 - v/8
			}
		}, nil, 200, true, "dark ink on light paper: inverted"},
		{"black on white in a black frame", func(_ int, p []byte) {
			invert(p)
			for j := range p {
				if x, y := j%28, j/28; x == 0 || y == 0 || x == 27 || y == 27 {
					p[j] = 0
				}
			}
		}, nil, 0, false, "the images have a dark border but are light within; if it is a frame around dark ink, crop the images"},
		{"some on white", func(i int, p []byte) {
			if i%10 == 0 {
				invert(p)
			}
		}, nil, 20, false, "dark ink on light paper: 20 of 200 images inverted"},
		{"garments", fill(func(i, x, y int) byte { // light up to two sides
			if x < 3 && i%2 == 0 || y < 2 {
				return 0
			}
			return byte(120 + 8*((x+y*i)%16))
		}), nil, 0, false, ""},
		{"photographs", fill(func(i, x, y int) byte { return byte(x*9 + y*(i%5)) }), nil, 0, false, ""},
		{"photographs, of an inverted set", fill(func(i, x, y int) byte { return byte(x*9 + y*(i%5)) }), white, 200, true, ""},
	} {
		before, d := inked(t, 200, c.change), inked(t, 200, c.change)
		if err := d.lightInk(c.learned); err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		inverted := 0
		for i := range d.Train.Len() {
			was := before.Train.Image(i)
			if !bytes.Equal(was, d.Train.Image(i)) {
				invert(was)
				inverted++
			}
			if !bytes.Equal(was, d.Train.Image(i)) {
				t.Fatalf("%s: image %d is neither unchanged nor inverted", c.name, i)
			}
		}
		if inverted != c.inverted || d.Look.Inverted != c.look || d.Note != c.note {
			t.Errorf("%s: %d inverted, look %t, note %q; want %d, %t, %q", c.name, inverted, d.Look.Inverted, d.Note, c.inverted, c.look, c.note)
		}
	}
	grey := inked(t, 9, fill(func(int, int, int) byte { return 7 }))
	if err := grey.lightInk(nil); err == nil || err.Error() != "D: all images are of one grey, 7 of 255" {
		t.Errorf("got %v", err)
	}
}

// TestWholeMNIST checks that no image of MNIST is taken for one on light paper, and that its images are centred.
func TestWholeMNIST(t *testing.T) {
	d, err := Open("")
	if err != nil {
		t.Fatal(err)
	}
	if !d.Look.Centred {
		t.Error("MNIST is not centred")
	}
	border := picture.FrameOf(28, 28)
	for i := range d.Train.Len() {
		if g := border.Ground(d.Train.Image(i), 28); g != picture.DarkGround {
			t.Fatalf("image %d has ground %d", i, g)
		}
	}
}

// TestCentred checks that other places and sizes are not MNIST's.
func TestCentred(t *testing.T) {
	for name, c := range map[string]struct {
		shift int
		want  bool
	}{"as they are": {0, true}, "to the side": {5, false}, "below": {4 * 28, false}} {
		d := inked(t, 300, func(_ int, p []byte) { copy(p[c.shift:], slices.Clone(p)) })
		if got := d.Train.centred(); got != c.want {
			t.Errorf("%s: %t", name, got)
		}
	}
	large := inked(t, 300, func(int, []byte) {})
	if err := large.Pad(40, 40); err != nil || large.Train.centred() {
		t.Errorf("small digits are centred; error %v", err)
	}
}
