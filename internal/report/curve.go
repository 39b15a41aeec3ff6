package report

import (
	"fmt"
	"math"
	"strings"

	"shadegrad/internal/train"
)

// A Curve collects the figures of a run's epochs and plots them in a terminal.
type Curve struct {
	first, last train.Epoch
	epochs      []train.Epoch
	every       int // of the collected epochs; doubles when there are too many
}

// mostPoints bounds the epochs that a Curve collects. A terminal shows fewer.
const mostPoints = 2048

// Add adds an epoch.
func (c *Curve) Add(e train.Epoch) {
	if c.every == 0 {
		c.first, c.every = e, 1
	}
	if c.last = e; e.Epoch%c.every != 0 {
		return
	}
	if len(c.epochs) == mostPoints {
		for i := range mostPoints / 2 {
			c.epochs[i] = c.epochs[2*i+1]
		}
		c.epochs, c.every = c.epochs[:mostPoints/2], 2*c.every
		if e.Epoch%c.every != 0 {
			return
		}
	}
	c.epochs = append(c.epochs, e)
}

// A Canvas describes the terminal that shows a plot.
type Canvas struct {
	Width   int  // characters of a line
	Unicode bool // it shows braille patterns; without them a plot is ASCII
	Color   bool
}

const (
	leastPlot, mostPlot = 16, 34 // characters of a plot without its labels
	betweenPanels       = 4
)

// The marks in ASCII and the colours of the training set and of the set that is evaluated after each epoch.
var (
	plotMarks   = []string{"*", "o"}
	plotColours = []string{"36", "33"} // cyan, yellow
)

// A panel is the plot of one figure.
type panel struct {
	title  string
	format string // of a value
	factor float64
	series [][]float64 // of the training set, and of the set that is evaluated after each epoch, if there is one
}

// Plot draws loss and accuracy by epoch. It returns "" if there are fewer than two epochs or the terminal is too narrow.
func (c *Curve) Plot(o train.Options, on Canvas) string {
	list := []train.Epoch{c.first}
	for _, e := range append(c.epochs[:len(c.epochs):len(c.epochs)], c.last) {
		if e.Epoch > list[len(list)-1].Epoch {
			list = append(list, e)
		}
	}
	if len(list) < 2 {
		return ""
	}
	loss, acc := panel{title: "loss", format: "%.4f", factor: 1}, panel{title: "accuracy", format: "%.2f%%", factor: 100}
	other := ""
	each := func(loss1, acc1 func(train.Epoch) float64) {
		var l, a []float64
		for _, e := range list {
			l, a = append(l, loss1(e)), append(a, acc1(e))
		}
		loss.series, acc.series = append(loss.series, l), append(acc.series, a)
	}
	each(func(e train.Epoch) float64 { return e.TrainLoss }, func(e train.Epoch) float64 { return e.TrainAcc })
	switch {
	case o.Validates():
		other = "validation"
		each(func(e train.Epoch) float64 { return e.ValLoss }, func(e train.Epoch) float64 { return e.ValAcc })
	case o.TestsEach():
		other = "test"
		each(func(e train.Epoch) float64 { return e.TestLoss }, func(e train.Epoch) float64 { return e.TestAcc })
	}
	panels := []panel{loss, acc}
	if o.Network.Regression {
		loss.format = "%.4g"
		panels = []panel{loss}
	}
	return join(panels, other, list[0].Epoch, c.last.Epoch, on)
}

// join places panels side by side, or below each other on a narrow terminal.
func join(panels []panel, other string, first, last int, on Canvas) string {
	labels := 0
	for _, p := range panels {
		labels = max(labels, p.labels())
	}
	room := on.Width - 1 - labels - 2
	if room < leastPlot {
		return ""
	}
	beside := (on.Width-1-betweenPanels*(len(panels)-1))/len(panels) - labels - 2
	var b strings.Builder
	if beside >= leastPlot {
		lines := panels[0].draw(labels, min(beside, mostPlot), first, last, on)
		for _, p := range panels[1:] {
			for i, line := range p.draw(labels, min(beside, mostPlot), first, last, on) {
				lines[i] += strings.Repeat(" ", betweenPanels) + line
			}
		}
		write(&b, lines)
	} else {
		for _, p := range panels {
			write(&b, p.draw(labels, min(room, mostPlot), first, last, on))
		}
	}
	if other != "" {
		b.WriteString(strings.Repeat(" ", labels+2) + on.legend("training", 0) + "   " + on.legend(other, 1) + "\n")
	}
	return b.String()
}

func write(b *strings.Builder, lines []string) {
	for _, line := range lines {
		b.WriteString(strings.TrimRight(line, " ") + "\n")
	}
}

// legend shows the line of a series with its name.
func (on Canvas) legend(name string, series int) string {
	mark := plotMarks[series]
	if on.Unicode {
		mark = []string{"━━", "┅┅"}[series]
	}
	return on.colored(mark, series) + " " + name
}

func (on Canvas) colored(text string, series int) string {
	if !on.Color || series < 0 {
		return text
	}
	return "\x1b[" + plotColours[series] + "m" + text + "\x1b[0m"
}

// bounds returns the least and the largest value.
func (p panel) bounds() (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, s := range p.series {
		for _, v := range s {
			low, high = min(low, v), max(high, v)
		}
	}
	return low, high
}

func (p panel) value(v float64) string { return fmt.Sprintf(p.format, v*p.factor) }

// labels returns the length of the longer label of the axis.
func (p panel) labels() int {
	low, high := p.bounds()
	return max(len(p.value(low)), len(p.value(high)))
}

// draw returns the lines of a panel, all of the same length.
func (p panel) draw(labels, width, first, last int, on Canvas) []string {
	grid := newGrid(width, on.Unicode)
	low, high := p.bounds()
	for i, s := range p.series {
		grid.line(s, low, high, i)
	}
	axis := "|"
	if on.Unicode {
		axis = "│"
	}
	lines := []string{fmt.Sprintf("%*s  %-*s", labels, "", width, p.title)}
	for i, row := range grid.rows(on) {
		label := ""
		switch {
		case i == 0:
			label = p.value(high)
		case i == grid.height-1 && low < high:
			label = p.value(low)
		}
		lines = append(lines, fmt.Sprintf("%*s %s%s", labels, label, axis, row))
	}
	begin, end := fmt.Sprintf("epoch %d", first), fmt.Sprint(last)
	if len(begin)+len(end) >= width {
		begin, end = "", ""
	}
	return append(lines, fmt.Sprintf("%*s  %s%*s", labels, "", begin, width-len(begin), end))
}
