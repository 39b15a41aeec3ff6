package diagram

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"shadegrad/compute"
	"shadegrad/internal/mlp"
	"shadegrad/internal/model"
)

// An element of a picture, with the text directly in it.
type element struct {
	name string
	attr map[string]string
	text string
}

func (e element) number(t testing.TB, name string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(e.attr[name], 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		t.Fatalf("%s of a %s is %q", name, e.name, e.attr[name])
	}
	return v
}

// drawing draws a network and reads the picture back.
func drawing(t testing.TB, d *Diagram) []element {
	t.Helper()
	var b bytes.Buffer
	if err := d.WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	if text := b.String(); strings.Contains(text, "NaN") || strings.Contains(text, "Inf") {
		t.Fatal("a coordinate is not a number")
	}
	var list []element
	var open []int
	dec := xml.NewDecoder(&b)
	for {
		token, err := dec.Token()
		if errors.Is(err, io.EOF) {
			return list
		}
		if err != nil {
			t.Fatal(err)
		}
		switch k := token.(type) {
		case xml.StartElement:
			e := element{name: k.Name.Local, attr: map[string]string{}}
			for _, a := range k.Attr {
				e.attr[a.Name.Local] = a.Value
			}
			open = append(open, len(list))
			list = append(list, e)
		case xml.EndElement:
			open = open[:len(open)-1]
		case xml.CharData:
			if len(open) > 0 {
				list[open[len(open)-1]].text += string(k)
			}
		}
	}
}

func named(list []element, name string) []element {
	return slices.DeleteFunc(slices.Clone(list), func(e element) bool { return e.name != name })
}

func texts(list []element) []string {
	var s []string
	for _, e := range named(list, "text") {
		s = append(s, e.text)
	}
	return s
}

// network returns a model of these sizes whose weights are those of a seed. Of an image that is height
// high, where that is above 1.
func network(height int, noBias bool, sizes ...int) *model.Model {
	c := mlp.Config{Sizes: sizes, Hidden: compute.ReLU, Output: compute.Softmax, Init: mlp.Normal, NoBias: noBias}
	return &model.Model{Network: c, Width: sizes[0] / height, Height: height, Values: c.InitialParameters(1)}
}

// names gives a model's classes names.
func names(m *model.Model, list ...string) *model.Model {
	m.About.ClassNames = list
	return m
}

// TestWeights draws the network of XOR, all of whose weights are known.
func TestWeights(t *testing.T) {
	m := network(1, false, 2, 2, 1)
	m.Values = [][]float32{{1, -2, 4, 0}, {0.5, -0.25}, {-3, 1.5}, {0}}
	list := drawing(t, &Diagram{Model: m, Title: "xor", Most: 16})
	lines := named(list, "line")
	if len(lines) != 6 {
		t.Fatalf("%d lines for 6 weights", len(lines))
	}
	// By magnitude within each layer; 0.5 + 3·|w|/largest wide.
	want := []struct {
		colour string
		width  float64
	}{{"#d95f02", 0.5}, {"#d95f02", 1.25}, {"#1f78b4", 2}, {"#d95f02", 3.5}, {"#d95f02", 2}, {"#1f78b4", 3.5}}
	for i, w := range want {
		if got := lines[i]; got.attr["stroke"] != w.colour || math.Abs(got.number(t, "stroke-width")-w.width) > 0.005 {
			t.Errorf("line %d is %s and %s wide, not %s and %v", i, got.attr["stroke"], got.attr["stroke-width"], w.colour, w.width)
		}
	}
	// The largest goes from the first input to the second unit, which are as high as their circles.
	circles := named(list, "circle")
	if len(circles) != 5 {
		t.Fatalf("%d circles for 5 units", len(circles))
	}
	if l, from, to := lines[3], circles[0], circles[3]; l.attr["x1"] != from.attr["cx"] || l.attr["y1"] != from.attr["cy"] || l.attr["x2"] != to.attr["cx"] || l.attr["y2"] != to.attr["cy"] {
		t.Errorf("the largest weight's line %v is not from %v to %v", l.attr, from.attr, to.attr)
	}
	for _, want := range []string{"xor", "x1", "x2", "2 inputs", "2 relu", "1 softmax", "+4", "-2", "+1", "-3", "+1.5", "+0.5", "-0.25", "4 weights, 2 biases", "2 weights, 1 bias", "class 1"} {
		if !slices.Contains(texts(list), want) {
			t.Errorf("no text %q among %q", want, texts(list))
		}
	}
	// The larger bias has its colour in full, half of it half of the other.
	if circles[2].attr["fill"] != "#d95f02" || circles[3].attr["fill"] != "#8fbcda" || circles[4].attr["fill"] != white {
		t.Errorf("biases of +0.5, -0.25 and 0 are %s, %s and %s", circles[2].attr["fill"], circles[3].attr["fill"], circles[4].attr["fill"])
	}
}

// TestShapes draws networks of many shapes. Everything must be inside the picture, and nothing
// may overlap.
func TestShapes(t *testing.T) {
	for _, c := range []struct {
		m       *model.Model
		most    int
		circles int
		squares int
		lines   int
	}{
		{network(28, false, 784, 256, 10), 16, 10, 16 + 1, 16 + 160},
		{network(28, true, 784, 40, 30, 10), 16, 26, 16 + 1, 16 + 256 + 160},
		{network(28, false, 784, 10), 16, 0, 10 + 1, 10},
		{network(29, false, 841, 30, 100), 100, 100, 30 + 1, 30 + 3000},
		{network(2, false, 60, 5, 3), 1, 1, 1 + 1, 1 + 1}, // images that are much wider than high
		{network(1, false, 1, 1), 16, 2, 0, 1},
		{network(1, true, 50, 3, 47), 20, 43, 0, 60 + 60},
		{network(1, false, 3, 2, 2, 2, 2, 2, 2, 2, 1), 16, 18, 0, 6 + 6*4 + 2},
		{network(1, false, 3, 4, 1), 16, 8, 0, 12 + 4},
		{network(1, false, 4, 3, 1), 16, 8, 0, 12 + 3},
		{network(1, false, 3, 4, 3), 16, 10, 0, 12 + 12},
		{network(100, false, 20000, 3, 2), 16, 2, 3 + 1, 3 + 6},
		{names(network(1, false, 2, 3), "a mushroom that has a name of some length", "b"), 16, 5, 0, 6},
	} {
		t.Run(fmt.Sprint(c.m.Network, " ", c.most), func(t *testing.T) {
			d := &Diagram{Model: c.m, Title: "a network that was trained on images of something, and whose file has a rather long name: " + strings.Repeat("dir/", 40), Most: c.most}
			list := drawing(t, d)
			width, height := list[0].number(t, "width"), list[0].number(t, "height")
			inside := func(e element, x, y, rx, ry float64) {
				if x-rx < 0 || y-ry < margin || x+rx > width || y+ry > height {
					t.Errorf("a %s at (%v,%v), %v wide, is outside of %v×%v", e.name, x, y, 2*rx, width, height)
				}
			}
			circles, squares, lines := named(list, "circle"), named(list, "svg")[1:], named(list, "line")
			if len(circles) != c.circles || len(squares) != c.squares || len(lines) != c.lines {
				t.Errorf("%d circles, %d squares, %d lines; want %d, %d, %d", len(circles), len(squares), len(lines), c.circles, c.squares, c.lines)
			}
			bottom := map[float64]float64{} // of the last element, by the column's x
			place := func(e element, x, y, rx, ry float64) {
				inside(e, x, y, rx, ry)
				if last, ok := bottom[x]; ok && y-ry < last {
					t.Errorf("a %s at (%v,%v) is over the one before", e.name, x, y)
				}
				bottom[x] = y + ry
			}
			for _, e := range squares {
				w, h := e.number(t, "width"), e.number(t, "height")
				if w > 0 && h > 0 {
					place(e, math.Round(e.number(t, "x")+w/2), e.number(t, "y")+h/2, w/2, h/2)
				}
				if got, want := w/h, float64(c.m.Width)/float64(c.m.Height); math.Abs(got-want) > 0.1*want {
					t.Errorf("an image of %d×%d is %v×%v", c.m.Width, c.m.Height, w, h)
				}
			}
			for _, e := range circles {
				place(e, math.Round(e.number(t, "cx")), e.number(t, "cy"), e.number(t, "r"), e.number(t, "r"))
			}
			// The numbers next to lines, each on a separate rectangle.
			labels := slices.DeleteFunc(named(list, "rect"), func(e element) bool { return e.attr["rx"] == "" })
			for i, a := range labels {
				for _, b := range labels[:i] {
					if dx, dy := a.number(t, "x")-b.number(t, "x"), a.number(t, "y")-b.number(t, "y"); dy > -labelHigh && dy < labelHigh && dx < b.number(t, "width") && -dx < a.number(t, "width") {
						t.Errorf("two numbers are over each other, at %v and %v", a.attr, b.attr)
					}
				}
			}
			if few := len(lines) <= mostNumbers; few && c.squares == 0 && len(labels) < len(lines) {
				t.Errorf("%d numbers for %d lines", len(labels), len(lines))
			}
			for _, e := range named(list, "text") {
				// A character of the title is some 10 pixels wide, others 6.2.
				wide := 6.2 * float64(utf8.RuneCountInString(e.text))
				if e.attr["font-size"] == "16" {
					wide *= 10 / 6.2
				}
				switch x, y := e.number(t, "x"), e.number(t, "y"); {
				case y > height:
					t.Errorf("the text %q is below the picture", e.text)
				case e.attr["text-anchor"] == "" && x+wide > width:
					t.Errorf("the text %q goes beyond the right side", e.text)
				}
			}
			chosen := slices.ContainsFunc(texts(list), func(s string) bool { return strings.HasPrefix(s, "Of a layer with more than") })
			inputs := c.m.Network.Sizes
			if c.m.Height > 1 {
				inputs = inputs[1:]
			}
			if want := slices.Max(inputs) > c.most; chosen != want {
				t.Errorf("the picture says that it leaves units out: %v; want %v", chosen, want)
			}
		})
	}
}

// TestSquare checks that the weights of a unit are drawn at their pixels.
func TestSquare(t *testing.T) {
	m := network(2, false, 6, 1) // 3×2 pixels
	m.Values = [][]float32{{0, 2, 2, -2, 0, 1}, {0}}
	var b bytes.Buffer
	if err := (&Diagram{Model: m, Most: 1}).WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`<path d="M1 0h2v1h-2z" fill="#d95f02"/><path d="M0 1h1v1h-1z" fill="#1f78b4"/><path d="M2 1h1v1h-1z" fill="#ecaf81"/>`,
		// The norms of the pixels' weights: each pixel has one weight.
		`<path d="M1 0h2v1h-2z" fill="#d95f02"/><path d="M0 1h1v1h-1z" fill="#d95f02"/><path d="M2 1h1v1h-1z" fill="#ecaf81"/>`,
	} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("no\n%s\nin\n%s", want, &b)
		}
	}
}

// TestNorms draws the norm of the weights of each pixel over all units.
func TestNorms(t *testing.T) {
	m := network(2, true, 4, 2)
	m.Values = [][]float32{{3e38, 0, 0, 1.5e38, 4e38 / 2, 0, 2.5e38, 0}}
	var b bytes.Buffer
	if err := (&Diagram{Model: m, Most: 1}).WriteSVG(&b); err != nil {
		t.Fatal(err)
	}
	// The norms are √(9+4), 0, 2.5 and 1.5: 1, 0, 0.69 and 0.42 of the largest, in 16 steps.
	want := `<path d="M0 0h1v1h-1z" fill="#d95f02"/><path d="M0 1h1v1h-1z" fill="` + shade(11./16) + `"/><path d="M1 1h1v1h-1z" fill="` + shade(7./16) + `"/>`
	if !strings.Contains(b.String(), want) {
		t.Errorf("no\n%s\nin\n%s", want, &b)
	}
}

// TestShrink checks that shrinking takes the means of pixels.
func TestShrink(t *testing.T) {
	pixels := make([]float64, 130*128)
	for i := range pixels {
		if i%130 < 65 {
			pixels[i] = 1 // on the left
		}
	}
	small, columns := shrink(pixels, 130)
	if columns != 64 || len(small) != 64*64 {
		t.Fatalf("%d pixels in rows of %d", len(small), columns)
	}
	for i, v := range small {
		want := 0.
		if i%64 < 32 {
			want = 1
		}
		if v != want {
			t.Fatalf("pixel (%d,%d) is %v, not %v", i%64, i/64, v, want)
		}
	}
	if same, columns := shrink(pixels[:50*60], 50); columns != 50 || len(same) != 3000 {
		t.Error("a small image was changed")
	}
}

// TestDrawn checks that the drawn units are those with the largest weights to the next layer, and the
// drawn outputs those with the largest weights.
func TestDrawn(t *testing.T) {
	m := network(1, false, 3, 4, 3)
	m.Values[0] = make([]float32, 12)
	m.Values[0][2*3+1] = 9 // from input 1 to unit 2
	m.Values[0][3*3+0] = -2
	m.Values[2] = []float32{
		0, 1, 0, 0,
		0, -1, 3, 0,
		0, 0, 0, -5,
	}
	d := &Diagram{Model: m, Most: 2}
	for l, want := range [][]int{{0, 1}, {2, 3}, {1, 2}} {
		if got := d.drawn(l); !slices.Equal(got, want) {
			t.Errorf("of layer %d the units %v are drawn, not %v", l, got, want)
		}
	}
}

// TestNames writes arbitrary class names unchanged.
func TestNames(t *testing.T) {
	m := network(1, false, 2, 3)
	m.About.ClassNames = []string{"<cat> & \"dog\"", "été"}
	list := drawing(t, &Diagram{Model: m, Title: "a</text>\x01b", Most: 16})
	for _, want := range []string{"a</text>\uFFFDb", "<cat> & \"dog\"", "été", "2"} {
		if !slices.Contains(texts(list), want) {
			t.Errorf("no text %q among %q", want, texts(list))
		}
	}
	m = network(1, false, 2, 1)
	m.Network.Regression = true
	if list := drawing(t, &Diagram{Model: m, Most: 16}); !slices.Contains(texts(list), "y1") {
		t.Errorf("the output of a regression is not y1: %q", texts(list))
	}
}

// TestZeros draws a network whose weights are all 0, so that no weight is the largest.
func TestZeros(t *testing.T) {
	m := network(4, false, 16, 3, 2)
	for _, v := range m.Values {
		clear(v)
	}
	drawing(t, &Diagram{Model: m, Most: 16})
}

// TestWriteFails checks that an error of the writer is returned.
func TestWriteFails(t *testing.T) {
	d := &Diagram{Model: network(1, false, 2, 1), Most: 1}
	if err := d.WriteSVG(failing{}); !errors.Is(err, io.ErrShortWrite) {
		t.Errorf("got %v", err)
	}
}

type failing struct{}

func (failing) Write([]byte) (int, error) { return 0, io.ErrShortWrite }
