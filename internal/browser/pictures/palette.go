package main

import (
	"cmp"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"io"
	"maps"
	"os"
	"slices"

	"shadegrad/internal/atomicfile"
)

// exact is the number of colours that shrink keeps as they are. Those of text and gradients remain, of which similar ones become
// the same.
const exact = 160

// shrink reduces a PNG file to 256 colours, which a picture of a page hardly needs, and which take a third of the bytes.
func shrink(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	full, err := png.Decode(f)
	f.Close()
	if err != nil {
		return err
	}
	size := full.Bounds()
	rgba := image.NewRGBA(size)
	draw.Draw(rgba, size, full, size.Min, draw.Src)
	count := map[color.RGBA]int{}
	for i := 0; i < len(rgba.Pix); i += 4 {
		p := rgba.Pix[i:]
		count[color.RGBA{p[0], p[1], p[2], 255}]++
	}
	colours := mostFrequent(count, exact)
	similar := map[color.RGBA]int{}
	for c, n := range count {
		if !slices.Contains(colours, color.Color(c)) {
			const low = 0x0f // bits in which similar colours differ
			similar[color.RGBA{c.R&^low | 8, c.G&^low | 8, c.B&^low | 8, 255}] += n
		}
	}
	colours = append(colours, mostFrequent(similar, 256-exact)...)
	few, nearest := image.NewPaletted(size, colours), map[color.RGBA]uint8{}
	for i := range few.Pix {
		p := rgba.Pix[4*i:]
		c := color.RGBA{p[0], p[1], p[2], 255}
		index, ok := nearest[c]
		if !ok {
			index = uint8(colours.Index(c))
			nearest[c] = index
		}
		few.Pix[i] = index
	}
	return atomicfile.Write(path, func(w io.Writer) error {
		return (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(w, few)
	})
}

// mostFrequent returns the n most frequent colours.
func mostFrequent(count map[color.RGBA]int, n int) (list color.Palette) {
	sorted := slices.SortedFunc(maps.Keys(count), func(a, b color.RGBA) int {
		return cmp.Or(count[b]-count[a], int(a.R)-int(b.R), int(a.G)-int(b.G), int(a.B)-int(b.B))
	})
	for _, c := range sorted[:min(n, len(sorted))] {
		list = append(list, c)
	}
	return list
}
