package cli

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"shadegrad/compute"
	"shadegrad/internal/atomicfile"
	"shadegrad/internal/dataset"
	"shadegrad/internal/exchange"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
)

const importUsage = `usage: shadegrad import -model=FILE -o FILE [FLAGS]

Reads a multilayer perceptron of another program, and saves it for the other commands:

  FILE.onnx         an ONNX model, as PyTorch, Keras and scikit-learn export it
  FILE.safetensors  a state dict of PyTorch
  FILE.npz          NumPy arrays

Lines on stderr say what the file does not, and is assumed. Flags decide otherwise.
`

const topicImport = "import"

// importFlags returns the rows of the flags of import that decide what a file does not say.
func (s *settings) importFlags() []*flags.Flag {
	c := &s.choices
	layout := flags.OneOf(exchange.Layouts()...)
	return []*flags.Flag{
		{Name: "act", Topic: topicImport, Commands: "import", Arg: "NAME", Value: activationChoice(&c.Act, recipe.HiddenActivation),
			Help: "activation of the hidden layers, needed for files without it: safetensors and npz"},
		{Name: "output", Topic: topicImport, Commands: "import", Arg: "NAME", Value: activationChoice(&c.Output, recipe.OutputActivation),
			Help: "activation of the outputs; identity for regression", Default: "that of an ONNX graph, if it ends with one, else softmax"},
		{Name: "input", Topic: topicImport, Commands: "import", Arg: "FORM", Value: flags.Var(c, s.inputForm, showInputForm),
			Help: "WxH for images of this size, or numbers for rows of numbers", Default: "by the shape of the input; images of 28×28 for 784 inputs"},
		{Name: "pixels", Topic: topicImport, Commands: "import", Arg: "FROM..TO", Value: flags.Var(&c.Pixels, pixelChoice, showPixels),
			Help:    "inputs of the network, or of an ONNX graph, for black and white pixels, such as -0.4242..2.8215 for PyTorch's Normalize((0.1307,), (0.3081,))",
			Default: "0..1; 0..255 for a graph that divides them"},
		{Name: "layout", Topic: topicImport, Commands: "import", Arg: "NAME", Choices: flags.Names(exchange.Layouts()),
			Value: flags.Of(&c.Layout, layout), Help: "indices of a matrix of weights: out-in, as in PyTorch, or in-out, as in Keras", Default: "by the sizes, then the names"},
		{Name: "layers", Topic: topicImport, Commands: "import", Arg: "NAMES", Value: flags.Var(&c.Layers, layerNames, showNames),
			Help: "names of the layers in their order, such as fc1,fc2", Default: "natural order"},
	}
}

// activationChoice returns the Value of an activation that is nil unless it is set.
func activationChoice(dst **compute.Activation, parse func(string) (compute.Activation, error)) flags.Value {
	return flags.Var(dst, func(s string) (*compute.Activation, error) {
		f, err := parse(s)
		return &f, err
	}, func(f *compute.Activation) string {
		if f == nil {
			return ""
		}
		return f.String()
	})
}

// inputForm parses the form of the inputs.
func (s *settings) inputForm(text string) (exchange.Choices, error) {
	c := s.choices
	c.Images, c.Numbers = dataset.Size{}, text == "numbers"
	if c.Numbers {
		return c, nil
	}
	w, h, _ := strings.Cut(text, "x")
	var errW, errH error
	c.Images.Width, errW = strconv.Atoi(w)
	c.Images.Height, errH = strconv.Atoi(h)
	if errW != nil || errH != nil || min(c.Images.Width, c.Images.Height) < 1 {
		return c, flags.Want("numbers, or a size such as 28x28")
	}
	return c, nil
}

func showInputForm(c exchange.Choices) string {
	switch {
	case c.Numbers:
		return "numbers"
	case c.Images != dataset.Size{}:
		return fmt.Sprintf("%dx%d", c.Images.Width, c.Images.Height)
	}
	return ""
}

// pixelChoice parses the inputs for black and white pixels.
func pixelChoice(s string) (*[2]float64, error) {
	from, to, err := recipe.Pixels(s)
	return &[2]float64{from, to}, err
}

func showPixels(p *[2]float64) string {
	if p == nil {
		return ""
	}
	return fmt.Sprintf("%g..%g", p[0], p[1])
}

// importNetwork is "shadegrad import".
func (a *app) importNetwork(args []string) error {
	s, err := a.parseFlags("import", importUsage, args)
	if err != nil {
		return err
	}
	switch {
	case s.model == "":
		return flags.Errorf("import: want -model=FILE, an ONNX model, a safetensors file or an npz archive")
	case s.out == "":
		return flags.Errorf("import: want -o FILE, the name of the network to save")
	}
	if err := s.refuseInput(s.out); err != nil {
		return err
	}
	if info, err := os.Stat(s.out); err == nil && info.Size() > 0 && !model.Is(s.out) {
		return fmt.Errorf("%s: cannot save there: the file exists and is not a Shadegrad network; save elsewhere", s.out)
	}
	m, facts, err := exchange.Import(s.model, s.choices)
	if err != nil {
		return err
	}
	for _, f := range facts {
		a.note(report.Fact(f))
	}
	if err := atomicfile.Noted(m.Save(s.out), a.note); err != nil {
		return err
	}
	a.note(fmt.Sprintf("saved network %s to %s", report.Network(m), s.out))
	return nil
}
