package report

import (
	"math"
	"slices"
	"strings"
)

// A grid is a raster of dots for a plot. A braille pattern has two dots on the horizontal axis and four on the vertical one;
// in ASCII a character is one dot.
type grid struct {
	width, height int // in characters
	across, down  int // dots of a character
	dots          []uint8
	series        []int // the series that owns the character, -1 for none
}

func newGrid(width int, unicode bool) *grid {
	g := &grid{width: width, height: 8, across: 1, down: 1}
	if unicode {
		g.height, g.across, g.down = 5, 2, 4
	}
	g.dots, g.series = make([]uint8, width*g.height), make([]int, width*g.height)
	for i := range g.series {
		g.series[i] = -1
	}
	return g
}

// line draws values as a line from the left edge to the right one, with low at the bottom. If there are more values than
// columns, a column has all between the least and the largest of its own. A second series is dotted.
func (g *grid) line(values []float64, low, high float64, series int) {
	columns, levels := g.width*g.across, g.height*g.down
	level := func(v float64) int {
		if high <= low {
			return levels / 2
		}
		return int(math.Round((high - v) / (high - low) * float64(levels-1)))
	}
	before := -1
	for x := range columns {
		var top, bottom int
		if n := len(values); n > columns {
			some := values[x*n/columns : (x+1)*n/columns]
			top, bottom = level(slices.Max(some)), level(slices.Min(some))
		} else {
			at := float64(x) / float64(columns-1) * float64(n-1)
			i := min(int(at), n-2)
			y := level(values[i] + (at-float64(i))*(values[i+1]-values[i]))
			top, bottom = y, y
			if before >= 0 { // a steep line has several dots in a column
				top, bottom = min(y, before+1), max(y, before-1)
			}
			before = y
		}
		if series > 0 && x/g.across%2 == 1 {
			continue
		}
		for y := top; y <= bottom; y++ {
			g.set(x, y, series)
		}
	}
}

// brailleDots has the bit of each dot of a braille pattern (Unicode, chapter 21.1), by row and column.
var brailleDots = [4][2]uint8{{0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}}

func (g *grid) set(x, y, series int) {
	i := y/g.down*g.width + x/g.across
	bit := uint8(1)
	if g.down > 1 {
		bit = brailleDots[y%g.down][x%g.across]
	}
	g.dots[i] |= bit
	g.series[i] = series
}

// rows returns the characters of each row.
func (g *grid) rows(on Canvas) []string {
	rows := make([]string, g.height)
	for y := range rows {
		var b, run strings.Builder // a run of characters of one series
		owner := -1
		flush := func() {
			if run.Len() > 0 {
				b.WriteString(on.colored(run.String(), owner))
				run.Reset()
			}
		}
		for x := range g.width {
			i := y*g.width + x
			if g.series[i] != owner {
				flush()
				owner = g.series[i]
			}
			switch {
			case owner < 0:
				run.WriteByte(' ')
			case on.Unicode:
				run.WriteRune(0x2800 + rune(g.dots[i]))
			default:
				run.WriteString(plotMarks[owner])
			}
		}
		flush()
		rows[y] = b.String()
	}
	return rows
}
