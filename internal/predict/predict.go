// Package predict classifies pictures, files of samples and rows of numbers with a saved network.
package predict

import (
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/committee"
	"shadegrad/internal/dataset"
	"shadegrad/internal/digit"
	"shadegrad/internal/model"
	"shadegrad/internal/picture"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
	"shadegrad/internal/train"
)

// A Predictor classifies inputs with a network or a committee.
type Predictor struct {
	Model   *model.Model
	Backend compute.Backend
	// Committee, if not nil, are the networks whose mean outputs are the answer. Model is the first of them.
	Committee committee.Committee
	// Out is the name of a CSV or JSON file for the predictions; "" prints them on Stdout, with pictures in
	// colour if Color is set. With All the file has the value of each output.
	Out    string
	All    bool
	Stdout io.Writer
	Color  bool
	Note   func(string) // prints a note

	predictions
}

// ErrTooLarge is the reason for outputs that are not finite. Training never saves such a network.
var ErrTooLarge = errors.New("the network's weights are too large; train it again")

// Predict classifies one input: a row of numbers, a picture, or a file or directory of samples. The name - is standard
// input.
func (p *Predictor) Predict(name string) error {
	m := p.Model
	info, err := os.Stat(name)
	switch {
	case name == "-":
		return p.standardInput()
	case err == nil && info.IsDir():
		return p.directory(name)
	case m.About.Numbers && (err != nil || IsRow(name)):
		return p.predictNumbers(name)
	case m.About.Numbers && picture.Named(name):
		return fmt.Errorf("%s: the network takes rows of %s, not pictures", name, report.Count(m.Width, "number"))
	case m.About.Numbers, err == nil && isSamples(name):
		return p.samples(name, name)
	}
	return p.picture(name, name)
}

// IsRow reports whether an argument is a row of numbers and not the name of a file.
func IsRow(text string) bool {
	for _, part := range strings.Split(text, ",") {
		if _, err := recipe.Number(part); err != nil {
			return false
		}
	}
	_, err := os.Stat(text)
	return err != nil
}

// picture classifies a picture. The output calls it name.
func (p *Predictor) picture(path, name string) error {
	m := p.Model
	inputs, err := pictureInputs(m, path)
	if err != nil {
		return err
	}
	if p.Out != "" && len(inputs) == 1 {
		p.names, p.pixels = append(p.names, name), append(p.pixels, inputs[0]...)
		return nil
	}
	outputs, err := p.ofPixels(slices.Concat(inputs...), len(inputs))
	if err := checkOutputs(outputs, name, err); err != nil {
		return err
	}
	if p.Out != "" {
		return fmt.Errorf("%s: %s; a file of predictions has one for each picture", path, report.Several(m, outputs))
	}
	for i, pixels := range inputs {
		which := ""
		if len(inputs) > 1 {
			which = fmt.Sprintf(", digit %d of %d", i+1, len(inputs))
		}
		fmt.Fprintf(p.Stdout, "%s%s, as the network sees it (%d×%d):\n", report.PrintableName(name), which, m.Width, m.Height)
		if err := digit.Render(p.Stdout, pixels, m.Width, m.Height, p.Color); err != nil {
			return err
		}
		fmt.Fprintln(p.Stdout, report.Prediction(m, outputs[i]))
	}
	if len(inputs) > 1 {
		fmt.Fprintln(p.Stdout, report.Several(m, outputs))
	}
	return nil
}

// outputsOf returns the outputs of the network, or the mean outputs of the committee, for each sample of a set.
func (p *Predictor) outputsOf(d *dataset.Set) ([][]float32, error) {
	if p.Committee != nil {
		return p.Committee.OutputsOf(p.Backend, d)
	}
	return train.OutputsOf(p.Backend, p.Model.Network, p.Model.Values, d)
}

// ofPixels is outputsOf for n images, whose pixels follow one another.
func (p *Predictor) ofPixels(pixels []byte, n int) ([][]float32, error) {
	return p.outputsOf(train.Unlabelled(p.Model.Network, pixels, n))
}

// checkOutputs returns an error if the outputs for an input are not finite.
func checkOutputs(outputs [][]float32, name string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	for _, y := range slices.Concat(outputs...) {
		if v := float64(y); math.IsNaN(v) || math.IsInf(v, 0) {
			return fmt.Errorf("%s: an output is %v: %w", name, y, ErrTooLarge)
		}
	}
	return nil
}

// predictNumbers predicts the outputs for a row of numbers.
func (p *Predictor) predictNumbers(text string) error {
	m := p.Model
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
func (p *Predictor) answer(id string, names []string, set *dataset.Set) error {
	outputs, err := p.outputsOf(set)
	if err := checkOutputs(outputs, names[0], err); err != nil {
		return err
	}
	if p.Out != "" {
		p.add(id, names, outputs)
		return nil
	}
	for i, y := range outputs {
		if _, err := fmt.Fprintf(p.Stdout, "%s: %s\n", report.PrintableName(names[i]), report.Prediction(p.Model, y)); err != nil {
			return err
		}
	}
	return nil
}
