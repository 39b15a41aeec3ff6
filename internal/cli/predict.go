package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/digit"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const predictUsage = `usage: shadegrad predict -model=FILE IMAGE...
       shadegrad predict -model=FILE NUMBERS...

Classifies PNG or JPEG images of one digit each, dark on light or light on dark, with a
network saved by "shadegrad train -save=FILE". Shows the input of the network: the digit
cropped, scaled and centred by its mass, as in MNIST. A network for rows of numbers
takes such rows, as 0.5,-1. Put -- before a row that begins with a minus.
`

// predict is "shadegrad predict". It uses the CPU, which answers before a GPU is open.
func (a *app) predict(args []string) error {
	s, err := a.parse("predict", predictUsage, args)
	if err != nil {
		return err
	}
	switch {
	case s.model == "":
		return flags.Errorf("predict: want -model=FILE, a network saved by \"shadegrad train -save=FILE\", before the images")
	case len(s.Args) == 0:
		return flags.Errorf("predict: want at least one IMAGE, a PNG or JPEG file of a digit, or a row of NUMBERS, as 0.5,-1")
	}
	m, err := model.Load(s.model)
	if err != nil {
		return err
	}
	if m.About.Numbers && m.About.Form.Standardize && m.About.Form.Scale == nil { // saved by an older program
		return fmt.Errorf("%s: the file lacks the figures of the training set by which its inputs were standardised; use \"shadegrad eval\", which reads that set", s.model)
	}
	// An image that cannot be read does not stop the others.
	var failed []error
	asked := false
	for _, name := range s.Args {
		if !m.About.Numbers && isRow(name) {
			if !asked {
				asked = true
				failed = append(failed, fmt.Errorf("%s: the network takes PNG or JPEG images, not rows of numbers", name))
			}
			continue
		}
		if err := a.predictOne(m, name); err != nil {
			failed = append(failed, err)
		}
	}
	return errors.Join(failed...)
}

// isRow reports whether an argument is a row of numbers and not the name of a file.
func isRow(text string) bool {
	for _, part := range strings.Split(text, ",") {
		if _, err := recipe.Number(part); err != nil {
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
	inputs, err := a.pictureInputs(m, name)
	if err != nil {
		return err
	}
	b := cpu.New()
	defer b.Close()
	outputs, err := train.Predict(b, m.Network, m.Values, slices.Concat(inputs...), len(inputs))
	if err := checkOutputs(outputs, name, err); err != nil {
		return err
	}
	for i, pixels := range inputs {
		which := ""
		if len(inputs) > 1 {
			which = fmt.Sprintf(", digit %d of %d", i+1, len(inputs))
		}
		fmt.Fprintf(a.stdout, "%s%s, as the network sees it (%d×%d):\n", report.PrintableName(name), which, m.Width, m.Height)
		if err := digit.Render(a.stdout, pixels, m.Width, m.Height, a.colorTerminal()); err != nil {
			return err
		}
		fmt.Fprintln(a.stdout, report.Prediction(m, outputs[i]))
	}
	if len(inputs) > 1 {
		fmt.Fprintf(a.stdout, "%d digits:", len(inputs))
		for _, y := range outputs {
			fmt.Fprint(a.stdout, " ", report.ClassName(m, train.Class(m.Network, y)))
		}
		fmt.Fprintln(a.stdout)
	}
	return nil
}

// checkOutputs returns an error if the outputs for an input are not finite.
func checkOutputs(outputs [][]float32, name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, y := range slices.Concat(outputs...) {
		if v := float64(y); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s: an output is %v: %s", name, y, tooLarge)
		}
	}
	return nil
}

// predictNumbers predicts the outputs for a row of numbers.
func (a *app) predictNumbers(m *model.Model, text string) error {
	row := dataset.Set{Width: m.Width, Height: 1, Labels: []byte{0}}
	for _, part := range strings.Split(text, ",") {
		v, err := recipe.Number(part)
		if err != nil {
			return fmt.Errorf("%s: want rows of %s, separated by commas; %q is not a finite number", text, report.Count(m.Width, "number"), part)
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

// colorTerminal reports whether stdout is a terminal and its user wants colour.
func (a *app) colorTerminal() bool {
	f, ok := a.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"
}
