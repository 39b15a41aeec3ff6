package dataset

import (
	"fmt"
	"image"
	"math"

	"shadegrad/internal/picture"
)

// A network trains best on light ink on a ground of 0, as in MNIST. Dark ink on light paper is therefore inverted.

// A ground is what an image's border says about its ink.
type ground int

const (
	unclear ground = iota // a photograph, or all of one grey
	dark                  // light ink on it
	light                 // dark ink on it
)

// A frame is the list of the pixels at the border of images of one size.
type frame []int

// ground returns the ground of an image: the median of its border, if most of the border is like it, compared with the
// mean of the other pixels.
func (f frame) ground(pixels []byte) ground {
	const near = 40
	var count [256]int
	for _, i := range f {
		count[pixels[i]]++
	}
	level, below := 0, count[0]
	for 2*below <= len(f) {
		level++
		below += count[level]
	}
	even := 0
	for v := max(0, level-near); v <= min(255, level+near); v++ {
		even += count[v]
	}
	sum, others := 0, 0
	for _, v := range pixels {
		if int(v) < level-near || int(v) > level+near {
			sum += int(v)
			others++
		}
	}
	switch {
	case 10*even < 7*len(f), others == 0:
		return unclear
	case sum < others*level:
		return light
	}
	return dark
}

// lightInk makes the ink of all images light on dark and notes it. If almost all images have light paper, it inverts all. If
// almost all have an even ground, light or dark, it inverts those on light paper. Otherwise it changes nothing, unless a
// network has learned inverted images.
func (d *Data) lightInk(learned *Learned) error {
	var grounds [3]int
	total := 0
	border := frame(nil)
	for _, s := range d.sets() {
		const smallest = 8 // pixels; a smaller image does not have a border
		if s.Images == nil || min(s.Width, s.Height) < smallest {
			return nil
		}
		border = picture.Border(s.Width, s.Height)
		for i := range s.Len() {
			grounds[border.ground(s.Image(i))]++
		}
		total += s.Len()
	}
	if err := d.varied(); err != nil {
		return err
	}
	// One in twenty may be unlike the others, such as a digit that fills the border.
	each := false
	switch most := total - total/20; {
	case grounds[light] >= most:
		d.addNote("dark ink on light paper: inverted")
	case grounds[dark] >= most, grounds[light] == 0 && grounds[dark] > 0 && learned == nil:
		return nil
	case grounds[light]+grounds[dark] >= most:
		each = true
		d.addNote(fmt.Sprintf("%d of %d images have dark ink on light paper: these are inverted", grounds[light], total))
	case learned == nil || !learned.Look.Inverted:
		return nil
	}
	d.Look.Inverted = true
	for _, s := range d.sets() {
		for i := range s.Len() {
			pixels := s.Image(i)
			if each && border.ground(pixels) != light {
				continue
			}
			for j, v := range pixels {
				pixels[j] = 255 - v
			}
		}
	}
	return nil
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
	const sample = 1000
	step := max(1, s.Len()/sample)
	seen, centred := 0, 0
	for i := 0; i < s.Len(); i += step {
		var box image.Rectangle
		var sum, sx, sy float64
		for j, v := range s.Image(i) {
			if v < 32 { // noise, and the remains of a JPEG file
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
