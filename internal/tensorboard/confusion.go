package tensorboard

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"

	"golang.org/x/image/font"
	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/math/fixed"
)

const (
	largestCell = 44   // pixels
	largestSide = 1000 // pixels of a whole matrix
	countedCell = 30   // the smallest cell with a count
)

// Confusion draws a confusion matrix: counts[i][j] samples of class i were classified as j. The shade of a cell is its
// fraction of the row. Rows and columns have the numbers of the classes if there is room.
func Confusion(counts [][]int) image.Image {
	n := len(counts)
	cell := max(1, min(largestCell, largestSide/n))
	margin := 0
	if cell >= countedCell {
		margin = cell
	}
	m := image.NewRGBA(image.Rect(0, 0, margin+n*cell+1, margin+n*cell+1))
	draw.Draw(m, m.Rect, image.White, image.Point{}, draw.Src)
	if margin > 0 {
		label(m, image.Rect(0, 0, margin, margin/2), "read >", color.Gray{90})
		label(m, image.Rect(0, margin/2, margin, margin), "true v", color.Gray{90})
	}
	for i, row := range counts {
		if margin > 0 {
			label(m, image.Rect(0, margin+i*cell, margin, margin+(i+1)*cell), fmt.Sprint(i), color.Gray{90})
			label(m, image.Rect(margin+i*cell, 0, margin+(i+1)*cell, margin), fmt.Sprint(i), color.Gray{90})
		}
		total := 0
		for _, v := range row {
			total += v
		}
		for j, v := range row {
			at := image.Rect(margin+j*cell, margin+i*cell, margin+(j+1)*cell, margin+(i+1)*cell)
			fraction := float64(v) / float64(max(1, total))
			fill := image.NewUniform(shade(fraction, i == j))
			inner := at
			if cell > 4 {
				inner = at.Inset(1)
			}
			draw.Draw(m, inner, fill, image.Point{}, draw.Src)
			if margin > 0 && v > 0 {
				ink := color.Gray{20}
				if i == j && fraction > 0.5 || i != j && fraction > 0.25 {
					ink = color.Gray{255}
				}
				label(m, at, fmt.Sprint(v), ink)
			}
		}
	}
	return m
}

// shade returns the colour of a fraction of a row: blue for hits, orange for mistakes. Mistakes are rare, so their colour
// grows with the cube root.
func shade(fraction float64, hit bool) color.Color {
	paper, full := [3]float64{246, 248, 250}, [3]float64{9, 105, 218}
	if !hit {
		full, fraction = [3]float64{188, 76, 0}, math.Cbrt(fraction)
	}
	mix := func(i int) uint8 { return uint8(paper[i] + fraction*(full[i]-paper[i])) }
	return color.RGBA{mix(0), mix(1), mix(2), 255}
}

// label writes a text at the centre of a rectangle.
func label(m draw.Image, at image.Rectangle, text string, ink color.Color) {
	face := basicfont.Face7x13
	d := font.Drawer{Dst: m, Src: image.NewUniform(ink), Face: face}
	width := d.MeasureString(text).Ceil()
	centre := at.Min.Add(at.Size().Div(2))
	d.Dot = fixed.P(centre.X-width/2+1, centre.Y+face.Ascent/2-1)
	d.DrawString(text)
}
