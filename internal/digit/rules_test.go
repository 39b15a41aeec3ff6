package digit

import (
	"image"
	"math/rand/v2"
	"testing"

	"shadegrad/internal/sample"
)

// A pen draws lines on a picture of light ink on black.
type pen struct{ *image.Gray }

// line draws a horizontal line, or a vertical one, with gaps if dash is above 0.
func (p pen) line(vertical bool, from, to, at, thick, dash int, ink byte) {
	for i := from; i < to; i++ {
		if dash > 0 && i/dash%3 == 2 {
			continue
		}
		for k := range thick {
			x, y := i, at+k
			if vertical {
				x, y = y, x
			}
			if image.Pt(x, y).In(p.Rect) {
				at := p.PixOffset(x, y)
				p.Pix[at] = max(p.Pix[at], ink)
			}
		}
	}
}

// box draws the wanted sides of a square: top, bottom, left and right.
func (p pen) box(from, to, thick, dash int, sides ...bool) {
	for k, wanted := range sides {
		at := from
		if k%2 == 1 {
			at = to - thick
		}
		if wanted {
			p.line(k >= 2, from, to, at, thick, dash, 255)
		}
	}
}

// grid draws the lines of a notebook, horizontal ones or both.
func (p pen) grid(distance int, both bool, ink byte) {
	for at := distance / 3; at < p.Rect.Dx(); at += distance {
		p.line(false, 0, p.Rect.Dx(), at, 1, 0, ink)
		if both {
			p.line(true, 0, p.Rect.Dx(), at, 1, 0, ink)
		}
	}
}

// ring draws a circle around the middle, of an inner radius.
func (p pen) ring(radius, thick int) {
	m := p.Rect.Dx() / 2
	for i := range p.Pix {
		x, y := i%p.Stride-m, i/p.Stride-m
		if d := x*x + y*y; d >= radius*radius && d < (radius+thick)*(radius+thick) {
			p.Pix[i] = 255
		}
	}
}

// TestRules checks that frames, ruled lines and underlines do not change the image of a digit.
func TestRules(t *testing.T) {
	set := mnist(t)
	const size, digitSize = 160, 4 * 28 // the digit's ink is within 40 to 120
	for _, c := range []struct {
		name string
		draw func(p pen, r *rand.Rand)
	}{
		{"frame", func(p pen, r *rand.Rand) {
			m := r.IntN(20)
			p.box(m, size-m, 1+r.IntN(6), 0, true, true, true, true)
		}},
		{"dashed frame", func(p pen, r *rand.Rand) { p.box(10, 150, 3, 6, true, true, true, true) }},
		{"three sides", func(p pen, r *rand.Rand) {
			m, not := r.IntN(20), r.IntN(4)
			p.box(m, size-m, 2, 0, not != 0, not != 1, not != 2, not != 3)
		}},
		{"two sides", func(p pen, r *rand.Rand) {
			m, k := r.IntN(20), r.IntN(4)
			p.box(m, size-m, 2, 0, k < 2, k >= 2, k%2 == 0, k%2 == 1)
		}},
		{"table cell", func(p pen, r *rand.Rand) {
			for _, at := range []int{8, 150} {
				p.line(false, 0, size, at, 2, 0, 255)
				p.line(true, 0, size, at, 2, 0, 255)
			}
		}},
		{"underline", func(p pen, r *rand.Rand) { p.line(false, 10, 150, 130+r.IntN(20), 3, 0, 200) }},
		{"dashed underline", func(p pen, r *rand.Rand) { p.line(false, 5, 155, 135, 3, 6, 255) }},
		{"lined paper", func(p pen, r *rand.Rand) { p.grid(25+r.IntN(20), false, byte(40+r.IntN(200))) }},
		{"squared paper", func(p pen, r *rand.Rand) { p.grid(20+r.IntN(20), true, byte(40+r.IntN(200))) }},
		{"ring", func(p pen, r *rand.Rand) { p.ring(60+r.IntN(12), 2+r.IntN(4)) }},
		{"frame and underline", func(p pen, r *rand.Rand) {
			p.box(5, 155, 2, 0, true, true, true, true)
			p.line(false, 25, 135, 132, 2, 0, 255)
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := rand.New(rand.NewPCG(1, 1))
			var difference, shifted float64
			count := sample.Count(40, 12)
			for i := range count {
				clean := padded(enlarged(mnistImage(set.Image(i)), 4), size, size, (size-digitSize)/2, (size-digitSize)/2)
				ruled := pen{padded(clean, size, size, 0, 0)}
				c.draw(ruled, r)
				want, err := Prepare(inverted(clean), 28, 28)
				if err != nil {
					t.Fatal(err)
				}
				var picture image.Image = inverted(ruled.Gray)
				if i%2 == 1 {
					picture = ruled.Gray
				}
				got, err := Prepare(picture, 28, 28)
				if err != nil {
					t.Fatalf("digit %d: %v", i, err)
				}
				difference += nearestDifference(got, want) / float64(count)
				shifted += meanDifference(want[1:], want[:len(want)-1]) / float64(count)
			}
			if t.Logf("mean difference %.2f grey levels, by a pixel's shift %.2f", difference, shifted); difference > shifted/3 {
				t.Errorf("mean difference %.2f grey levels, want at most %.2f", difference, shifted/3)
			}
		})
	}
}

// TestStrokesStay checks that straight strokes of a digit or a letter are not rules, whatever the margin.
func TestStrokesStay(t *testing.T) {
	for name, draw := range map[string]func(p pen){
		"1":           func(p pen) { p.line(true, 0, 100, 50, 8, 0, 255) },
		"1 on a foot": func(p pen) { p.line(true, 0, 100, 46, 8, 0, 255); p.line(false, 10, 90, 92, 8, 0, 255) },
		"L":           func(p pen) { p.line(true, 0, 100, 10, 8, 0, 255); p.line(false, 10, 80, 92, 8, 0, 255) },
		"T":           func(p pen) { p.line(true, 0, 100, 46, 8, 0, 255); p.line(false, 0, 100, 0, 8, 0, 255) },
		"E": func(p pen) {
			p.line(true, 0, 100, 10, 8, 0, 255)
			for _, at := range []int{0, 46, 92} {
				p.line(false, 10, 80, at, 8, 0, 255)
			}
		},
		"H": func(p pen) {
			p.line(true, 0, 100, 10, 8, 0, 255)
			p.line(true, 0, 100, 80, 8, 0, 255)
			p.line(false, 10, 80, 46, 8, 0, 255)
		},
		"11": func(p pen) { p.line(true, 0, 100, 10, 8, 0, 255); p.line(true, 0, 100, 80, 8, 0, 255) },
		"10": func(p pen) { p.line(true, 0, 100, 10, 8, 0, 255); p.box(30, 80, 8, 0, true, true, true, true) },
		"=":  func(p pen) { p.line(false, 0, 100, 30, 8, 0, 255); p.line(false, 0, 100, 60, 8, 0, 255) },
	} {
		for _, margin := range []int{2, 5, 15, 60} {
			drawn := pen{image.NewGray(image.Rect(0, 0, 100, 100))}
			draw(drawn)
			light := luminance(padded(drawn.Gray, 100+2*margin, 100+2*margin, margin, margin))
			ink, noise, least := separate(light)
			eraseRules(ink, noise, least)
			for i, v := range ink.pix {
				if v != light.pix[i] {
					t.Errorf("%s with a margin of %d: changed", name, margin)
					break
				}
			}
		}
	}
}

// TestRing checks that a 0 with a dot keeps both, and that a circled 1 loses the circle.
func TestRing(t *testing.T) {
	for dot, want := range map[int]int{20: 2, 50: 1} {
		p := pen{image.NewGray(image.Rect(0, 0, 120, 120))}
		p.ring(45, 8)
		p.line(true, 60-dot/2, 60+dot/2, 56, 8, 0, 255)
		pieces := withoutRing(isolate(separate(luminance(p.Gray))))
		if len(pieces) != want {
			t.Errorf("a stroke of %d in a ring: %d pieces, want %d", dot, len(pieces), want)
		}
	}
}

// TestSurroundings checks that a table under the sheet and the bars of a screenshot do not change the
// image of a digit, and that a filled area is refused.
func TestSurroundings(t *testing.T) {
	set := mnist(t)
	const size = 200
	for name, outside := range map[string]func(x, y int) bool{
		"table":    func(x, y int) bool { return min(x, y, size-x, size-y) < 25 },
		"bar":      func(x, y int) bool { return y < 20 },
		"two bars": func(x, y int) bool { return x < 20 || y > size-15 },
	} {
		var difference, shifted float64
		const count = 12
		for i := range count {
			clean := padded(enlarged(mnistImage(set.Image(i)), 4), size, size, 44, 44)
			want, err := Prepare(inverted(clean), 28, 28)
			if err != nil {
				t.Fatal(err)
			}
			picture := inverted(clean)
			for j := range picture.Pix {
				if outside(j%size, j/size) {
					picture.Pix[j] = 60
				}
			}
			got, err := Prepare(picture, 28, 28)
			if err != nil {
				t.Fatalf("%s, digit %d: %v", name, i, err)
			}
			difference += nearestDifference(got, want) / count
			shifted += meanDifference(want[1:], want[:len(want)-1]) / count
		}
		if difference > shifted/3 {
			t.Errorf("%s: mean difference %.2f grey levels, want at most %.2f", name, difference, shifted/3)
		}
	}
	area := image.NewGray(image.Rect(0, 0, size, size))
	for j := range area.Pix {
		if x, y := j%size, j/size; min(x, y, size-x, size-y) > 40 {
			area.Pix[j] = 255
		}
	}
	if _, err := Prepare(area, 28, 28); err == nil {
		t.Error("a square is taken for a digit")
	}
}

// TestSideBySide reads numbers of two or three digits.
func TestSideBySide(t *testing.T) {
	set := mnist(t)
	r := rand.New(rand.NewPCG(1, 1))
	wrong, count := 0, sample.Count(200, 50)
	for i := range count {
		n, x := 2+r.IntN(2), 20
		picture := image.NewGray(image.Rect(0, 0, 400, 120))
		for k := range n {
			one := enlarged(mnistImage(set.Image(3*i+k)), 4)
			box := image.Rectangle{}
			for j, v := range one.Pix {
				if v > 100 {
					box = box.Union(image.Rect(j%112, j/112, j%112+1, j/112+1))
				}
			}
			for y := range 112 {
				for dx := range box.Dx() {
					picture.Pix[y*picture.Stride+x+dx] = one.Pix[y*112+box.Min.X+dx]
				}
			}
			x += box.Dx() + 10 + r.IntN(30)
		}
		got, err := PrepareEach(inverted(picture), 28, 28)
		if err != nil || len(got) != n {
			wrong++
		}
	}
	if wrong*50 > count {
		t.Errorf("%d of %d numbers are not divided into their digits", wrong, count)
	}
	rows := padded(enlarged(mnistImage(set.Image(0)), 4), 112, 260, 0, 0)
	copy(rows.Pix[140*112:], enlarged(mnistImage(set.Image(1)), 4).Pix)
	if _, err := PrepareEach(rows, 28, 28); err == nil || err.Error() != "there are digits in several rows; crop the picture to one row" {
		t.Errorf("two rows: error %v", err)
	}
}
