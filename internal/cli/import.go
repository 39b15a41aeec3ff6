package cli

import (
	"fmt"
	"os"

	"shadegrad/internal/atomicfile"
	"shadegrad/internal/exchange"
	"shadegrad/internal/flags"
	"shadegrad/internal/model"
	"shadegrad/internal/recipe"
	"shadegrad/internal/report"
	"shadegrad/internal/values"
)

const importUsage = `usage: shadegrad import -model=FILE -o FILE [FLAGS]

Reads a multilayer perceptron of another program, and saves it for the other commands:

  FILE.onnx         an ONNX model, as PyTorch, Keras and scikit-learn export it
  FILE.safetensors  a state dict of PyTorch
  FILE.npz          NumPy arrays

Lines on stderr report what is assumed because the file does not contain it. Flags
override the assumptions.
`

const topicImport = "import"

// importFlags returns the rows of the flags of import that decide what a file does not say.
func (s *settings) importFlags() []*flags.Flag {
	c := &s.choices
	layout := flags.OneOf(exchange.Layouts()...)
	return []*flags.Flag{
		{Name: "act", Topic: topicImport, Commands: "import", Arg: "NAME", Value: values.Activation(&c.Act, recipe.HiddenActivation),
			Help: "activation of the hidden layers, needed for files without it: safetensors and npz"},
		{Name: "output", Topic: topicImport, Commands: "import", Arg: "NAME", Value: values.Activation(&c.Output, recipe.OutputActivation),
			Help: "activation of the outputs; identity for regression", Default: "that of an ONNX graph, if it ends with one, else softmax"},
		{Name: "input", Topic: topicImport, Commands: "import", Arg: "FORM", Value: values.InputForm(c),
			Help: "WxH for images of this size, or numbers for rows of numbers", Default: "by the shape of the input; images of 28×28 for 784 inputs"},
		{Name: "pixels", Topic: topicImport, Commands: "import", Arg: "FROM..TO", Value: values.Pixels(&c.Pixels),
			Help:    "inputs of the network, or of an ONNX graph, for black and white pixels, such as -0.4242..2.8215 for PyTorch's Normalize((0.1307,), (0.3081,))",
			Default: "0..1; 0..255 for a graph that divides them"},
		{Name: "layout", Topic: topicImport, Commands: "import", Arg: "NAME", Choices: flags.Names(exchange.Layouts()),
			Value: flags.Of(&c.Layout, layout), Help: "indices of a matrix of weights: out-in, as in PyTorch, or in-out, as in Keras", Default: "by the sizes, then the names"},
		{Name: "layers", Topic: topicImport, Commands: "import", Arg: "NAMES", Value: flags.Var(&c.Layers, values.Names, values.ShowList),
			Help: "names of the layers in their order, such as fc1,fc2", Default: "natural order"},
	}
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
