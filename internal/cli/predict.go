package cli

import (
	"errors"
	"flag"
	"fmt"
	"image"
	"math"
	"os"
	"strings"

	"golang.org/x/term"

	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/digit"
	"shadegrad/internal/model"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const predictUsage = `usage: shadegrad predict -model=FILE IMAGE...
       shadegrad predict -model=FILE NUMBERS...

Asks a network that "shadegrad train -save=FILE" wrote about PNG or JPEG images of
one digit each, dark on light or light on dark. Shows what the network sees: the
digit cropped, scaled, and centred by its mass, as MNIST's authors did it. A network that
learned rows of numbers is asked about such rows, as 0.5,-1. Put -- before a row that begins
with a minus.
`

// predict is "shadegrad predict". It uses the CPU, which has answered before a
// GPU is open.
func (a *app) predict(args []string) error {
	var path string
	fs := flag.NewFlagSet("predict", flag.ContinueOnError)
	fs.StringVar(&path, "model", "", "`FILE` with the network (needed)")
	if err := a.parseFlags(fs, predictUsage, args); err != nil {
		return err
	}
	switch {
	case path == "":
		return usagef("predict needs -model=FILE, a network that \"shadegrad train -save=FILE\" wrote; flags come before the images")
	case fs.NArg() == 0:
		return usagef("predict needs at least one IMAGE, a PNG or JPEG file of a digit, or a row of NUMBERS, as 0.5,-1")
	}
	m, err := model.Load(path)
	if err != nil {
		return err
	}
	if m.About.Numbers && m.About.Form.Standardize && m.About.Form.Scale == nil { // as older programs saved them
		return errors.New("the network learned numbers that were standardised by its training set, which predict does not have; \"shadegrad eval\" does")
	}
	// One image that cannot be read is no reason to say nothing of the others.
	var failed []error
	asked := false
	for _, name := range fs.Args() {
		if !m.About.Numbers && isRow(name) {
			if !asked {
				asked = true
				failed = append(failed, fmt.Errorf("%s: the network takes images, PNG or JPEG files, not rows of numbers", name))
			}
			continue
		}
		if err := a.predictOne(m, name); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// isRow tells a row of numbers from the name of a file.
func isRow(text string) bool {
	for _, part := range strings.Split(text, ",") {
		if _, err := finiteNumber(part); err != nil {
			return false
		}
	}
	_, err := os.Stat(text)
	return err != nil
}

func (a *app) predictOne(m *model.Model, name string) error {
	if m.About.Numbers {
		return a.predictNumbers(m, name)
	}
	img, err := digit.Load(name)
	if err != nil {
		return err
	}
	pixels, err := prepare(m, img)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	b := cpu.New()
	defer b.Close()
	outputs, err := train.Predict(b, m.Network, m.Values, pixels, 1)
	if err := checkOutputs(outputs, name, err); err != nil {
		return err
	}
	fmt.Fprintf(a.stdout, "%s, as the network sees it (%d×%d):\n", report.PrintableName(name), m.Width, m.Height)
	if err := digit.Render(a.stdout, pixels, m.Width, m.Height, a.colorTerminal()); err != nil {
		return err
	}
	_, err = fmt.Fprintln(a.stdout, report.Prediction(m, outputs[0]))
	return err
}

// prepare makes of a picture an image as the network learned them: as large as its data
// set's, and padded as those were.
func prepare(m *model.Model, img image.Image) ([]byte, error) {
	size := m.About.Unpadded
	if size == (dataset.Size{}) {
		return digit.Prepare(img, m.Width, m.Height)
	}
	pixels, err := digit.Prepare(img, size.Width, size.Height)
	if err != nil {
		return nil, err
	}
	one := dataset.Data{Test: dataset.Set{Width: size.Width, Height: size.Height, Images: pixels, Labels: []byte{0}}}
	err = one.Pad(m.Width, m.Height)
	return one.Test.Images, err
}

// checkOutputs tells why the outputs for what is called name cannot be shown.
func checkOutputs(outputs [][]float32, name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, y := range outputs[0] {
		if v := float64(y); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s: an output is %v: %s", name, y, tooLarge)
		}
	}
	return nil
}

// predictNumbers asks about a row of numbers.
func (a *app) predictNumbers(m *model.Model, text string) error {
	row := dataset.Set{Width: m.Width, Height: 1, Labels: []byte{0}}
	for _, part := range strings.Split(text, ",") {
		v, err := finiteNumber(part)
		if err != nil {
			return fmt.Errorf("%s: %q %w; the network takes rows of %s, with commas between them", text, part, err, report.Count(m.Width, "number"))
		}
		row.Values = append(row.Values, float32(v))
	}
	if n := len(row.Values); n != m.Width {
		return fmt.Errorf("%s: %s; the network takes rows of %d", text, report.Count(n, "number"), m.Width)
	}
	if scale := m.About.Form.Scale; scale != nil {
		if err := scale.Apply(row.Values); err != nil {
			return fmt.Errorf("%s: %w", text, err)
		}
	}
	b := cpu.New()
	defer b.Close()
	outputs, err := train.OutputsOf(b, m.Network, m.Values, &row)
	if err := checkOutputs(outputs, text, err); err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.stdout, "%s: %s\n", report.PrintableName(text), report.Prediction(m, outputs[0]))
	return err
}

// colorTerminal tells whether stdout is a terminal whose user wants colour.
func (a *app) colorTerminal() bool {
	f, ok := a.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"
}
