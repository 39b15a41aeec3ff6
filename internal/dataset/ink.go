package dataset

import (
	"fmt"
	"image"
	"math"

	"shadegrad/internal/picture"
)

// A network trains best on light ink on a ground of 0, as in MNIST. Dark ink on light paper is therefore inverted.

// lightInk makes the ink of all images light on dark and notes it. If the images with a clear ground are on light paper, it
// inverts all images. If some are on light paper and some on dark, and almost all are clear, it inverts those on light
// paper. If few are clear, as in photographs, it changes nothing, unless a network has learned inverted images.
func (d *Data) lightInk(learned *Learned) error {
	var grounds [3]int
	total, framed := 0, 0
	for _, s := range d.sets() {
		if s.Images == nil || min(s.Width, s.Height) < leastSide {
			return nil
		}
		border := picture.FrameOf(s.Width, s.Height)
		for i := range s.some(10_000) {
			g := border.Ground(s.Image(i), s.Width)
			grounds[g]++
			total++
			if g == picture.DarkGround && mostlyLight(s.Image(i)) {
				framed++
			}
		}
	}
	if err := d.varied(); err != nil {
		return err
	}
	clear := grounds[picture.LightGround] + grounds[picture.DarkGround]
	fewer := min(grounds[picture.LightGround], grounds[picture.DarkGround])
	d.Look.Inverted = grounds[picture.LightGround] > grounds[picture.DarkGround]
	each := false
	switch {
	case 2*clear < total:
		d.Look.Inverted = learned != nil && learned.Look.Inverted
	case fewer > 0 && 100*clear >= 99*total, 20*fewer >= clear && 20*clear >= 19*total:
		each = true
	case 20*fewer >= clear:
		d.Look.Inverted = learned != nil && learned.Look.Inverted
		d.addNote(fmt.Sprintf("%d%% of the images seem to have dark ink on light paper and %d%% light ink on dark; none was inverted",
			100*grounds[picture.LightGround]/total, 100*grounds[picture.DarkGround]/total))
	case d.Look.Inverted:
		d.addNote("dark ink on light paper: inverted")
	case 10*framed >= 9*total:
		d.addNote("the images have a dark border but are light within; if it is a frame around dark ink, crop the images")
	}
	if !each && !d.Look.Inverted {
		return nil
	}
	all, inverted := 0, 0
	for _, s := range d.sets() {
		if err := s.writable(); err != nil {
			return fmt.Errorf("%s: %w", d.Name, err)
		}
		border := picture.FrameOf(s.Width, s.Height)
		all += s.Len()
		for i := range s.Len() {
			pixels, invert := s.Image(i), d.Look.Inverted
			if each {
				if g := border.Ground(pixels, s.Width); g != picture.UnclearGround {
					invert = g == picture.LightGround
				}
			}
			if invert {
				inverted++
				for j, v := range pixels {
					pixels[j] = 255 - v
				}
			}
		}
	}
	if each {
		d.addNote(fmt.Sprintf("dark ink on light paper: %d of %d images inverted", inverted, all))
	}
	return nil
}

// mostlyLight reports whether three in five of the pixels are light.
func mostlyLight(pixels []byte) bool {
	light := 0
	for _, v := range pixels {
		light += int(v >> 7)
	}
	return 5*light > 3*len(pixels)
}

// varied returns an error if all images are of one grey.
func (d *Data) varied() error {
	var grey byte
	for k, s := range d.sets() {
		for i, v := range s.Images {
			if k == 0 && i == 0 {
				grey = v
			}
			if v != grey {
				return nil
			}
		}
	}
	return fmt.Errorf("%s: all images are of one grey, %d of 255", d.Name, grey)
}

// centred reports whether at least four in five of some images have one object at MNIST's place and of its size, as
// digit.Prepare makes them: 20 pixels of 28 long, with the centre of mass in the middle.
func (s *Set) centred() bool {
	seen, centred := 0, 0
	for i := range s.some(1000) {
		var box image.Rectangle
		var sum, sx, sy float64
		for j, v := range s.Image(i) {
			if v < 32 { // noise and artefacts of JPEG
				continue
			}
			x, y := j%s.Width, j/s.Width
			box = box.Union(image.Rect(x, y, x+1, y+1))
			sum += float64(v)
			sx += float64(v) * (float64(x) + 0.5)
			sy += float64(v) * (float64(y) + 0.5)
		}
		seen++
		long := max(float64(box.Dx())/float64(s.Width), float64(box.Dy())/float64(s.Height))
		off := max(math.Abs(sx/sum-float64(s.Width)/2)/float64(s.Width), math.Abs(sy/sum-float64(s.Height)/2)/float64(s.Height))
		if math.Abs(long-20.0/28) < 2.0/28 && off < 1.5/28 {
			centred++
		}
	}
	return seen > 0 && 5*centred >= 4*seen
}
