// Package digit converts a picture of a handwritten digit to an image like MNIST's, and draws it in a terminal.
//
// MNIST's authors scaled each digit, keeping its proportions, into a box of 20×20 pixels, which left grey levels at its
// edges, and placed it in a field of 28×28 with its centre of mass at the centre (Y. LeCun, L. Bottou, Y. Bengio and P.
// Haffner, "Gradient-based learning applied to document recognition", Proceedings of the IEEE 86(11), 1998, section
// III.A). A network trained on such images recognises only images made in the same way.
package digit

import (
	"errors"
	"fmt"
	"image"
	"math"

	"golang.org/x/image/draw"
)

// boxShare is the fraction of the field that the box takes on each axis.
const boxShare = 20.0 / 28

// Prepare returns the width·height pixels, row by row from the top, of the digit in img: light on dark, 255 for full
// ink, at MNIST's position and size.
//
// The digit may be darker or lighter than its background, which Prepare estimates from the border. Transparent pixels
// are background. Prepare removes smooth changes of the light, noise, specks, ruled lines, frames and rings. It does not change
// an image that is already like MNIST's. It returns an error if nothing is visible.
func Prepare(img image.Image, width, height int) (pixels []byte, err error) {
	whole := func(pieces []piece) ([]piece, error) { return []piece{joined(pieces)}, nil }
	list, err := prepare(img, width, height, whole)
	if err != nil {
		return nil, err
	}
	return list[0], nil
}

// PrepareEach is Prepare for each of several digits side by side, from left to right. It returns an error if digits are
// in several rows.
func PrepareEach(img image.Image, width, height int) ([][]byte, error) {
	return prepare(img, width, height, sideBySide)
}

func prepare(img image.Image, width, height int, group func([]piece) ([]piece, error)) ([][]byte, error) {
	if width < 1 || height < 1 {
		return nil, fmt.Errorf("cannot prepare an image of %dx%d", width, height)
	}
	if b := img.Bounds(); b.Empty() {
		return nil, fmt.Errorf("the picture has no pixels (%dx%d)", b.Dx(), b.Dy())
	}
	light := luminance(img)
	if light.w == width && light.h == height {
		if pixels, ok := alreadyPrepared(light); ok {
			return [][]byte{pixels}, nil
		}
	}
	ink, pieces := find(light)
	if paper, ok := sheet(light, pieces); ok {
		ink, pieces = find(paper)
		if _, again := sheet(paper, pieces); again {
			return nil, errors.New("a filled area instead of the strokes of a digit; crop the picture to the digit")
		}
	}
	if len(pieces) == 0 {
		return nil, errors.New("no digit is visible: the picture is blank, or its contrast too low")
	}
	groups, err := group(pieces)
	if err != nil {
		return nil, err
	}
	var list [][]byte
	for _, g := range groups {
		list = append(list, place(fit(g.of(ink), g.box, width, height), width, height))
	}
	return list, nil
}

// find returns the ink of a picture and the pieces of it that belong to digits.
func find(light plane) (plane, []piece) {
	ink, noise, least := separate(light)
	eraseRules(ink, noise, least)
	return ink, withoutBars(withoutRing(isolate(ink, noise, least)), ink.w, ink.h)
}

// alreadyPrepared returns p as bytes if it is a light digit on black, as large as its box on one axis and centred.
func alreadyPrepared(p plane) ([]byte, bool) {
	pixels := make([]byte, len(p.pix))
	for i, v := range p.pix {
		pixels[i] = byte(math.Round(float64(v) * 255))
	}
	field := image.Gray{Pix: pixels, Stride: p.w, Rect: image.Rect(0, 0, p.w, p.h)}
	var box image.Rectangle
	var peak byte
	for y := range p.h {
		for x := range p.w {
			if v := field.Pix[y*p.w+x]; v > 0 {
				if x == 0 || y == 0 || x == p.w-1 || y == p.h-1 {
					return nil, false
				}
				box = box.Union(image.Rect(x, y, x+1, y+1))
				peak = max(peak, v)
			}
		}
	}
	bw, bh := boxSize(p.w, p.h)
	wide, high := box.Dx(), box.Dy()
	if peak < 200 || wide > bw || high > bh || wide < bw && high < bh {
		return nil, false
	}
	cx, cy := centreOfMass(&field)
	if math.Abs(cx-middle(p.w)) > 1 || math.Abs(cy-middle(p.h)) > 1 {
		return nil, false
	}
	return pixels, true
}

func boxSize(width, height int) (w, h int) {
	return max(1, int(math.Round(boxShare*float64(width)))), max(1, int(math.Round(boxShare*float64(height))))
}

// fit returns the part of ink within box, scaled to the box of a field of width×height.
func fit(ink plane, box image.Rectangle, width, height int) *image.Gray {
	crop := image.NewGray(image.Rect(0, 0, box.Dx(), box.Dy()))
	for y := range box.Dy() {
		for x := range box.Dx() {
			crop.Pix[y*crop.Stride+x] = byte(math.Round(float64(ink.at(box.Min.X+x, box.Min.Y+y)) * 255))
		}
	}
	bw, bh := boxSize(width, height)
	scale := min(float64(bw)/float64(box.Dx()), float64(bh)/float64(box.Dy()))
	size := image.Rect(0, 0,
		max(1, int(math.Round(scale*float64(box.Dx())))), max(1, int(math.Round(scale*float64(box.Dy())))))
	scaled := image.NewRGBA(size) // package draw has fast code for this type
	draw.CatmullRom.Scale(scaled, size, crop, crop.Rect, draw.Src, nil)

	gray := image.NewGray(size)
	var peak byte
	for i := range gray.Pix {
		gray.Pix[i] = scaled.Pix[4*i]
		peak = max(peak, gray.Pix[i])
	}
	if peak > 0 { // a line thinner than a pixel becomes pale
		for i, v := range gray.Pix {
			gray.Pix[i] = byte((int(v)*255 + int(peak)/2) / int(peak))
		}
	}
	return gray
}

// place copies g into a field of width×height with its centre of mass at the centre, or as near to it as g fits.
func place(g *image.Gray, width, height int) []byte {
	cx, cy := centreOfMass(g)
	left := int(math.Round(middle(width) - cx))
	top := int(math.Round(middle(height) - cy))
	left = max(0, min(left, width-g.Rect.Dx()))
	top = max(0, min(top, height-g.Rect.Dy()))
	field := make([]byte, width*height)
	for y := range g.Rect.Dy() {
		copy(field[(top+y)*width+left:], g.Pix[y*g.Stride:y*g.Stride+g.Rect.Dx()])
	}
	return field
}

// middle returns the place of the centre of mass in a field of n pixels. In MNIST, of 28, it is 14.5 on average, the
// centre of pixel 14, counted from 0.
func middle(n int) float64 { return float64(n/2) + 0.5 }

// centreOfMass returns the mean position of g's ink, in pixels from its left and upper edge.
func centreOfMass(g *image.Gray) (x, y float64) {
	var sum, sx, sy float64
	for j := range g.Rect.Dy() {
		for i := range g.Rect.Dx() {
			v := float64(g.Pix[j*g.Stride+i])
			sum += v
			sx += v * (float64(i) + 0.5)
			sy += v * (float64(j) + 0.5)
		}
	}
	if sum == 0 {
		return float64(g.Rect.Dx()) / 2, float64(g.Rect.Dy()) / 2
	}
	return sx / sum, sy / sum
}
