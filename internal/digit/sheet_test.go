package digit

import (
	"bytes"
	"strings"
	"testing"
)

// two is a sheet of two rows, of which the second is shorter.
func two() *Sheet {
	return &Sheet{Width: 2, Height: 1, Rows: [][][]byte{{{0, 255}, {255, 0}, {10, 20}}, {{255, 255}}}}
}

// TestSheetPicture checks that each image is at its place, with grey between them.
func TestSheetPicture(t *testing.T) {
	p := two().Picture()
	if b := p.Bounds(); b.Dx() != 3*(2*sheetScale+sheetGap)+sheetGap || b.Dy() != 2*(sheetScale+sheetGap)+sheetGap {
		t.Fatalf("a picture of %v", b)
	}
	for _, c := range []struct {
		x, y int
		want byte
	}{
		{0, 0, gapGrey}, {4, 4, 0}, {6, 6, 0}, {7, 4, 255}, {9, 6, 255}, {10, 4, gapGrey}, {14, 4, 255}, {17, 4, 0},
		{24, 5, 10}, {27, 5, 20}, {4, 7, gapGrey}, {4, 11, 255}, {9, 13, 255}, {14, 11, gapGrey},
	} {
		if got := p.GrayAt(c.x, c.y).Y; got != c.want {
			t.Errorf("(%d,%d) is %d, want %d", c.x, c.y, got, c.want)
		}
	}
}

// TestSheetRender checks that images that do not fit in a line are omitted, except the first.
func TestSheetRender(t *testing.T) {
	for fit, want := range map[int]string{
		80: "  @@  @@\n\n@@@@\n\n", // 10 and 20 of 255 are as good as black
		10: "  @@  @@\n\n@@@@\n\n",
		9:  "  @@\n\n@@@@\n\n",
		1:  "  @@\n\n@@@@\n\n",
	} {
		var b bytes.Buffer
		if err := two().Render(&b, fit, false); err != nil {
			t.Fatal(err)
		}
		if b.String() != want {
			t.Errorf("in %d characters:\n%q, want\n%q", fit, b.String(), want)
		}
	}
	var b bytes.Buffer
	if err := two().Render(&b, 80, true); err != nil || strings.Count(b.String(), "▀") != 3*3+3 {
		t.Errorf("in colour, %v:\n%s", err, b.String())
	}
}
