// dev harness
package main

import (
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"strconv"

	"golang.org/x/image/draw"

	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/digit"
	"shadegrad/internal/model"
	"shadegrad/internal/train"
)

type variant struct {
	name string
	f    func(r *rand.Rand, g *image.Gray) image.Image // g: light on dark 28x28
}

// field: dark on light, W×H, digit scaled to size s (28*s/20 field) centred-ish
func field(r *rand.Rand, g *image.Gray, w, h int, box float64) *image.Gray {
	out := image.NewGray(image.Rect(0, 0, w, h))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	side := int(box * 28 / 20)
	big := image.NewGray(image.Rect(0, 0, side, side))
	draw.BiLinear.Scale(big, big.Rect, g, g.Rect, draw.Src, nil)
	x0, y0 := (w-side)/2, (h-side)/2
	for y := range side {
		for x := range side {
			px, py := x0+x, y0+y
			if px >= 0 && py >= 0 && px < w && py < h {
				out.Pix[py*w+px] = 255 - big.Pix[y*side+x]
			}
		}
	}
	return out
}
func dark(p *image.Gray, x, y int, v byte) {
	if image.Pt(x, y).In(p.Rect) {
		i := p.PixOffset(x, y)
		p.Pix[i] = min(p.Pix[i], v)
	}
}
func hline(p *image.Gray, x0, x1, y, t int, v byte) {
	for x := x0; x < x1; x++ {
		for k := range t {
			dark(p, x, y+k, v)
		}
	}
}
func vline(p *image.Gray, x, y0, y1, t int, v byte) {
	for y := y0; y < y1; y++ {
		for k := range t {
			dark(p, x+k, y, v)
		}
	}
}
func tilt(p *image.Gray, a float64) *image.Gray {
	out := image.NewGray(p.Rect)
	w, h := p.Rect.Dx(), p.Rect.Dy()
	c, s := math.Cos(a), math.Sin(a)
	for y := range h {
		for x := range w {
			fx, fy := float64(x-w/2), float64(y-h/2)
			sx, sy := c*fx+s*fy+float64(w/2), -s*fx+c*fy+float64(h/2)
			ix, iy := int(math.Floor(sx)), int(math.Floor(sy))
			v := 0.0
			for j := range 2 {
				for i := range 2 {
					q := 255.0
					ax, ay := min(w-1, max(0, ix+i)), min(h-1, max(0, iy+j))
					q = float64(p.GrayAt(ax, ay).Y)
					wx, wy := 1-math.Abs(sx-float64(ix+i)), 1-math.Abs(sy-float64(iy+j))
					v += q * wx * wy
				}
			}
			out.SetGray(x, y, color.Gray{byte(v)})
		}
	}
	return out
}
func frame(p *image.Gray, m, t int, v byte, l, rr, top, bot bool) {
	w, h := p.Rect.Dx(), p.Rect.Dy()
	if top {
		hline(p, m, w-m, m, t, v)
	}
	if bot {
		hline(p, m, w-m, h-m-t, t, v)
	}
	if l {
		vline(p, m, m, h-m, t, v)
	}
	if rr {
		vline(p, w-m-t, m, h-m, t, v)
	}
}
func noisy(r *rand.Rand, p *image.Gray) image.Image {
	w, h := float64(p.Rect.Dx()), float64(p.Rect.Dy())
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			d := math.Hypot(float64(x)/w-0.2, float64(y)/h-0.1)
			paper := 235 - 100*math.Pow(d/1.2, 1.5)
			i := p.PixOffset(x, y)
			v := paper*(1-0.7*(1-float64(p.Pix[i])/255)) + 4*r.NormFloat64()
			p.Pix[i] = byte(max(0, min(255, v)))
		}
	}
	return p
}

// boxOf returns ink extents in a dark-on-light picture
func boxOf(p *image.Gray) (b image.Rectangle) {
	for y := range p.Rect.Dy() {
		for x := range p.Rect.Dx() {
			if p.GrayAt(x, y).Y < 128 {
				b = b.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return
}

type vs struct {
	name string
	f    func(r *rand.Rand, g []*image.Gray) image.Image
}

// row draws digits side by side with gaps given as a fraction of the height
func row(r *rand.Rand, g []*image.Gray, n int, size float64, gap float64, margin int) *image.Gray {
	var parts []*image.Gray
	w, h := 2*margin, 0
	for _, d := range g[:n] {
		p := field(r, d, int(size*1.5), int(size*1.5), size)
		b := boxOf(p)
		c := image.NewGray(image.Rect(0, 0, b.Dx(), b.Dy()))
		draw.Draw(c, c.Rect, p, b.Min, draw.Src)
		parts = append(parts, c)
		w += b.Dx() + int(gap*size)
		h = max(h, b.Dy())
	}
	w -= int(gap * size)
	out := image.NewGray(image.Rect(0, 0, w, h+2*margin))
	for i := range out.Pix {
		out.Pix[i] = 255
	}
	x := margin
	for _, c := range parts {
		at := image.Pt(x, margin+(h-c.Rect.Dy())*r.IntN(2))
		draw.Draw(out, c.Rect.Add(at), c, image.Point{}, draw.Src)
		x += c.Rect.Dx() + int(gap*size)
	}
	return out
}

var many = []vs{
	{"gap 0.6", func(r *rand.Rand, g []*image.Gray) image.Image { return row(r, g, 2, 90, 0.6, 25) }},
	{"gap 0.3", func(r *rand.Rand, g []*image.Gray) image.Image { return row(r, g, 2, 90, 0.3, 25) }},
	{"gap 0.15", func(r *rand.Rand, g []*image.Gray) image.Image { return row(r, g, 2, 90, 0.15, 25) }},
	{"gap 0.08", func(r *rand.Rand, g []*image.Gray) image.Image { return row(r, g, 2, 90, 0.08, 25) }},
	{"gap 0.04", func(r *rand.Rand, g []*image.Gray) image.Image { return row(r, g, 2, 90, 0.04, 25) }},
	{"touching", func(r *rand.Rand, g []*image.Gray) image.Image { return row(r, g, 2, 90, -0.02, 25) }},
	{"four tight", func(r *rand.Rand, g []*image.Gray) image.Image { return row(r, g, 4, 60, 0.2, 3) }},
	{"three framed", func(r *rand.Rand, g []*image.Gray) image.Image {
		p := row(r, g, 3, 80, 0.3, 30)
		w, h := p.Rect.Dx(), p.Rect.Dy()
		hline(p, 8, w-8, 8, 3, 0)
		hline(p, 8, w-8, h-11, 3, 0)
		vline(p, 8, 8, h-8, 3, 0)
		vline(p, w-11, 8, h-8, 3, 0)
		return p
	}},
	{"two underlined", func(r *rand.Rand, g []*image.Gray) image.Image {
		p := row(r, g, 2, 80, 0.3, 30)
		w, h := p.Rect.Dx(), p.Rect.Dy()
		hline(p, 5, w-5, h-18, 3, 0)
		return p
	}},
	{"lined", func(r *rand.Rand, g []*image.Gray) image.Image {
		p := row(r, g, 3, 80, 0.3, 30)
		w, h := p.Rect.Dx(), p.Rect.Dy()
		for y := 10; y < h; y += 25 {
			hline(p, 0, w, y, 1, 120)
		}
		return p
	}},
	{"comb", func(r *rand.Rand, g []*image.Gray) image.Image { // cells with shared walls
		out := image.NewGray(image.Rect(0, 0, 20+3*110, 150))
		for i := range out.Pix {
			out.Pix[i] = 255
		}
		for k := range 3 {
			draw.Draw(out, image.Rect(10+k*110, 20, 120+k*110, 130), field(r, g[k], 110, 110, 75), image.Point{}, draw.Src)
		}
		hline(out, 10, 340, 20, 2, 0)
		hline(out, 10, 340, 130, 2, 0)
		for k := range 4 {
			vline(out, 10+k*110, 20, 132, 2, 0)
		}
		return out
	}},
	{"boxes apart", func(r *rand.Rand, g []*image.Gray) image.Image {
		out := image.NewGray(image.Rect(0, 0, 20+3*130, 150))
		for i := range out.Pix {
			out.Pix[i] = 255
		}
		for k := range 3 {
			c := field(r, g[k], 110, 110, 75)
			frame(c, 0, 2, 0, true, true, true, true)
			draw.Draw(out, image.Rect(10+k*130, 20, 120+k*130, 130), c, image.Point{}, draw.Src)
		}
		return out
	}},
	{"photo", func(r *rand.Rand, g []*image.Gray) image.Image {
		return noisy(r, tilt(row(r, g, 3, 200, 0.3, 60), 0.06*(r.Float64()-0.5)))
	}},
	{"sizes differ", func(r *rand.Rand, g []*image.Gray) image.Image {
		a, b := row(r, g, 1, 90, 0, 20), row(r, g[1:], 1, 55, 0, 20)
		out := image.NewGray(image.Rect(0, 0, a.Rect.Dx()+b.Rect.Dx(), a.Rect.Dy()))
		for i := range out.Pix {
			out.Pix[i] = 255
		}
		draw.Draw(out, a.Rect, a, image.Point{}, draw.Src)
		draw.Draw(out, b.Rect.Add(image.Pt(a.Rect.Dx(), 10)), b, image.Point{}, draw.Src)
		return out
	}},
	{"two rows", func(r *rand.Rand, g []*image.Gray) image.Image {
		a, b := row(r, g, 2, 80, 0.3, 20), row(r, g[2:], 2, 80, 0.3, 20)
		out := image.NewGray(image.Rect(0, 0, max(a.Rect.Dx(), b.Rect.Dx()), a.Rect.Dy()+b.Rect.Dy()))
		for i := range out.Pix {
			out.Pix[i] = 255
		}
		draw.Draw(out, a.Rect, a, image.Point{}, draw.Src)
		draw.Draw(out, b.Rect.Add(image.Pt(0, a.Rect.Dy())), b, image.Point{}, draw.Src)
		return out
	}},
	{"one above one", func(r *rand.Rand, g []*image.Gray) image.Image {
		a, b := row(r, g, 1, 80, 0.3, 20), row(r, g[2:], 1, 80, 0.3, 20)
		out := image.NewGray(image.Rect(0, 0, max(a.Rect.Dx(), b.Rect.Dx()), a.Rect.Dy()+b.Rect.Dy()))
		for i := range out.Pix {
			out.Pix[i] = 255
		}
		draw.Draw(out, a.Rect, a, image.Point{}, draw.Src)
		draw.Draw(out, b.Rect.Add(image.Pt(0, a.Rect.Dy())), b, image.Point{}, draw.Src)
		return out
	}},
	{"digit and line of text", func(r *rand.Rand, g []*image.Gray) image.Image {
		p := field(r, g[0], 300, 300, 150)
		for x := 40; x < 260; x += 12 {
			vline(p, x, 270, 282, 4, 40)
		}
		return p
	}},
}

func main() {
	n, _ := strconv.Atoi(os.Args[1])
	want := ""
	if len(os.Args) > 2 {
		want = os.Args[2]
	}
	m, err := model.Load("/tmp/h/predict-work/d.st")
	if err != nil {
		panic(err)
	}
	data, _ := dataset.OpenTest("")
	b := cpu.New()
	for _, v := range many {
		if want != "" && want != v.name {
			continue
		}
		r := rand.New(rand.NewPCG(1, 2))
		errs := map[string]int{}
		counts := map[int]int{}
		right := 0
		for i := range n {
			var g []*image.Gray
			var l []byte
			for k := range 4 {
				j := 100 + 4*i + k
				g = append(g, &image.Gray{Pix: data.Test.Image(j), Stride: 28, Rect: image.Rect(0, 0, 28, 28)})
				l = append(l, data.Test.Labels[j])
			}
			img := v.f(r, g)
			ps, err := digit.PrepareEach(img, 28, 28)
			ok := true
			if err != nil {
				errs[err.Error()]++
				ok = false
			} else {
				counts[len(ps)]++
				var pix []byte
				for _, p := range ps {
					pix = append(pix, p...)
				}
				out, _ := train.Predict(b, m.Network, m.Values, pix, len(ps))
				for k := range ps {
					ok = ok && k < 4 && train.Class(m.Network, out[k]) == int(l[k])
				}
			}
			if ok {
				right++
			} else if want != "" {
				f, _ := os.Create(fmt.Sprintf("/tmp/h/predict-work/bad/%03d.png", i))
				png.Encode(f, img)
				f.Close()
			}
		}
		fmt.Printf("%-24s all right %5.1f%% counts %v %v\n", v.name, 100*float64(right)/float64(n), counts, errs)
	}
}

var _ = color.White
