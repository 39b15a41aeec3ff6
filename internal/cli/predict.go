package cli

import (
	"errors"
	"fmt"
	"math"
	"os"
	"slices"
	"strings"

	"golang.org/x/term"

	"shadegrad/compute"
	"shadegrad/cpu"
	"shadegrad/internal/dataset"
	"shadegrad/internal/digit"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
	"shadegrad/internal/picture"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

const predictUsage = `usage: shadegrad predict -model=FILE [-o FILE.csv [-proba]] PICTURE|DATA|NUMBERS...

Classifies pictures with a network saved by "shadegrad train -save=FILE", and shows the
input of the network. A picture of the size of the training images is only inverted, if its
ink is dark. From other pictures a network of centred digits, such as MNIST's, gets the
digit, cropped, scaled and centred; several digits side by side are read one by one.

DATA are many samples, with or without labels: a CSV file, an IDX, npy or npz file of
images, a directory of pictures or of a data set, or - for CSV or a picture on standard
input. A network for rows of numbers also takes a row, such as 0.5,-1. Write -- before a row
that begins with a minus sign.
`

// predict is "shadegrad predict". It uses the CPU, which answers before a GPU is open.
func (a *app) predict(args []string) error {
	s, err := a.parse("predict", predictUsage, args)
	if err != nil {
		return err
	}
	switch {
	case s.model == "":
		return flags.Errorf("predict: want -model=FILE, a network saved by \"shadegrad train -save=FILE\", before the pictures")
	case len(s.Args) == 0:
		return flags.Errorf("predict: want at least one PICTURE, file or directory of DATA, or row of NUMBERS, as 0.5,-1")
	}
	if s.out != "" {
		if err := s.checkOut(); err != nil {
			return err
		}
	}
	m, err := model.Load(s.model)
	if err != nil {
		return err
	}
	if m.About.Numbers && m.About.Form.Standardize && m.About.Form.Scale == nil { // saved by an older program
		return fmt.Errorf("%s: the file lacks the figures of the training set by which its inputs were standardised; use \"shadegrad eval\", which reads that set", s.model)
	}
	p := &predictor{app: a, s: s, b: cpu.New(), predictions: predictions{m: m}}
	defer p.b.Close()
	// An argument that cannot be read does not stop the others.
	var failed []error
	asked := false
	for _, name := range s.Args {
		if !m.About.Numbers && name != "-" && isRow(name) {
			if !asked {
				asked = true
				failed = append(failed, fmt.Errorf("%s: the network takes pictures of %d×%d or files of such images, not a row of numbers", name, m.Width, m.Height))
			}
			continue
		}
		failed = append(failed, p.predict(name))
	}
	if s.out != "" {
		failed = append(failed, p.finish())
	}
	return errors.Join(failed...)
}

// A predictor classifies the arguments of predict.
type predictor struct {
	*app
	predictions
	s *settings
	b compute.Backend
}

// predict classifies one argument: a row of numbers, a picture, or many samples.
func (p *predictor) predict(name string) error {
	m := p.m
	info, err := os.Stat(name)
	switch {
	case name == "-":
		return p.standardInput()
	case err == nil && info.IsDir():
		return p.directory(name)
	case m.About.Numbers && (err != nil || isRow(name)):
		return p.predictNumbers(name)
	case m.About.Numbers && picture.Named(name):
		return fmt.Errorf("%s: the network takes rows of %s, not pictures", name, report.Count(m.Width, "number"))
	case m.About.Numbers, err == nil && isSamples(name):
		return p.samples(name, name)
	}
	return p.picture(name, name)
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

// picture classifies a picture. The output calls it name.
func (p *predictor) picture(path, name string) error {
	m := p.m
	inputs, err := p.pictureInputs(m, path)
	if err != nil {
		return err
	}
	if p.s.out != "" && len(inputs) == 1 {
		p.names, p.pixels = append(p.names, name), append(p.pixels, inputs[0]...)
		return nil
	}
	outputs, err := train.Predict(p.b, m.Network, m.Values, slices.Concat(inputs...), len(inputs))
	if err := checkOutputs(outputs, name, err); err != nil {
		return err
	}
	if p.s.out != "" {
		return fmt.Errorf("%s: %s; a file of predictions has one for each picture", path, p.several(outputs))
	}
	for i, pixels := range inputs {
		which := ""
		if len(inputs) > 1 {
			which = fmt.Sprintf(", digit %d of %d", i+1, len(inputs))
		}
		fmt.Fprintf(p.stdout, "%s%s, as the network sees it (%d×%d):\n", report.PrintableName(name), which, m.Width, m.Height)
		if err := digit.Render(p.stdout, pixels, m.Width, m.Height, p.colorTerminal()); err != nil {
			return err
		}
		fmt.Fprintln(p.stdout, report.Prediction(m, outputs[i]))
	}
	if len(inputs) > 1 {
		fmt.Fprintln(p.stdout, p.several(outputs))
	}
	return nil
}

// several describes the predictions for several digits of a picture.
func (p *predictor) several(outputs [][]float32) string {
	text := fmt.Sprintf("%d digits:", len(outputs))
	for _, y := range outputs {
		text += " " + report.ClassName(p.m, train.Class(p.m.Network, y))
	}
	return text
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
func (p *predictor) predictNumbers(text string) error {
	m := p.m
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
	return p.answer("row", []string{text}, &row)
}

// answer classifies the samples of a set.
func (p *predictor) answer(id string, names []string, set *dataset.Set) error {
	outputs, err := train.OutputsOf(p.b, p.m.Network, p.m.Values, set)
	if err := checkOutputs(outputs, names[0], err); err != nil {
		return err
	}
	if p.s.out != "" {
		p.add(id, names, outputs)
		return nil
	}
	for i, y := range outputs {
		if _, err := fmt.Fprintf(p.stdout, "%s: %s\n", report.PrintableName(names[i]), report.Prediction(p.m, y)); err != nil {
			return err
		}
	}
	return nil
}

// colorTerminal reports whether stdout is a terminal and its user wants colour.
func (a *app) colorTerminal() bool {
	f, ok := a.stdout.(*os.File)
	return ok && term.IsTerminal(int(f.Fd())) && a.env("NO_COLOR") == "" && a.env("TERM") != "dumb"
}
