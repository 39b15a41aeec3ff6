package report

import (
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"shadegrad/internal/train"
)

// fallingRun returns a curve of n epochs whose loss falls by half in each and whose accuracy rises.
func fallingRun(n int) *Curve {
	c := &Curve{}
	for i := range n {
		loss := math.Pow(0.5, float64(i))
		c.Add(train.Epoch{Epoch: i + 1, TrainLoss: loss, TrainAcc: 1 - loss/2, ValLoss: 0.2 + 0.7*loss, ValAcc: 0.95 - loss/2})
	}
	return c
}

// TestCurve compares plots with ones that were looked at: in braille and ASCII, with a validation set, of regression, and
// below each other on a narrow terminal.
func TestCurve(t *testing.T) {
	plain := train.Options{Test: train.TestAtEnd}
	validated := train.Options{Test: train.TestAtEnd, Validation: 10}
	regression := train.Options{Test: train.TestEach}
	regression.Network.Regression = true
	for _, c := range []struct {
		name string
		o    train.Options
		on   Canvas
		want string
	}{
		{"braille", plain, Canvas{Width: 60, Unicode: true}, `
        loss                           accuracy
1.0000 │⠑⡄                     98.44% │         ⣀⡠⠤⠔⠒⠒⠊⠉⠉⠉
       │ ⠈⢢                           │     ⣀⠔⠊⠉
       │   ⠑⢄                         │   ⡠⠊
       │     ⠉⠢⢄⣀                     │ ⢀⠜
0.0312 │         ⠉⠑⠒⠢⠤⠤⢄⣀⣀⣀    50.00% │⡠⠃
        epoch 1           6            epoch 1           6
`},
		{"ASCII", validated, Canvas{Width: 72}, `
        loss                                 accuracy
1.0000 |*                            98.44% |                *********
       |o*                                  |          ****o*o o o o o
       |  o*                                |       ***o o
       |    o                               |     *o o
       |     *o*o                           |   *o
       |        **o o o o o o               |  *
       |           ******     o o           |**o
0.0312 |                 ********    45.00% |o
        epoch 1                 6            epoch 1                 6
        * training   o validation
`},
		{"regression", regression, Canvas{Width: 120, Unicode: true}, `
   loss
1 │⠑⠢⡀
  │  ⠈⠑⠤⡀
  │     ⠈⠒⠤⢄⣀
  │          ⠉⠒⠢⠤⢄⣀⣀
0 │⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀ ⣀⠉⣉⠉⣒⠒⣒⠒⣒⠢⣤⠤⣤⠤⣤⠤⣤⠤
   epoch 1                          6
   ━━ training   ┅┅ test
`},
		{"narrow", validated, Canvas{Width: 40, Unicode: true}, `
        loss
1.0000 │⢕⠤⡀
       │  ⠙⠢⢄
       │     ⠑⠶⣀⡤ ⣀
       │        ⠈⠑⠒⠤⣉⣀⡒ ⠒ ⠤ ⠤ ⢄ ⣀ ⣀ ⣀ ⣀
0.0312 │              ⠈⠉⠉⠒⠒⠒⠤⠤⠤⠤⠤⠤⣀⣀⣀⣀⣀
        epoch 1                       6
        accuracy
98.44% │             ⢀⣀⣀⡠⠤⢤⠔⣒⠒⣒⠒⠶⠊⠭⠉⠭⠉⠭
       │       ⢀⣀⠤⣒⠊⠭⠁⠒ ⠉ ⠁
       │    ⣀⠔⠭⠁⠊
       │ ⢀⢤⠊⠊
45.00% │⡪⠁⠁
        epoch 1                       6
        ━━ training   ┅┅ validation
`},
	} {
		got := fallingRun(6).Plot(c.o, c.on)
		if "\n"+got != c.want {
			t.Errorf("%s:\n%s", c.name, got)
		}
		for _, line := range strings.Split(got, "\n") {
			if n := utf8.RuneCountInString(line); n >= c.on.Width {
				t.Errorf("%s: a line has %d characters, the terminal %d", c.name, n, c.on.Width)
			}
		}
	}
}

// TestCurveColour checks the colours of the lines and of the legend.
func TestCurveColour(t *testing.T) {
	got := fallingRun(2).Plot(train.Options{Test: train.TestAtEnd, Validation: 10}, Canvas{Width: 60, Color: true})
	for _, want := range []string{"1.0000 |\x1b[36m**\x1b[0m ", "|\x1b[33mo\x1b[0m \x1b[36m**\x1b[0m", "\x1b[36m*\x1b[0m training   \x1b[33mo\x1b[0m validation\n"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%q", want, got)
		}
	}
}

// TestCurveOmitted checks that there is no plot of one epoch, of none, or in a terminal too narrow for one.
func TestCurveOmitted(t *testing.T) {
	o := train.Options{Test: train.TestAtEnd}
	for _, c := range []struct{ epochs, width int }{{0, 80}, {1, 80}, {5, 24}, {5, 0}} {
		if got := fallingRun(c.epochs).Plot(o, Canvas{Width: c.width}); got != "" {
			t.Errorf("%d epochs, width %d:\n%s", c.epochs, c.width, got)
		}
	}
	if fallingRun(5).Plot(o, Canvas{Width: 26}) == "" {
		t.Error("there is no plot in 26 columns")
	}
}

// TestCurveLong checks that a long run keeps its first and last epoch, its extremes, and little memory.
func TestCurveLong(t *testing.T) {
	const n = 100_001
	c := fallingRun(n)
	if len(c.epochs) > mostPoints {
		t.Errorf("%d epochs are kept", len(c.epochs))
	}
	got := c.Plot(train.Options{Test: train.TestAtEnd}, Canvas{Width: 80, Unicode: true})
	if !strings.Contains(got, "1.0000 │⡇") || !strings.Contains(got, "50.00% │⡇") || !strings.Contains(got, " 100001\n") {
		t.Errorf("the plot is\n%s", got)
	}
}

// TestCurveFlat checks the plot of a figure that never changes.
func TestCurveFlat(t *testing.T) {
	c := &Curve{}
	for i := range 3 {
		c.Add(train.Epoch{Epoch: i + 1, TrainLoss: 0.5, TrainAcc: 1})
	}
	got := c.Plot(train.Options{Test: train.TestAtEnd}, Canvas{Width: 80})
	if strings.Count(got, "100.00%") != 1 || !strings.Contains(got, " |"+strings.Repeat("*", 28)) {
		t.Errorf("the plot is\n%s", got)
	}
}

// TestMostFrequent checks the words of a confusion, with and without names, and that there are none without one.
func TestMostFrequent(t *testing.T) {
	digits := Scores{Scores: &train.Scores{Confusion: [][]int{{5, 1, 0}, {0, 7, 3}, {0, 2, 9}}}}
	names := Scores{Scores: &train.Scores{Confusion: [][]int{{0, 1}, {0, 7}}}, Names: []string{"cat", "a\x1bdog"}}
	perfect := Scores{Scores: &train.Scores{Confusion: [][]int{{5, 0}, {0, 7}}}}
	for _, c := range []struct {
		s    Scores
		want string
	}{
		{digits, "most frequent confusion: 1 read as 2, 3 of 10 times"},
		{names, `most frequent confusion: cat classified as a\x1bdog, 1 of 1 time`},
		{perfect, ""},
		{Scores{Scores: &train.Scores{}}, ""},
	} {
		if got := c.s.MostFrequent(); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}
