package digit

import (
	"fmt"
	"io"
	"strings"
)

// Render draws an image of width·height pixels, row by row from the top, as text; 255 is white on a dark terminal. With
// color a character shows two pixels, one above the other, in the greys of the 256-colour palette. Without it two ASCII
// characters show a pixel: the brighter the pixel, the more ink.
func Render(w io.Writer, pixels []byte, width, height int, color bool) error {
	if width < 0 || height < 0 || len(pixels) != width*height {
		return fmt.Errorf("cannot show %d pixels as an image of %dx%d", len(pixels), width, height)
	}
	var b strings.Builder
	if color {
		renderBlocks(&b, pixels, width, height)
	} else {
		renderASCII(&b, pixels, width)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func renderASCII(b *strings.Builder, pixels []byte, width int) {
	const ramp = " .:-=+*#%@"
	for ; len(pixels) > 0; pixels = pixels[width:] {
		var line strings.Builder
		for _, v := range pixels[:width] {
			c := ramp[int(v)*len(ramp)/256]
			line.WriteByte(c)
			line.WriteByte(c)
		}
		b.WriteString(strings.TrimRight(line.String(), " "))
		b.WriteByte('\n')
	}
}

// renderBlocks draws with upper half blocks: the foreground colours the upper pixel, the background the lower one.
func renderBlocks(b *strings.Builder, pixels []byte, width, height int) {
	for y := 0; y < height; y += 2 {
		upper, lower := -1, -1
		for x := range width {
			u, l := grey(pixels[y*width+x]), grey(0)
			if y+1 < height {
				l = grey(pixels[(y+1)*width+x])
			}
			if u != upper {
				fmt.Fprintf(b, "\x1b[38;5;%dm", u)
			}
			if l != lower {
				fmt.Fprintf(b, "\x1b[48;5;%dm", l)
			}
			upper, lower = u, l
			b.WriteString("▀")
		}
		b.WriteString("\x1b[0m\n")
	}
}

// grey returns the colour of the 256-colour palette nearest to the grey level v: 232 to 255 are the levels 8, 18, …
// 238; black and white are in the colour cube.
func grey(v byte) int {
	switch {
	case v < 4:
		return 16
	case v > 246:
		return 231
	}
	return 232 + min(23, max(0, (int(v)-3)/10))
}
